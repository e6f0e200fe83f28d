"""How large the errors of a series are: the unit that intervals are measured in.

The idea: in a panel, most of what an interval should be follows from how its series differs from others. One whose
values jump from each to the next is missed by as much at the first step as at the last; a smooth one is hardly missed
at first. So errors are counted in those of series about as rough, at the same step ahead, and in how much larger the
errors of their own series were of late.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.metrics import mase_scale

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["KNOWN", "ErrorSizes", "error_unit", "fading", "roughness"]

GROUPS, MEMBERS = 20, 30
"""At most so many groups of series about as rough, and no fewer series in each."""
PRIOR_ORIGINS = 10.0
"""So many origins of usual size stand beside those of a series when it is asked how large its errors are."""
HALF_LIFE = 1 / 3
"""After so much of the time between the first origin and the last, an origin counts half."""
GROWTH = 0.75
"""Errors of positive series grow as this power of their level: between a variance that does and a deviation that does.

This and the above were chosen on the training part of M3's monthly series: see benchmarks/coverage.py.
"""
NO_SEASON = 12
"""Values that tell the level of a series without a season."""


@dataclass(frozen=True)
class ErrorSizes:
    """How much larger than usual the errors of each series are, and those of any series as rough as it.

    Parameters
    ----------
    own : ndarray [S]
        Of each series, beside others as rough as it: their mean over its origins, later ones counting more, drawn
        towards 1; 1 in a lone series.
    roughness : ndarray [G]
        Of groups of series, rising: the logarithm of their mean absolute change from value to value, in units of the
        scale of MASE.
    by_roughness : ndarray [G, H]
        How much larger than those of all series the errors in each group are at each step.

    Examples
    --------
    >>> values = np.ones((2, 3, 1)) * [[[1.0]], [[3.0]]]
    >>> ErrorSizes.of(values, np.array([3, 2, 1])).own.round(2).tolist()
    [0.94, 1.06]
    """

    own: Floats
    roughness: Floats
    by_roughness: Floats

    @classmethod
    def of(cls, values: Floats, backs: Ints, roughness: Floats | None = None, *, weights: Floats | None = None) -> Self:
        """Return what errors say of their sizes.

        Parameters
        ----------
        values : ndarray [S, O, H]
            Errors, in the unit of their series; NaN where there is none.
        backs : ndarray [O]
            How many values come after each origin.
        roughness : ndarray [S, O], optional
            Of each series at each origin, not as a logarithm.
        weights : ndarray [S, O], optional
            How much each origin counts when the errors of series as rough are averaged (default all the same).
        """
        sizes = np.abs(values)
        known: NDArray[np.bool_] = np.isfinite(sizes)
        counting = np.where(known, 1.0 if weights is None else weights[..., None], 0.0)
        group_of = _groups(_log(roughness), np.any(known, axis=2)) if roughness is not None else None
        rough, by_roughness = np.zeros(1), np.ones((1, values.shape[2]))
        if group_of is not None and roughness is not None:
            weighed = np.where(known, sizes, 0.0) * counting
            of_all = _ratio(weighed.sum(axis=(0, 1)), counting.sum(axis=(0, 1)))
            places = [group_of == group for group in range(group_of.max() + 1)]
            of_each = [_ratio(weighed[place].sum(axis=0), counting[place].sum(axis=0)) for place in places]
            by_roughness = _ratio(np.array(of_each), of_all)
            by_roughness[~(by_roughness > 0)] = 1.0
            rough = np.array([_log(roughness)[place].mean() for place in places])
        found = cls(np.ones(len(values)), rough, by_roughness)
        relative = _mean(found._relative(values, roughness), axis=2)
        ages = backs - backs[np.isfinite(relative).any(axis=0)].min() if np.isfinite(relative).any() else backs
        return cls(_drawn(relative, fading(ages, backs)), rough, by_roughness)

    def usual(self, roughness: Floats) -> Floats:
        """Return how much larger than those of all the errors of series so rough are, [..., H]; 1 where unknown."""
        if len(self.roughness) == 1:
            return np.ones((*roughness.shape, self.by_roughness.shape[1]))
        rough = _log(roughness)
        found = [np.exp(np.interp(rough, self.roughness, column)) for column in np.log(self.by_roughness).T]
        return np.where(np.isfinite(rough)[..., None], np.stack(found, axis=-1), 1.0)

    def at(self, series: Ints, roughness: Floats, step: Ints) -> Floats:
        """Return the size of errors of N forecasts at steps from 0, of series by their place; S for one that is new."""
        own = np.append(self.own, 1.0)[series]
        return own if len(self.roughness) == 1 else own * self.usual(roughness)[np.arange(len(step)), step]

    def of_errors(self, values: Floats, backs: Ints, roughness: Floats | None = None) -> Floats:
        """Return the size of the errors [S, O, H] of each origin, as the other origins of their series tell it.

        Of origins less than a horizon away, only the steps are asked that forecast other values.
        """
        relative, horizon = self._relative(values, roughness), values.shape[2]
        until, known = (
            np.concatenate([np.zeros_like(steps[..., :1]), np.cumsum(steps, axis=2)], axis=2)
            for steps in (np.nan_to_num(relative), np.isfinite(relative).astype(np.float64))
        )
        shares, own = fading(np.abs(backs[:, None] - backs), backs), np.empty(values.shape[:2])
        for o, back in enumerate(backs):
            later = np.clip(backs - back, -horizon, horizon)  # how many values later this origin is than others
            first, end = np.where(later < 0, horizon + later, 0), np.where(later < 0, horizon, later)
            others = np.arange(len(backs))
            total = until[:, others, end] - until[:, others, first]
            own[:, o] = _drawn(_ratio(total, known[:, others, end] - known[:, others, first]), shares[o])
        return own[..., None] if roughness is None else own[..., None] * self.usual(roughness)

    def _relative(self, values: Floats, roughness: Floats | None) -> Floats:
        """Return how much larger than usual for their steps errors are, [S, O, H]; 1 in a lone series."""
        sizes = np.abs(values)
        if len(values) == 1:
            return np.where(np.isfinite(sizes), 1.0, nan)
        usual = _mean(sizes.reshape(-1, sizes.shape[2]), axis=0)
        sizes /= np.where(usual > 0, usual, nan)
        return sizes if roughness is None else sizes / self.usual(roughness)


def error_unit(past: ArrayLike, season_length: int) -> float:
    """Return what errors after the `past` of a series are counted in: its `mase_scale`, as large as its level now.

    The scale is a mean over all of the past. Where all values are positive, it is multiplied by the level of the last
    season over that of the whole, to the power of `GROWTH`.

    Examples
    --------
    >>> error_unit([1.0, 2.0, 1.0, 2.0, 2.0, 4.0], 2) > error_unit([2.0, 4.0, 1.0, 2.0, 1.0, 2.0], 2)
    True
    >>> error_unit([-1.0, 1.0, -1.0, 3.0], 2)
    1.0
    """
    y, scale = np.asarray(past, np.float64), mase_scale(past, season_length)
    y = y[np.isfinite(y)]
    if not len(y) or not y.min() > 0:
        return scale
    latest = y[-season_length:] if season_length > 1 else y[-NO_SEASON:]
    return scale * float((latest.mean() / y.mean()) ** GROWTH)


def roughness(past: ArrayLike, season_length: int) -> float:
    """Return the mean absolute change from value to value within the `past`, in units of its `mase_scale`.

    Small where values follow each other smoothly from season to season, about 1 where each is as far from the last as
    from the one a season ago; 1 without a season, and NaN where the scale is 0 or unknown.

    Examples
    --------
    >>> roughness([1.0, 2.0, 3.0, 4.0], 2), roughness([1.0, 2.0, 4.0], 1)
    (0.5, 1.0)
    """
    scale = mase_scale(past, season_length)
    if not scale > 0:
        return nan
    return 1.0 if season_length <= 1 else mase_scale(past, 1) / scale


KNOWN = {"error_unit": error_unit, "roughness": roughness}
"""What intervals go by of the past of a series: functions of it and of its season, by the column of a backtest."""


def fading(ages: Ints, backs: Ints) -> Floats:
    """Return how much something of an age counts: half after `HALF_LIFE` of the time that the origins span.

    Examples
    --------
    >>> fading(np.array([0, 10, 20]), np.array([31, 11, 1])).tolist()
    [1.0, 0.5, 0.25]
    """
    span = float(np.ptp(backs)) if len(backs) else 0.0
    return np.asarray(0.5 ** (ages / (HALF_LIFE * span))) if span > 0 else np.ones(ages.shape)


def _drawn(relative: Floats, shares: Floats) -> Floats:
    """Return the mean size of each series over its origins [S, O], which count as their `shares` [O], drawn to 1."""
    known = np.isfinite(relative)
    total, count = np.where(known, relative, 0.0) @ shares, known.astype(np.float64) @ shares
    return (PRIOR_ORIGINS + total) / (PRIOR_ORIGINS + count)


def _groups(rough: Floats, known: NDArray[np.bool_]) -> Ints | None:
    """Return the group of each series at each origin, -1 where nothing is known; None where all are one group."""
    known = known & np.isfinite(rough)
    n_groups = min(GROUPS, int(known.any(axis=1).sum()) // MEMBERS)
    if n_groups < 2:
        return None
    edges = np.unique(np.quantile(rough[known], np.arange(1, n_groups) / n_groups))
    found = np.where(known, np.searchsorted(edges, rough, side="right"), -1)
    groups = np.unique(found[known])
    return np.where(known, np.searchsorted(groups, found), -1) if len(groups) > 1 else None


def _log(roughness: Floats) -> Floats:
    return np.log(np.where(roughness > 0, roughness, nan))


def _mean(values: Floats, *, axis: int) -> Floats:
    """Return the mean of what is known; NaN where nothing is."""
    return _ratio(np.nansum(values, axis=axis), np.isfinite(values).sum(axis=axis))


def _ratio(total: Floats, count: Floats | Ints) -> Floats:
    """Return total / count; NaN where there is nothing to divide by."""
    return np.where(count > 0, total / np.where(count > 0, count, 1), nan)
