"""The verbs: what the command line and the library can do, each from top to bottom on one screen.

The idea: `run` reads, checks, backtests, fits, forecasts and reports, and leaves one folder in which everything it
found out can be read again.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

from forecast import report
from forecast.account import (
    budget_account,
    budget_notices,
    budget_plan,
    budget_words,
    command_line,
    failure_notices,
    first_of,
    ration_words,
)
from forecast.allotment import allotted, for_table
from forecast.clock import Clock
from forecast.config import RunConfig, resolve
from forecast.defaults import ASSETS, DEFAULT_DATA, REPORTS_FOLDER
from forecast.engine import Workers, one_thread
from forecast.errors import Notice
from forecast.gates import refuse_warnings
from forecast.heap import give_back
from forecast.options import RunOptions, spelled_out
from forecast.ready import Ready, factories_of, for_intervals, named_factories, prepare
from forecast.record import WINDOWS, Record
from forecast.report.words import sureness
from forecast.results import Listener, Results, Silent
from forecast.runs import Run, load_run, new_folder, refuse_existing
from forecast.storage.files import no_formulas, require_free, require_writable, write_file
from forecast.storage.journal import Journal
from forecast.storage.request import Request
from forecast.storage.underway import refuse_begun, under_way
from forecast.streaming.by_chunks import ByChunks
from forecast.streaming.parquet_folders import WINDOW_SERIES, Sizes
from forecast.tuning import plan_search, tune
from forecast.verbs.inspection import audit, check, gradcheck, plan
from forecast.verbs.saved import predict_saved
from forecast.verbs.trials import Trial, require_windows, try_models
from forecast.verbs.whatif import whatif

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = [
    "Listener",
    "audit",
    "backtest",
    "check",
    "gradcheck",
    "plan",
    "plan_search",
    "predict",
    "run",
    "tune",
    "whatif",
]


@spelled_out(RunOptions)
def run(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    audit: bool = False,
    excel_safe: bool = False,
    assets: str = "inline",
    interactive: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    engine: str = "processes",
    resume: str | Path | None = None,
    listener: Listener | None = None,
    spent: float = 0.0,
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
    audit : bool
        Show for every window that nothing after its cutoff reaches before it; what was found stands in audit.json.
    excel_safe : bool
        Put a ``'`` before names of series that a spreadsheet would take for a formula, in all files of the folder.
    assets : {"inline", "separate"}
        Whether style, script and pictures stand in the page, or in files of their own beside it.
    interactive : bool
        Let the reader of the page zoom into its first picture and read values off it.
    config : path, optional
        A TOML file of settings; what is given here goes before it.
    jobs : int, optional
        Processes that work at once; by default one a core. The result does not depend on it.
    engine : str
        Where they work: ``processes`` beside this one; ``serial``, all in this one; ``dask``, a Dask cluster started on
        this machine (then a script needs the guard ``if __name__ == "__main__"``); or the address of one that runs,
        such as ``tcp://host:8786``. The result does not depend on it.
    resume : path, optional
        The ``.partial`` folder of a run that was interrupted: data and settings are those of that run, and no window
        that was finished is done again. The data must be given again where they were a frame or came through a pipe.
    listener : Listener, optional
        Told what happens.
    spent : float
        Seconds of a budget that have gone by already.

    Returns
    -------
    Run
        What stands in the folder: `Run.report` is the path of the page, `Run.forecasts` the forecast frame.

    Raises
    ------
    ForecastError
        `ConfigError`, `DataError`, `ModelError` or `FileError`, with a code, a message and a hint. Nothing is left
        behind then, but for a full disk (F105): what was finished is kept, and the hint says how to go on.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp() + "/nile"
    >>> result = run("nile", models=["naive"], horizon=5, out=folder)
    >>> result.report.name, len(result.forecasts)
    ('report.html', 10)
    """
    started = perf_counter() - spent
    listener = journal = Journal(listener or Silent(), started=started)
    asked = {"audit": audit, "excel_safe": excel_safe, "assets": assets, "interactive": interactive}
    request = _request(data, {**options}, asked, config=config, out=out, overwrite=overwrite, resume=resume)
    source, settings = data if resume is None else request.source(data), request.settings
    journal.note(request.command)
    clock = Clock(settings.seconds, spent=perf_counter() - started)
    ready = prepare(source, settings, flags=request.flags)
    request = request.about(ready.loaded.sha256)
    for line in ready.lines:
        listener.say(line)
    folder = request.folder or new_folder(ready.loaded.name)
    stages = {"data read and checked": perf_counter() - started}
    models = factories_of(settings)
    share = allotted(clock, ready, len(models), resumed=resume is not None)
    if settings.seconds is not None and share.fits is not None:
        listener.say(budget_plan(settings.seconds, share.fits, (ready.split.n_windows + 1) * len(models)))
        journal.note(f"a usual second takes {clock.pace:.1f} s here")
    with (
        one_thread(),
        under_way(folder, request, resume=resume is not None) as way,
        journal.kept(way.aside, folder),
        Workers(jobs, seconds=share.fits, engine=engine, kept=way.outcomes) as workers,
    ):
        about: dict[str, Any] = {"workers": workers, "listener": listener, "for_rows": share.rows}
        results = Results.of(settings, ready.panel, ready.split, models, **about)
        for line in first_of(results.notices()):
            listener.say(line)
        results.write(way.aside, clock)
        stages[WINDOWS] = perf_counter() - started - sum(stages.values())
        record = Record(request, source, ready, results, workers, journal, way.aside, clock)
        info = record.write(started=started, stages=stages)
        journal.note("report")
        report.render(way.aside, clock=clock)
        budget = record.close(info)
    if budget is not None:
        listener.say(budget_words(budget, clock.used))
    return load_run(folder)


@spelled_out(RunOptions)
def backtest(
    data: str | Path | pd.DataFrame,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    excel_safe: bool = False,
    chunk_series: int | None = None,
    sample_series: int | None = None,
    config: str | Path | None = None,
    jobs: int | None = None,
    engine: str = "processes",
    listener: Listener | None = None,
    spent: float = 0.0,
    **options: Unpack[RunOptions],
) -> Trial:
    """Compare the models on held-out windows, and nothing else: no forecast of the future, no report.

    Parameters
    ----------
    data, config, jobs, engine, listener, spent
        As for `run`.
    {options}
    output : path, optional
        A file to write the forecasts of the windows and what came to, as ``backtest.csv`` of a run; with
        `chunk_series` a folder of Parquet files.
    overwrite : bool
        Replace `output` if it is there.
    excel_safe : bool
        Put a ``'`` before names of series in it that a spreadsheet would take for a formula.
    chunk_series, sample_series : int, optional
        As for `predict`: at every cutoff the networks learn from the sample; see `forecast.streaming`.

    Raises
    ------
    ForecastError
        As for `run`; D124, when no window can be held out.

    Examples
    --------
    >>> trial = backtest("nile", models=["drift"], horizon=4, n_windows=3)
    >>> trial.n_windows, sorted(trial.leaderboard["model"])
    (3, ['drift', 'naive', 'seasonal_naive'])
    """
    started, listener = perf_counter() - spent, listener or Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags)
    target = None if output is None else Path(output)
    flags |= {"config": config}
    asked = {"chunk_series": chunk_series, "sample_series": sample_series}
    sizes = Sizes.of(data, target, **asked, usual_sample=WINDOW_SERIES)
    if sizes is not None and target is not None:
        chunks = ByChunks(str(data), settings, target, sizes, flags, overwrite, excel_safe)
        with one_thread(), Workers(jobs, engine=engine) as workers:
            return chunks.backtest(workers, listener)
    if target is not None:
        require_free(target, overwrite=overwrite)
    with one_thread(), Workers(jobs, engine=engine) as workers:
        ready = prepare(data, settings, flags=flags, facts=False)
        require_windows(ready)
        for line in ready.lines:
            listener.say(line)
        clock = Clock(settings.seconds, spent=perf_counter() - started)
        workers.end_in(for_table(clock, ready, len(factories_of(settings))))
        trial = try_models(ready, settings, workers, listener)
    less = [] if trial.ration is None else [Notice("W305", f"budget: {ration_words(trial.ration.account)}")]
    if settings.strict:
        refuse_warnings([*trial.notices, *less, *failure_notices(trial.leaderboard)])
    for notice in [*trial.notices, *less]:
        listener.say(str(notice))
    if trial.given_up:
        listener.say(f"{trial.given_up} of {ready.split.n_windows} windows given up to keep the budget")
    if target is not None:
        write_file(no_formulas(trial.backtest) if excel_safe else trial.backtest, target)
    return trial


@spelled_out(RunOptions)
def predict(
    data: str | Path | pd.DataFrame,
    *,
    from_run: str | Path | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    excel_safe: bool = False,
    chunk_series: int | None = None,
    sample_series: int | None = None,
    config: str | Path | None = None,
    jobs: int | None = None,
    engine: str = "processes",
    listener: Listener | None = None,
    spent: float = 0.0,
    **options: Unpack[RunOptions],
) -> pd.DataFrame:
    """Forecast, and nothing else: no report, no comparison; windows are held out only to learn how wide the bands are.

    Parameters
    ----------
    data, config, jobs, engine, listener, spent
        As for `run`.
    {options}
    from_run : path, optional
        A run folder: its models forecast these data, without training. Of the options those of reading, `models`,
        `horizon` (up to the run's), `level` (of the run's), `min`, `max` and `integer` go with it.
    output : path, optional
        A CSV to write to; with `chunk_series` a folder of Parquet files.
    overwrite : bool
        Replace `output` if it is there.
    excel_safe : bool
        Put a ``'`` before names of series that a spreadsheet would take for a formula.
    chunk_series : int, optional
        Read a folder of Parquet files so many series at a time, and write each chunk to a part of the folder `output`:
        see `forecast.streaming`. By default done where `output` is a folder and the rows are very many.
    sample_series : int, optional
        So many series, drawn by lot, are what networks and intervals learn from then.

    Returns
    -------
    DataFrame
        Columns ``unique_id, ds, model, y_hat``, then the ends of the intervals; for the models that were named (where
        none was, the network, or all that the run has saved), without baselines. Where chunks were written, a row for
        each of them instead: ``part, series, rows``.

    Raises
    ------
    ForecastError
        As for `run`; with `from_run` M201, when data and models do not fit or the data end earlier than those of the
        run, and M202, when a file of a model is damaged; by chunks D125, when a series stands in two files.

    Examples
    --------
    >>> predict("nile", models=["naive"], horizon=2)[["ds", "y_hat"]]
              ds  y_hat
    0 1971-01-01  740.0
    1 1972-01-01  740.0
    """
    started, listener = perf_counter() - spent, listener or Silent()
    flags: dict[str, Any] = {**options, "config": config}
    target = None if output is None else Path(output)
    sizes = Sizes.of(data, target, chunk_series=chunk_series, sample_series=sample_series, from_run=from_run)
    if sizes is not None and target is not None:
        settings = _for_predict(options, config)
        chunks = ByChunks(str(data), settings, target, sizes, flags, overwrite, excel_safe)
        with one_thread(), Workers(jobs, engine=engine) as workers:
            return chunks.forecast(workers, listener)
    if target is not None:
        require_free(target, overwrite=overwrite)
    if from_run is not None:
        with one_thread():
            frame = predict_saved(data, Path(from_run), flags, listener)
    else:
        settings = _for_predict(options, config)
        with one_thread(), Workers(jobs, engine=engine) as workers:
            ready = for_intervals(prepare(data, settings, flags=flags, facts=False), settings)
            give_back()
            for line in ready.lines:
                listener.say(line)
            clock = Clock(settings.seconds, spent=perf_counter() - started)
            workers.end_in(for_table(clock, ready, len(named_factories(settings))))
            frame = _forecast(ready, settings, workers, listener, started=started)
    frame = no_formulas(frame) if excel_safe else frame
    if target is not None:
        write_file(frame, target)
    return frame


def _for_predict(options: Mapping[str, Any], config: str | Path | None) -> RunConfig:
    """Return the settings of a forecast alone: it is the network's unless models are named."""
    return resolve(Path(config) if config is not None else None, dict(options), default_models=("mlp",))


def _forecast(
    ready: Ready, settings: RunConfig, workers: Workers, listener: Listener, *, started: float
) -> pd.DataFrame:
    """Return what the named models forecast, and say what there is to be said of it."""
    results = Results.of(
        settings, ready.panel, ready.split, named_factories(settings), workers=workers, listener=listener
    )
    budget = budget_account(settings, results, planned=ready.split.n_windows, cut=workers.cut)
    if settings.strict:
        refuse_warnings([*results.notices(), *budget_notices(budget), *failure_notices(results.leaderboard)])
    for line in [*map(str, results.notices()), *map(sureness, results.coverage.to_dict("records"))]:
        listener.say(line)
    if budget is not None:
        listener.say(budget_words(budget, perf_counter() - started))
    return results.forecasts.drop(columns=["cutoff", "step"])


def _request(
    data: str | Path | pd.DataFrame,
    flags: dict[str, Any],
    asked: dict[str, Any],
    *,
    config: str | Path | None,
    out: str | Path | None,
    overwrite: bool,
    resume: str | Path | None,
) -> Request:
    """Return what a run is asked for, now or when it was begun; its folder may be written, or the run is refused."""
    given = flags | {name: wanted for name, wanted in asked.items() if wanted not in (False, ASSETS[0])}
    if resume is None:
        command = command_line(data, given, config)
        request = Request.made(data, flags, config, command=command, out=out, overwrite=overwrite, **asked)
    else:
        request = Request.resumed(Path(resume), given, out=out)
    if request.folder is None:
        require_writable(Path(REPORTS_FOLDER) / "new", flag="--out")
    else:
        (refuse_begun if resume is None else refuse_existing)(request.folder, overwrite=request.overwrite)
    return request
