"""How long, how rough, how seasonal and how steady the series of a panel are.

The idea: every measure is one calculation over the flat array of all series, which are first brought to a size of at
most one, so that neither their number nor their unit matters; the two unit-root tests alone look at a sample.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.doctor.gaps import runs_of
from forecast.transforms.arrays import blocks, rows

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
SIGNIFICANCE = 0.05


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
    missing = np.isnan(values)
    if missing.any():  # a series neither begins nor ends with a gap, so the line never reaches into another series
        places = np.arange(len(values))
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
    lengths, series = panel.lengths, np.repeat(np.arange(panel.n_series), panel.lengths)
    centred = panel.values - (np.add.reduceat(panel.values, panel.offsets[:-1]) / lengths)[series]
    trend, inside = _moving_average(panel.with_values(centred), m if m > 1 else TREND_WINDOW)
    rest = np.where(inside, centred - trend, 0.0)
    season = np.zeros_like(rest)
    if m > 1:
        position = (np.arange(len(rest)) - np.repeat(panel.offsets[:-1], lengths)) % m
        cell = series * m + position
        counts = np.bincount(cell[inside], minlength=panel.n_series * m)
        means = np.bincount(cell[inside], rest[inside], minlength=panel.n_series * m) / np.maximum(counts, 1)
        season = np.where(inside, means[cell], 0.0)
    remainder = rest - season
    enough = lengths >= (2 * m if m > 1 else TREND_WINDOW + 2)

    def variance(values: Floats) -> Floats:
        count = np.maximum(np.bincount(series[inside], minlength=panel.n_series), 1)
        mean = np.bincount(series[inside], values[inside], minlength=panel.n_series) / count
        off = (values - mean[series])[inside] ** 2
        return np.asarray(np.bincount(series[inside], off, minlength=panel.n_series) / count, dtype=np.float64)

    noise = variance(remainder)

    def strength(component: Floats) -> Floats:
        whole = variance(component + remainder)
        share = np.where(whole > 1e-24, 1.0 - noise / np.where(whole > 1e-24, whole, 1.0), 0.0)
        return np.where(enough, np.clip(share, 0.0, 1.0), np.nan)

    return Strengths(strength(trend), strength(season) if m > 1 else np.full(panel.n_series, np.nan))


def outliers(panel: Panel) -> Bools:
    """Return which values [T_total] are far from what stood a season before and a season after.

    Far is more than `OUTLIER_SIZE` robust standard deviations from the median of the seasonally differenced series,
    in opposite directions before and after, so that a lasting change of level is none; a value with only one such
    neighbour is judged by that. The robust standard deviation is 1.4826 times the median absolute deviation, or where
    that is 0 1.2533 times the mean one (Iglewicz & Hoaglin 1993). Series shorter than three seasons are compared with
    the value next to it instead.
    """
    m, lengths = panel.season_length, panel.lengths
    lag = np.repeat(np.where(lengths >= 3 * m, m, 1), lengths)
    places = np.arange(len(panel.values))
    starts, stops = np.repeat(panel.offsets[:-1], lengths), np.repeat(panel.offsets[1:], lengths)
    has_before, has_after = places - lag >= starts, places + lag < stops
    step = np.where(has_before, panel.values - panel.values[np.where(has_before, places - lag, 0)], np.nan)
    score = _robust_score(step, panel)
    after = np.where(has_after, score[np.where(has_after, places + lag, 0)], np.nan)
    lonely = np.isnan(score) | np.isnan(after)
    known = np.where(np.isnan(score), after, score)
    opposite = np.isfinite(score) & np.isfinite(after) & (score * after < 0)
    both = opposite & (np.fmin(np.abs(score), np.abs(after)) > OUTLIER_SIZE)
    return np.where(lonely, np.abs(np.nan_to_num(known)) > OUTLIER_SIZE, both) & ~np.isnan(panel.values)


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
    from statsmodels.tsa.stattools import adfuller, kpss

    counts = {"tested": 0, "stationary": 0, "difference": 0, "unclear": 0}
    usable = np.flatnonzero(panel.lengths >= 15)
    for s in usable[np.unique(np.linspace(0, len(usable) - 1, TESTED_SERIES).astype(int))] if len(usable) else ():
        y = panel.series(int(s))[-TESTED_VALUES:]
        if np.ptp(y) == 0:
            continue
        try:
            with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
                warnings.simplefilter("always")
                no_root = float(adfuller(y)[1]) < SIGNIFICANCE
                level = float(kpss(y)[1]) >= SIGNIFICANCE
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            continue
        counts["tested"] += 1
        counts["stationary" if no_root and level else "difference" if not no_root and not level else "unclear"] += 1
    return counts


def _moving_average(panel: Panel, window: int) -> tuple[Floats, Bools]:
    """Return the centred moving average of every series, and where there is one; an even window has half weights."""
    y, lengths = panel.values, panel.lengths
    half = window // 2
    places = np.arange(len(y))
    inside = (places - half >= np.repeat(panel.offsets[:-1], lengths)) & (
        places + half < np.repeat(panel.offsets[1:], lengths)
    )
    total = np.r_[0.0, np.cumsum(y)]
    at = places[inside]
    sums = total[at + half + 1] - total[at - half]
    if window % 2 == 0:
        sums -= (y[at - half] + y[at + half]) / 2
    trend = np.zeros(len(y))
    trend[inside] = sums / window
    return trend, inside


def _robust_score(values: Floats, panel: Panel) -> Floats:
    """Return the values of each series less their median, in robust standard deviations; NaN stays."""
    series = np.repeat(np.arange(panel.n_series), panel.lengths)
    off = values - _medians(values, panel)[series]
    spread = 1.4826 * _medians(np.abs(off), panel)
    known = ~np.isnan(off)
    count = np.maximum(np.bincount(series[known], minlength=panel.n_series), 1)
    mean = 1.2533 * np.bincount(series[known], np.abs(off[known]), minlength=panel.n_series) / count
    size = np.where(spread > 1e-12, spread, np.where(mean > 1e-12, mean, np.inf))
    return np.asarray(off / size[series], dtype=np.float64)


def _medians(values: Floats, panel: Panel) -> Floats:
    """Return the median of each series [S] without its NaN; 0 where nothing is known."""
    medians = np.zeros(panel.n_series)
    for block in blocks(panel.lengths):
        ordered = np.sort(rows(values, panel.offsets[block], panel.lengths[block]), axis=1)  # NaN at the end
        counts = np.sum(~np.isnan(ordered), axis=1)
        lower, upper = (
            np.take_along_axis(ordered, at[:, None], axis=1)[:, 0]
            for at in (np.maximum(counts - 1, 0) // 2, counts // 2)
        )
        medians[block] = np.where(counts > 0, (lower + upper) / 2, 0.0)
    return medians


def longest_repeats(panel: Panel) -> Ints:
    """Return the length of the longest run of one value in each series, [S]."""
    same = np.r_[False, panel.values[1:] == panel.values[:-1]]
    same[panel.offsets[:-1]] = False
    starts, lengths = runs_of(same, panel.offsets)
    longest = np.zeros(panel.n_series, dtype=np.int64)
    np.maximum.at(longest, np.searchsorted(panel.offsets, starts, side="right") - 1, lengths)
    return longest + 1
