"""How sure a forecast is, read off the errors it made on held-out windows.

The idea: if the next error is exchangeable with n past ones, it is at most the ``ceil((n + 1) level)``-th smallest of
them with probability `level` (split conformal prediction; Lei et al. 2018). Errors are counted in the
usual size of those of their series (`forecast.error_sizes`); with too few of them a band says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, nan, pi, sqrt
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtri

from forecast.error_sizes import ErrorSizes, fading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
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

    @cached_property
    def counts(self) -> Ints:
        """How many there are at each step, [H]."""
        return np.asarray(np.isfinite(self.values).sum(axis=(0, 1)))

    def around(self, step: int, wanted: int) -> slice:
        """Return a step and, one more on either side until there are so many of them, others."""
        reach, counts = 0, self.counts
        while counts[_near(step, reach)].sum() < wanted and reach < len(counts):
            reach += 1
        return _near(step, reach)


@dataclass(frozen=True)
class Misses(Scores):
    """How far what came lay outside a model's own intervals of one level, in the unit of the series; inside below 0.

    The idea is conformalised quantile regression (Romano, Patterson & Candes 2019): with scores ``max(low - y, y -
    high)`` and m their ``ceil((n + 1) level)``-th smallest, the interval from ``low - m`` to ``high + m`` covers as
    often as it says, however wrong the model was about itself.

    Examples
    --------
    >>> low = np.zeros((1, 9, 1))
    >>> misses = Misses.of(low + 2.0, low=low, high=low + 1.0, unit=low + 0.5, backs=np.arange(9, 0, -1))
    >>> misses.margin(80).tolist(), misses.margin(95).tolist()
    ([2.0], [nan])
    """

    @classmethod
    def of(cls, y: Floats, *, low: Floats, high: Floats, unit: Floats, backs: Ints, gap: int = 0) -> Misses:
        """Return the misses of intervals [S, O, H]; NaN where there is no unit."""
        return cls(np.maximum(low - y, y - high) / np.where(unit > 0, unit, np.nan), backs, gap)

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
            ample = np.isfinite(latest[:, :, step]).sum() >= many
            found = latest[:, :, step] if ample else self.values[:, :, self.around(step, wanted)]
            margins[step] = conformal_quantile(found, level)
        return margins


@dataclass(frozen=True)
class Errors(Scores):
    """What a model got wrong: truth minus forecast, in the unit of the series.

    Parameters
    ----------
    seasons : ndarray [S, O], optional
        How many seasons each series had known at each origin.
    roughness : ndarray [S, O], optional
        What `forecast.error_sizes.roughness` was of each until then.

    Examples
    --------
    >>> errors = Errors(np.linspace(-1.0, 1.0, 40).reshape(1, 20, 2), np.arange(21, 1, -1))
    >>> low, high, calibrated = errors.ends(80)
    >>> high.round(2).tolist(), calibrated.tolist()
    ([0.85, 0.85], [True, True])
    """

    seasons: Floats | None = None
    roughness: Floats | None = None

    def settled(self) -> Self:
        """Return those from origins at which a series had known `SETTLED` seasons; all where these are not ample."""
        if self.seasons is None or (self.seasons >= SETTLED).all():
            return self
        early = self.seasons < SETTLED
        found = replace(self, values=np.where(early[..., None], nan, self.values))
        return found if (found.counts >= AMPLE).all() else self

    def ends(self, level: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return the ends [H] for errors of usual size, and whether there were enough for the level.

        A step with few errors takes those of its nearest neighbours as well. Where all of them cannot support the
        level, the band is that of a normal distribution as wide as the errors, and not calibrated.
        """
        horizon = self.values.shape[2]
        low, high, calibrated = np.full(horizon, nan), np.full(horizon, nan), np.zeros(horizon, dtype=np.bool_)
        for step in range(horizon):
            outer = 100.0 - (100.0 - level) / 2.0
            scores, weights = self._around(step, max(ENOUGH, errors_needed(level)), ONE_SIDED * errors_needed(outer))
            n = len(scores)
            if n >= ONE_SIDED * errors_needed(outer):
                low[step] = -conformal_quantile(-scores, outer, weights)
                high[step] = conformal_quantile(scores, outer, weights)
            elif n >= errors_needed(level):
                high[step] = conformal_width(scores, level)
                low[step] = -high[step]
            elif n > 1:
                high[step] = ndtri(outer / 100.0) * sqrt(float(np.mean(scores**2)))
                low[step] = -high[step]
            calibrated[step] = n >= errors_needed(level)
        return low, high, calibrated

    def quantile(self, level: float) -> Floats:
        """Return what is to be added to a forecast for its quantile of `level` percent, over the size of errors, [H].

        The end of an interval that leaves as much outside; NaN where there are too few errors.
        """
        ends = np.empty(self.values.shape[2])
        for step in range(len(ends)):
            outer, sign = max(level, 100.0 - level), 1.0 if level >= 50 else -1.0
            scores, weights = self._around(step, max(ENOUGH, errors_needed(outer)), ONE_SIDED * errors_needed(outer))
            ends[step] = sign * conformal_quantile(sign * scores, outer, weights)
        return ends

    @cached_property
    def sizes(self) -> ErrorSizes:
        """How large the errors of each series are."""
        return ErrorSizes.of(self.values, self.backs, self.roughness, weights=self._weights)

    @cached_property
    def scores(self) -> Floats:
        """The errors over the size that the other origins of their series tell of, [S, O, H]."""
        return self.values / self.sizes.of_errors(self.values, self.backs, self.roughness)

    @cached_property
    def _weights(self) -> Floats | None:
        """How much each origin counts, [S, O], where errors are ample: each series the same, its later origins more."""
        if len(self.values) == 1 or not (self.counts >= AMPLE).all():
            return None
        known = np.isfinite(self.values).any(axis=2)
        weights = np.where(known, fading(self.backs, self.backs[known.any(axis=0)]), 0.0)
        return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny))

    def _around(self, step: int, wanted: int, many: int) -> tuple[Floats, Floats | None]:
        """Return the scores of a step and, where they are few, of its neighbours, and how much each counts.

        All count the same unless, weighed, they are still worth `many`.
        """
        scores = self.scores[:, :, self.around(step, wanted)]
        known = np.isfinite(scores)
        if self._weights is None:
            return scores[known], None
        weights = np.broadcast_to(self._weights[..., None], scores.shape)[known]
        return scores[known], weights if worth(weights) >= many else None


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


def conformal_quantile(errors: Floats, level: float, weights: Floats | None = None) -> float:
    """Return what the next error will not exceed with `level` percent; NaN with too few errors.

    With `weights`, errors that count more stand for more of them: together all are as many as they are `worth`, and the
    next error is one more, as in Barber, Candes, Ramdas & Tibshirani (2023).

    Examples
    --------
    >>> conformal_quantile(np.arange(-4.0, 5.0), 80)
    3.0
    >>> conformal_quantile(np.arange(-4.0, 5.0), 80, np.r_[np.ones(8), 2.0])
    4.0
    """
    known = ~np.isnan(np.asarray(errors))
    found = np.asarray(errors)[known]
    if weights is None:
        rank = _rank(len(found), level)
        return float(np.partition(found, rank - 1)[rank - 1]) if 0 < rank <= len(found) else nan
    order, own = np.argsort(found), weights[known]
    n = worth(own)
    below = np.cumsum(own[order]) * (n / own.sum())
    rank = int(np.searchsorted(below, (n + 1.0) * level / 100.0 - 1e-9))
    return float(found[order[rank]]) if rank < len(found) else nan


def worth(weights: Floats) -> float:
    """Return how many equal errors tell as much as some that count differently, ``sum(w)^2 / sum(w^2)`` (Kish 1965).

    Examples
    --------
    >>> worth(np.array([1.0, 1.0, 1.0])), worth(np.array([1.0, 0.0, 0.0]))
    (3.0, 1.0)
    """
    return float(weights.sum() ** 2 / np.maximum((weights**2).sum(), np.finfo(np.float64).tiny))


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


def _near(step: int, reach: int) -> slice:
    return slice(max(0, step - reach), step + reach + 1)


def _rank(n: int, level: float) -> int:
    # A rounding error must not push a whole number over the edge: 20 * 95 / 100 is 19, not 19.000000000000004.
    return ceil(round((n + 1) * level / 100.0, 9))
