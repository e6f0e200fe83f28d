"""A task of many series cut into tasks of some of them, and put together again.

The idea: a model that looks at every series on its own makes of the parts what it makes of the whole, to the bit. So
all cores share one long fit, an interrupted run goes on within it, and a part over which workers die is lost alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.defaults import BASELINES
from forecast.origins import Origin
from forecast.tasks import Outcome, Task, given, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecast.engine import Workers
    from forecast.tasks import Doer

__all__ = ["doer"]

CHUNK = 200
"""Series of a part, about."""


def doer(workers: Workers, tick: Callable[[Task], None] = lambda _: None, *, baselines: bool = False) -> Doer:
    """Return what performs tasks by `workers`, a part of their series at a time where the model allows it.

    `tick` is told of every task once. Where every worker dies over a task, its outcome is a failure; where they die
    over a part of it, the others stand, and the outcome says what is `lost`. With `baselines`, the fits of these to all
    data are made however little time there is.
    """

    def do(tasks: Sequence[Task]) -> list[Outcome | None]:
        parts = [_parts(task) for task in tasks]
        left = Counter({n: len(some) for n, some in enumerate(parts)})
        owner = {id(part): n for n, some in enumerate(parts) for part in some}

        def told(part: Task) -> None:
            n = owner[id(part)]
            if left[n] == len(parts[n]):
                tick(tasks[n])
            left[n] -= 1

        every = [part for some in parts for part in some]
        long = len(every) > len(tasks)
        sure = _baseline_at_the_end if baselines else _never
        done = iter(
            workers.do(perform, every, told, long=long, lost=lambda _, why: Outcome(failure=why, lost=why), sure=sure)
        )
        return [_whole(task, some, [next(done) for _ in some]) for task, some in zip(tasks, parts, strict=True)]

    return do


def _baseline_at_the_end(task: Task) -> bool:
    """Whether a task is a baseline's fit to all data, without which there may be no forecast at all."""
    return task.backs == (0,) and task.model in BASELINES


def _never(_: Task) -> bool:
    return False


def _parts(task: Task) -> list[Task]:
    """Return tasks of about `CHUNK` series each that together are the task; the task alone where they would not be."""
    panel = task.panel
    kind = getattr(task.make, "func", task.make)  # a partial of a class, or the class
    known_ahead = panel.covariates is not None and panel.covariates.known_names  # whose use is said of all series
    if panel.n_series <= CHUNK or not hasattr(kind, "joined") or known_ahead:
        return [task]
    ends = np.linspace(0, panel.n_series, -(-panel.n_series // CHUNK) + 1).astype(int).tolist()
    return [replace(task, series=(a, b)) for a, b in pairwise(ends)]


def _whole(task: Task, parts: Sequence[Task], outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """Return the outcome of a task, given those of its parts; None where one of these is not finished."""
    found = [outcome for outcome in outcomes if outcome is not None]
    if len(parts) == 1 or len(found) < len(parts):
        return found[0] if len(found) == len(parts) else None
    failed = [outcome for outcome in found if outcome.failure is not None and outcome.lost is None]
    there = [outcome for outcome in found if outcome.frames]
    gone = [part.series for part, outcome in zip(parts, found, strict=True) if outcome.lost is not None]
    if failed or not there:
        return next(iter([*failed, *found]))
    outcome = Outcome(notices=[notice for one in there for notice in one.notices])
    outcome.frames = [
        pd.concat(frames, ignore_index=True) for frames in zip(*(one.frames for one in there), strict=True)
    ]
    outcome.between = [Origin.joined(parts) for parts in zip(*(one.between for one in there), strict=True)]
    outcome.timing = {name: sum(one.timing[name] for one in there) for name in there[0].timing}
    outcome.choices = _choices(task, there)
    if gone:
        outcome.lost = _words(task, [series for series in gone if series], next(o.lost for o in found if o.lost))
    if task.keep:
        ids = {name for one in there for name in one.frames[0]["unique_id"]}
        panel = task.panel.take([s for s, name in enumerate(task.panel.ids) if name in ids])
        model: Any = task.make()
        outcome.model = model.joined(given(panel, task.backs[0], task.split), [one.model for one in there])
    return outcome


def _choices(task: Task, parts: Sequence[Outcome]) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0].choices
    named = [(tuple(part.frames[0]["unique_id"].unique()), part.choices) for part in parts]
    kind: Any = getattr(task.make, "func", task.make)
    joined: dict[str, Any] = kind.joined_choices(named)
    return joined


def _words(task: Task, gone: Sequence[tuple[int, int]], why: str | None) -> str:
    ids = task.panel.ids
    count = sum(end - first for first, end in gone)
    spans = [" to ".join(dict.fromkeys([ids[first], ids[end - 1]])) for first, end in gone]
    return f"{count} of {len(ids)} series given up ({', '.join(spans)}): {why}"
