"""Panels as arrays for the transforms: padded rows, order statistics, straight lines over gaps.

The idea: series of about the same length are laid side by side in blocks of bounded size, so that a hundred or a
million series cost a few calls of NumPy and no more memory than a block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

Number = TypeVar("Number", bound=np.generic)

__all__ = [
    "blocks",
    "from_end",
    "interpolated",
    "largest",
    "quantiles",
    "rows",
    "series_of",
    "wide",
]

BLOCK = 2**18
"""Numbers in a block of padded series: few enough to stay in the cache from one calculation to the next."""


def series_of(panel: Panel) -> Ints:
    """Return to which series each value belongs, [T_total]."""
    return np.repeat(np.arange(panel.n_series), panel.lengths)


def from_end(panel: Panel) -> Ints:
    """Return how many values each value stands before the first one to forecast, [T_total]."""
    return np.repeat(panel.offsets[1:], panel.lengths) - np.arange(len(panel.values))


def wide(learned: NDArray[Number], y_hat: Floats) -> NDArray[Number]:
    """Return what is known of each series [S] in a shape that meets forecasts [S, H] or quantiles [S, H, Q]."""
    return learned.reshape(-1, *[1] * (y_hat.ndim - 1))


def largest(panel: Panel) -> Floats:
    """Return the largest absolute value of each series [S]; 0 where nothing is known."""
    sizes: Floats = np.fmax.reduceat(np.abs(panel.values), panel.offsets[:-1])
    return np.nan_to_num(sizes, nan=0.0)


def blocks(lengths: Ints, chosen: Ints | None = None) -> Iterator[Ints]:
    """Yield the series, the short ones first, in blocks that take up to `BLOCK` numbers when padded."""
    order = np.arange(len(lengths)) if chosen is None else chosen
    order = order[np.argsort(lengths[order], kind="stable")]
    first = 0
    while first < len(order):
        widths = lengths[order[first : first + BLOCK]] * np.arange(1, min(BLOCK, len(order) - first) + 1)
        count = max(1, int(np.searchsorted(widths, BLOCK, side="right")))
        yield order[first : first + count]
        first += count


def rows(values: Floats, starts: Ints, lengths: Ints, *, multiple: int = 1) -> Floats:
    """Return stretches of `values` as rows [B, T], NaN after their ends; T is a multiple of `multiple`.

    Stretches of one length that follow each other are rows as they stand, and the array is read-only then.
    """
    width = -(-int(lengths.max(initial=0)) // multiple) * multiple
    if width > 0 and (lengths == width).all() and (np.diff(starts) == width).all():
        stretch = values[starts[0] : starts[-1] + width].reshape(-1, width)
        stretch.flags.writeable = False
        return stretch
    places = np.arange(width)
    inside = places < lengths[:, None]
    return np.where(inside, values[np.where(inside, starts[:, None] + places, 0)], np.nan)


def quantiles(panel: Panel, shares: Sequence[float]) -> Floats:
    """Return quantiles of each series [S, len(shares)] without its NaN, linear between values; NaN where none is known.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> quantiles(read_series("airline").panel, [0.5]).tolist()
    [[265.5]]
    """
    found = np.full((panel.n_series, len(shares)), np.nan)
    for block in blocks(panel.lengths):
        ordered = np.sort(rows(panel.values, panel.offsets[block], panel.lengths[block]), axis=1)
        counts = np.sum(~np.isnan(ordered), axis=1)
        for q, share in enumerate(shares):
            place = np.maximum(counts - 1, 0) * share
            below = place.astype(np.int64)
            above = np.minimum(below + 1, np.maximum(counts - 1, 0))
            low, high = (np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] for at in (below, above))
            found[block, q] = low + (high - low) * (place - below)
    return found


def interpolated(panel: Panel) -> Floats:
    """Return the values [T_total] with straight lines over gaps, level before the first and after the last known.

    A series of which nothing is known stays NaN.
    """
    y = panel.values
    known = ~np.isnan(y)
    if known.all():
        return y
    places, count = np.arange(len(y)), len(y)
    before = np.maximum.accumulate(np.where(known, places, -1))
    after = np.minimum.accumulate(np.where(known, places, count)[::-1])[::-1]
    starts, ends = np.repeat(panel.offsets[:-1], panel.lengths), np.repeat(panel.offsets[1:], panel.lengths)
    has_before, has_after = before >= starts, after < ends
    before = np.where(has_before, before, np.where(has_after, after, places))
    after = np.where(has_after, after, before)
    step = np.where(after > before, (y[after] - y[before]) / np.maximum(after - before, 1), 0.0)
    return np.where(known, y, y[before] + step * (places - before))
