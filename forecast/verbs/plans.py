"""What a run would do, how long it would take and how much it would write: all that is known before anything is fitted.

The idea: every model is fitted once, to a few of the series, and its time is carried over to all series and windows; so
a plan costs a small part of the run, and is about right where a formula for every model would be wrong.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.allotment import after_seconds
from forecast.backtesting import fit_all
from forecast.engine import one_thread
from forecast.errors import ModelError
from forecast.ready import NETWORKS, factories_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.config import RunConfig
    from forecast.panel import Panel
    from forecast.ready import Ready
    from forecast.split import Split
    from forecast.tasks import Factory

__all__ = ["Plan", "planned", "seconds_of_fits"]

SAMPLE = 8
"""How many series the models are tried on."""
PAGE_BYTES = 2_000_000
"""What the page of a run and its pictures take."""
BYTES = {"history": 40, "backtest": 320, "forecasts": 160}
"""Bytes of a value in history.csv, of a forecast in the files of the windows, and of one in forecasts.csv."""


@dataclass(frozen=True)
class Plan:
    """What would be done.

    Parameters
    ----------
    data : str
        What the data are called.
    series, values : int
        How many there are.
    frequency : str
        The step of the times, in words.
    horizon, n_windows : int
        Steps ahead, and test windows.
    models : tuple of str
        Those that would be fitted.
    fits : int
        How many fits that makes.
    seconds : float
        About how long it would take; with a budget not longer than that.
    megabytes : float
        About how much would be written.
    folder : str or None
        Where; None for a single file or standard output.
    """

    data: str
    series: int
    values: int
    frequency: str
    horizon: int
    n_windows: int
    models: tuple[str, ...]
    fits: int
    seconds: float
    megabytes: float
    folder: str | None


def planned(
    ready: Ready,
    settings: RunConfig,
    *,
    models: Mapping[str, Factory] | None = None,
    windows: bool = True,
    last: bool = True,
    page: bool = False,
    folder: str | None = None,
    jobs: int | None = None,
) -> Plan:
    """Return what would be done with data that are ready.

    Parameters
    ----------
    models : mapping of name to callable, optional
        Which would be fitted; by default all that the settings name.
    windows, last, page : bool
        Whether the windows would be forecast, what follows the data, and a page written.
    folder : str, optional
        Where to.
    jobs : int, optional
        Processes that would work at once.
    """
    models = factories_of(settings) if models is None else models
    panel, split = ready.panel, ready.split
    times = (len(split.blocks) if windows else 0) + last
    repeats = {name: len(split.blocks) * (settings.seeds - 1) * page for name in models if name in NETWORKS}
    once = seconds_of_fits(models, panel, split)
    cores = min(jobs or os.cpu_count() or 1, max(1, times * len(models)))
    work = sum(once[name] * (times + repeats.get(name, 0)) for name in models)
    rows = panel.n_series * split.horizon * len(models)
    seconds = max(work / cores, max(once.values(), default=0.0))
    seconds += after_seconds(panel.n_series, rows * split.n_windows) * page
    size = rows * (BYTES["backtest"] * split.n_windows * windows + BYTES["forecasts"] * last)
    size += (len(panel.values) * BYTES["history"] + PAGE_BYTES) * page
    return Plan(
        data=ready.loaded.name,
        series=panel.n_series,
        values=len(panel.values),
        frequency=panel.frequency.word,
        horizon=split.horizon,
        n_windows=split.n_windows if windows else 0,
        models=tuple(models),
        fits=len(models) * times + sum(repeats.values()),
        seconds=round(seconds if settings.seconds is None else min(seconds, settings.seconds), 1),
        megabytes=round(size / 1e6, 2),
        folder=folder,
    )


def seconds_of_fits(models: Mapping[str, Factory], panel: Panel, split: Split) -> dict[str, float]:
    """Return about how many seconds one fit of each model to all series takes, forecast included."""
    few = panel.take(range(min(SAMPLE, panel.n_series)))
    with one_thread():
        try:
            timings = fit_all(models, few, split).timings
        except ModelError:
            timings = {}
    return {name: sum(timings.get(name, {}).values()) * panel.n_series / few.n_series for name in models}
