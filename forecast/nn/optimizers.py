"""How parameters follow their gradients: each rule is a few lines over two flat arrays ``[E, P]``.

The idea: an optimizer changes the parameters in place by a step of the given rate and keeps its moments in arrays of
the same shape; it knows nothing of layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """What the training loop asks: `reset` before the first step, then `step` with the rate of the moment."""

    def reset(self, parameters: Array) -> None:
        """Forget all moments and allocate them for `parameters`."""

    def step(self, parameters: Array, gradients: Array, rate: float) -> None:
        """Change `parameters` in place by one step downhill."""
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent with momentum: ``v = momentum v + g``, ``w = w - rate v`` (Polyak 1964).

    Parameters
    ----------
    momentum : float
        0 for plain gradient descent.
    """

    def __init__(self, *, momentum: float = 0.0) -> None:
        self.momentum = momentum

    def reset(self, parameters: Array) -> None:
        self._velocity = np.zeros_like(parameters)
        self._scratch = np.empty_like(parameters)

    def step(self, parameters: Array, gradients: Array, rate: float) -> None:
        self._velocity *= self.momentum
        self._velocity += gradients
        np.multiply(self._velocity, rate, out=self._scratch)
        parameters -= self._scratch


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and its square (Kingma & Ba 2015).

    Both means start at zero and are corrected for it at time t::

        m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
        w = w - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

    Parameters
    ----------
    beta1, beta2, epsilon : float
        As in the paper.
    weight_decay : float
        Shrinks every parameter by ``rate * weight_decay`` of itself a step, apart from the gradient
        (Loshchilov & Hutter 2019).
    """

    def __init__(
        self, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weight_decay = weight_decay

    def reset(self, parameters: Array) -> None:
        self._time = 0
        self._mean = np.zeros_like(parameters)
        self._square = np.zeros_like(parameters)
        self._scratch = np.empty_like(parameters)

    def step(self, parameters: Array, gradients: Array, rate: float) -> None:
        self._time += 1
        scratch = self._scratch
        self._mean *= self.beta1
        np.multiply(gradients, 1.0 - self.beta1, out=scratch)
        self._mean += scratch
        self._square *= self.beta2
        np.multiply(gradients, gradients, out=scratch)
        scratch *= 1.0 - self.beta2
        self._square += scratch
        # Both corrections for the start at zero are scalars, so they are moved out of the arrays.
        second = (1.0 - self.beta2**self._time) ** 0.5
        np.sqrt(self._square, out=scratch)
        scratch += self.epsilon * second
        np.divide(self._mean, scratch, out=scratch)
        scratch *= rate * second / (1.0 - self.beta1**self._time)
        if self.weight_decay:
            parameters *= 1.0 - rate * self.weight_decay
        parameters -= scratch
