"""The verbs: what the command line and the library can do, each from top to bottom on one screen.

The idea: `run` reads, checks, backtests, fits, forecasts and reports, and leaves one folder in which everything it
found out can be read again.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

from forecast import inspection, report
from forecast.account import (
    budget_account,
    budget_notices,
    budget_words,
    came_to,
    command_line,
    described,
    failure_notices,
    first_of,
)
from forecast.audit import require_no_leak
from forecast.changes import changes
from forecast.chunks import doer
from forecast.config import RunConfig, resolve
from forecast.defaults import DEFAULT_DATA
from forecast.engine import Workers, one_thread
from forecast.errors import DataError, ModelError
from forecast.evidence import checked
from forecast.files import guard_names, no_formulas, require_free, write_csv, write_file, write_json
from forecast.gates import refuse_warnings
from forecast.inspection import audit, check, gradcheck, plan
from forecast.journal import Journal
from forecast.options import RunOptions, spelled_out
from forecast.ready import Ready, enough_windows, factories_of, prepare
from forecast.report.words import sureness
from forecast.request import Request
from forecast.results import Listener, Results, Silent
from forecast.runs import Run, load_run, new_folder, refuse_existing
from forecast.saved import FOLDER, predict_saved, write_models
from forecast.scoring import metric_of
from forecast.spread import other_seeds, spread_of
from forecast.streaming import Sizes, forecast_chunks
from forecast.totals import Totals
from forecast.trials import Trial, try_models
from forecast.tuning import tune
from forecast.underway import under_way
from forecast.whatif import whatif

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Listener", "audit", "backtest", "check", "gradcheck", "plan", "predict", "run", "tune", "whatif"]


REPORT_SECONDS, TABLE_SECONDS = 4.0, 1.0
"""What is kept of a budget of time for what follows the models: the page of a run, or the table of a forecast."""


@spelled_out(RunOptions)
def run(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    audit: bool = False,
    excel_safe: bool = False,
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
    flags: dict[str, Any] = {**options}
    beside = {"audit": audit or None, "excel_safe": excel_safe or None}
    if resume is None:
        command, asked = command_line(data, flags | beside, config), {"audit": audit, "excel_safe": excel_safe}
        request = Request.made(data, flags, config, command=command, out=out, overwrite=overwrite, **asked)
    else:
        request = Request.resumed(Path(resume), flags | beside, out=out)
    settings = request.settings
    if request.folder is not None:
        refuse_existing(request.folder, overwrite=request.overwrite)
    source = data if resume is None else request.source(data)
    journal.note(request.command)
    ready = prepare(source, settings, flags=request.flags)
    request = request.about(ready.loaded.sha256)
    for line in ready.lines:
        listener.say(line)
    folder = request.folder or new_folder(ready.loaded.name)
    seconds = _for_models(settings, perf_counter() - started, REPORT_SECONDS)
    with (
        one_thread(),
        under_way(folder, request, resume=resume is not None) as way,
        journal.kept(way.aside, folder),
        Workers(jobs, seconds=seconds, engine=engine, kept=way.outcomes) as workers,
    ):
        aside = way.aside
        results = Results(
            ready.panel,
            factories_of(settings),
            ready.split,
            settings.forecast,
            combination=settings.models.combination,
            metric=settings.backtest.metric,
            seed=settings.seed,
            workers=workers,
            listener=listener,
        )
        for line in first_of(results.notices()):
            listener.say(line)
        results.write(aside)
        checks, checking = checked(source, settings, ready, results)
        write_json({"checks": checks}, aside / "checks.json")
        if len(changed := changes(ready.panel, settings)):
            write_csv(changed, aside / "changes.csv")
        without = bool(settings.forecast.totals) and not _add_totals(ready, settings, results, workers, listener, aside)
        budget = budget_account(
            settings, results, planned=ready.split.n_windows, cut=workers.cut, without_totals=without
        )
        write_models(results, ready.loaded, aside / FOLDER)
        write_csv(ready.loaded.frame, aside / "history.csv")
        text = settings.to_toml({"data.transform": came_to(ready.checkup, settings.data.transform)})
        (aside / "config.toml").write_text(text, encoding="utf-8", newline="\n")
        (aside / "command.txt").write_text(request.command + "\n", encoding="utf-8", newline="\n")
        info = described(ready, settings, results) | {"command": request.command, "budget": budget}
        info["notices"] += [vars(notice) for notice in budget_notices(budget)]
        if settings.strict:
            refuse_warnings([*results.notices(), *budget_notices(budget), *failure_notices(results.leaderboard)])
        info["timings"] = {"models": results.final.timings, "checks": checking, "total": perf_counter() - started}
        if settings.seeds > 1:
            info["seeds"] = _add_seeds(ready, settings, results, workers, listener, aside)
        if request.audit:
            given = {name: value for name, value in request.flags.items() if name != "config"}
            proofs = inspection.audit(source, config=request.config, listener=listener, **given)
            write_json({"schema": 1, "checks": [vars(proof) for proof in proofs]}, aside / "audit.json")
            require_no_leak(proofs)
        for failure in info["failures"]:
            journal.note(f"{failure['model']} failed: {failure['reason']}")
        if request.excel_safe:
            info["excel_safe"] = True
            guard_names(aside)
        write_json(info, aside / "run.json")
        journal.note("report")
        report.render(aside)
    if budget is not None:
        listener.say(budget_words(budget, perf_counter() - started))
    return load_run(folder)


@spelled_out(RunOptions)
def backtest(
    data: str | Path | pd.DataFrame,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    excel_safe: bool = False,
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
        A file to write the forecasts of the windows and what came to, as ``backtest.csv`` of a run.
    overwrite : bool
        Replace `output` if it is there.
    excel_safe : bool
        Put a ``'`` before names of series in it that a spreadsheet would take for a formula.

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
    if target is not None:
        require_free(target, overwrite=overwrite)
    ready = prepare(data, settings, flags={**flags, "config": config})
    if not ready.split.n_windows:
        what = f"horizon {ready.split.horizon} leaves no window of {ready.loaded.name} to test on"
        raise DataError("D124", what, hint="a smaller --horizon, or --n-windows 1")
    for line in ready.lines:
        listener.say(line)
    seconds = _for_models(settings, perf_counter() - started, TABLE_SECONDS)
    with one_thread(), Workers(jobs, seconds=seconds, engine=engine) as workers:
        trial = try_models(ready, settings, workers, listener)
    if settings.strict:
        refuse_warnings([*trial.notices, *failure_notices(trial.leaderboard)])
    for notice in trial.notices:
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
    flags: dict[str, Any] = {**options}
    target = None if output is None else Path(output)
    sizes = Sizes.of(data, target, chunk_series=chunk_series, sample_series=sample_series, from_run=from_run)
    if sizes is not None and target is not None:
        settings = resolve(Path(config) if config is not None else None, flags, default_models=("mlp",))
        with one_thread(), Workers(jobs, engine=engine) as workers:
            return forecast_chunks(
                str(data),
                settings,
                target,
                sizes,
                flags={**flags, "config": config},
                overwrite=overwrite,
                excel_safe=excel_safe,
                workers=workers,
                listener=listener,
            )
    if target is not None:
        require_free(target, overwrite=overwrite)
    if from_run is not None:
        with one_thread():
            frame = predict_saved(data, Path(from_run), {**flags, "config": config}, listener)
        frame = no_formulas(frame) if excel_safe else frame
        if target is not None:
            write_file(frame, target)
        return frame
    settings = resolve(Path(config) if config is not None else None, flags, default_models=("mlp",))
    ready = prepare(data, settings, flags={**flags, "config": config})
    ready = replace(ready, split=replace(ready.split, n_windows=enough_windows(ready, settings)))
    for line in ready.lines:
        listener.say(line)
    named = settings.models.model_fields_set
    factories = {name: make for name, make in factories_of(settings).items() if name in named}
    seconds = _for_models(settings, perf_counter() - started, TABLE_SECONDS)
    with one_thread(), Workers(jobs, seconds=seconds, engine=engine) as workers:
        results = Results(
            ready.panel,
            factories,
            ready.split,
            settings.forecast,
            combination=settings.models.combination,
            metric=settings.backtest.metric,
            seed=settings.seed,
            workers=workers,
            listener=listener,
        )
        budget = budget_account(settings, results, planned=ready.split.n_windows, cut=workers.cut)
    if settings.strict:
        refuse_warnings([*results.notices(), *budget_notices(budget), *failure_notices(results.leaderboard)])
    for line in [*map(str, results.notices()), *map(sureness, results.coverage.to_dict("records"))]:
        listener.say(line)
    if budget is not None:
        listener.say(budget_words(budget, perf_counter() - started))
    frame = results.forecasts.drop(columns=["cutoff", "step"])
    frame = no_formulas(frame) if excel_safe else frame
    if target is not None:
        write_file(frame, target)
    return frame


def _for_models(settings: RunConfig, spent: float, after: float) -> float | None:
    """Return the seconds that a budget leaves for the models, for something comes `after` them as well.

    On a busy machine that takes longer, as what came before them did; at most two fifths are kept for it.
    """
    if settings.seconds is None:
        return None
    kept = min(max(after, 2.0 * spent), 0.4 * settings.seconds)
    return max(0.0, settings.seconds - spent - kept)


def _add_seeds(
    ready: Ready, settings: RunConfig, results: Results, workers: Workers, listener: Listener, folder: Path
) -> list[dict[str, Any]]:
    """Write how the networks do with other seeds, say how far these lie apart, and return that."""
    seeds = other_seeds(ready, settings, results.leaderboard, workers, listener)
    write_csv(seeds, folder / "seeds.csv")
    spread = spread_of(seeds, metric_of(results.quantile, results.metric))
    for one in spread:
        between = f"{one['metric']} {one['min']:.3f} to {one['max']:.3f}, standard deviation {one['sd']:.3f}"
        listener.say(f"{one['model']} with {one['seeds']} seeds: {between}")
    return spread


def _add_totals(
    ready: Ready, settings: RunConfig, results: Results, workers: Workers, listener: Listener, folder: Path
) -> bool:
    """Write what the models forecast of sums of the series; False where a budget left no time for it."""
    factories = factories_of(settings)
    done, total = itertools.count(), (len(ready.split.blocks) + 1) * len(factories)
    try:
        Totals(
            ready.panel,
            settings.forecast.totals,
            factories,
            backtested=results.backtest,
            forecasts=results.forecasts,
            split=ready.split,
            do=doer(workers, lambda task: listener.progress(next(done), total, f"totals: {task.model}")),
        ).write(folder)
    except ModelError:
        if settings.seconds is None:
            raise
        return False
    return True
