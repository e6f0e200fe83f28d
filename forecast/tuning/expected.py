"""What a search would do and about how long it would take, known before its first trial.

The idea: every model is fitted once with its defaults, and that time is carried over to all trials and windows; a
budget leaves room for so many of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.engine.cores import cores
from forecast.ready import factories_of
from forecast.tuning.search import points_of
from forecast.verbs.plans import Plan as WorkPlan
from forecast.verbs.plans import seconds_of_fits

if TYPE_CHECKING:
    from pathlib import Path

    from forecast.ready import Ready
    from forecast.tuning.plan import Plan

__all__ = ["SearchPlan", "expected_search"]

TRIAL_BYTES = 3_000
"""What a trial takes in the journal and the table."""


@dataclass(frozen=True)
class SearchPlan(WorkPlan):
    """What would be done to find better settings; a trial that is given up early takes less than is said here.

    Parameters
    ----------
    trials : int
        Settings that would be tried, over all models.
    """

    trials: int


def expected_search(ready: Ready, plan: Plan, *, trials: int, folder: Path, jobs: int | None = None) -> SearchPlan:
    """Return what a search would do that has a plan.

    Parameters
    ----------
    ready : Ready
        The data, with what lies after the first test cutoff.
    plan : Plan
        What may be known of them, and what is sought.
    trials : int
        Of each model, at most; of a space of fewer points each is tried once.
    folder : Path
        Where to.
    jobs : int, optional
        Processes that would work at once.
    """
    split, settings = plan.validation.split, plan.settings
    factories = factories_of(settings)
    once = seconds_of_fits({model: factories[model] for model in plan.spaces}, plan.panel, split)
    fits, workers = len(split.blocks), jobs or cores()
    counts = {}
    for model, space in plan.spaces.items():
        points = points_of(space, trials)
        counts[model] = trials if points is None else len(points)
        if settings.seconds is not None:
            room = settings.seconds / len(plan.spaces) * workers / max(fits * once[model], 1e-9)
            counts[model] = max(1, min(counts[model], int(room)))
    seconds = sum(count * fits * once[model] for model, count in counts.items()) / workers
    total = sum(counts.values())
    return SearchPlan(
        data=ready.loaded.name,
        series=ready.panel.n_series,
        values=len(ready.panel.values),
        frequency=ready.panel.frequency.word,
        horizon=split.horizon,
        n_windows=split.n_windows,
        models=tuple(plan.spaces),
        fits=total * fits,
        seconds=round(seconds if settings.seconds is None else min(seconds, settings.seconds), 1),
        megabytes=round(total * TRIAL_BYTES / 1e6, 2),
        folder=str(folder),
        trials=total,
    )
