"""The settings that the network chooses by itself: which members it has, how far they look back, how long they train.

The idea: one table of rules, a row for each kind of panel and preset, each with the measurement that speaks for it; a
rule asks for the number and length of series, the season and the horizon, never for a value. What it comes to is a list
of plans, one for each group of members; settings that the user named stand in every plan as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.panel import Panel

__all__ = ["KINDS", "PRESETS", "RULES", "Plan", "Rule", "kind_of", "make_plans"]

PRESETS = ("fast", "balanced", "best")
"""From the quickest to the most accurate."""
KINDS = ("few", "brief", "many", "long")
"""A few series, many short ones, many longer ones that share a network, and series of thousands of values."""
MANY = 20
"""From so many series on they are many: on one series alone there is only its own past to learn from."""
BRIEF = 50
"""Many series of typically fewer values are brief: with more steps, larger networks learn what they have in common."""
LONG = 2_000
"""From so many values in the typical series on it is long: its past holds what a network needs."""
LEAST_BASE = 6
"""The fewest steps of which a look-back is a multiple."""
SEASONS_KEPT = 8
"""A season in the look-back must fit so often into the typical series."""
LEAST_STEPS = 50
"""A member trains for so many steps on panels of any size."""


@dataclass(frozen=True)
class Plan:
    """One group of members: networks of equal shape that look back equally far on equally transformed values.

    Parameters
    ----------
    members : int
        How many they are, E.
    hidden_sizes : tuple of int
        Units of each hidden layer of a block.
    blocks : int
        One: hidden layers beside a linear path. More: doubly residual blocks (Oreshkin et al. 2020) beside it.
    max_steps : int
        Steps of training, at most where they are searched.
    batch_size : int
        Samples a step and member, B.
    search : bool
        Whether the number of steps is read off the latest block of the past.
    ridge : bool
        Whether the linear path starts as the ridge regression of targets on inputs, or as the naive method.
    scale : str
        The size every sample is divided by: see `forecast.transforms.SampleScale`.
    learning_rate : float
        At the first step.
    loss : str
        What is made small where the head is a point: a name of `forecast.nn.LOSSES`.
    unit : {"step", "level", "deviation"}
        What errors of different series are counted in: their mean absolute change, value or their standard deviation.
    input_size : int
        Values of the past that the members see, L.
    season : bool
        Whether a season that is found is taken out before (by the automatic transforms).
    head : {"point", "quantiles", "histogram"}
        What the outputs say of a target: see `forecast.models.heads`.
    power : {"root", "log"}
        What the automatic transforms take of series that have it, so that growing swings become even.
    lifts : bool
        Whether what columns known ahead add is taken out before: see `forecast.models.lifts`.
    """

    members: int
    hidden_sizes: tuple[int, ...]
    blocks: int
    max_steps: int
    batch_size: int
    search: bool
    ridge: bool
    scale: str
    learning_rate: float
    loss: str
    unit: str
    input_size: int = 0
    season: bool = True
    head: str = "point"
    power: str = "log"  # of model files in which it is not named: it was all there was
    lifts: bool = False  # as well


@dataclass(frozen=True)
class Rule:
    """A row of the table: a plan for every look-back and both ways with a season.

    Parameters
    ----------
    plan : Plan
        What all groups have in common.
    look_backs : tuple of float
        In horizons, or in seasons where these are longer.
    horizons_upto : float
        A look-back is longer than so many values only to hold seasons.
    most_seen : float
        The share of the typical series that a look-back has at most.
    seasons : tuple of bool
        Whether a season is taken out: some groups may leave it in.
    prior : tuple of float
        The odds against the network trained beforehand are ``(T / prior[0]) ** prior[1]`` where both err the same, with
        T values in the typical series.
    prior_steps : int
        Steps for which that network goes on to learn from the panel, tried against what it was on the latest block.
    passes : float
        Samples that a member trains on at most, for each value of the panel: with more it learns their noise.
    """

    plan: Plan
    look_backs: tuple[float, ...]
    seasons: tuple[bool, ...]
    most_seen: float
    prior: tuple[float, float]
    prior_steps: int = 0
    horizons_upto: float = inf
    passes: float = inf

    def but(self, *, prior_steps: int | None = None, look_backs: tuple[float, ...] | None = None, **plan: Any) -> Rule:
        """Return the rule with other look-backs or steps, or another common plan."""
        return replace(
            self,
            plan=replace(self.plan, **plan),
            look_backs=self.look_backs if look_backs is None else look_backs,
            prior_steps=self.prior_steps if prior_steps is None else prior_steps,
        )


_FEW = Rule(
    Plan(
        members=10,
        hidden_sizes=(32, 32),
        blocks=1,
        max_steps=800,
        batch_size=32,
        search=True,
        ridge=False,
        scale="difference",
        learning_rate=1e-3,
        loss="mae",
        unit="step",
        power="root",
        lifts=True,
    ),
    look_backs=(2.0,),
    seasons=(True,),
    most_seen=0.25,
    prior=(200.0, 2.0),
)
_MANY = Rule(
    replace(
        _FEW.plan,
        members=4,
        hidden_sizes=(128, 128),
        blocks=3,
        max_steps=1000,
        batch_size=128,
        search=False,
        unit="level",
    ),
    look_backs=(1.5, 2.0, 3.0),
    seasons=(True, False),
    most_seen=0.5,
    prior=(180.0, 0.5),
    prior_steps=400,
    passes=6.0,
)
_BRIEF = replace(_MANY, prior=(40.0, 2.0)).but(look_backs=(1.5, 2.0), members=6, hidden_sizes=(64, 64), max_steps=500)
_LONG = Rule(
    Plan(
        members=3,
        hidden_sizes=(128,),
        blocks=1,
        max_steps=200,
        batch_size=256,
        search=True,
        ridge=True,
        scale="unit",
        learning_rate=3e-4,
        loss="mse",
        unit="deviation",
        power="root",
        lifts=True,
    ),
    look_backs=(3.0,),
    seasons=(False,),
    most_seen=0.25,
    prior=(200.0, 2.0),
    horizons_upto=512.0,
)

RULES: dict[tuple[str, str], Rule] = {
    ("few", "fast"): _FEW.but(members=4, max_steps=400),
    ("few", "balanced"): _FEW,
    ("few", "best"): _FEW.but(members=20, look_backs=(1.5, 2.0)),
    ("many", "fast"): _MANY.but(look_backs=(2.0,), members=3, max_steps=600, prior_steps=0),
    ("many", "balanced"): _MANY,
    ("many", "best"): _MANY.but(look_backs=(1.5, 2.0, 2.5, 3.0), members=8, max_steps=1500),
    ("brief", "fast"): _BRIEF.but(look_backs=(1.5,), members=3, prior_steps=0),
    ("brief", "balanced"): _BRIEF,
    ("brief", "best"): _BRIEF.but(members=24),
    ("long", "fast"): _LONG.but(members=1),
    ("long", "balanced"): _LONG,
    ("long", "best"): _LONG.but(members=8),
}
"""The one table; DESIGN.md section 7 has the measurement behind each row (2026-11-25)."""


def kind_of(panel: Panel) -> str:
    """Return which of `KINDS` a panel is.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> kind_of(read_series("airline").panel)
    'few'
    """
    if np.median(panel.lengths) >= LONG:
        return "long"
    if panel.n_series < MANY:
        return "few"
    return "brief" if np.median(panel.lengths) < BRIEF else "many"


def make_plans(panel: Panel, horizon: int, *, preset: str, named: Mapping[str, Any]) -> list[Plan]:
    """Return a plan for every group of members.

    Parameters
    ----------
    panel : Panel
        Asked for its seasons and lengths alone.
    horizon : int
        Steps to forecast, H.
    preset : str
        One of `PRESETS`.
    named : dict
        Fields of `Plan` that the user named; they stand in every plan.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> [plan.input_size for plan in make_plans(read_series("airline").panel, 12, preset="balanced", named={})]
    [24]
    """
    rule = RULES[kind_of(panel), preset]
    named = {"max_steps": _most_steps(rule, panel, named.get("batch_size", rule.plan.batch_size)), **named}
    plans: list[Plan] = []
    for season in dict.fromkeys(rule.seasons if panel.season_length > 1 else (True,)):
        for multiple in rule.look_backs:
            input_size = _look_back(rule, multiple, panel, horizon, season_kept=not season)
            plans.append(replace(rule.plan, **{"input_size": input_size, "season": season, **named}))
    return list(dict.fromkeys(plans))


def _most_steps(rule: Rule, panel: Panel, batch_size: int) -> int:
    """Return the steps of the rule, or fewer where the panel is small."""
    return int(min(rule.plan.max_steps, max(LEAST_STEPS, rule.passes * len(panel.values) / batch_size)))


def _look_back(rule: Rule, multiple: float, panel: Panel, horizon: int, *, season_kept: bool) -> int:
    """Return the values that a group sees: a multiple of the horizon, or of a season where that is longer.

    From the cap of the rule on, seasons alone count: a look-back of several long horizons has more inputs than a long
    series can teach (ETTh1's second part, horizon 720: squared error 1.513 with 2,160 inputs, 1.454 with 512).
    """
    typical = float(np.median(panel.lengths))
    seasons = [m for m in panel.season_lengths if m * SEASONS_KEPT <= typical or m == panel.season_length]
    longest = max(LEAST_BASE, *(seasons if season_kept else (0,)))
    wanted = max(multiple * longest, min(multiple * horizon, rule.horizons_upto))
    return max(3, min(round(wanted), int(typical * rule.most_seen)))
