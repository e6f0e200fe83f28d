"""Training samples: what a network saw and what came next, drawn from a panel without laying all of them out.

The idea: a sample is one number, the position of its cut in the flat array of values. Inputs and targets are gathered
around the cut when a batch is drawn, so the memory is that of the batch whatever the panel holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Cuts", "Samples", "last_inputs", "lots"]

AT_ONCE = 32
"""Steps of training whose samples are drawn together, which takes a tenth of the time."""


@dataclass(frozen=True)
class Cuts:
    """Positions in a flat array, held as one stretch a series: ``cuts[numbers]`` are those of the given numbers.

    Parameters
    ----------
    first : ndarray [S]
        The first cut of each series.
    upto : ndarray [S]
        How many cuts the series up to and with this one have.

    Examples
    --------
    >>> cuts = Cuts(np.array([3, 10]), np.array([2, 5]))
    >>> len(cuts), cuts[np.array([0, 1, 2, 4])].tolist()
    (5, [3, 4, 10, 12])
    """

    first: Ints
    upto: Ints

    def __len__(self) -> int:
        return int(self.upto[-1]) if len(self.upto) else 0

    def __getitem__(self, numbers: Ints) -> Ints:
        series = np.searchsorted(self.upto, numbers, side="right")
        before = np.where(series > 0, self.upto[series - 1], 0)
        return np.asarray(self.first[series] + numbers - before, dtype=np.int64)

    def draw(self, rng: np.random.Generator, count: int) -> Ints:
        """Return `count` positions by lot: a series first, then a cut of it, so long series do not outweigh others."""
        able, counts = self._able
        series = able[rng.integers(0, len(able), count)]
        return np.asarray(self.first[series] + rng.integers(0, counts[series]), dtype=np.int64)

    def take(self, series: Ints) -> Cuts:
        """Return the cuts of some of the series.

        Examples
        --------
        >>> cuts = Cuts(np.array([3, 10, 20]), np.array([2, 5, 9])).take(np.array([0, 2]))
        >>> cuts[np.arange(len(cuts))].tolist()
        [3, 4, 20, 21, 22, 23]
        """
        return Cuts(self.first[series], np.cumsum(np.diff(self.upto, prepend=0)[series]))

    @cached_property
    def _able(self) -> tuple[Ints, Ints]:
        """The series that have cuts, and how many each series has."""
        counts = np.diff(self.upto, prepend=0)
        return np.flatnonzero(counts), counts

    def spread(self, limit: int) -> Ints:
        """Return all positions, or `limit` of them at equal distances where there are more."""
        count = len(self)
        return self[np.arange(count) if count <= limit else np.linspace(0, count - 1, limit).astype(np.int64)]


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
    ends : ndarray [S], optional
        Where each series ends for these samples, at the latest where the next one begins.

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
    ends: Ints | None = None

    def before(self, steps: int) -> Samples:
        """Return the samples of the same series without their last `steps` values."""
        return replace(self, ends=np.maximum(self._ends - steps, self.offsets[:-1]))

    def cuts(self, *, latest: int | None = None) -> Cuts:
        """Return the positions at which a sample may be cut: a full input before it and a target after it.

        A third of the series is enough of an input, the rest padded; a series too short for that is cut as late as
        leaves it one full target.

        Parameters
        ----------
        latest : int, optional
            Only the cuts among the last `latest` values of each series: their targets all lie in that block.
        """
        starts, ends = self.offsets[:-1], self._ends
        enough = np.minimum(self.input_size, np.maximum((ends - starts) // 3, 1))
        first = starts + np.clip(ends - starts - self.horizon, 1, enough)
        if latest is not None:
            first = np.maximum(starts + 1, ends - latest)
        return Cuts(first, np.cumsum(np.maximum(ends - first, 0)))

    @property
    def _ends(self) -> Ints:
        return self.offsets[1:] if self.ends is None else self.ends

    def gather(self, cuts: Ints) -> tuple[Floats, Floats, Floats]:
        """Return ``inputs [.., L]``, ``targets [.., H]`` and ``mask [.., H]`` at `cuts` of any shape.

        Before the start of a series its first value is repeated; after its end targets are 0 and masked.
        """
        series = np.searchsorted(self.offsets, cuts, side="right") - 1
        start, end = self.offsets[series][..., None], self._ends[series][..., None]
        before = np.maximum(cuts[..., None] + np.arange(-self.input_size, 0), start)
        after = cuts[..., None] + np.arange(self.horizon)
        inside = after < end
        after = np.where(inside, after, 0)
        inside &= self.observed[after]
        return self.values[before], np.where(inside, self.values[after], 0.0), inside.astype(np.float64)


def lots(cuts: Sequence[Cuts], streams: Sequence[np.random.Generator], count: int) -> Iterator[Ints]:
    """Yield `count` positions by lot for every step of training and every member, [E, B].

    Parameters
    ----------
    cuts : sequence of Cuts
        For each member what is drawn from, see `Cuts.draw`.
    streams : sequence of Generator
        For each member its own, so that its lots do not depend on the others.
    count : int
        B, the samples of a member in one step.

    Examples
    --------
    >>> drawn = lots([Cuts(np.array([3]), np.array([2]))] * 2, [np.random.default_rng(seed) for seed in (0, 1)], 4)
    >>> next(drawn).tolist(), next(drawn).tolist()
    ([[4, 4, 4, 3], [3, 4, 4, 4]], [[3, 3, 3, 3], [3, 3, 4, 4]])
    """
    while True:
        drawn = [own.draw(stream, AT_ONCE * count) for own, stream in zip(cuts, streams, strict=True)]
        yield from np.stack([member.reshape(AT_ONCE, count) for member in drawn], axis=1)


def last_inputs(values: Floats, offsets: Ints, input_size: int) -> Floats:
    """Return the last `input_size` values of each series, [S, L], the first value repeated before a shorter one."""
    inputs: Floats = values[np.maximum(offsets[1:, None] + np.arange(-input_size, 0), offsets[:-1, None])]
    return inputs
