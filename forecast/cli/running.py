"""Commands that fit models: a whole run, the scores alone, the forecasts alone.

The idea: each parses its words, calls the function of `forecast.pipeline` that has its name, and prints what
comes back.
"""

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal

import typer

from forecast.cli.answers import print_forecasts, print_plan, print_run, read_condition, refuse_plan, stop_if
from forecast.cli.flags import settings_file, takes
from forecast.cli.parameters import (
    Assets,
    ChunkSeries,
    Data,
    DryRun,
    Engine,
    ExcelSafe,
    FailIf,
    Interactive,
    Jobs,
    Json,
    Open,
    Output,
    Overwrite,
    SampleSeries,
    Settings,
)
from forecast.cli.printing import print_csv, print_json, print_rows, show_page
from forecast.cli.telling import tells
from forecast.cli.terminal import Terminal, board_cells, board_remarks
from forecast.clock import begun
from forecast.defaults import DEFAULT_DATA
from forecast.errors import ConfigError
from forecast.options import RunOptions

__all__ = ["backtest", "predict", "run"]


@takes(RunOptions)
@tells
def run(
    terminal: Terminal,
    data: Data = DEFAULT_DATA,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The run folder.", show_default="a new one in reports/")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run folder --out.")] = False,
    audit: Annotated[bool, typer.Option("--audit", help="Prove for every window that no model looks ahead.")] = False,
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    resume: Annotated[
        Path | None,
        typer.Option("--resume", help="The .partial folder of an interrupted run, to go on with."),
    ] = None,
    json: Json = False,
    dry_run: DryRun = False,
    fail_if: FailIf = None,
    excel_safe: ExcelSafe = False,
    assets: Assets = "inline",
    interactive: Interactive = False,
    browse: Open = False,
    **options: Any,
) -> None:
    """Check, backtest, fit, forecast and report; prints the path of the report.

    Example: forecast run sales.csv --target units --horizon 12
    """
    start = begun()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    file = settings_file(config, terminal)
    given: dict[str, Any] = {"config": file, "jobs": jobs, **options}
    condition = read_condition(fail_if, file, options, resume=resume)
    if dry_run:
        refuse_plan("--resume", resume)
        print_plan(pipeline.plan(data, verb="run", out=out, overwrite=overwrite, **given), json=json)
        return
    result = pipeline.run(
        data,
        out=out,
        overwrite=overwrite,
        audit=audit,
        excel_safe=excel_safe,
        assets=assets,
        interactive=interactive,
        engine=engine,
        resume=resume,
        listener=terminal,
        spent=perf_counter() - start,
        **given,
    )
    terminal.leaderboard(result.leaderboard)
    terminal.say(result.verdict)
    if json:
        print_run(result)
    else:
        print(result.report, flush=True)
    if browse:
        show_page(result.report)
    stop_if(condition, result.leaderboard, result.metrics["metric"], terminal)


@takes(RunOptions)
@tells
def backtest(
    terminal: Terminal,
    data: Data,
    output: Annotated[
        Path | None, typer.Option("--output", help="A CSV of the forecasts of the windows.", show_default="none")
    ] = None,
    overwrite: Overwrite = False,
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    json: Json = False,
    dry_run: DryRun = False,
    fail_if: FailIf = None,
    excel_safe: ExcelSafe = False,
    chunk_series: ChunkSeries = None,
    sample_series: SampleSeries = None,
    **options: Any,
) -> None:
    """Compare the models on held-out windows and print their scores, the best first; no forecast, no report.

    A folder of Parquet files that memory does not hold is read by --chunk-series; windows and scores go to the folder
    --output.

    Example: forecast backtest sales.csv --horizon 12 --models mlp,ets
    """
    start = begun()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    file = settings_file(config, terminal)
    given: dict[str, Any] = {"config": file, "jobs": jobs, **options}
    condition = read_condition(fail_if, file, options)
    if dry_run:
        _refuse_chunks(chunk_series, sample_series)
        print_plan(pipeline.plan(data, verb="backtest", out=output, overwrite=overwrite, **given), json=json)
        return
    trial = pipeline.backtest(
        data,
        output=output,
        overwrite=overwrite,
        excel_safe=excel_safe,
        chunk_series=chunk_series,
        sample_series=sample_series,
        engine=engine,
        listener=terminal,
        spent=perf_counter() - start,
        **given,
    )
    terminal.stop()
    if json:
        about = {"schema": 1, "metric": trial.metric, "horizon": trial.horizon, "n_windows": trial.n_windows}
        print_json(about | {"models": trial.leaderboard.to_dict("records")})
    else:
        print_rows(*board_cells(trial.leaderboard))
        for line in board_remarks(trial.leaderboard):
            terminal.say(line)
    stop_if(condition, trial.leaderboard, trial.metric, terminal)


@takes(RunOptions)
@tells
def predict(
    terminal: Terminal,
    data: Data,
    from_run: Annotated[
        Path | None, typer.Option("--from", help="A run folder: forecast by its models, without training.")
    ] = None,
    output: Output = None,
    overwrite: Overwrite = False,
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    form: Annotated[
        Literal["csv", "json"], typer.Option("--format", help="Of what is printed; --output has a suffix.")
    ] = "csv",
    json: Json = False,
    dry_run: DryRun = False,
    excel_safe: ExcelSafe = False,
    chunk_series: ChunkSeries = None,
    sample_series: SampleSeries = None,
    **options: Any,
) -> None:
    """Forecast and write the forecasts as CSV, by the network unless --models names others; no report.

    With --from RUN the models of a run forecast newer data of the same kind, without training. A folder of Parquet
    files that memory does not hold is read by --chunk-series, and forecast into the folder --output.

    Example: forecast predict sales.csv --horizon 12 --output next-year.csv
    """
    start = begun()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    file = settings_file(config, terminal) if from_run is None else config
    given: dict[str, Any] = {"config": file, "jobs": jobs, **options}
    json = json or form == "json"
    if dry_run:
        _refuse_chunks(chunk_series, sample_series)
        refuse_plan("--from", from_run)
        print_plan(pipeline.plan(data, verb="predict", out=output, overwrite=overwrite, **given), json=json)
        return
    frame = pipeline.predict(
        data,
        from_run=from_run,
        output=output,
        overwrite=overwrite,
        engine=engine,
        excel_safe=excel_safe,
        chunk_series=chunk_series,
        sample_series=sample_series,
        listener=terminal,
        spent=perf_counter() - start,
        **given,
    )
    terminal.stop()
    if output is None and json:
        print_forecasts(frame)
    elif output is None:
        print_csv(frame)


def _refuse_chunks(chunk_series: int | None, sample_series: int | None) -> None:
    """Refuse a plan of chunks."""
    if chunk_series or sample_series:
        what = "--dry-run plans what is read at once, not chunks"
        raise ConfigError("U101", what, hint="without --chunk-series and --sample-series, or without --dry-run")
