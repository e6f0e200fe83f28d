"""Fitted members and samples to look at what they use: errors with inputs of another time, and gradients.

The idea: a column known ahead acts twice, as an input and by what it adds outside of the network. Both get the values
of another time together, in the values that are looked at as in those ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast import nn
    from forecast.models.heads import Head
    from forecast.transforms import SampleScale

    Floats = NDArray[np.float64]

__all__ = ["Examined"]


@dataclass(frozen=True)
class Examined:
    """What is looked at to tell which inputs a group uses.

    Parameters
    ----------
    network, head : Network, Head
        The members, and what their outputs say.
    scale : SampleScale
        Of the samples.
    batch : Batch
        B samples, scaled: L values, then F columns known ahead at the times of these and of the H targets, then others.
    others : ndarray [R, B, inputs]
        Inputs of other times.
    added : ndarray [B, L + H, F]
        What columns add that was taken out before, in the unit of the samples; F is 0 where nothing was.
    others_added : ndarray [R, B, L + H, F]
        What those of the other times add.
    """

    network: nn.Network
    head: Head
    scale: SampleScale
    batch: nn.Batch
    others: NDArray[np.float32]
    added: Floats
    others_added: Floats

    def usual(self) -> float:
        """Return the weighted mean error of the median member."""
        return float(self._errors(self.batch.inputs[None], np.zeros(1))[0])

    def errors(self, columns: Sequence[int]) -> Floats:
        """Return that error [R] where these columns of the inputs are those of the other times."""
        moved = np.repeat(self.batch.inputs[None], len(self.others), axis=0)
        moved[..., columns] = self.others[..., columns]
        lifting = np.isin(self._known(), columns)
        if not lifting.any():
            return self._errors(moved, np.zeros(1))
        more = np.where(lifting, self.others_added - self.added, 0.0).sum(axis=-1)
        L = more.shape[-1] - self.batch.targets.shape[-1]
        past = moved[..., :L] - more[..., :L]
        level, size = self.scale.measure(past)
        moved[..., :L] = (past - level) / size
        return self._errors(moved, level + more[..., L:], size)

    def slopes(self) -> Floats:
        """Return ``sum |x dJ/dx|`` [inputs] over samples and members, J the loss that the network learned by.

        What a column adds counts in the steps ahead alone.
        """
        network, batch = self.network, self.batch
        y_hat = network.forward(batch.inputs)
        shape = (network.members, *batch.targets.shape)
        targets, weight = (np.broadcast_to(np.asarray(part), shape) for part in (batch.targets, batch.weight))
        _, slope = self.head.loss().value_and_gradient(y_hat, targets, weight)
        found = network.backward(slope, inward=True) * batch.inputs
        H = shape[-1]
        ahead = slope.reshape(*shape, -1).sum(axis=-1)[..., None] * self.added[:, -H:]
        found[..., self._known()[-H:].ravel()] += ahead.reshape(*shape[:2], -1)
        return np.asarray(np.abs(found).sum(axis=(0, 1)), dtype=np.float64)

    def _known(self) -> NDArray[np.int64]:
        """Return at which place of the inputs each column that adds something stands, [L + H, F]."""
        steps, F = self.added.shape[1:]
        first = steps - self.batch.targets.shape[-1]
        return np.arange(first, first + steps * F).reshape(steps, F)

    def _errors(self, inputs: NDArray[np.float32], level: Floats, size: Floats | float = 1.0) -> Floats:
        """Return the weighted mean error [R] of the median member for inputs [R, B, L]."""
        R, B, L = inputs.shape
        outputs = self.network.predict(inputs.reshape(R * B, L)).astype(np.float64)
        y_hat = np.median(self.head.middle(outputs), axis=0).reshape(R, B, -1) * size + level
        weight = np.asarray(self.batch.weight, dtype=np.float64)
        return np.asarray((np.abs(y_hat - self.batch.targets) * weight).sum(axis=(1, 2)) / max(weight.sum(), 1e-300))
