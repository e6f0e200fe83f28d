"""The verbs: what the command line and the library can do, each from top to bottom on one screen.

The idea: `run` reads, checks, backtests, fits, forecasts and reports, and leaves one folder in which everything it
found out can be read again.
"""

from __future__ import annotations

import hashlib
import itertools
import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from forecast import audit as auditing
from forecast import report
from forecast.backtesting import perform
from forecast.checks import check_gradients
from forecast.config import RunConfig, environment, resolve
from forecast.covariate_rows import require_ahead
from forecast.defaults import DEFAULT_DATA, REPORTS_FOLDER
from forecast.doctor import Checkup, command, examine, fillable, from_notice, placed, visit
from forecast.engine import Workers, one_thread
from forecast.errors import Notice
from forecast.options import DataOptions, RunOptions, declared, spelled_out
from forecast.ready import (
    Ready,
    enough_windows,
    factories_of,
    panel_of,
    prepare,
    raw_table,
    read,
    split_of,
    window_notices,
)
from forecast.results import Listener, Results
from forecast.runs import Run, load_run, require_free, write_aside, write_csv, write_file, write_json
from forecast.totals import Totals
from forecast.transforms import require_transforms

if TYPE_CHECKING:
    from forecast.nn import GradientReport

__all__ = ["Listener", "audit", "check", "gradcheck", "predict", "run"]


REPORT_SECONDS = 4.0
"""What a report takes at most, of a budget of time."""


class _Silent:
    """Listens and does nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Do nothing."""


@spelled_out(RunOptions)
def run(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    listener: Listener | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """Check the data, compare the models on held-out windows, forecast, and write a run folder with a report.

    Parameters
    ----------
    data : path, DataFrame or name
        A CSV of one or many series, a frame, or the name of a bundled set.
    {options}
    out : path, optional
        The run folder; by default a new one in ``reports/``.
    overwrite : bool
        Replace `out` if it is a run folder.
    config : path, optional
        A TOML file of settings; what is given here goes before it.
    jobs : int, optional
        Processes that work at once; by default one a core. The result does not depend on it.
    listener : Listener, optional
        Told what happens.

    Returns
    -------
    Run
        What stands in the folder: `Run.report` is the path of the page, `Run.forecasts` the forecast frame.

    Raises
    ------
    ForecastError
        `ConfigError`, `DataError`, `ModelError` or `FileError`, with a code, a message and a hint. Nothing is left
        behind then.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp() + "/nile"
    >>> result = run("nile", models=["naive"], horizon=5, out=folder)
    >>> result.report.name, len(result.forecasts)
    ('report.html', 10)
    """
    started, listener = perf_counter(), listener or _Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags)
    ready = prepare(data, settings, flags={**flags, "config": config})
    for line in ready.lines:
        listener.say(line)
    folder = Path(out) if out is not None else _new_folder(ready.loaded.name)
    with (
        one_thread(),
        write_aside(folder, overwrite=overwrite) as aside,
        Workers(jobs, seconds=_for_models(settings, perf_counter() - started)) as workers,
    ):
        results = Results(
            ready.panel,
            factories_of(settings),
            ready.split,
            settings.forecast,
            combination=settings.models.combination,
            seed=settings.seed,
            workers=workers,
            listener=listener,
        )
        results.write(aside)
        if settings.forecast.totals:
            _totals(ready, settings, results, workers, listener).write(aside)
        write_csv(ready.loaded.frame, aside / "history.csv")
        text = settings.to_toml({"data.transform": _came_to(ready.checkup, settings.data.transform)})
        (aside / "config.toml").write_text(text, encoding="utf-8", newline="\n")
        info = _info(ready, settings, results) | {"command": _command(data, flags, config)}
        info["timings"] = {"models": results.final.timings, "total": perf_counter() - started}
        write_json(info, aside / "run.json")
        report.render(aside)
    return load_run(folder)


@spelled_out(RunOptions)
def predict(
    data: str | Path | pd.DataFrame,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    listener: Listener | None = None,
    **options: Unpack[RunOptions],
) -> pd.DataFrame:
    """Forecast, and nothing else: no report, no comparison; windows are held out only to learn how wide the bands are.

    Parameters
    ----------
    data, config, jobs, listener
        As for `run`.
    {options}
    output : path, optional
        A CSV to write to.
    overwrite : bool
        Replace `output` if it is there.

    Returns
    -------
    DataFrame
        Columns ``unique_id, ds, model, y_hat``, then the ends of the intervals; for the models that were named (the
        network where none was), without baselines.

    Raises
    ------
    ForecastError
        As for `run`.

    Examples
    --------
    >>> predict("nile", models=["naive"], horizon=2)[["ds", "y_hat"]]
              ds  y_hat
    0 1971-01-01  740.0
    1 1972-01-01  740.0
    """
    listener = listener or _Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags, default_models=("mlp",))
    target = None if output is None else Path(output)
    if target is not None:
        require_free(target, overwrite=overwrite)
    ready = prepare(data, settings, flags={**flags, "config": config})
    ready = replace(ready, split=replace(ready.split, n_windows=enough_windows(ready, settings)))
    for line in ready.lines:
        listener.say(line)
    named = settings.models.model_fields_set
    factories = {name: make for name, make in factories_of(settings).items() if name in named}
    with one_thread(), Workers(jobs, seconds=_for_models(settings, 0.0)) as workers:
        results = Results(
            ready.panel,
            factories,
            ready.split,
            settings.forecast,
            combination=settings.models.combination,
            seed=settings.seed,
            workers=workers,
            listener=listener,
        )
    for notice in [*results.notices(), *_uncalibrated(results.coverage)]:
        listener.say(str(notice))
    frame = results.forecasts.drop(columns=["cutoff", "step"])
    if target is not None:
        write_file(frame, target)
    return frame


@spelled_out(DataOptions)
def check(
    data: str | Path | pd.DataFrame,
    *,
    config: str | Path | None = None,
    **options: Unpack[DataOptions],
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
        Facts and findings; with at least one error among these where `run` would refuse the data.

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
        return checkup.with_findings([from_notice(notice) for notice in notices])

    flags = {**dict.fromkeys(declared(DataOptions)), **options, "config": config}
    return visit(data, flags, look)


@spelled_out(RunOptions)
def audit(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    config: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[RunOptions],
) -> list[auditing.Check]:
    """Show that nothing before a cutoff depends on anything after it, from the raw file to the forecast.

    What lies after each cutoff is cut off, multiplied by a million, negated, blanked and shuffled in the file, and the
    whole way is gone again: the past, every choice and every forecast must be the same to the bit.

    Parameters
    ----------
    data, config, listener
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
    listener = listener or _Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags)
    ready = prepare(data, settings, flags={**flags, "config": config})
    for line in ready.lines:
        listener.say(line)
    table, loaded = raw_table(data, settings), ready.loaded
    columns = {"time": loaded.time, "target": loaded.target, "id": loaded.id}
    named = {name: column for name, column in columns.items() if column is not None}
    written = {**named, "layout": "long", "decimal": table.decimal, "delimiter": auditing.separator(table)}
    plain = {**written, "encoding": "auto", "sheet": "auto"}
    again = settings.model_copy(update={"data": settings.data.model_copy(update=plain)})
    factories, split = factories_of(settings), ready.split
    done, total = itertools.count(), (split.n_windows + 1) * (len(auditing.CHANGES) + 1)
    with one_thread():
        return auditing.audit(
            table,
            lambda path: panel_of(path, again, split),
            lambda _: factories,
            split,
            time=loaded.time,
            target=loaded.target,
            id=loaded.id,
            keep_rows=bool(settings.data.future),
            tick=lambda what: listener.progress(next(done), total, what),
        )


def gradcheck(network: str | None = None, *, seed: int = 0) -> dict[str, GradientReport]:
    """Hold analytic gradients against numeric ones: see `forecast.checks.check_gradients`."""
    return check_gradients(network, seed=seed)


def _came_to(checkup: Checkup, transform: str) -> list[str]:
    """Return what ``auto`` came to on all data and why, to stand beside the setting."""
    if transform != "auto":
        return []
    every = checkup.facts["series"]
    return [
        "what auto came to on all data; each cutoff chooses anew from its own past: see choices.json",
        *(
            f"{entry['name']}: {entry['series']} of {every} series, {entry['why']}"
            for entry in checkup.facts["transforms"]
        ),
    ]


def _for_models(settings: RunConfig, spent: float) -> float | None:
    """Return the seconds that are left for the models of a run with a budget, for it has pictures to draw as well."""
    if settings.seconds is None:
        return None
    return max(0.0, settings.seconds - spent - min(REPORT_SECONDS, 0.4 * settings.seconds))


def _totals(ready: Ready, settings: RunConfig, results: Results, workers: Workers, listener: Listener) -> Totals:
    """Return what the models forecast of sums of the series."""
    factories = factories_of(settings)
    done, total = itertools.count(), (len(ready.split.blocks) + 1) * len(factories)
    return Totals(
        ready.panel,
        settings.forecast.totals,
        factories,
        backtested=results.backtest,
        forecasts=results.forecasts,
        split=ready.split,
        do=lambda tasks: workers.do(
            perform, tasks, lambda task: listener.progress(next(done), total, f"totals: {task.model}")
        ),
    )


def _uncalibrated(coverage: pd.DataFrame) -> list[Notice]:
    """Return W215 for every interval of which errors are too few to say how often it covers."""
    lacking = coverage[coverage["windows_needed"] > 0].to_dict("records")
    return [
        Notice(
            "W215",
            f"the {row['interval']:g}% interval of {row['model']} is not calibrated: it takes {row['windows_needed']} "
            f"more test window{'s' if row['windows_needed'] > 1 else ''}",
        )
        for row in lacking
    ]


def _info(ready: Ready, settings: RunConfig, results: Results) -> dict[str, Any]:
    """Return run.json but for its command and timings."""
    loaded, checkup = ready.loaded, ready.checkup.to_json()
    frame = loaded.frame
    failures = [failure for fit in [*results.fits, results.final] for failure in fit.failures]
    title = settings.report.title
    return {
        "schema": 1,
        "status": "complete",
        "version": version("forecast"),
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": Path(loaded.name).stem if title == "auto" else title,
        "seed": settings.seed,
        "horizon": results.horizon,
        "n_windows": results.n_windows,
        "data": {
            "name": loaded.name,
            "sha256": loaded.sha256,
            "rows": int(frame["y"].notna().sum()),
            "series": int(frame["unique_id"].nunique()),
            "frequency": loaded.frequency.word,
            "season_length": loaded.season_length,
            "start": str(frame["ds"].min()).removesuffix(" 00:00:00"),
            "end": str(frame["ds"].max()).removesuffix(" 00:00:00"),
            "gaps": int(frame["y"].isna().sum()),
            "notes": list(loaded.notes),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("forecast", "numpy", "scipy", "pandas", "statsmodels", "matplotlib")},
            "system": f"{platform.system()} {platform.machine()}",
        },
        "notices": [vars(notice) for notice in (*ready.notices, *results.notices())],
        "failures": failures,
        "facts": checkup["facts"],
        "findings": checkup["findings"],
    }


def _command(data: str | Path | pd.DataFrame, flags: dict[str, Any], config: str | Path | None) -> str:
    """Return the line that makes the run again."""
    source = "DATA" if isinstance(data, pd.DataFrame) else data
    given = {name: value for name, value in flags.items() if value is not None}
    return command(source, {**environment(), **given, "config": config}, verb="run")


def _new_folder(name: str) -> Path:
    """Return a folder in ``reports/`` named after the data and the time, safe on every file system."""
    stem = name.split(".")[0]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem).strip("-")[:40]
    if plain != stem:
        plain = f"{plain or 'data'}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder, copies = Path(REPORTS_FOLDER) / f"{plain}-{stamp}", 1
    while folder.exists():
        copies += 1
        folder = folder.with_name(f"{plain}-{stamp}-{copies}")
    return folder
