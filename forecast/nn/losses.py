"""What a network is trained to make small: one number for each member, and its derivative.

The idea: every loss is the weighted mean of a value per forecast, ``J = sum(w l(y_hat, y)) / sum(w)`` over batch and
steps, and the gradient is that of exactly this mean. A weight of zero masks a target out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["MAE", "MSE", "Loss"]


class Loss:
    """A mean over points; a new one overrides `_point` alone."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[int, ...], tuple[Array, Array]] = {}

    def value_and_gradient(self, y_hat: Array, y: Array, weight: Array | None = None) -> tuple[Array, Array]:
        """Return the loss of each member and its derivative by the forecasts.

        Parameters
        ----------
        y_hat : ndarray [E, B, H]
            Forecasts.
        y : ndarray [B, H] or [E, B, H]
            Targets; finite also where the weight is zero.
        weight : ndarray, optional
            Weights >= 0 of any shape that broadcasts with y_hat; None: all one.

        Returns
        -------
        losses : ndarray [E]
            A member whose weights are all zero has loss 0.
        gradient : ndarray [E, B, H]
            Used again by the next call of the same shape.
        """
        if y_hat.shape not in self._buffers:
            self._buffers[y_hat.shape] = np.empty_like(y_hat), np.empty_like(y_hat)
        value, gradient = self._buffers[y_hat.shape]
        self._point(y_hat, y, value, gradient)
        if weight is None:
            gradient *= 1.0 / (y_hat.shape[-1] * y_hat.shape[-2])
            return np.mean(value, axis=(-1, -2)), gradient
        total = np.sum(np.broadcast_to(weight, y_hat.shape), axis=(-1, -2), keepdims=True)
        share = weight / np.where(total > 0, total, 1.0)
        value *= share
        gradient *= share
        return np.sum(value, axis=(-1, -2)), gradient

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        """Write l(y_hat, y) to `value` and its derivative by y_hat to `slope`."""
        raise NotImplementedError


class MSE(Loss):
    """Squared error: ``l = (y_hat - y)^2``, ``l' = 2 (y_hat - y)``; aims at the mean."""

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        np.subtract(y_hat, y, out=slope)
        np.multiply(slope, slope, out=value)
        slope *= 2.0


class MAE(Loss):
    """Absolute error: ``l = |y_hat - y|``, ``l' = sign(y_hat - y)``; aims at the median."""

    def _point(self, y_hat: Array, y: Array, value: Array, slope: Array) -> None:
        np.subtract(y_hat, y, out=slope)
        np.abs(slope, out=value)
        np.sign(slope, out=slope)
