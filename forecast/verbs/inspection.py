"""The verbs that make no forecast: they look at data, at what would be done, at leaks and at gradients.

The idea: each goes the way of a run as far as it must, and says what it found instead of leaving a folder.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from forecast import audit as auditing
from forecast.chunks import doer
from forecast.config import resolve
from forecast.defaults import DEFAULT_DATA, DEFAULT_MODELS
from forecast.doctor import Checkup, examine, fillable, from_notice, placed, visit
from forecast.engine import Workers, one_thread
from forecast.options import CheckOptions, RunOptions, declared, spelled_out
from forecast.reading.covariate_rows import require_ahead
from forecast.ready import (
    changeable,
    factories_of,
    for_intervals,
    named_factories,
    prepare,
    read,
    split_of,
    times_written,
    window_notices,
)
from forecast.results import Listener, Silent
from forecast.runs import new_folder
from forecast.storage.files import require_free
from forecast.storage.underway import refuse_begun
from forecast.transforms import require_transforms
from forecast.verbs.checks import check_gradients
from forecast.verbs.plans import Plan, planned

if TYPE_CHECKING:
    import pandas as pd

    from forecast.nn import GradientReport

__all__ = ["audit", "check", "gradcheck", "plan"]


@spelled_out(CheckOptions)
def check(
    data: str | Path | pd.DataFrame,
    *,
    config: str | Path | None = None,
    **options: Unpack[CheckOptions],
) -> Checkup:
    """Say what is in the data, what is wrong with them and how to repair it; nothing is fitted or written.

    Parameters
    ----------
    data, config
        As for `run`.
    {options}

    Returns
    -------
    Checkup
        Facts and findings; with at least one error among these, or a warning where these count as errors, where `run`
        would refuse the data.

    Raises
    ------
    ForecastError
        `ConfigError` or `FileError`: the options are wrong, or there is no such file.

    Examples
    --------
    >>> checkup = check("airline")
    >>> checkup.refused, checkup.facts["season_length"]
    (False, 12)
    """
    file = Path(config) if config is not None else None

    def look(given: dict[str, Any]) -> Checkup:
        settings = resolve(file, {name: value for name, value in given.items() if name != "config"})
        with placed(data, given):
            loaded = read(data, settings)
        checkup = examine(loaded, missing=settings.data.missing)
        if checkup.refused:
            return checkup
        with placed(data, given):
            panel, _ = fillable(loaded.panel, missing=settings.data.missing)
            split = split_of(settings, panel)
            require_ahead(panel, split.reach)
            require_transforms(panel, settings.data.transform)
        windows = settings.backtest.n_windows
        notices = window_notices(panel, split) if windows == "auto" else []
        return replace(checkup, strict=settings.strict).with_findings([from_notice(notice) for notice in notices])

    flags = {**dict.fromkeys(declared(CheckOptions)), **options, "config": config}
    return visit(data, flags, look)


@spelled_out(RunOptions)
def audit(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    config: str | Path | None = None,
    jobs: int | None = None,
    engine: str = "processes",
    listener: Listener | None = None,
    **options: Unpack[RunOptions],
) -> list[auditing.Check]:
    """Show that nothing before a cutoff depends on anything after it, from the raw file to the forecast.

    What lies after each cutoff is cut off, multiplied by a million, negated, blanked and shuffled in the file, and the
    whole way is gone again: the past, every choice and every forecast must be the same to the bit.

    Parameters
    ----------
    data, config, jobs, engine, listener
        As for `run`.
    {options}

    Returns
    -------
    list of Check
        One for each cutoff and change; `Check.moved` says what depended on the future. The last ones, of the cutoff
        "control", are of a model that was made to look ahead: each must have moved, or the audit sees nothing.

    Raises
    ------
    ForecastError
        As for `run`.

    Examples
    --------
    >>> found = audit("nile", models=["naive"], horizon=4, n_windows=1)
    >>> [check.moved for check in found][:2], found[-1].cutoff, found[-1].moved
    ([(), ()], 'control', ('forecasts of control',))
    """
    listener = listener or Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags)
    ready = prepare(data, settings, flags={**flags, "config": config})
    for line in ready.lines:
        listener.say(line)
    table, again = changeable(data, settings, ready)
    factories, split = factories_of(settings), ready.split
    done, total = itertools.count(), (split.n_windows + 1) * (len(auditing.CHANGES) + 1)
    with one_thread(), Workers(jobs, engine=engine) as workers:
        return auditing.audit(
            table,
            again,
            lambda _: factories,
            split,
            time=ready.loaded.time,
            target=ready.loaded.target,
            id=ready.loaded.id,
            written=times_written(settings),
            keep_rows=bool(settings.data.future),
            tick=lambda what: listener.progress(next(done), total, what),
            do=doer(workers),
        )


@spelled_out(RunOptions)
def plan(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    verb: str = "run",
    out: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    **options: Unpack[RunOptions],
) -> Plan:
    """Say what `run`, `backtest` or `predict` would do with these data and settings; nothing is written.

    Parameters
    ----------
    data, config, jobs
        As for `run`.
    {options}
    verb : str
        What would be called: run, backtest or predict.
    out : path, optional
        The folder of a run, or the file of a table.
    overwrite : bool
        Whether `out` may be replaced.

    Returns
    -------
    Plan
        Series, windows, models, fits, about how many seconds and megabytes, and the folder.

    Raises
    ------
    ForecastError
        As the verb would before anything is fitted.

    Examples
    --------
    >>> one = plan("nile", models=["naive"], horizon=4, n_windows=3)
    >>> one.series, one.n_windows, one.models, one.fits
    (1, 3, ('seasonal_naive', 'naive'), 8)
    """
    flags: dict[str, Any] = {**options}
    usual = DEFAULT_MODELS if verb != "predict" else ("mlp",)
    settings = resolve(Path(config) if config is not None else None, flags, default_models=usual)
    if out is not None:
        (refuse_begun if verb == "run" else require_free)(Path(out), overwrite=overwrite)
    ready = prepare(data, settings, flags={**flags, "config": config})
    models, folder = factories_of(settings), None
    if verb == "predict":
        ready, models = for_intervals(ready, settings), named_factories(settings)
    if verb == "run":
        folder = str(out if out is not None else new_folder(ready.loaded.name))
    return planned(
        ready, settings, models=models, last=verb != "backtest", page=verb == "run", folder=folder, jobs=jobs
    )


def gradcheck(network: str | None = None, *, seed: int = 0) -> dict[str, GradientReport]:
    """Hold analytic gradients against numeric ones: see `forecast.verbs.checks.check_gradients`."""
    return check_gradients(network, seed=seed)
