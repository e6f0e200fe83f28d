"""The rows of a table, sorted by series and time.

The idea: rows are sorted once, and from then on a series is a stretch of arrays and a time the number of a moment, so
that calendars are asked about distinct times alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from forecast.reading.times import Times

__all__ = ["Rows", "in_order", "some", "stamp"]

MAX_SLOTS = 8
"""Rows are sorted by slots where there are at most so many a row."""
MOST_SMALL = 2**31
"""Keys below this take half the memory."""
NOWHERE = 0x7FF8_5EED_5EED_5EED
"""The bits of a number that is none, and that no calculation makes: where it still stands nothing was put."""


@dataclass(frozen=True)
class Rows:
    """N rows of S series, sorted by series and time.

    Parameters
    ----------
    names : tuple of str
        The series, sorted.
    offsets : ndarray [S + 1]
        Series s is the rows from ``offsets[s]`` up to ``offsets[s + 1]``, one at least.
    ticks : ndarray [N] of int
        Which of the moments is the time of each row: whole numbers of any size.
    moments : ndarray [U]
        Distinct times, sorted; each is that of a row.
    values : ndarray [N]
        The value of each row; NaN where it is missing.
    origin : ndarray [N] or callable
        Where the row stood in the table, or what works that out: few ask, and only where something is to be said.

    Examples
    --------
    >>> from forecast.reading.times import Times
    >>> times = Times(np.array([0, 1, 0]), np.array([1949, 1950]))
    >>> rows = Rows.sorted(np.array([0, 1, 1]), ["b", "a"], times, np.array([5.0, 7.0, 6.0]))
    >>> rows.names, rows.codes, rows.times, rows.values
    (('a', 'b'), array([0, 0, 1]), array([1949, 1950, 1949]), array([6., 7., 5.]))
    """

    names: tuple[str, ...]
    offsets: NDArray[np.int64]
    ticks: NDArray[Any]
    moments: NDArray[Any]
    values: NDArray[np.float64]
    origin: NDArray[Any] | Callable[[], NDArray[Any]]

    @classmethod
    def sorted(cls, codes: NDArray[Any], names: Sequence[str], times: Times, values: NDArray[np.float64]) -> Self:
        """Return the rows by series and time; equal times stay in the order of the file.

        Parameters
        ----------
        codes : ndarray [N] of int
            Which of the `names`, in any order, is the series of each row; each occurs.
        names : sequence of str
            Distinct.
        times : Times
            Of each row.
        values : ndarray [N]
            Of each row; they are kept as they are where the rows are in order.
        """
        by_name = sorted(range(len(names)), key=names.__getitem__)
        named, n_moments = tuple(names[i] for i in by_name), max(len(times.moments), 1)
        bound = len(names) * n_moments
        small = np.int32 if bound < MOST_SMALL else np.int64
        keys: NDArray[Any] = (np.argsort(by_name) * n_moments).astype(small).take(codes)
        keys += times.codes
        firsts = np.arange(0, bound + 1, n_moments, dtype=small)  # the key of the first moment of each series
        if (keys[1:] >= keys[:-1]).all():
            as_they_are = partial(np.arange, len(keys))
            return cls(named, np.searchsorted(keys, firsts), times.codes, times.moments, values, as_they_are)
        placed = _scattered(values, keys) if len(keys) == bound else None
        if placed is not None:  # every series has every moment
            ticks = np.tile(np.arange(n_moments, dtype=times.codes.dtype), len(names))
            return cls(named, firsts.astype(np.int64), ticks, times.moments, placed, partial(in_order, keys, bound))
        offsets = np.r_[0, np.cumsum(np.bincount(codes, minlength=len(names))[by_name])]
        order = in_order(keys, bound)
        return cls(named, offsets, times.codes.take(order), times.moments, values.take(order), order)

    @classmethod
    def of(
        cls, names: Sequence[str], codes: NDArray[Any], ticks: NDArray[Any], moments: NDArray[Any], *more: Any
    ) -> Self:
        """Return rows that are sorted, with those of the `names` and `moments` alone that have any."""
        kept, series = _used(np.array(names, dtype=object), codes)
        moments, ticks = _used(moments, ticks)
        return cls(tuple(kept), np.searchsorted(series, np.arange(len(kept) + 1)), ticks, moments, *more)

    @cached_property
    def rows(self) -> NDArray[Any]:
        """Where each row stood in the table, [N]."""
        return self.origin() if callable(self.origin) else self.origin

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have a value, [N]."""
        return ~np.isnan(self.values)

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """Which of the series each row belongs to, [N]."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.offsets))

    @property
    def times(self) -> NDArray[Any]:
        """The time of each row, [N]."""
        return np.asarray(self.moments[self.ticks])

    @property
    def starts(self) -> NDArray[np.int64]:
        """The first row of each series, [S]."""
        return self.offsets[:-1]

    def by_series(self, array: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the name of each series and its stretch of `array`."""
        return zip(self.names, np.split(array, self.starts[1:]), strict=True)

    def take(self, kept: NDArray[Any]) -> Rows:
        """Return the `kept` rows, and the series that still have any."""
        return Rows.of(self.names, self.codes[kept], self.ticks[kept], self.moments, self.values[kept], self.rows[kept])

    def with_moments(self, times: NDArray[Any]) -> Rows:
        """Return the rows with other `times` [U] for their moments, in the same order; some may fall together."""
        moments, places = np.unique(times, return_inverse=True)
        return replace(self, ticks=places[self.ticks], moments=moments)

    def repeated(self) -> NDArray[np.bool_]:
        """Return which rows [N] have the time of the row before, in the same series."""
        same = np.zeros(len(self.ticks), dtype=np.bool_)
        np.equal(self.ticks[1:], self.ticks[:-1], out=same[1:])
        same[self.starts] = False
        return same


def in_order(keys: NDArray[np.int64], bound: int) -> NDArray[np.int64]:
    """Return ``np.argsort(keys, kind="stable")`` for keys from 0 up to the `bound`.

    Where that is not far above the number of keys, each key has a slot, and full slots are read off one after another.

    Examples
    --------
    >>> in_order(np.array([4, 0, 2]), 5)
    array([1, 2, 0])
    """
    if bound <= MAX_SLOTS * len(keys):
        slots = np.full(bound, -1)
        slots[keys] = np.arange(len(keys))
        order = slots if bound == len(keys) and slots.min(initial=0) >= 0 else slots[slots >= 0]
        if len(order) == len(keys):  # else a key occurs twice
            return order
    return np.argsort(keys, kind="stable")


def stamp(time: Any) -> str:
    """Return a time without the zeros of its clock: ``2024-05-01``."""
    return str(time).removesuffix(".000000").removesuffix("T00:00:00") if isinstance(time, np.datetime64) else f"{time}"


def some(names: Sequence[str], limit: int = 5) -> str:
    """Return the first of the names of series, quoted, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown(name) for name in names[:limit]) + more


def _scattered(values: NDArray[np.float64], keys: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return the values in the order of their keys, from 0 up to their count; None where a key is not there."""
    placed = np.full(len(keys), NOWHERE)
    placed.view(np.float64)[keys.astype(np.intp, copy=False)] = values  # NumPy would turn them piece by piece
    return None if (placed == NOWHERE).any() else placed.view(np.float64)


def _used(kinds: NDArray[Any], codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return those of the kinds that occur among the codes, and the codes of these alone."""
    occurs = np.bincount(codes, minlength=len(kinds)) > 0
    return (kinds, codes) if occurs.all() else (kinds[occurs], (np.cumsum(occurs) - 1)[codes])
