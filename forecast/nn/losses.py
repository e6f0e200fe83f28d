"""What a network is trained to make small: one number for each member, and its derivative.

The idea: every loss is the weighted mean of a value per target, ``J = sum(w l(y_hat, y)) / sum(w)`` over batch and
steps, and the gradient is that of exactly this mean. A weight of zero masks a target out.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.activations import sigmoid, softplus
from forecast.nn.buffers import Buffered

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["LOSSES", "MAE", "MSE", "SMAPE", "BinaryCrossEntropy", "Huber", "LogCosh", "Loss"]


class Loss(Buffered):
    """A mean over targets; a new one overrides `_point`, and `predict` if outputs are no forecasts as they stand."""

    outputs = 1
    """How many outputs of the network speak of one target."""
    factor = 1.0
    """What the slopes of `_point` are still to be multiplied by."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms: dict[tuple[tuple[int, ...], str], tuple[Array, Array, Array, Array, Array]] = {}

    def value_and_gradient(self, y_hat: Array, y: Array, weight: Array | None = None) -> tuple[Array, Array]:
        """Return the loss of each member and its derivative by the network's outputs.

        Parameters
        ----------
        y_hat : ndarray [E, B, H * outputs]
            Outputs, those of one target beside each other.
        y : ndarray [B, H] or [E, B, H]
            Targets; finite also where the weight is zero.
        weight : ndarray, optional
            Weights >= 0 of any shape that broadcasts to [E, B, H]; None: all one.

        Returns
        -------
        losses : ndarray [E]
            A member whose weights are all zero has loss 0.
        gradient : ndarray, like y_hat
            Used again by the next call of the same shape.
        """
        room = self._rooms.get((y_hat.shape, y_hat.dtype.char))
        gradient, value, flat, shares, scale = room or self._make_room(y_hat)
        slope = self._by_target(gradient)
        self._point(self._by_target(y_hat), y, value, slope)
        if weight is None:
            np.multiply(gradient, scale, out=gradient)
            return np.vecdot(flat, shares), gradient
        shares = self._shares(weight, value)
        value *= shares
        slope *= shares if slope.ndim == value.ndim else shares[..., None]
        if self.factor != 1.0:
            gradient *= self.factor
        return np.add.reduce(value, axis=(-2, -1)), gradient

    def predict(self, raw: Array) -> Array:
        """Return what the outputs of a network mean, as an array of its own or `raw` itself."""
        return raw

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        """Write l(y_hat, y) to `value` and its derivative by y_hat to `slope`."""
        raise NotImplementedError

    def _make_room(self, y_hat: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Return what every call of this shape needs: gradient, values (twice), shares of targets, that of a slope."""
        value = np.empty(self._shape(y_hat), y_hat.dtype)
        share = 1.0 / (value.shape[-1] * value.shape[-2])
        flat = value.reshape(len(value), -1)
        shares = np.full(flat.shape[1], share, y_hat.dtype)
        room = np.empty_like(y_hat), value, flat, shares, np.asarray(share * self.factor, y_hat.dtype)
        self._rooms[y_hat.shape, y_hat.dtype.char] = room
        return room

    def _shares(self, weight: Array, value: Array) -> Array:
        """Return each target's share of the weights of its member."""
        shares = self._buffer("shares", value.shape, value)
        np.copyto(shares, weight)
        total = np.add.reduce(shares, axis=(-2, -1), keepdims=True)
        total[total <= 0.0] = 1.0
        shares /= total
        return shares

    def _shape(self, y_hat: Array) -> tuple[int, ...]:
        """Return the shape of the targets [E, B, H]."""
        return tuple(y_hat.shape)

    def _by_target(self, y_hat: Array) -> Array:
        """Return outputs as `_point` sees them."""
        return y_hat


class MSE(Loss):
    """Squared error: ``l = (y_hat - y)^2``, ``l' = 2 (y_hat - y)``; aims at the mean."""

    factor = 2.0

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        np.subtract(y_hat, y, out=slope)
        np.multiply(slope, slope, out=value)


class MAE(Loss):
    """Absolute error: ``l = |y_hat - y|``, ``l' = sign(y_hat - y)``; aims at the median."""

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        np.subtract(y_hat, y, out=slope)
        np.abs(slope, out=value)
        np.sign(slope, out=slope)


class Huber(Loss):
    """Squared near zero, absolute far from it (Huber 1964): outliers pull with a force of `delta` at most.

    With ``d = y_hat - y`` and ``c = d`` cut off at ``-delta`` and ``delta``::

        l = c (d - c / 2) = d^2 / 2 within, delta (|d| - delta / 2) beyond        l' = c

    Parameters
    ----------
    delta : float
        Where the two meet, > 0, in units of the scaled target.
    """

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        if not delta > 0.0:
            raise ValueError(f"delta is above 0, not {delta!r}")
        self.delta = delta

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        np.subtract(y_hat, y, out=value)
        np.minimum(value, self.delta, out=slope)
        np.maximum(slope, -self.delta, out=slope)
        slope *= 0.5
        value -= slope
        slope *= 2.0
        value *= slope


class LogCosh(Loss):
    """``l = log cosh d``, ``l' = tanh d`` with ``d = y_hat - y``: a Huber loss of delta 1 without a seam.

    Computed as ``|d| + log(1 + exp(-2 |d|)) - log 2``, which cannot overflow.
    """

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        np.subtract(y_hat, y, out=slope)
        np.abs(slope, out=value)
        np.multiply(value, -2.0, out=slope)
        np.exp(slope, out=slope)
        np.log1p(slope, out=slope)
        value += slope
        value -= log(2.0)
        np.subtract(y_hat, y, out=slope)
        np.tanh(slope, out=slope)


class SMAPE(Loss):
    """Symmetric percentage error, ``l = 200 |d| / s`` with ``d = y_hat - y`` and ``s = |y_hat| + |y|``; 0 / 0 is 0.

    Between 0 and 200 (Makridakis & Hibon 2000). The forecast stands in the denominator, too::

        l' = 200 (sign(d) - sign(y_hat) |d| / s) / s

    which is zero where forecast and target differ in sign: there l = 200, however far they are apart.
    """

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        size, part = self._buffer("size", value.shape, value), self._buffer("part", value.shape, value)
        np.abs(y, out=slope)
        np.abs(y_hat, out=size)
        size += slope
        np.maximum(size, 1e3 * float(np.finfo(size.dtype).tiny), out=size)  # 0 / 0 becomes 0 / (almost 0) = 0
        np.subtract(y_hat, y, out=slope)
        np.abs(slope, out=value)
        value /= size
        np.sign(y_hat, out=part)
        part *= value
        np.sign(slope, out=slope)
        slope -= part
        slope /= size
        slope *= 200.0
        value *= 200.0


class BinaryCrossEntropy(Loss):
    """Minus the log-probability of a yes (y = 1) or no (y = 0) by a sigmoid: outputs z are log-odds.

    ``l = -y log p - (1 - y) log(1 - p)`` with ``p = sigmoid(z)`` is ``softplus(z) - y z``, which loses no digits, and
    ``l' = p - y``. Targets may lie between 0 and 1. `predict` returns p.
    """

    def predict(self, raw: Array) -> Array:
        p = np.empty_like(raw)
        sigmoid(raw, p)
        return p

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        softplus(y_hat, value, slope)
        np.multiply(y_hat, y, out=slope)
        value -= slope
        sigmoid(y_hat, slope)
        slope -= y


LOSSES: dict[str, type[Loss]] = {
    "binary_cross_entropy": BinaryCrossEntropy,
    "huber": Huber,
    "log_cosh": LogCosh,
    "mae": MAE,
    "mse": MSE,
    "smape": SMAPE,
}
"""The losses of one output a target; those of several are in `forecast.nn.distributions`."""
