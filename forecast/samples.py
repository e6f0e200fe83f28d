"""Training samples: what a network saw and what came next, drawn from a panel without laying all of them out.

The idea: a sample is one number, the position of its cut in the flat array of values. Inputs and targets are gathered
around the cut when a batch is drawn, so the memory is that of the batch whatever the panel holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Samples", "last_inputs"]


@dataclass(frozen=True)
class Samples:
    """The cuts of a panel and what lies around them.

    Parameters
    ----------
    values : ndarray [T_total]
        Series after series, without NaN.
    offsets : ndarray [S + 1]
        Where each series begins.
    observed : ndarray [T_total] of bool
        False where a value was filled in: it may be looked at, but is never a target.
    input_size, horizon : int
        L values before a cut, H after it.

    Examples
    --------
    >>> samples = Samples(np.arange(6.0), np.array([0, 6]), np.ones(6, bool), input_size=2, horizon=2)
    >>> inputs, targets, mask = samples.gather(np.array([3, 5]))
    >>> inputs.tolist(), targets.tolist(), mask.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [[3.0, 4.0], [5.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]])
    """

    values: Floats
    offsets: Ints
    observed: NDArray[np.bool_]
    input_size: int
    horizon: int

    def before(self, steps: int) -> Samples:
        """Return the samples of the same series without their last `steps` values."""
        lengths = np.maximum(np.diff(self.offsets) - steps, 0)
        offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
        kept = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1] - offsets[:-1], lengths)
        return replace(self, values=self.values[kept], observed=self.observed[kept], offsets=offsets)

    def cuts(self, *, latest: int | None = None) -> Ints:
        """Return the positions at which a sample may be cut: a full input before it and a target after it.

        A series too short for that is cut as late as leaves it one full target, its input padded.

        Parameters
        ----------
        latest : int, optional
            Only the cuts among the last `latest` values of each series: their targets all lie in that block.
        """
        starts, ends = self.offsets[:-1], self.offsets[1:]
        first = starts + np.clip(ends - starts - self.horizon, 1, self.input_size)
        if latest is not None:
            first = np.maximum(starts + 1, ends - latest)
        counts = np.maximum(ends - first, 0)
        before = np.cumsum(counts) - counts
        positions: Ints = np.arange(counts.sum()) + np.repeat(first - before, counts)
        return positions

    def gather(self, cuts: Ints) -> tuple[Floats, Floats, Floats]:
        """Return ``inputs [.., L]``, ``targets [.., H]`` and ``mask [.., H]`` at `cuts` of any shape.

        Before the start of a series its first value is repeated; after its end targets are 0 and masked.
        """
        series = np.searchsorted(self.offsets, cuts, side="right") - 1
        start, end = self.offsets[series][..., None], self.offsets[series + 1][..., None]
        before = np.maximum(cuts[..., None] + np.arange(-self.input_size, 0), start)
        after = cuts[..., None] + np.arange(self.horizon)
        inside = after < end
        after = np.where(inside, after, 0)
        inside &= self.observed[after]
        return self.values[before], np.where(inside, self.values[after], 0.0), inside.astype(np.float64)


def last_inputs(values: Floats, offsets: Ints, input_size: int) -> Floats:
    """Return the last `input_size` values of each series, [S, L], the first value repeated before a shorter one."""
    inputs: Floats = values[np.maximum(offsets[1:, None] + np.arange(-input_size, 0), offsets[:-1, None])]
    return inputs
