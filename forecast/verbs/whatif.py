"""What would be if: forecasts under two plans for what is known ahead, from the same fits, and their differences.

The idea: each model learns once and forecasts twice, so nothing differs but the plans; what does not see them says so
by a difference of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from forecast.backtesting import NOT_FINISHED
from forecast.bounds import Bounds
from forecast.config import resolve
from forecast.engine import Workers, one_thread
from forecast.errors import ConfigError, ModelError
from forecast.models.combination import COMBINATION
from forecast.options import RunOptions, spelled_out
from forecast.ready import factories_of, prepare
from forecast.results import Listener, Silent
from forecast.storage.files import require_free, write_file
from forecast.tasks import FAILURES
from forecast.verbs.covariate_plans import with_plan

if TYPE_CHECKING:
    from forecast.config import RunConfig
    from forecast.panel import Panel
    from forecast.ready import Ready
    from forecast.series import SeriesData
    from forecast.split import Split
    from forecast.tasks import Factory

__all__ = ["WhatIf", "whatif"]

ENDS = ("y_hat_a", "y_hat_b", "difference")


@dataclass(frozen=True)
class WhatIf:
    """Forecasts under two plans.

    Parameters
    ----------
    steps : DataFrame
        Columns ``unique_id, ds, model, y_hat_a, y_hat_b, difference``; the difference is b - a.
    totals : DataFrame
        Their sums over the horizon, a row for each series and model, and the difference in `percent` of a.
    plans : tuple of str
        What the two plans are called.
    failures : dict of str
        Why a model failed.
    """

    steps: pd.DataFrame
    totals: pd.DataFrame
    plans: tuple[str, str]
    failures: dict[str, str]

    @property
    def sentences(self) -> list[str]:
        """What is to be said: for each model the sums over all series and steps, and failures."""
        said = []
        for model, own in self.steps.groupby("model", sort=False):
            a, b = float(own["y_hat_a"].sum()), float(own["y_hat_b"].sum())
            if not own["difference"].any():
                said.append(f"{model}: no difference; it does not use what is known ahead")
                continue
            sums = f"{a:,.6g} in all under {self.plans[0]}, {b:,.6g} under {self.plans[1]}"
            said.append(f"{model}: {sums}: {b - a:+,.6g}" + (f" ({100 * (b - a) / abs(a):+.1f}%)" if a else ""))
        return said + [f"{model} failed: {reason}" for model, reason in self.failures.items()]


@dataclass(frozen=True)
class _Task:
    """One model, which learns from the first panel and forecasts after each."""

    model: str
    make: Factory
    panels: tuple[Panel, Panel]
    split: Split
    bounds: Bounds


@spelled_out(RunOptions)
def whatif(
    data: str | Path | pd.DataFrame,
    plan_a: str | Path | pd.DataFrame,
    plan_b: str | Path | pd.DataFrame,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    engine: str = "processes",
    listener: Listener | None = None,
    spent: float = 0.0,
    **options: Unpack[RunOptions],
) -> WhatIf:
    """Forecast under two plans for the columns known ahead, and say what differs; every model is fitted once.

    The models learn with `plan_a` as their future, so that `y_hat_a` is what `predict` gives for it. The difference is
    what a model has learned of these columns from the past: a forecast, no proof of a cause.

    Parameters
    ----------
    data, config, jobs, engine, listener, spent
        As for `run`; the data need no rows of the future, and those they have are not looked at.
    plan_a, plan_b : path or DataFrame
        The columns of times, of names where the data have one, and all columns of `future`, for all steps ahead.
    {options}
    output : path, optional
        A file to write the steps to.
    overwrite : bool
        Replace `output` if it is there.

    Raises
    ------
    ForecastError
        As for `run`; U114, when no column is known ahead; D104 and D119, when a column or row of a plan is missing.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=63)
    >>> promo = [float(i % 7 == 3 or i % 9 == 0) for i in range(63)]
    >>> frame = pd.DataFrame({"ds": days, "y": [100 + 30 * p + i % 7 for i, p in enumerate(promo)], "promo": promo})
    >>> future = pd.DataFrame({"ds": pd.date_range("2024-03-04", periods=3), "promo": 0.0})
    >>> found = whatif(frame, future, future.assign(promo=1.0), models=["arima"], future=["promo"], horizon=3)
    >>> bool((found.steps["difference"] > 20).all())
    True
    """
    started, listener = perf_counter() - spent, listener or Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags, default_models=("mlp",))
    _require_known_ahead(settings)
    target = None if output is None else Path(output)
    if target is not None:
        require_free(target, overwrite=overwrite)
    flags |= {"config": config}
    (ready, a), (other, b) = (_ready(data, plan, settings, flags, listener) for plan in (plan_a, plan_b))
    about = f"{ready.split.horizon} steps ahead under {a} (a) and {b} (b)"
    for line in [*ready.loaded.notes, *(str(n) for n in ready.notices if n.code != "W203"), about]:
        listener.say(line)
    tasks = _tasks(settings, ready, other)
    seconds = None if settings.seconds is None else max(0.0, settings.seconds - (perf_counter() - started))
    done = count()
    with one_thread(), Workers(jobs, seconds=seconds, engine=engine) as workers:
        outcomes = workers.do(_both, tasks, lambda task: listener.progress(next(done), len(tasks), task.model))
    found = _told(tasks, outcomes, (a, b))
    if target is not None:
        write_file(found.steps, target)
    return found


def _ready(
    data: str | Path | pd.DataFrame,
    plan: str | Path | pd.DataFrame,
    settings: RunConfig,
    flags: dict[str, Any],
    listener: Listener,
) -> tuple[Ready, str]:
    """Return the data with one plan for their future, and what the plan is called."""
    names: list[str] = []

    def planned(loaded: SeriesData, panel: Panel, split: Split) -> Panel:
        columns = {"time": loaded.time, "id": loaded.id}
        found, name, notes = with_plan(
            panel, plan, target=loaded.target, **columns, how=settings.data, horizon=split.reach
        )
        names.append(name)
        for note in notes:
            listener.say(note)
        return found

    ready = prepare(data, settings, flags=flags, planned=planned)
    return ready, names[0]


def _tasks(settings: RunConfig, ready: Ready, other: Ready) -> list[_Task]:
    """Return a task for each model that was named."""
    chosen, named = settings.forecast, settings.models.model_fields_set
    bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
    return [
        _Task(name, make, (ready.panel, other.panel), ready.split, bounds)
        for name, make in factories_of(settings).items()
        if name in named
    ]


def _require_known_ahead(settings: RunConfig) -> None:
    if not settings.data.future:
        what = "two plans differ in columns that are known ahead, and none was named"
        raise ConfigError("U114", what, hint="--future promo,price")
    if settings.models.combination is not None:
        what = f"{COMBINATION} is made of forecasts of windows, and has no plan"
        raise ConfigError("U101", what, hint="--models with its members")


def _both(task: _Task) -> list[pd.DataFrame] | str:
    """Return the forecast frames under both plans, or why the model failed."""
    try:
        model = task.make().fit(task.panels[0], horizon=task.split.reach)
        frames = [model.predict(panel) for panel in task.panels]
    except FAILURES as error:
        return str(error)
    if not all(np.isfinite(frame["y_hat"]).all() for frame in frames):
        return "its forecast is not a number"
    return [task.bounds.apply(frame[frame["step"] > task.split.gap].reset_index(drop=True)) for frame in frames]


def _told(tasks: list[_Task], outcomes: list[list[pd.DataFrame] | str | None], plans: tuple[str, str]) -> WhatIf:
    """Return what the models forecast, side by side.

    Raises
    ------
    ModelError
        M101, when every model failed.
    """
    parts, failures = [], {}
    for task, outcome in zip(tasks, outcomes, strict=True):
        if outcome is None or isinstance(outcome, str):
            failures[task.model] = outcome or NOT_FINISHED
            continue
        a, b = outcome
        beside = a[["unique_id", "ds", "model"]].assign(y_hat_a=a["y_hat"], y_hat_b=b["y_hat"])
        parts.append(beside.assign(difference=beside["y_hat_b"] - beside["y_hat_a"]))
    if not parts:
        reasons = "; ".join(f"{model}: {reason}" for model, reason in failures.items())
        raise ModelError("M101", f"every model failed: {reasons}", hint="--models mlp,arima")
    steps = pd.concat(parts, ignore_index=True)
    totals = steps.groupby(["unique_id", "model"], sort=False, as_index=False)[list(ENDS)].sum()
    size = totals["y_hat_a"].abs()
    percent = 100.0 * totals["difference"] / size.where(size > 0)
    return WhatIf(steps, totals.assign(percent=percent), plans, failures)
