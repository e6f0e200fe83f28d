"""The verb tune: better settings are searched on windows before the test windows, and written as a file for a run.

The idea: the values from the first test cutoff on are cut off before anything is tried, so that the run which is made
with what was found is as honest as one without.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

from forecast.config import environment, resolve
from forecast.defaults import TRIALS
from forecast.engine import Workers, one_thread
from forecast.errors import ConfigError
from forecast.options import RunOptions, spelled_out
from forecast.ready import prepare
from forecast.results import Listener, Silent
from forecast.runs import new_folder
from forecast.tasks import perform
from forecast.tuning.expected import SearchPlan, expected_search
from forecast.tuning.files import Search, opened, require_place, write_search
from forecast.tuning.journal import JOURNAL, Journal, require_optuna
from forecast.tuning.plan import Plan, searched_models
from forecast.tuning.search import search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecast.config import RunConfig
    from forecast.ready import Ready
    from forecast.tasks import Outcome, Task
    from forecast.tuning.search import Searched

__all__ = ["Search", "plan_search", "tune"]

MOST_TRIALS = 1_000
"""Of a search that a budget ends."""
FILE_SECONDS = 0.5
"""What is kept of a budget of time for the files."""


@spelled_out(RunOptions)
def tune(
    data: str | Path | pd.DataFrame,
    *,
    out: str | Path | None = None,
    trials: int | None = None,
    resume: str | Path | None = None,
    config: str | Path | None = None,
    jobs: int | None = None,
    engine: str = "processes",
    listener: Listener | None = None,
    spent: float = 0.0,
    **options: Unpack[RunOptions],
) -> Search:
    """Search settings with a smaller `metric` on windows before the test windows of a run; no later value is looked at.

    The network is tuned, or those of the models named in `models` that have something to search. What was named
    otherwise, in the file or as a keyword, stays as it is.

    Parameters
    ----------
    data, config, jobs, engine, listener, spent
        As for `run`.
    {options}
    out : path, optional
        The folder of the search; by default a new one in ``reports/``.
    trials : int, optional
        How many settings are tried for each model; by default 20, or as many as the budget allows.
    resume : path, optional
        The folder of a search to go on with, in place of `out`: the same data and options as then.

    Raises
    ------
    ForecastError
        As for `run`; U111, when Optuna is not installed; U112, when nothing can be searched; D124, when no window can
        be held out before the test windows; U113 and F111, when that in `resume` is another one or damaged.

    Examples
    --------
    >>> import tempfile
    >>> found = tune("nile", models=["theta"], horizon=4, n_windows=2, out=tempfile.mkdtemp() + "/search")
    >>> found.best.name, found.trials["models.theta.method"].tolist()
    ('best.toml', ['dynamic', 'standard'])
    """
    started, listener = perf_counter() - spent, listener or Silent()
    if resume is not None and out is not None:
        raise ConfigError("U101", "a search goes on in its own folder", hint=f"--resume {resume} without --out")
    ready, plan, folder = _begun(data, {**options}, config, resume or out, resume=resume is not None)
    settings, models = plan.settings, list(plan.spaces)
    for line in [*ready.lines, plan.sentence, f"the search is kept in {folder}"]:
        listener.say(line)
    with opened(folder, resume=resume is not None):
        journal = Journal(folder / JOURNAL, plan.question)
        most = _most(settings, trials)
        found: dict[str, Searched] = {}
        for place, model in enumerate(models):
            seconds = _share(settings, perf_counter() - started, len(models) - place)
            with one_thread(), Workers(jobs, seconds=seconds, engine=engine) as workers:
                found[model] = _search(plan, model, found, most, journal, workers, listener, folder)
        result = write_search(plan, found, folder)
    if settings.seconds is not None:
        tried, used = len(result.trials), perf_counter() - started
        listener.say(f"budget {settings.seconds:g} s, used {used:.1f} s: {tried} trial{'s' * (tried != 1)} finished")
    return result


@spelled_out(RunOptions)
def plan_search(
    data: str | Path | pd.DataFrame,
    *,
    out: str | Path | None = None,
    trials: int | None = None,
    config: str | Path | None = None,
    jobs: int | None = None,
    **options: Unpack[RunOptions],
) -> SearchPlan:
    """Say what `tune` would do with these data and settings; nothing is tried or written.

    Parameters
    ----------
    data, out, trials, config, jobs
        As for `tune`.
    {options}

    Returns
    -------
    SearchPlan
        Windows that judge, models and trials, about how many fits and seconds, and the folder.

    Raises
    ------
    ForecastError
        As `tune` would before anything is tried.

    Examples
    --------
    >>> found = plan_search("nile", models=["theta"], horizon=4, n_windows=2)
    >>> found.models, found.n_windows, found.trials, found.fits
    (('theta',), 11, 2, 22)
    """
    ready, plan, folder = _begun(data, {**options}, config, out)
    return expected_search(ready, plan, trials=_most(plan.settings, trials), folder=folder, jobs=jobs)


def _begun(
    data: str | Path | pd.DataFrame,
    flags: dict[str, Any],
    config: str | Path | None,
    place: str | Path | None,
    *,
    resume: bool = False,
) -> tuple[Ready, Plan, Path]:
    """Return what stands before the first trial: the data, the plan of the search, and its folder."""
    settings = resolve(Path(config) if config is not None else None, flags)
    models = searched_models(settings, flags.get("models") or environment().get("models"))
    require_optuna()
    if place is not None:
        require_place(Path(place), resume=resume)
    ready = prepare(data, settings, flags={**flags, "config": config})
    plan = Plan.of(ready.panel, ready.split, settings, models, name=ready.loaded.name)
    return ready, plan, Path(place or new_folder(f"{ready.loaded.name.split('.')[0]}-tuned"))


def _most(settings: RunConfig, trials: int | None) -> int:
    """Return how many trials a model has at most."""
    return trials or (TRIALS if settings.seconds is None else MOST_TRIALS)


def _share(settings: RunConfig, spent: float, models: int) -> float | None:
    """Return the seconds of a budget for the next of so many models that are left."""
    return None if settings.seconds is None else max(0.0, settings.seconds - spent - FILE_SECONDS) / models


def _search(
    plan: Plan,
    model: str,
    found: Mapping[str, Searched],
    trials: int,
    journal: Journal,
    workers: Workers,
    listener: Listener,
    folder: Path,
) -> Searched:
    """Search the settings of one model beside those `found` already, and write what is known after each batch."""
    done, total = count(), trials * len(plan.validation.split.blocks)

    def do(tasks: Sequence[Task]) -> list[Outcome | None]:
        return workers.do(perform, tasks, lambda task: listener.progress(next(done), total, task.model))

    return search(
        model,
        plan.spaces[model],
        plan.validation,
        trials=trials,
        seed=plan.settings.seed,
        journal=journal,
        do=do,
        tick=lambda searched: write_search(plan, {**found, model: searched}, folder),
    )
