"""Commands that fit models: a whole run, the scores alone, the forecasts alone.

The idea: each parses its words, calls the function of `forecast.pipeline` that has its name, and prints what
comes back.
"""

import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from forecast.cli.flags import settings_file, takes
from forecast.cli.parameters import Data, Engine, Jobs, Json, Output, Overwrite, Settings
from forecast.cli.printing import print_json, print_rows
from forecast.cli.telling import tells
from forecast.defaults import DEFAULT_DATA
from forecast.options import RunOptions
from forecast.terminal import Terminal, board_cells, board_remarks

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
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    resume: Annotated[
        Path | None,
        typer.Option("--resume", help="The .partial folder of an interrupted run, to go on with."),
    ] = None,
    **options: Any,
) -> None:
    """Check, backtest, fit, forecast and report; prints the path of the report.

    Example: forecast run sales.csv --target units --horizon 12
    """
    begun = perf_counter()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    result = pipeline.run(
        data,
        out=out,
        overwrite=overwrite,
        config=settings_file(config, terminal),
        jobs=jobs,
        engine=engine,
        resume=resume,
        listener=terminal,
        spent=perf_counter() - begun,
        **options,
    )
    terminal.leaderboard(result.leaderboard)
    terminal.say(result.verdict)
    print(result.report, flush=True)


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
    **options: Any,
) -> None:
    """Compare the models on held-out windows and print their scores, the best first; no forecast, no report.

    Example: forecast backtest sales.csv --horizon 12 --models mlp,ets
    """
    begun = perf_counter()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    trial = pipeline.backtest(
        data,
        output=output,
        overwrite=overwrite,
        config=settings_file(config, terminal),
        jobs=jobs,
        engine=engine,
        listener=terminal,
        spent=perf_counter() - begun,
        **options,
    )
    terminal.stop()
    if json:
        about = {"schema": 1, "metric": trial.metric, "horizon": trial.horizon, "n_windows": trial.n_windows}
        print_json(about | {"models": trial.leaderboard.to_dict("records")})
    else:
        print_rows(*board_cells(trial.leaderboard))
        for line in board_remarks(trial.leaderboard):
            terminal.say(line)


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
    **options: Any,
) -> None:
    """Forecast and write the forecasts as CSV, by the network unless --models names others; no report.

    With --from RUN the models of a run forecast newer data of the same kind, without training.

    Example: forecast predict sales.csv --horizon 12 --output next-year.csv
    """
    begun = perf_counter()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    frame = pipeline.predict(
        data,
        from_run=from_run,
        output=output,
        overwrite=overwrite,
        config=settings_file(config, terminal) if from_run is None else config,
        jobs=jobs,
        engine=engine,
        listener=terminal,
        spent=perf_counter() - begun,
        **options,
    )
    terminal.stop()
    if output is None:
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        sys.stdout.flush()
