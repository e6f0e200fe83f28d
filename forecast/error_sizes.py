"""How large the errors of a series are: the unit that intervals are measured in.

The idea: in a panel, most of what an interval should be follows from how its series differs from others. One whose
values jump from each to the next is missed by as much at the first step as at the last; a smooth one is hardly missed
at first. So errors are counted in those of series about as rough, at the same step ahead, and in how much larger the
errors of their own series were of late.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan
from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.metrics import mase_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["KNOWN", "ErrorSizes", "error_unit", "fading", "roughness"]

GROUPS, MEMBERS = 20, 30
"""At most so many groups of series about as rough, of so many each; at least of half as many, if many are as rough."""
PRIOR_ORIGINS = 10.0
"""So many origins of usual size stand beside those of a series when it is asked how large its errors are."""
HALF_LIFE = 1 / 3
"""After so much of the time between the first origin and the last, an origin counts half."""
GROWTH = 0.75
"""Errors grow as this power of the level of a series: between a variance that does and a deviation that does.

This and the above were chosen on the training part of M3's monthly series: see benchmarks/coverage.py.
"""
AT_ONCE = 4096
"""Series whose sizes are worked out together: what lies on the way to them takes several times as much as they do."""
NO_SEASON = 12
"""Values that tell the level of a series without a season."""
APART = 4.0
"""The level of the last season is taken to be at most so many times that of all the past, or so small a part of it."""


@dataclass(frozen=True)
class ErrorSizes:
    """How large the errors of each series are, beside those of all.

    Parameters
    ----------
    own : ndarray [S]
        Those of each series beside those of others as rough: a mean over its origins, later ones counting more, drawn
        towards 1; 1 in a lone series.
    roughness : ndarray [G]
        Of groups of series, rising: the logarithm of their mean absolute change from value to value, in units of the
        scale of MASE.
    by_roughness : ndarray [G, H]
        The errors in each group at each step, beside those of all series.

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
        counting = np.ones(values.shape[:2]) if weights is None else weights
        found = cls(np.ones(len(values)), *_by_roughness(values, roughness, counting))
        relative = found._relative(values, roughness)
        known = backs[np.isfinite(relative).any(axis=0)]
        ages = backs - known.min() if len(known) else backs
        return replace(found, own=_drawn(relative, fading(ages, known)))

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
        known_backs = backs[np.isfinite(values).any(axis=(0, 2))]
        shares, horizon = fading(np.abs(backs[:, None] - backs), known_backs), values.shape[2]
        found = np.empty(values.shape)
        for some, relative in self._by_steps(values, roughness):
            total, count = (
                np.concatenate([np.zeros_like(steps[..., :1]), np.cumsum(steps, axis=2)], axis=2)
                for steps in (np.nan_to_num(relative), np.isfinite(relative).astype(np.float64))
            )
            for o, back in enumerate(backs):
                later = np.clip(backs - back, -horizon, horizon)  # how many values later this origin is than others
                others = np.arange(len(backs))
                first, end = np.where(later < 0, horizon + later, 0), np.where(later < 0, horizon, later)
                asked, known = (until[:, others, end] - until[:, others, first] for until in (total, count))
                found[some, o] = _drawn(_ratio(asked, known), shares[o])[:, None]
            if roughness is not None:
                found[some] *= self.usual(roughness[some])
        return found

    def _relative(self, values: Floats, roughness: Floats | None) -> Floats:
        """Return how much larger than usual for their steps the errors from each origin are, [S, O]."""
        found = np.empty(values.shape[:2])
        for some, relative in self._by_steps(values, roughness):
            found[some] = _mean(relative, axis=2)
        return found

    def _by_steps(self, values: Floats, roughness: Floats | None) -> Iterator[tuple[slice, Floats]]:
        """Yield, a stretch of series after another, how much larger than usual for their steps errors are, [s, O, H].

        They are 1 in a lone series.
        """
        usual = _mean(np.abs(values).reshape(-1, values.shape[2]), axis=0)
        for first in range(0, len(values), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            if len(values) == 1:
                yield some, np.where(np.isfinite(values), 1.0, nan)
            else:
                relative = np.abs(values[some]) / np.where(usual > 0, usual, nan)
                yield some, relative if roughness is None else relative / self.usual(roughness[some])


def error_unit(past: ArrayLike, season_length: int) -> float:
    """Return what errors after the `past` of a series are counted in: its `mase_scale`, as large as its level now.

    The scale is a mean over all of the past. Where no value is negative, it is multiplied by the level of the last
    season over that of the whole, to the power of `GROWTH`; the one is taken to be at most `APART` times the other.

    Examples
    --------
    >>> error_unit([1.0, 2.0, 1.0, 2.0, 2.0, 4.0], 2) > error_unit([2.0, 4.0, 1.0, 2.0, 1.0, 2.0], 2)
    True
    >>> error_unit([-1.0, 1.0, -1.0, 3.0], 2)
    1.0
    """
    y, scale = np.asarray(past, np.float64), mase_scale(past, season_length)
    latest, level = (_mean(part, axis=0) for part in (y[-(season_length if season_length > 1 else NO_SEASON) :], y))
    if not (level > 0 and latest >= 0) or np.nanmin(y) < 0:
        return scale
    return scale * float(np.clip(latest / level, 1.0 / APART, APART) ** GROWTH)


def roughness(past: ArrayLike, season_length: int) -> float:
    """Return the mean absolute change from value to value within the `past`, in units of its `mase_scale`.

    Small where values follow each other smoothly from season to season, about 1 where each is as far from the last as
    from the one a season ago; 1 without a season. NaN where the past is no longer than a season or the scale 0.

    Examples
    --------
    >>> roughness([1.0, 2.0, 3.0, 4.0], 2), roughness([1.0, 2.0, 4.0], 1)
    (0.5, 1.0)
    """
    scale = mase_scale(past, season_length)
    if not scale > 0 or len(np.asarray(past)) <= season_length:
        return nan
    return 1.0 if season_length <= 1 else mase_scale(past, 1) / scale


KNOWN = {"error_unit": error_unit, "roughness": roughness}
"""What intervals go by of the past of a series: functions of it and of its season, by the column of a backtest."""


def fading(ages: Ints, backs: Ints) -> Floats:
    """Return how much something of an age counts: half after `HALF_LIFE` of the time that origins span.

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


def _by_roughness(values: Floats, roughness: Floats | None, weights: Floats) -> tuple[Floats, Floats]:
    """Return `ErrorSizes.roughness` and `by_roughness`: one group of usual size where series are too few for two."""
    one = np.zeros(1), np.ones((1, values.shape[2]))
    if roughness is None:
        return one
    rough, known = _log(roughness), np.isfinite(values).any(axis=2)
    places = _groups(rough, known & np.isfinite(rough))
    if len(places) < 2:
        return one
    sizes = [np.abs(values[place]) for place in places]
    totals = np.array([weights[place] @ np.nan_to_num(size) for place, size in zip(places, sizes, strict=True)])
    counts = np.array([weights[place] @ np.isfinite(size) for place, size in zip(places, sizes, strict=True)])
    found = _ratio(_ratio(totals, counts), _ratio(totals.sum(axis=0), counts.sum(axis=0)))
    return np.array([rough[place].mean() for place in places]), np.where(found > 0, found, 1.0)


def _groups(rough: Floats, known: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return where the series and origins of each group are, [S, O], from the smoothest to the roughest."""
    n_groups = min(GROUPS, int(known.any(axis=1).sum()) // MEMBERS)
    edges = np.quantile(rough[known], np.arange(1, n_groups) / n_groups) if n_groups > 1 else np.empty(0)
    group, found = np.searchsorted(edges, rough, side="right"), [np.zeros_like(known)]
    for one in range(len(edges) + 1):  # many may be equally rough, so that others are too few for a group of their own
        place = known & (group == one)
        if min(_n_series(found[-1]), _n_series(place)) < MEMBERS // 2:
            found[-1] = found[-1] | place
        else:
            found.append(place)
    return found


def _n_series(place: NDArray[np.bool_]) -> int:
    return int(place.any(axis=1).sum())


def _log(roughness: Floats) -> Floats:
    return np.log(np.where(roughness > 0, roughness, nan))


def _mean(values: Floats, *, axis: int) -> Floats:
    """Return the mean of what is known; NaN where nothing is."""
    return _ratio(np.nansum(values, axis=axis), np.isfinite(values).sum(axis=axis))


def _ratio(total: Floats, count: Floats | Ints) -> Floats:
    """Return total / count; NaN where there is nothing to divide by."""
    return np.where(count > 0, total / np.where(count > 0, count, 1), nan)
