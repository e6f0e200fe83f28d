"""A panel as the members of a group see it: transformed, and without what columns known ahead add.

The idea: series of all sizes become alike, what columns lift them by goes, and only then a season is looked for, since
promotions would blur it. Forecasts go the same way back.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from forecast.models.lifts import Lifts
from forecast.transforms import Chain, Fill, choose_transforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.models.members import Training
    from forecast.models.presets import Plan
    from forecast.panel import Panel
    from forecast.transforms import Choice

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Prepared", "learned_lifts", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A panel for a network, and the way back.

    Parameters
    ----------
    panel : Panel
        Without gaps.
    observed : ndarray [T_total] of bool
        Which values are targets.
    chain : Chain
        What was done to it first.
    choices : list of Choice
        And why.
    lifts : Lifts, optional
        What columns add to it, which was taken out then.
    season : Chain
        What was done to it at last.
    """

    panel: Panel
    observed: NDArray[np.bool_]
    chain: Chain
    choices: list[Choice]
    lifts: Lifts | None = None
    season: Chain = field(default_factory=lambda: Chain([]))

    def invert(self, found: Floats) -> Floats:
        """Return forecasts [E, S, H] or quantiles [E, S, H, Q] that follow the panel in the unit of the series."""
        added = np.zeros(found.shape[1:3]) if self.lifts is None else self.lifts.ahead(self.panel, found.shape[2])
        added = added.reshape(added.shape + (1,) * (found.ndim - 3))
        return np.stack([self.chain.invert(self.season.invert(y) + added) for y in found])

    def added(self, cuts: Ints, others: Ints, *, before: int, after: int) -> Floats:
        """Return what was taken out of samples at `cuts` [B] if their columns were those around `others` [B].

        What each column adds, [B, before + after, F]; no columns where nothing was taken out.
        """
        if self.lifts is None:
            return np.empty((len(cuts), before + after, 0))
        own, other = (np.searchsorted(self.panel.offsets, at, side="right")[:, None] - 1 for at in (cuts, others))
        steps = others[:, None] - self.panel.offsets[other] + np.arange(-before, after)
        return self.lifts.around(self.panel, other, steps, effects_on=own)


def learned_lifts(panel: Panel, plan: Plan, training: Training, *, hidden: int = 0) -> Lifts | None:
    """Return what columns known ahead add to series like those of `panel`, None where nothing is to be taken out.

    Parameters
    ----------
    panel : Panel
        The past, and nothing after it.
    plan, training
        Only with automatic transforms, and where the plan says so.
    hidden : int
        So many of the latest values of each series are not looked at.
    """
    if not plan.lifts or training.transform != "auto" or panel.covariates is None or not panel.covariates.known_names:
        return None
    found = _transformed(panel, plan, training, season=False)
    return Lifts().fit(found.panel, _seen(found, hidden))


def prepare(panel: Panel, plan: Plan, training: Training, *, lifts: Lifts | None, hidden: int = 0) -> Prepared:
    """Return `panel` as members of a plan see it; transforms, and effects on single series, are learned anew.

    Parameters
    ----------
    panel : Panel
        The past, and nothing after it.
    plan, training
        Which season is taken out, which transforms there are.
    lifts : Lifts, optional
        Of `learned_lifts`.
    hidden : int
        So many of the latest values of each series tell nothing of the effects on it.

    Raises
    ------
    ConfigError
        U101, on a transform that does not exist.
    DataError
        D120, where a logarithm or root was named that values do not have.
    """
    if lifts is None:
        return _transformed(panel, plan, training, season=plan.season)
    found = _transformed(panel, plan, training, season=False)
    seen = copy(lifts).see(found.panel, _seen(found, hidden))
    left = found.panel.with_values(found.panel.values - seen.before(found.panel))
    season, left, choices = choose_transforms(left, "deseasonalize" if plan.season else "none")
    return Prepared(left, found.observed, found.chain, [*found.choices, *choices[1:]], seen, season)


def _transformed(panel: Panel, plan: Plan, training: Training, *, season: bool) -> Prepared:
    settings = {"missing": training.missing, "power": plan.power}
    chain, prepared, choices = choose_transforms(panel, training.transform, season=season, **settings)
    observed = ~(np.isnan(panel.values) | np.isnan(prepared.values))
    whole = Fill("linear").apply(prepared)
    return Prepared(whole.with_values(np.nan_to_num(whole.values)), observed, chain, choices)


def _seen(found: Prepared, hidden: int) -> NDArray[np.bool_]:
    """Return which values are observed and not among the `hidden` latest of their series."""
    ends = np.repeat(found.panel.offsets[1:], found.panel.lengths)
    return found.observed & (np.arange(len(ends)) < ends - hidden)
