"""Losses by which a network learns a whole distribution of each target, from several outputs a target.

The idea: as every loss, each is a weighted mean over targets; the outputs ``[E, B, H * outputs]`` are seen as
``[E, B, H, outputs]``, and `predict` turns them into quantiles, a mean and a scale, or the probabilities of bins.
"""

from __future__ import annotations

from math import log, pi
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.activations import sigmoid, softplus
from forecast.nn.losses import Loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["DISTRIBUTIONS", "CrossEntropy", "Distribution", "GaussianNLL", "Pinball"]

QUARTERS = tuple(k / 4.0 for k in range(-16, 17))
"""Bins for a target that is scaled to a deviation of about one."""


class Distribution(Loss):
    """A loss of several outputs a target; `_point` is given ``[E, B, H, outputs]`` and targets ``[B, H]`` as ever."""

    def _shape(self, y_hat: Array) -> tuple[int, ...]:
        return (*y_hat.shape[:-1], y_hat.shape[-1] // self.outputs)

    def _by_target(self, y_hat: Array) -> Array:
        return y_hat.reshape(*self._shape(y_hat), self.outputs)


class Pinball(Distribution):
    """Quantiles: the mean over them of ``l_q = max(q (y - y_hat), (q - 1) (y - y_hat))`` (Koenker & Bassett 1978).

    With ``d = y_hat - y`` this is ``l_q = |d| / 2 - (q - 1/2) d``, so ``l_q' = sign(d) / 2 - (q - 1/2)`` and, since
    ``sign(d) d = |d|``, ``l_q = d l_q'``. On average the slope is zero, and the loss least, where targets lie
    below y_hat with probability q. `predict` returns the quantiles in order ``[E, B, H, Q]``: sorting those that cross
    makes no quantile worse (Chernozhukov et al. 2010).

    Parameters
    ----------
    quantiles : sequence of float
        Between 0 and 1, increasing.
    """

    def __init__(self, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> None:
        super().__init__()
        self.quantiles = np.asarray(quantiles, dtype=np.float64)
        known = np.concatenate([[0.0], self.quantiles, [1.0]])
        if len(known) < 3 or not (np.diff(known) > 0.0).all():
            raise ValueError(f"quantiles lie between 0 and 1 and increase, unlike {tuple(quantiles)!r}")
        self.outputs = len(self.quantiles)

    def predict(self, raw: Array) -> Array:
        return np.sort(self._by_target(raw), axis=-1)

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        shift = self._buffer("shift", (self.outputs,), y_hat, fill=(self.quantiles - 0.5) / self.outputs)
        d = self._buffer("d", y_hat.shape, y_hat)
        np.subtract(y_hat, y[..., None], out=d)
        np.sign(d, out=slope)
        slope *= 0.5 / self.outputs
        slope -= shift
        np.vecdot(d, slope, out=value)


class GaussianNLL(Distribution):
    """Minus the log-density of a normal distribution, whose mean m and scale s are outputs (Nix & Weigend 1994).

    ``s = floor + softplus(r)`` of the second output r: positive, linear in r where it is large, and unlike exp(r) never
    huge at once. With ``z = (m - y) / s``::

        l = z^2 / 2 + log s + log(2 pi) / 2
        dl/dm = z / s        dl/dr = dl/ds ds/dr = (1 - z^2) / s sigmoid(r)

    `predict` returns ``[E, B, H, 2]``: m and s.

    Parameters
    ----------
    floor : float
        The smallest scale, > 0: it keeps a target that is met exactly from being worth any price.
    """

    outputs = 2

    def __init__(self, floor: float = 1e-3) -> None:
        super().__init__()
        if not floor > 0.0:
            raise ValueError(f"the smallest scale is above 0, not {floor!r}")
        self.floor = floor

    def predict(self, raw: Array) -> Array:
        both = self._by_target(raw).copy()
        r = both[..., 1].copy()
        softplus(r, both[..., 1], np.empty_like(r))
        both[..., 1] += self.floor
        return both

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        m, r, by_m, by_r = y_hat[..., 0], y_hat[..., 1], slope[..., 0], slope[..., 1]
        s, z = self._buffer("s", value.shape, value), self._buffer("z", value.shape, value)
        softplus(r, s, z)
        s += self.floor
        np.subtract(m, y, out=z)
        z /= s
        np.divide(z, s, out=by_m)
        np.multiply(z, z, out=value)
        np.subtract(1.0, value, out=z)
        z /= s
        sigmoid(r, by_r)
        by_r *= z
        value *= 0.5
        np.log(s, out=s)
        value += s
        value += 0.5 * log(2.0 * pi)


class CrossEntropy(Distribution):
    """Minus the log-probability of the bin a target falls into: outputs are the logits z of K bins.

    ``p = softmax(z)``, ``p_k = exp(z_k) / sum_j exp(z_j)``. With the target in bin k, written as a row t of zeros with
    a one at k::

        l = -log p_k = log sum_j exp(z_j) - z_k        dl/dz_j = p_j - t_j

    (Bridle 1990); the largest z is taken off all first, which changes nothing and cannot overflow. `predict` returns
    the probabilities ``[E, B, H, K]``, and `quantiles` reads quantiles off them.

    Parameters
    ----------
    edges : sequence of float
        The K + 1 borders of the bins, K > 1, increasing, in units of the scaled target. What lies beyond them counts
        for the first and the last bin; a target on a border for the bin above it.
    """

    def __init__(self, edges: Sequence[float] = QUARTERS) -> None:
        super().__init__()
        self.edges = np.asarray(edges, dtype=np.float64)
        if len(self.edges) < 3 or not (np.diff(self.edges) > 0.0).all():
            raise ValueError(f"the borders of two bins or more are three numbers or more that increase, not {edges!r}")
        self.outputs = len(self.edges) - 1

    def predict(self, raw: Array) -> Array:
        z = self._by_target(raw)
        p: Array = np.exp(z - z.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        return p

    def quantiles(self, probabilities: Array, levels: Sequence[float]) -> Array:
        """Return the quantiles ``[E, B, H, Q]`` of histograms ``[E, B, H, K]``, each bin taken as uniform.

        Examples
        --------
        >>> CrossEntropy(edges=(0, 1, 2)).quantiles(np.array([0.2, 0.8]), levels=(0.1, 0.6))
        array([0.5, 1.5])
        """
        p = np.asarray(probabilities, dtype=np.float64)
        upper = np.cumsum(p, axis=-1)
        found = []
        for level in levels:
            bin_ = (upper[..., :-1] < level).sum(axis=-1, keepdims=True)
            inside = np.take_along_axis(p, bin_, axis=-1)
            missing = np.take_along_axis(upper, bin_, axis=-1) - level
            share = 1.0 - np.clip(missing / np.where(inside > 0.0, inside, 1.0), 0.0, 1.0)
            found.append(self.edges[bin_] + share * (self.edges[bin_ + 1] - self.edges[bin_]))
        return np.concatenate(found, axis=-1)

    def median(self, probabilities: Array) -> Array:
        """Return the medians ``[E, B, H]`` of histograms ``[E, B, H, K]``."""
        return self.quantiles(probabilities, (0.5,))[..., 0]

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        largest = self._buffer("largest", (*value.shape, 1), y_hat)
        product = self._buffer("product", y_hat.shape, y_hat)
        target = self._target(y, y_hat)
        np.maximum.reduce(y_hat, axis=-1, keepdims=True, out=largest)
        np.subtract(y_hat, largest, out=slope)
        np.multiply(slope, target, out=product)
        np.add.reduce(product, axis=-1, out=value)
        np.exp(slope, out=slope)
        np.add.reduce(slope, axis=-1, keepdims=True, out=largest)
        slope /= largest
        slope -= target
        np.log(largest, out=largest)
        np.subtract(largest[..., 0], value, out=value)

    def _target(self, y: Array, like: Array) -> Array:
        """Return t: ones where ``lower <= y < upper``, the outer borders being infinite."""
        target = self._buffer("target", (*y.shape, self.outputs), like)
        below = self._mask("below", target.shape)
        lower = self._buffer("lower", (self.outputs,), self.edges, fill=[-np.inf, *self.edges[1:-1]])
        upper = self._buffer("upper", (self.outputs,), self.edges, fill=[*self.edges[1:-1], np.inf])
        np.greater_equal(y[..., None], lower, out=target)
        np.less(y[..., None], upper, out=below)
        target *= below
        return target


DISTRIBUTIONS: dict[str, type[Distribution]] = {
    "cross_entropy": CrossEntropy,
    "gaussian": GaussianNLL,
    "pinball": Pinball,
}
