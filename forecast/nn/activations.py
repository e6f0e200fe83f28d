"""Functions of each value alone, which make a network more than a linear map, with their slopes.

The idea: a class says f and f'; what it means for a layer, ``dJ/dx = f'(x) dJ/dy``, is said once. A new activation is
one short class and one line in the table at the end, and the gradient check finds it there.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.layers import Layer

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "sigmoid",
    "softplus",
]


class Activation(Layer):
    """``y = f(x)`` for each value alone, so ``dJ/dx = f'(x) dJ/dy``; a new one overrides `_apply` and `_slope`."""

    def forward(self, x: Array) -> Array:
        self._y = self._buffer("y", x.shape, x)
        self._apply(x, self._y)
        return self._y

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        dx = self._buffer("dx", dy.shape, dy)
        self._slope(self._y, dx)
        return np.multiply(dx, dy, out=dx)

    def _apply(self, x: Array, out: Array) -> None:
        """Write f(x) to `out`; what the slope needs beside y = f(x) is to be kept here."""
        raise NotImplementedError

    def _slope(self, y: Array, out: Array) -> None:
        """Write f'(x), by y = f(x), to `out`, which may have more members than y."""
        raise NotImplementedError


class Identity(Activation):
    """``y = x``, so ``y' = 1``."""

    def forward(self, x: Array) -> Array:
        return x

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        return dy


class Sigmoid(Activation):
    """``y = 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2``, so ``y' = y (1 - y)``; the second form cannot overflow."""

    def _apply(self, x: Array, out: Array) -> None:
        sigmoid(x, out)

    def _slope(self, y: Array, out: Array) -> None:
        np.subtract(1.0, y, out=out)
        out *= y


class Tanh(Activation):
    """``y = tanh(x)``, so ``y' = 1 - y^2``."""

    def _apply(self, x: Array, out: Array) -> None:
        np.tanh(x, out=out)

    def _slope(self, y: Array, out: Array) -> None:
        np.multiply(y, y, out=out)
        np.subtract(1.0, out, out=out)


class ReLU(Activation):
    """``y = max(x, 0)``, so ``y' = 1`` where y > 0 and 0 elsewhere (0 at the kink, by convention).

    Of twelve ways to the slope the sign is the fastest in small arrays and the comparison, written as numbers, in large
    ones.
    """

    initializer = "he"
    large = 8192

    def _apply(self, x: Array, out: Array) -> None:
        # NumPy compares two arrays four times faster than an array with a number.
        np.maximum(x, self._buffer("zero", x.shape, x, fill=0.0), out=out)

    def _slope(self, y: Array, out: Array) -> None:
        if y.size < self.large:
            np.sign(y, out=out)
        else:
            np.greater(y, 0.0, out=out)


class LeakyReLU(Activation):
    """``y = max(x, slope x)``, so ``y' = 1`` where y > 0 and `slope` where y < 0 (Maas et al. 2013).

    At the kink it is their mean: ``y' = (1 + slope) / 2 + sign(y) (1 - slope) / 2``.

    Parameters
    ----------
    slope : float
        Of the negative side, 0 <= slope < 1.
    """

    initializer = "he"

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        if not 0.0 <= slope < 1.0:
            raise ValueError(f"the slope is at least 0 and below 1, not {slope!r}")
        self.slope = slope

    def _apply(self, x: Array, out: Array) -> None:
        np.multiply(x, self.slope, out=out)
        np.maximum(x, out, out=out)

    def _slope(self, y: Array, out: Array) -> None:
        np.sign(y, out=out)
        out *= (1.0 - self.slope) / 2.0
        out += (1.0 + self.slope) / 2.0


class ELU(Activation):
    """``y = x`` where x > 0 and ``alpha (exp(x) - 1)`` elsewhere (Clevert et al. 2016).

    So ``y' = 1`` where y > 0 and ``alpha exp(x) = y + alpha`` elsewhere. The paper starts as He et al.

    Parameters
    ----------
    alpha : float
        Minus the limit on the negative side, > 0; with 1 there is no kink.
    """

    initializer = "he"

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if not alpha > 0.0:
            raise ValueError(f"alpha is above 0, not {alpha!r}")
        self.alpha = alpha

    def _apply(self, x: Array, out: Array) -> None:
        np.minimum(x, 0.0, out=out)
        np.expm1(out, out=out)
        out *= self.alpha
        positive = self._mask("positive", x.shape)
        np.greater(x, 0.0, out=positive)
        np.copyto(out, x, where=positive)

    def _slope(self, y: Array, out: Array) -> None:
        np.add(y, self.alpha, out=out)
        positive = self._mask("positive", y.shape)
        np.greater(y, 0.0, out=positive)
        np.copyto(out, 1.0, where=positive)


class GELU(Activation):
    """``y = x (1 + tanh u) / 2`` with ``u = c (x + a x^3)``, ``a = 0.044715``, ``c = sqrt(2 / pi)``.

    The tanh form of Hendrycks & Gimpel (2016), within 5e-4 of x times the normal distribution function. With
    ``t = tanh u`` and ``u' = c (1 + 3 a x^2)``::

        y' = (1 + t) / 2 + x (1 - t^2) u' / 2

    Of a normal x it lets 0.46 of the gradient's power through, as a rectifier does half: the start of He et al.
    """

    initializer = "he"
    A, C = 0.044715, sqrt(2.0 / pi)

    def _apply(self, x: Array, out: Array) -> None:
        self._x = x
        t = self._t = self._buffer("t", x.shape, x)
        np.multiply(x, x, out=t)
        t *= self.A * self.C
        t += self.C
        t *= x
        np.tanh(t, out=t)
        np.add(t, 1.0, out=out)
        out *= x
        out *= 0.5

    def _slope(self, y: Array, out: Array) -> None:
        x, t = self._x, self._t
        bend = self._buffer("bend", x.shape, x)
        np.multiply(t, t, out=bend)
        np.subtract(1.0, bend, out=bend)
        bend *= x
        np.multiply(x, x, out=out)
        out *= 3.0 * self.A * self.C
        out += self.C
        out *= bend
        out += t
        out += 1.0
        out *= 0.5


class SiLU(Activation):
    """``y = x s`` with ``s = sigmoid(x)`` (Elfwing et al. 2018; "swish").

    ``y' = s + x s (1 - s) = s + y (1 - s)``. It lets 0.38 of the gradient's power through: the start of He et al.
    """

    initializer = "he"

    def _apply(self, x: Array, out: Array) -> None:
        self._s = self._buffer("s", x.shape, x)
        sigmoid(x, self._s)
        np.multiply(x, self._s, out=out)

    def _slope(self, y: Array, out: Array) -> None:
        np.subtract(1.0, self._s, out=out)
        out *= y
        out += self._s


class Softplus(Activation):
    """``y = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))`` (Dugas et al. 2001); the second form cannot overflow.

    ``y' = sigmoid(x) = 1 - exp(-y)``. It lets 0.29 of the gradient's power through: the start of He et al.
    """

    initializer = "he"

    def _apply(self, x: Array, out: Array) -> None:
        softplus(x, out, self._buffer("scratch", x.shape, x))

    def _slope(self, y: Array, out: Array) -> None:
        np.negative(y, out=out)
        np.expm1(out, out=out)
        np.negative(out, out=out)


def sigmoid(x: Array, out: Array) -> None:
    """Write ``1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2`` to `out`."""
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1.0
    out *= 0.5


def softplus(x: Array, out: Array, scratch: Array) -> None:
    """Write ``log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))`` to `out`; `scratch` is as large as x."""
    np.abs(x, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=scratch)
    np.maximum(x, 0.0, out=out)
    out += scratch


ACTIVATIONS: dict[str, type[Activation]] = {
    "elu": ELU,
    "gelu": GELU,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "softplus": Softplus,
    "tanh": Tanh,
}
