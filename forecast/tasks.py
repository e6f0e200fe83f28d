"""One fit of one model, and what it forecasts: the task that can be done anywhere and in any order.

The idea: a task holds all that it needs and names nothing of what comes after its cutoff; what it came to is an
outcome, also where the model failed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.bounds import Bounds
from forecast.errors import ForecastError, ModelError, Notice
from forecast.models.base import predicted
from forecast.models.saving import remembered
from forecast.origins import Origin

if TYPE_CHECKING:
    import pandas as pd

    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.split import Split

__all__ = ["FAILURES", "Doer", "Factory", "Outcome", "Task", "Window", "ahead", "given", "perform", "windows"]

Factory = Callable[[], "Forecaster"]
Doer = Callable[[Sequence["Task"]], "Iterable[Outcome | None]"]
"""What performs tasks, in their order; None stands for one that could not be finished in time."""

FAILURES = (ForecastError, ArithmeticError, ValueError, LookupError)
"""What a model may raise without ending the run."""
LEAST_VALUES = 3
"""Known values that a series must have before a cutoff to be tested there."""
TOGETHER = 16_384
"""Series that are forecast together from an origin between the cutoffs, where no rows are kept: a multiple of those
that a network is given at once, so no digit depends on it."""


@dataclass(frozen=True)
class Window:
    """One cutoff: the past that models are given. What came after is asked of `truth` alone.

    `back` is the number of values between the cutoff and the end of the data.
    """

    past: Panel
    back: int


@dataclass(frozen=True)
class Task:
    """One fit of one model, before the last ``backs[0]`` values of each series, and its forecasts from all `backs`.

    `levels` asks for the model's own intervals, where it has any; `keep` for the fitted model, too, which from before
    the end of the data is `remembered`. `series` are first and last + 1 of those that it is about, where it is one of
    several tasks that a larger one was cut into.
    """

    model: str
    make: Factory
    panel: Panel
    split: Split
    backs: tuple[int, ...] = (0,)
    bounds: Bounds = field(default_factory=Bounds)
    levels: tuple[float, ...] = ()
    keep: bool = False
    series: tuple[int, int] | None = None


@dataclass
class Outcome:
    """What a task came to: a forecast frame for each of its windows, or the reason for a failure.

    `between` are the forecasts from those backs that are no cutoffs. `lost` says which series are not there, because
    workers died over them.
    """

    frames: list[pd.DataFrame] = field(default_factory=list)
    between: list[Origin] = field(default_factory=list)
    choices: dict[str, Any] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    timing: dict[str, float] = field(default_factory=dict)
    failure: str | None = None
    lost: str | None = None
    model: Forecaster | None = None


def windows(panel: Panel, split: Split) -> Iterator[Window]:
    """Yield the windows, earliest cutoff first.

    Cutoffs are counted from the end of each series, so that series which ended early are tested too.
    """
    for back in split.backs:
        past = given(panel, back, split)
        if past is not None:
            yield Window(past, back)


def given(panel: Panel, back: int, split: Split) -> Panel | None:
    """Return what models are given at a cutoff: series with values enough, and of later what is known of steps ahead.

    From the end of the data all series are forecast, however short.
    """
    past = split.past(panel, back)
    if back == 0:
        return past.until(split.reach)
    known = np.add.reduceat(np.isfinite(past.values), past.offsets[:-1]) if past.n_series else np.empty(0)
    chosen = np.flatnonzero(known >= LEAST_VALUES)
    past = past if len(chosen) == past.n_series else past.take(chosen)
    return past.until(split.reach) if len(chosen) else None


def perform(task: Task) -> Outcome:
    """Fit a model and let it forecast; a model that fails is written down, not raised."""
    split, outcome = task.split, Outcome()
    panel = task.panel if task.series is None else task.panel.take(range(*task.series))
    past = given(panel, task.backs[0], split)
    if past is None:
        return outcome
    start = perf_counter()
    try:
        model = task.make().fit(past, horizon=split.reach)
        middle = perf_counter()
        outcome.frames.append(ahead(predicted(model, level=task.levels), task.model, split, task.bounds))
        outcome.timing = {"fit": middle - start, "predict": perf_counter() - middle}
        names, cutoffs = set(past.ids), set(split.backs)
        for back in task.backs[1:]:
            parts = [panel] if back in cutoffs else panel.parts(TOGETHER)
            laters = (_later(part, back, split, names) for part in parts)
            found = (
                ahead(predicted(model, later, level=task.levels), task.model, split, task.bounds)
                for later in laters
                if later.n_series
            )
            if back in cutoffs:
                outcome.frames.extend(found)
            else:
                outcome.between.append(Origin.joined([Origin.of(frame) for frame in found]))
    except FAILURES as error:
        return Outcome(failure=str(error))
    outcome.choices, outcome.notices = model.choices_, list(model.notices_)
    if task.keep:
        outcome.model = model if task.backs[0] == 0 else remembered(model)
    return outcome


def _later(panel: Panel, back: int, split: Split, names: Container[str]) -> Panel:
    """Return what is known later of the series that a model was fitted to."""
    later = split.past(panel, back)
    if not all(name in names for name in later.ids):
        later = later.take([s for s, name in enumerate(later.ids) if name in names])
    return later.until(split.reach)


def ahead(frame: pd.DataFrame, model: str, split: Split, bounds: Bounds) -> pd.DataFrame:
    """Return what a model forecast without the steps of the gap, within the bounds.

    Raises
    ------
    ModelError
        M103, when a forecast is not a number.
    """
    if not np.isfinite(frame["y_hat"]).all():
        raise ModelError("M103", f"{model} returned a forecast that is not a number")
    if split.gap:
        frame = frame[frame["step"] > split.gap].reset_index(drop=True)
        frame = frame.assign(step=frame["step"] - split.gap)
    return bounds.apply(frame)
