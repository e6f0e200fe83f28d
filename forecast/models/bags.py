"""Which series each member of an ensemble learns from, where there are very many: a bag of them, its own.

The idea: a member sees a few hundred thousand samples while it trains, whatever the panel holds. So beyond some
thousands of series each is given as many by lot (bagging, Breiman 1996), and the memory of a fit is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.samples import Cuts

    Ints = NDArray[np.int64]

__all__ = ["BAG", "Bags"]

BAG = 4_000
"""Series that a member learns from, at most."""


@dataclass(frozen=True)
class Bags:
    """The series that members learn from, each drawn without replacement.

    Parameters
    ----------
    series : ndarray
        Those of all members, ascending.
    places : sequence of ndarray
        Of each member: where its series stand among these.

    Examples
    --------
    >>> bags = Bags.drawn(10_000, 3, seed=(0, 0))
    >>> [len(places) for places in bags.places], len(bags.series) < 10_000
    ([4000, 4000, 4000], True)
    """

    series: Ints
    places: Sequence[Ints]

    @classmethod
    def drawn(cls, n_series: int, members: int, *, seed: Sequence[int]) -> Self:
        """Return the bags of so many members; each holds all series where there are no more than `BAG`."""
        if n_series <= BAG:
            every = np.arange(n_series, dtype=np.int64)
            return cls(every, [every] * members)
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence([*seed, BAG]).spawn(members)]
        bags = [np.sort(stream.choice(n_series, BAG, replace=False)) for stream in streams]
        series = np.unique(np.concatenate(bags))
        return cls(series, [np.searchsorted(series, bag) for bag in bags])

    def cuts(self, cuts: Cuts) -> list[Cuts]:
        """Return the cuts of each member, given those of all `series`."""
        return [cuts if len(places) == len(self.series) else cuts.take(places) for places in self.places]
