"""How parameters follow their gradients: each rule is a few lines over two flat arrays ``[E, P]``.

The idea: an optimizer changes the parameters in place by a step of the given rate and keeps its moments in arrays of
the same shape; it knows nothing of layers.
"""

from __future__ import annotations

from functools import cache
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]
    Arrays = tuple[Array, ...]
    Rate = float | Array

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "Rprop"]

BLOCK = 65_536
"""Parameters that one pass of Adam works on: what stays in the cache from one operation to the next."""
GROWTH = 1e3
"""What a running sum of Adam's may outgrow its mean by: float32 keeps its digits over 76 powers of ten."""


class Optimizer:
    """What the training loop asks: `reset` before the first step, then `step` with the rate of the moment.

    A new rule overrides both; the arrays it makes in `reset` by `_moment` are what it remembers of each parameter.
    """

    def __init__(self) -> None:
        self._moments: list[Array] = []

    def reset(self, parameters: Array) -> None:
        """Forget all moments and allocate them for `parameters` [E, P]."""
        self._moments = []
        self._scratch = np.empty_like(parameters)

    def step(self, parameters: Array, gradients: Array, rate: Rate) -> None:
        """Change `parameters` in place by one step downhill; `rate` is a number, or a column [E, 1]."""
        raise NotImplementedError

    def observe(self, losses: Array) -> None:
        """Take the losses [E] that the next `gradients` belong to; only few rules look at them."""

    def forget(self, members: Array) -> None:
        """Forget what is remembered of some members: an index or a mask [E]."""
        for moment in self._moments:
            moment[members] = 0.0

    def _moment(self, parameters: Array) -> Array:
        moment = np.zeros_like(parameters)
        self._moments.append(moment)
        return moment


class SGD(Optimizer):
    """Gradient descent with momentum: ``v = momentum v + g``, ``w = w - rate v`` (Polyak 1964).

    Nesterov's variant looks ahead along v: ``w = w - rate (g + momentum v)`` (as in Sutskever et al. 2013).

    Parameters
    ----------
    momentum : float
        0 for plain gradient descent.
    nesterov : bool
        Look ahead.
    """

    def __init__(self, *, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__()
        self.momentum = momentum
        self.nesterov = nesterov

    def reset(self, parameters: Array) -> None:
        super().reset(parameters)
        self._velocity = self._moment(parameters)

    def step(self, parameters: Array, gradients: Array, rate: Rate) -> None:
        scratch = self._scratch
        self._velocity *= self.momentum
        self._velocity += gradients
        if self.nesterov:
            np.multiply(self._velocity, self.momentum, out=scratch)
            scratch += gradients
            scratch *= rate
        else:
            np.multiply(self._velocity, rate, out=scratch)
        parameters -= scratch


class RMSprop(Optimizer):
    """Steps scaled by the running size of the gradient (Hinton 2012, lecture 6e of "Neural networks").

    With a running mean of squares s::

        s = decay s + (1 - decay) g^2        w = w - rate g / (sqrt(s) + epsilon)

    Parameters
    ----------
    decay : float
        Share of the old mean that is kept.
    epsilon : float
        Keeps a step finite where the gradient is zero.
    """

    def __init__(self, *, decay: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.decay = decay
        self.epsilon = epsilon

    def reset(self, parameters: Array) -> None:
        super().reset(parameters)
        self._square = self._moment(parameters)

    def step(self, parameters: Array, gradients: Array, rate: Rate) -> None:
        scratch = self._scratch
        np.multiply(gradients, gradients, out=scratch)
        scratch *= 1.0 - self.decay
        self._square *= self.decay
        self._square += scratch
        np.sqrt(self._square, out=scratch)
        scratch += self.epsilon
        np.divide(gradients, scratch, out=scratch)
        scratch *= rate
        parameters -= scratch


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and its square (Kingma & Ba 2015).

    Both means start at zero and are corrected for it at time t::

        m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
        w = w - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

    A mean that decays costs two passes over its array, a growing sum costs one (BLAS's ``axpy``). So what is kept are
    sums, ``M = m beta1^-k / (1 - beta1)`` and ``V = v beta2^-k / (1 - beta2)``, which grow by ``beta1^-k g`` and
    ``beta2^-k g^2``; before these factors pass `GROWTH`, the sums are scaled back and k counts from 0 again. In their
    terms, with ``c = sqrt(beta2^-k (1 - beta2^t) / (1 - beta2))``, the step is ``rate c beta1^k (1 - beta1) / (1 -
    beta1^t)`` times ``M / (sqrt(V) + epsilon c)``, the same to rounding.

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
        super().__init__()
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weight_decay = weight_decay

    def reset(self, parameters: Array) -> None:
        super().reset(parameters)
        self._time = self._since = 0
        self._mean, self._square = self._moment(parameters), self._moment(parameters)
        self._blocks: list[Arrays] | None = None
        self._cut_from = (parameters, parameters)
        smallest = min(self.beta1, self.beta2)
        self._span = int(log(GROWTH) / -log(smallest)) if smallest > 0.0 else 0

    def step(self, parameters: Array, gradients: Array, rate: Rate) -> None:
        self._time += 1
        first, second = self._growth()
        correction = ((1.0 - self.beta2**self._time) / (1.0 - self.beta2) * second) ** 0.5
        size = rate * (correction * (1.0 - self.beta1) / (1.0 - self.beta1**self._time) / first)
        epsilon = np.asarray(self.epsilon * correction, parameters.dtype)
        if self.weight_decay:
            parameters *= 1.0 - rate * self.weight_decay
        if isinstance(size, np.ndarray):
            for row, own in zip(self._rows(parameters, gradients), size[:, 0], strict=True):
                self._move(row, first, second, float(own), epsilon)
            return
        if self._blocks is None or self._cut_from[0] is not parameters or self._cut_from[1] is not gradients:
            self._blocks, self._cut_from = self._cut(parameters, gradients), (parameters, gradients)
        for block in self._blocks:
            self._move(block, first, second, size, epsilon)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the blocks out: in a copy they would be arrays of their own."""
        return {**self.__dict__, "_blocks": None}

    def _rows(self, parameters: Array, gradients: Array) -> list[Arrays]:
        """Return what `_move` works on for each member."""
        return list(zip(parameters, gradients, self._mean, self._square, self._scratch, strict=True))

    def _cut(self, parameters: Array, gradients: Array) -> list[Arrays]:
        """Return what `_move` works on: all members in a row, in blocks that stay in the cache."""
        if not (parameters.flags.c_contiguous and gradients.flags.c_contiguous):
            return self._rows(parameters, gradients)
        flat = [array.reshape(-1) for array in (parameters, gradients, self._mean, self._square, self._scratch)]
        width = parameters.size if parameters.size <= 2 * BLOCK else BLOCK
        starts = range(0, parameters.size, width)
        return [tuple(array[start : start + width] for array in flat) for start in starts]

    def _growth(self) -> tuple[float, float]:
        """Return the factors of this step's gradient and of its square in the sums."""
        if self._since == self._span:
            self._mean *= self.beta1 ** (self._since + 1)
            self._square *= self.beta2 ** (self._since + 1)
            self._since = 0
            return 1.0, 1.0
        self._since += 1
        return self.beta1**-self._since, self.beta2**-self._since

    def _move(self, arrays: Arrays, first: float, second: float, size: float, epsilon: Array) -> None:
        w, g, mean, square, scratch = arrays
        n, add = len(w), _axpy(w.dtype.char)
        add(g, mean, n, first)
        np.multiply(g, g, out=scratch)
        add(scratch, square, n, second)
        np.sqrt(square, out=scratch)
        np.add(scratch, epsilon, out=scratch)
        np.divide(mean, scratch, out=scratch)
        add(scratch, w, n, -size)


class AdamW(Adam):
    """Adam with decoupled weight decay from the start (Loshchilov & Hutter 2019); `Adam` has it on request."""

    def __init__(
        self, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.01
    ) -> None:
        super().__init__(beta1=beta1, beta2=beta2, epsilon=epsilon, weight_decay=weight_decay)


class Rprop(Optimizer):
    """Each parameter has a step of its own, and only the sign of the gradient counts (iRprop+, Igel & Huesken 2003).

    With ``s = g g_before``: where s > 0 the step grows by `up`. Where s < 0 a minimum was passed: the step shrinks by
    `down`, the gradient is taken as zero, so that the parameter rests once, and if the loss has grown the last change
    of this parameter is taken back. For whole batches: noise in the sign is its undoing.

    Parameters
    ----------
    up, down : float
        Factors of a step.
    smallest, largest : float
        Bounds of a step; the rate of the schedule is the first step, later rates do not matter.
    """

    def __init__(self, *, up: float = 1.2, down: float = 0.5, smallest: float = 1e-6, largest: float = 1.0) -> None:
        super().__init__()
        self.up, self.down = up, down
        self.smallest, self.largest = smallest, largest

    def reset(self, parameters: Array) -> None:
        super().reset(parameters)
        self._before, self._size, self._change = (self._moment(parameters) for _ in range(3))
        self._loss: Array = np.full(len(parameters), np.inf)
        self._grew = np.zeros((len(parameters), 1), dtype=bool)

    def observe(self, losses: Array) -> None:
        np.greater(losses, self._loss, out=self._grew[:, 0])
        self._loss[...] = losses

    def step(self, parameters: Array, gradients: Array, rate: Rate) -> None:
        scratch, size, before, change = self._scratch, self._size, self._before, self._change
        np.copyto(size, rate, where=size == 0.0)
        np.multiply(gradients, before, out=scratch)
        turned = scratch < 0.0
        np.multiply(size, self.up, out=size, where=scratch > 0.0)
        np.multiply(size, self.down, out=size, where=turned)
        np.clip(size, self.smallest, self.largest, out=size)
        np.subtract(parameters, change, out=parameters, where=turned & self._grew)
        np.copyto(before, gradients)
        before[turned] = 0.0
        np.sign(before, out=change)
        change *= size
        np.negative(change, out=change)
        parameters += change

    def forget(self, members: Array) -> None:
        super().forget(members)
        self._loss[members] = np.inf


@cache
def _axpy(kind: str) -> Any:
    """Return BLAS's y = y + a x for a kind of numbers."""
    from scipy.linalg import get_blas_funcs

    return get_blas_funcs("axpy", dtype=kind)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "rprop": Rprop,
    "sgd": SGD,
}
