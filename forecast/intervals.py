"""How sure a forecast is, read off the errors it made on held-out windows.

The idea: if the next error is exchangeable with n past ones, it is at most the ``ceil((n + 1) level)``-th smallest of
them with probability `level` (split conformal prediction; Lei et al. 2018). Errors are counted in the unit of MASE
and, in a panel, in how much larger than usual those of their series are; with too few of them a band says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, nan, pi, sqrt
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "Band",
    "Errors",
    "Misses",
    "adapted_level",
    "conformal_width",
    "errors_needed",
    "naive_band",
]

ENOUGH = 20
"""Errors that a step gathers from its neighbours before its width is read off."""
ONE_SIDED = 10
"""So many times the errors that one end needs, and the two ends of a band are read off apart."""
SETTLED, AMPLE = 3, 200
"""Seasons that a series should have known at an origin, where so many errors a step remain: early fits say little of
late ones. Chosen on the training part of M3's monthly series: see benchmarks/coverage.py."""
PRIOR_ORIGINS = 20.0
"""So many origins of usual size stand beside those of a series when it is asked how large its errors are.

Chosen on the training part of M3's monthly series: see benchmarks/coverage.py.
"""


@dataclass(frozen=True)
class Band:
    """The ends of an interval about a forecast, in the unit of the errors.

    Parameters
    ----------
    low, high : ndarray [S, H]
        What is added to the forecast.
    calibrated : ndarray [H]
        Whether there were errors enough for the level.
    """

    low: Floats
    high: Floats
    calibrated: NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """What an interval is read off, series by series, from several origins, at each step ahead.

    Parameters
    ----------
    values : ndarray [S, O, H]
        What is scored; NaN where there is none.
    backs : ndarray [O]
        How many values come after each origin.
    gap : int
        Values between an origin and its first step.
    """

    values: Floats
    backs: Ints
    gap: int = 0

    def before(self, back: int) -> Self:
        """Return what is known `back` values before the end: those whose truth had come by then."""
        horizon = self.values.shape[2]
        came = self.backs[:, None] - self.gap - np.arange(1, horizon + 1) >= back
        return replace(self, values=np.where(came, self.values, np.nan))

    @property
    def counts(self) -> Ints:
        """How many there are at each step, [H]."""
        return np.asarray(np.isfinite(self.values).sum(axis=(0, 1)))

    def around(self, scores: Floats, step: int, wanted: int) -> Floats:
        """Return the `scores` [S, O, H] of a step and, one more on either side until there are enough, of others."""
        reach, counts = 0, self.counts
        while counts[_near(step, reach)].sum() < wanted and reach < len(counts):
            reach += 1
        found = scores[:, :, _near(step, reach)]
        return found[np.isfinite(found)]


@dataclass(frozen=True)
class Misses(Scores):
    """How far what came lay outside a model's own intervals of one level, over the scale of the series; inside below 0.

    The idea is conformalised quantile regression (Romano, Patterson & Candes 2019): with scores ``max(low - y, y -
    high)`` and m their ``ceil((n + 1) level)``-th smallest, the interval from ``low - m`` to ``high + m`` covers as
    often as it says, however wrong the model was about itself.

    Examples
    --------
    >>> low = np.zeros((1, 9, 1))
    >>> misses = Misses.of(low + 2.0, low=low, high=low + 1.0, scale=low + 0.5, backs=np.arange(9, 0, -1))
    >>> misses.margin(80).tolist(), misses.margin(95).tolist()
    ([2.0], [nan])
    """

    @classmethod
    def of(cls, y: Floats, *, low: Floats, high: Floats, scale: Floats, backs: Ints, gap: int = 0) -> Misses:
        """Return the misses of intervals [S, O, H]; NaN where there is no scale."""
        return cls(np.maximum(low - y, y - high) / np.where(scale > 0, scale, np.nan), backs, gap)

    def margin(self, level: float) -> Floats:
        """Return how far each end is to be moved outwards at each step, [H], inwards below 0; NaN with too few misses.

        Earlier fits knew fewer values, and judged themselves less well: where the latest half of the origins has many
        misses at a step, it alone counts. A step with few takes those of its nearest neighbours as well.
        """
        wanted, many = max(ENOUGH, errors_needed(level)), ONE_SIDED * errors_needed(level)
        origins = np.flatnonzero(np.isfinite(self.values).any(axis=(0, 2)))
        latest = self.values[:, origins[len(origins) // 2 :]]
        margins = np.empty(self.values.shape[2])
        for step in range(len(margins)):
            found = latest[:, :, step][np.isfinite(latest[:, :, step])]
            found = found if len(found) >= many else self.around(self.values, step, wanted)
            margins[step] = conformal_quantile(found, level)
        return margins


@dataclass(frozen=True)
class Errors(Scores):
    """What a model got wrong: truth minus forecast, over the scale of the series.

    Parameters
    ----------
    seasons : ndarray [S, O], optional
        How many seasons each series had known at each origin.

    Examples
    --------
    >>> errors = Errors(np.linspace(-1.0, 1.0, 40).reshape(1, 20, 2), np.arange(21, 1, -1))
    >>> band = errors.band(80)
    >>> band.high.round(2).tolist(), band.calibrated.tolist()
    ([[0.85, 0.85]], [True, True])
    """

    seasons: Floats | None = None

    def settled(self) -> Self:
        """Return those from origins at which a series had known `SETTLED` seasons; all where these are not ample."""
        if self.seasons is None or (self.seasons >= SETTLED).all():
            return self
        early = self.seasons < SETTLED
        found = replace(self, values=np.where(early[..., None], nan, self.values))
        return found if (found.counts >= AMPLE).all() else self

    def band(self, level: float) -> Band:
        """Return the interval of a level in percent for each series and step: `ends` times the size of its errors."""
        low, high, calibrated = self.ends(level)
        return Band(self.sizes[:, None] * low, self.sizes[:, None] * high, calibrated)

    def ends(self, level: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return the ends [H] for errors of usual size, and whether there were enough for the level.

        A step with few errors takes those of its nearest neighbours as well. Where all of them cannot support the
        level, the band is that of a normal distribution as wide as the errors, and not calibrated.
        """
        horizon = self.values.shape[2]
        low, high, calibrated = np.full(horizon, nan), np.full(horizon, nan), np.zeros(horizon, dtype=np.bool_)
        for step in range(horizon):
            scores = self.around(self.scores, step, max(ENOUGH, errors_needed(level)))
            outer = 100.0 - (100.0 - level) / 2.0
            if len(scores) >= ONE_SIDED * errors_needed(outer):
                low[step], high[step] = -conformal_quantile(-scores, outer), conformal_quantile(scores, outer)
            elif len(scores) >= errors_needed(level):
                high[step] = conformal_width(scores, level)
                low[step] = -high[step]
            elif len(scores) > 1:
                high[step] = ndtri(outer / 100.0) * sqrt(float(np.mean(scores**2)))
                low[step] = -high[step]
            calibrated[step] = len(scores) >= errors_needed(level)
        return low, high, calibrated

    def quantile(self, level: float) -> Floats:
        """Return what is to be added to a forecast for its quantile of `level` percent, over the size of errors, [H].

        The end of an interval that leaves as much outside; NaN where there are too few errors.
        """
        horizon = self.values.shape[2]
        ends = np.empty(horizon)
        for step in range(horizon):
            scores = self.around(self.scores, step, max(ENOUGH, errors_needed(max(level, 100.0 - level))))
            ends[step] = conformal_quantile(scores, level) if level >= 50 else -conformal_quantile(-scores, 100 - level)
        return ends

    @cached_property
    def sizes(self) -> Floats:
        """How much larger than usual the errors of each series are, [S]: their mean, drawn towards 1."""
        total, count = self._sums
        return (PRIOR_ORIGINS + total) / (PRIOR_ORIGINS + count)

    @cached_property
    def scores(self) -> Floats:
        """The errors over the size that the other origins of their series tell of, [S, O, H]."""
        total, count = self._sums
        own = np.nan_to_num(self._relative)
        others = np.maximum(count[:, None] - np.isfinite(self._relative), 0)
        return self.values / ((PRIOR_ORIGINS + total[:, None] - own) / (PRIOR_ORIGINS + others))[..., None]

    @cached_property
    def _relative(self) -> Floats:
        """How much larger than usual for their steps the errors from each origin are, [S, O]; 1 in a lone series."""
        sizes = np.abs(self.values)
        if len(sizes) == 1:
            return np.where(np.isfinite(sizes).any(axis=2), 1.0, nan)
        usual = _mean(sizes.reshape(-1, sizes.shape[2]), axis=0)
        sizes /= np.where(usual > 0, usual, nan)
        return _mean(sizes, axis=2)

    @cached_property
    def _sums(self) -> tuple[Floats, Ints]:
        return np.nansum(self._relative, axis=1), np.isfinite(self._relative).sum(axis=1)


def errors_needed(level: float) -> int:
    """Return the least number of errors that can support a level in percent.

    Examples
    --------
    >>> errors_needed(80), errors_needed(95)
    (4, 19)
    """
    n = 1
    while _rank(n, level) > n:
        n += 1
    return n


def conformal_quantile(errors: Floats, level: float) -> float:
    """Return what the next error will not exceed with `level` percent; NaN with too few errors.

    Examples
    --------
    >>> conformal_quantile(np.arange(-4.0, 5.0), 80)
    3.0
    """
    known = np.asarray(errors)[~np.isnan(errors)]
    rank = _rank(len(known), level)
    return float(np.partition(known, rank - 1)[rank - 1]) if 0 < rank <= len(known) else nan


def conformal_width(errors: Floats, level: float) -> float:
    """Return the half-width that covers the next error with `level` percent; NaN with too few errors.

    Examples
    --------
    >>> conformal_width(np.arange(1.0, 10.0), 80)
    8.0
    """
    return conformal_quantile(np.abs(errors), level)


def adapted_level(missed: NDArray[np.bool_], level: float, *, rate: float = 0.05) -> float:
    """Return the level to ask for next, in percent, after intervals of `level` that `missed` or not, one by one.

    Adaptive conformal inference (Gibbs & Candes 2021): ``alpha = alpha + rate (1 - level - miss)`` after each, so that
    misses in a row widen the next interval and hits narrow it, and in the long run the level is kept under any drift.

    Examples
    --------
    >>> adapted_level(np.array([True, True]), 80), adapted_level(np.array([False]), 80)
    (88.0, 79.0)
    """
    wanted = 1.0 - level / 100.0
    alpha = wanted
    for miss in missed:
        alpha += rate * (wanted - float(miss))
    return round(100.0 * (1.0 - min(max(alpha, 0.001), 0.999)), 9)


def naive_band(level: float, horizon: int, season_length: int) -> Floats:
    """Return the half-width of the seasonal naive method's own interval, in units of MASE, [H].

    Normal errors of mean size 1 have the deviation ``sqrt(pi / 2)``, and k seasons ahead k of them add up (Hyndman &
    Athanasopoulos 2021, section 5.5).

    Examples
    --------
    >>> naive_band(80, 3, 2).round(2).tolist()
    [1.61, 1.61, 2.27]
    """
    seasons = np.arange(horizon) // max(1, season_length) + 1.0
    return np.asarray(ndtri(0.5 + level / 200.0) * sqrt(pi / 2.0) * np.sqrt(seasons))


def _mean(values: Floats, *, axis: int) -> Floats:
    """Return the mean of what is known; NaN where nothing is."""
    count = np.isfinite(values).sum(axis=axis)
    return np.where(count > 0, np.nansum(values, axis=axis) / np.maximum(count, 1), nan)


def _near(step: int, reach: int) -> slice:
    return slice(max(0, step - reach), step + reach + 1)


def _rank(n: int, level: float) -> int:
    # A rounding error must not push a whole number over the edge: 20 * 95 / 100 is 19, not 19.000000000000004.
    return ceil(round((n + 1) * level / 100.0, 9))
