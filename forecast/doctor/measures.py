"""How long, how rough, how seasonal and how steady the series of a panel are.

The idea: every measure is one calculation over the flat array of all series, which are first brought to a size of at
most one, so that neither their number nor their unit matters; the two unit-root tests alone look at a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.transforms.arrays import blocks, rows
from forecast.unit_roots import DICKEY_FULLER_LIMIT, KPSS_LIMIT, dickey_fuller, kpss, lags_by_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Strengths", "filled", "outliers", "stationarity", "strengths"]

OUTLIER_SIZE = 5.0
"""How many robust standard deviations off a value is an outlier."""
TREND_WINDOW = 5
"""Values in the moving average that is the trend of a series without a season."""
TESTED_SERIES, TESTED_VALUES = 20, 1_000
"""How many series, and how many of their latest values, the unit-root tests look at."""


@dataclass(frozen=True)
class Strengths:
    """How much of each series is trend and how much is season, [S] each, from 0 to 1; NaN for a series too short."""

    trend: Floats
    season: Floats


def filled(panel: Panel) -> Panel:
    """Return the panel with a straight line in every gap, each series divided by its largest absolute value.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2, 3], "y": [2.0, np.nan, 8.0]})
    >>> filled(Panel.from_frame(frame, Frequency("int"), season_length=1)).values
    array([0.25 , 0.625, 1.   ])
    """
    size = np.fmax.reduceat(np.abs(panel.values), panel.offsets[:-1])
    values = panel.values / np.repeat(np.where(size > 0, size, 1.0), panel.lengths)
    if panel.has_gaps:  # a series neither begins nor ends with a gap, so the line never reaches into another series
        missing, places = np.isnan(values), np.arange(len(values))
        values[missing] = np.interp(places[missing], places[~missing], values[~missing])
    return panel.with_values(values)


def strengths(panel: Panel) -> Strengths:
    """Return the strength of trend and season of a panel without gaps.

    Each is one minus the variance of the remainder over the variance of remainder and component, and 0 where that is
    negative (Hyndman & Athanasopoulos 2021, section 4.3), of a classical decomposition: a centred moving average over
    a season, and the means by position in the season of what is left (section 3.4). Without a season the trend is a
    moving average of `TREND_WINDOW` values.
    """
    m = panel.season_length
    trend, season = np.full((2, panel.n_series), np.nan)
    enough = np.flatnonzero(panel.lengths >= (2 * m if m > 1 else TREND_WINDOW + 2))
    for block in blocks(panel.lengths, enough):
        y = rows(panel.values, panel.offsets[block], panel.lengths[block])
        trend[block], season[block] = _strengths(np.ascontiguousarray(y.T), panel.lengths[block], m)
    return Strengths(trend, season)


def outliers(panel: Panel) -> Bools:
    """Return which values [T_total] are far from what stood a season before and a season after.

    Far is more than `OUTLIER_SIZE` robust standard deviations from the median of the seasonally differenced series,
    in opposite directions before and after, so that a lasting change of level is none; a value with only one such
    neighbour is judged by that. The robust standard deviation is 1.4826 times the median absolute deviation, or where
    that is 0 1.2533 times the mean one (Iglewicz & Hoaglin 1993). Series shorter than three seasons are compared with
    the value next to it instead.
    """
    m, found = panel.season_length, np.zeros(len(panel.values), dtype=np.bool_)
    long = panel.lengths >= 3 * m
    for lag, chosen in ((m, np.flatnonzero(long)), (1, np.flatnonzero(~long & (panel.lengths > 1)))):
        for block in blocks(panel.lengths, chosen):
            y = rows(panel.values, panel.offsets[block], panel.lengths[block])
            steps = y[:, lag:] - y[:, :-lag]
            suspects, middle, size = _suspects(steps)
            score = (steps[suspects] - middle[:, None]) / size[:, None]
            series, places = np.nonzero(_outlying(score, lag))
            found[panel.offsets[block[suspects[series]]] + places] = True
    places = np.flatnonzero(found)
    found[places[np.isnan(panel.values[places])]] = False
    return found


def stationarity(panel: Panel) -> dict[str, int]:
    """Count what the augmented Dickey-Fuller and the KPSS test, each at 5 %, say of a panel without gaps.

    Tested are `TESTED_SERIES` series at most, evenly spaced in the order of their names, and of each the latest
    `TESTED_VALUES` values.

    Returns
    -------
    dict
        ``tested``, and of these ``stationary``: no unit root by ADF (Dickey & Fuller 1979), level by KPSS
        (Kwiatkowski et al. 1992); ``difference``: both say to take differences; ``unclear``: they disagree.
    """
    counts = {"tested": 0, "stationary": 0, "difference": 0, "unclear": 0}
    usable = np.flatnonzero(panel.lengths >= 15)
    for s in usable[np.unique(np.linspace(0, len(usable) - 1, TESTED_SERIES).astype(int))] if len(usable) else ():
        y = panel.series(int(s))[-TESTED_VALUES:]
        if np.ptp(y) == 0:
            continue
        no_root = dickey_fuller(y) < DICKEY_FULLER_LIMIT
        level = kpss(y, lags=lags_by_correlation(y)) <= KPSS_LIMIT
        counts["tested"] += 1
        counts["stationary" if no_root and level else "difference" if not no_root and not level else "unclear"] += 1
    return counts


def _strengths(y: Floats, lengths: Ints, m: int) -> tuple[Floats, Floats]:
    """Return the strengths of trend and season [B] of columns y [T, B], NaN below their ends.

    Series are columns here, since then each step goes over the series of a block in one stretch of memory. All parts
    are as many times too large as values make up a value of the trend, so that no moving sum has to be divided.
    """
    window = m if m > 1 else TREND_WINDOW
    half, width = window // 2, len(y) - 2 * (window // 2)
    count, weight = lengths - 2 * half, window if window % 2 else 2 * window
    trend = _moving_sums(y, window)
    if window % 2 == 0:  # the first and the last value count half
        trend = trend[1:] + trend[:-1]
    middle = _ended(y[half : half + width] * weight, count)
    rest = _ended(np.subtract(middle, trend, out=trend), count)
    least = 1e-24 * weight**2  # below it there is rounding alone
    if m == 1:
        return _share(_variance(rest, count), _variance(middle, count), least), np.full(len(count), np.nan)
    n = np.maximum((count - np.arange(m)[:, None] + m - 1) // m, 0)
    season = _sums_by_place(rest, m) / np.maximum(n, 1)
    noise = _ended(_less(rest, season), count)  # its mean is 0 at every place in the season
    noise_variance = np.einsum("ij,ij->j", noise, noise) / count
    off = season - (n * season).sum(axis=0) / count
    season_variance = (n * off * off).sum(axis=0) / count
    level = (middle.sum(axis=0) - (n * season).sum(axis=0)) / count
    moving = _ended(_less(middle, season + level), count)
    trend_variance = np.einsum("ij,ij->j", moving, moving) / count
    return _share(noise_variance, trend_variance, least), _share(
        noise_variance, noise_variance + season_variance, least
    )


def _moving_sums(x: Floats, width: int) -> Floats:
    """Return the sums of `width` neighbours in the columns of x [T, B], [T - width + 1, B]; `width` is more than 1.

    Sums of 1, 2, 4, 8, ... neighbours come from each other, and those that make up the width are added.
    """
    count, size, done = len(x) - width + 1, 1, width & 1
    total = x[:count] if done else None
    while 2 * size <= width:
        x = x[size:] + x[:-size]
        size *= 2
        if width & size:
            total = x[:count] if total is None else total + x[done : done + count]
            done += size
    return np.asarray(total)


def _sums_by_place(x: Floats, m: int) -> Floats:
    """Return the sums of x [T, B] at each of the m places in the season, [m, B]."""
    whole = len(x) // m * m
    sums: Floats = x[:whole].reshape(-1, m, x.shape[1]).sum(axis=0)
    sums[: len(x) - whole] += x[whole:]
    return sums


def _less(x: Floats, season: Floats) -> Floats:
    """Return x [T, B] without what `season` [m, B] says of each place."""
    m, whole = len(season), len(x) // len(season) * len(season)
    left = np.empty_like(x)
    np.subtract(x[:whole].reshape(-1, m, x.shape[1]), season, out=left[:whole].reshape(-1, m, x.shape[1]))
    np.subtract(x[whole:], season[: len(x) - whole], out=left[whole:])
    return left


def _variance(x: Floats, count: Ints) -> Floats:
    """Return the variance [B] of the first `count` numbers of the columns of x [T, B], which is 0 below."""
    off = _ended(x - x.sum(axis=0) / count, count)
    return np.asarray(np.einsum("ij,ij->j", off, off) / count)


def _ended(x: Floats, count: Ints) -> Floats:
    """Return x [T, B] with 0 below the first `count` numbers of each column; x itself where all columns are whole."""
    whole = bool((count == len(x)).all())
    return x if whole else np.where(np.arange(len(x))[:, None] < count, x, 0.0)


def _share(noise: Floats, whole: Floats, least: float) -> Floats:
    """Return 1 - noise / whole, from 0 to 1; 0 where there is nothing to explain, which is no more than the `least`."""
    some = whole > least
    return np.where(some, np.clip(1.0 - noise / np.where(some, whole, 1.0), 0.0, 1.0), 0.0)


def _suspects(steps: Floats) -> tuple[Ints, Floats, Floats]:
    """Return which rows of steps [B, T] may hold an outlier, and the median and the robust standard deviation of these.

    Half of a row at least is as far from its median as the nearer of its quartiles, so the median distance is no
    smaller than that; it is worked out only where a number lies far enough away for the nearer quartile.
    """
    ordered = np.sort(steps, axis=1)  # NaN at the end
    counts = np.full(len(steps), steps.shape[1])
    if np.isnan(ordered[:, -1]).any():
        counts -= np.isnan(ordered).sum(axis=1)
    middle = _at_middle(ordered, counts)
    lowest, low, high, highest = (
        np.take_along_axis(ordered, np.maximum(at, 0)[:, None], axis=1)[:, 0]
        for at in (np.zeros_like(counts), counts // 4, counts - 1 - counts // 4, counts - 1)
    )
    farthest = np.fmax(middle - lowest, highest - middle)
    near = 1.4826 * np.fmin(middle - low, high - middle)
    some = np.flatnonzero(farthest > 0.99 * OUTLIER_SIZE * near)
    spread = _spread(ordered[some], counts[some], middle[some])
    kept = farthest[some] > 0.999 * OUTLIER_SIZE * spread
    return some[kept], middle[some[kept]], spread[kept]


def _spread(ordered: Floats, counts: Ints, middle: Floats) -> Floats:
    """Return the robust standard deviation [B] of rows [B, T] that rise to their ends; infinite where all are equal."""
    spread = 1.4826 * _median_distance(ordered, counts, middle)
    flat = np.flatnonzero(spread <= 1e-12)
    sizes = np.abs(ordered[flat] - middle[flat, None])
    mean = 1.2533 * np.nan_to_num(sizes).sum(axis=1) / np.maximum(counts[flat], 1)
    spread[flat] = np.where(mean > 1e-12, mean, np.inf)
    return spread


def _outlying(score: Floats, lag: int) -> Bools:
    """Return which values [B, T] stand out, from the scores [B, T - lag] of the steps that end at all but the first."""
    before, after = np.full((2, len(score), score.shape[1] + lag), np.nan)
    before[:, lag:], after[:, :-lag] = score, score
    lonely = np.isnan(before) | np.isnan(after)
    known = np.where(np.isnan(before), after, before)
    both = (before * after < 0) & (np.fmin(np.abs(before), np.abs(after)) > OUTLIER_SIZE)
    found: Bools = np.where(lonely, np.abs(np.nan_to_num(known)) > OUTLIER_SIZE, both)
    return found


def _median_distance(ordered: Floats, counts: Ints, middle: Floats) -> Floats:
    """Return the median [B] of the distances of the rows from their `middle`; the first `counts` are known, and rising.

    The k nearest numbers stand side by side, so the k-th smallest distance is the least that any k neighbours keep.
    """
    n = ordered.shape[1]
    if (counts < n).any():
        return _at_middle(np.sort(np.abs(ordered - middle[:, None]), axis=1), counts)
    below, above = middle[:, None] - ordered, ordered - middle[:, None]
    lower, upper = (
        np.maximum(below[:, : n - k + 1], above[:, k - 1 :]).min(axis=1) for k in ((n + 1) // 2, n // 2 + 1)
    )
    return np.asarray((lower + upper) / 2)


def _at_middle(ordered: Floats, counts: Ints) -> Floats:
    """Return the median [B] of the first `counts` numbers of the rows [B, T], which rise; 0 where there is none."""
    lower, upper = (
        np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] for at in (np.maximum(counts - 1, 0) // 2, counts // 2)
    )
    return np.where(counts > 0, (lower + upper) / 2, 0.0)


def longest_repeats(panel: Panel) -> Ints:
    """Return the length of the longest run of one value in each series, [S]."""
    same = np.zeros(len(panel.values), dtype=np.bool_)
    np.equal(panel.values[1:], panel.values[:-1], out=same[1:])
    same[panel.offsets[:-1]] = False  # so that no run goes on into the next series
    places = np.flatnonzero(same)
    first = np.flatnonzero(np.diff(places, prepend=-1) > 1)
    lengths = np.diff(first, append=len(places))
    longest = np.ones(panel.n_series, dtype=np.int64)
    np.maximum.at(longest, np.searchsorted(panel.offsets, places[first], side="right") - 1, lengths + 1)
    return longest
