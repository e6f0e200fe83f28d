"""What is known beside the values: columns known ahead, columns known only in the past, and what tells series apart.

The idea: columns known ahead reach beyond the end of their series. Whoever cuts a panel at a cutoff keeps of them what
may be looked at from there, up to the last step of the horizon, and nothing after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Covariates", "gathered", "stretches"]

TOGETHER = 4_096
"""Series whose values are copied together."""


@dataclass(frozen=True)
class Covariates:
    """The covariates of S series.

    Parameters
    ----------
    known : ndarray [K_total, F]
        Columns known ahead, series after series; NaN where the data have none. The first row of a series belongs to its
        first value, and there may be more rows than values.
    offsets : ndarray [S + 1]
        The rows of series s are ``known[offsets[s]:offsets[s + 1]]``.
    past : ndarray [T_total, G]
        Columns known only in the past: a row for each value of the panel.
    static : ndarray [S, C]
        What a series is: numbers, or 0 and 1 for each of its kinds.
    known_names, past_names, static_names : tuple of str
        What the F, G and C columns are called.

    Examples
    --------
    >>> promo = np.array([[0.0], [1.0], [0.0], [1.0]])
    >>> covariates = Covariates.of_known(promo, np.array([0, 4]), ("promo",), values=3)
    >>> covariates.ahead(np.array([3]), horizon=2)[0].tolist()
    [[1.0], [nan]]
    """

    known: Floats
    offsets: Ints
    past: Floats
    static: Floats
    known_names: tuple[str, ...] = ()
    past_names: tuple[str, ...] = ()
    static_names: tuple[str, ...] = ()

    @classmethod
    def of_known(cls, known: Floats, offsets: Ints, names: tuple[str, ...], *, values: int) -> Covariates:
        """Return covariates that are all known ahead, of a panel of so many `values`."""
        return cls(known, offsets, np.empty((values, 0)), np.empty((len(offsets) - 1, 0)), names)

    def cut(self, chosen: Ints, starts: Ints, lengths: Ints) -> Covariates:
        """Return the covariates of the `chosen` series, whose values begin at `starts` and are now `lengths` long."""
        counts = np.diff(self.offsets)[chosen]
        return replace(
            self,
            known=self.known[stretches(self.offsets[:-1][chosen], counts)],
            offsets=np.r_[0, np.cumsum(counts)].astype(np.int64),
            past=self.past[stretches(starts, lengths)],
            static=self.static[chosen],
        )

    def until(self, lengths: Ints, horizon: int) -> Covariates:
        """Return the covariates without what is known of later than `horizon` steps after `lengths` values."""
        counts = np.minimum(np.diff(self.offsets), lengths + horizon)
        kept = stretches(self.offsets[:-1], counts)
        return replace(self, known=self.known[kept], offsets=np.r_[0, np.cumsum(counts)].astype(np.int64))

    def without_first(self, dropped: Ints, starts: Ints, lengths: Ints) -> Covariates:
        """Return the covariates without the first `dropped` rows of each series; its values now begin at `starts`."""
        counts = np.diff(self.offsets) - dropped
        return replace(
            self,
            known=self.known[stretches(self.offsets[:-1] + dropped, counts)],
            offsets=np.r_[0, np.cumsum(counts)].astype(np.int64),
            past=self.past[stretches(starts, lengths)],
        )

    def ahead(self, lengths: Ints, horizon: int) -> Floats:
        """Return what is known of the `horizon` steps after `lengths` values, [S, H, F]; NaN where nothing is."""
        wanted = self.offsets[:-1, None] + lengths[:, None] + np.arange(horizon)
        inside = wanted < self.offsets[1:, None]
        return np.where(inside[..., None], self.known[np.where(inside, wanted, 0)], np.nan)


def stretches(starts: Ints, lengths: Ints) -> Ints:
    """Return the positions of the stretches of so many `lengths` that begin at `starts`, one after another.

    Examples
    --------
    >>> stretches(np.array([0, 10]), np.array([2, 3])).tolist()
    [0, 1, 10, 11, 12]
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    positions: Ints = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return positions


def gathered(values: NDArray[Any], starts: Ints, lengths: Ints) -> NDArray[Any]:
    """Return the `stretches` of values, without ever holding more positions than those of `TOGETHER` series.

    Examples
    --------
    >>> gathered(np.arange(10.0, 30.0), np.array([0, 10]), np.array([2, 3])).tolist()
    [10.0, 11.0, 20.0, 21.0, 22.0]
    """
    ends = np.cumsum(lengths)
    found = np.empty((int(ends[-1]) if len(ends) else 0, *values.shape[1:]), values.dtype)
    for first in range(0, len(starts), TOGETHER):
        some = slice(first, first + TOGETHER)
        begin, end = ends[first] - lengths[first], ends[some][-1]
        found[begin:end] = values[stretches(starts[some], lengths[some])]
    return found
