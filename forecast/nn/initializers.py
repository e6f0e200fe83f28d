"""How the weights and biases of a linear layer are drawn before training.

The idea: every initializer is a function of a random generator and the layer's numbers of inputs n and outputs m, kept
by name in one table; most choose a variance that keeps signals, or gradients, of the same size from layer to layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Initializer = Callable[[np.random.Generator, int, int], tuple[Array, Array]]
"""``(rng, n, m) -> (weight [n, m], bias [m])``."""

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "nguyen_widrow",
    "orthogonal",
    "zero",
]


def glorot_uniform(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw with variance ``2 / (n + m)`` (Glorot & Bengio 2010).

    ``y_j = sum_i x_i W_ij`` has n terms, so signals keep their variance if that of W is 1 / n; gradients flow through
    the m terms of ``dx_i = sum_j W_ij dy_j`` and ask for 1 / m. This is the compromise, for activations with slope
    near 1 at 0.
    """
    return _uniform(rng, n, m, 2.0 / (n + m))


def glorot_normal(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw as `glorot_uniform`, from a normal distribution."""
    return _normal(rng, n, m, 2.0 / (n + m))


def he_uniform(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw with variance ``2 / n`` (He et al. 2015): a rectifier lets half of the signal's power through."""
    return _uniform(rng, n, m, 2.0 / n)


def he_normal(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw as `he_uniform`, from a normal distribution."""
    return _normal(rng, n, m, 2.0 / n)


def lecun_uniform(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw with variance ``1 / n``, which keeps the variance of signals (LeCun et al. 1998)."""
    return _uniform(rng, n, m, 1.0 / n)


def lecun_normal(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw as `lecun_uniform`, from a normal distribution."""
    return _normal(rng, n, m, 1.0 / n)


def orthogonal(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Draw a random matrix with orthonormal columns (rows, if n < m), which keeps lengths (Saxe et al. 2014).

    ``A = Q R`` of a normal matrix A; the columns of Q are given the signs of R's diagonal, without which Q would not be
    uniformly distributed (Mezzadri 2007).
    """
    q, r = np.linalg.qr(rng.standard_normal((max(n, m), min(n, m))))
    q = q * np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    return (q if n >= m else q.T), np.zeros(m)


def nguyen_widrow(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Spread the units over the inputs (Nguyen & Widrow 1990), for inputs of size about 1 and saturating activations.

    The slope of a unit is an interval of the input space along its weights w; with ``|w| = 0.7 m^(1/n)`` they just
    cover the cube of side 2 when their centres, by biases uniform within ``-|w| .. |w|``, are spread over it.
    """
    weight = rng.uniform(-1.0, 1.0, (n, m))
    length = 0.7 * m ** (1.0 / n)
    weight *= length / np.linalg.norm(weight, axis=0)
    return weight, rng.uniform(-length, length, m)


def zero(rng: np.random.Generator, n: int, m: int) -> tuple[Array, Array]:
    """Return zeros; as many numbers are drawn as by a uniform start, so that later layers start the same."""
    return _uniform(rng, n, m, 0.0)


def _uniform(rng: np.random.Generator, n: int, m: int, variance: float) -> tuple[Array, Array]:
    bound = np.sqrt(3.0 * variance)  # a uniform distribution on -b .. b has variance b^2 / 3
    return rng.uniform(-bound, bound, (n, m)), np.zeros(m)


def _normal(rng: np.random.Generator, n: int, m: int, variance: float) -> tuple[Array, Array]:
    return rng.normal(0.0, np.sqrt(variance), (n, m)), np.zeros(m)


INITIALIZERS: dict[str, Initializer] = {
    "glorot": glorot_uniform,
    "glorot_normal": glorot_normal,
    "glorot_uniform": glorot_uniform,
    "he": he_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "lecun_normal": lecun_normal,
    "lecun_uniform": lecun_uniform,
    "nguyen_widrow": nguyen_widrow,
    "orthogonal": orthogonal,
    "zero": zero,
}
