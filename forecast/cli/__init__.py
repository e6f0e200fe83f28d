"""The command line: the thin twin of `forecast.pipeline`.

The idea: a command parses its words, calls the function of the same name, and prints. Everything heavy is loaded
inside the commands, so that help is quick; every failure a user can mend ends in `main`, in one form.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, NoReturn

import typer

from forecast import __version__
from forecast.cli.finished import compare, report, score
from forecast.cli.flags import settings_file, takes
from forecast.cli.printing import polite, print_json, print_rows
from forecast.cli.reference import config, data, doctor, errors, models
from forecast.cli.tuning import tune
from forecast.defaults import BUNDLED, DEFAULT_DATA
from forecast.errors import ForecastError, ModelError
from forecast.options import DataOptions, RunOptions
from forecast.terminal import Terminal, board_cells, board_remarks

__all__ = ["app", "main"]

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 our bug, 2 usage, 3 data, 4 model, 5 files, 130 interrupted."""
    try:
        app()
    except ForecastError as error:
        print(error.explain(), file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("FORECAST_TRACEBACK"):
            raise
        print(_internal(error), file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"forecast {__version__}")
        raise typer.Exit


@app.callback()
def forecast(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Forecast time series with a backpropagation network, fairly compared.

    Example: forecast run sales.csv --horizon 12
    """


@app.command()
@takes(RunOptions)
def run(
    data: Annotated[
        str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")
    ] = DEFAULT_DATA,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The run folder.", show_default="a new one in reports/")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run folder --out.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes that work at once.", show_default="one a core")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the path and errors.")] = False,
    **options: Any,
) -> None:
    """Check, backtest, fit, forecast and report; prints the path of the report.

    Example: forecast run sales.csv --target units --horizon 12
    """
    begun = perf_counter()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    with polite(), Terminal(quiet=quiet) as terminal:
        result = pipeline.run(
            data,
            out=out,
            overwrite=overwrite,
            config=settings_file(config),
            jobs=jobs,
            listener=terminal,
            spent=perf_counter() - begun,
            **options,
        )
        terminal.leaderboard(result.leaderboard)
        terminal.say(result.verdict)
        print(result.report, flush=True)


@app.command()
@takes(RunOptions)
def backtest(
    data: Annotated[str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="A CSV of the forecasts of the windows.", show_default="none")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace --output if it is there.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes that work at once.", show_default="one a core")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the scores and errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **options: Any,
) -> None:
    """Compare the models on held-out windows and print their scores, the best first; no forecast, no report.

    Example: forecast backtest sales.csv --horizon 12 --models mlp,ets
    """
    begun = perf_counter()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    with polite():
        with Terminal(quiet=quiet) as terminal:
            trial = pipeline.backtest(
                data,
                output=output,
                overwrite=overwrite,
                config=settings_file(config),
                jobs=jobs,
                listener=terminal,
                spent=perf_counter() - begun,
                **options,
            )
        if json:
            about = {"schema": 1, "metric": trial.metric, "horizon": trial.horizon, "n_windows": trial.n_windows}
            print_json(about | {"models": trial.leaderboard.to_dict("records")})
        else:
            print_rows(*board_cells(trial.leaderboard))
            for line in board_remarks(trial.leaderboard):
                terminal.say(line)


@app.command()
@takes(RunOptions)
def predict(
    data: Annotated[str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="A CSV to write to.", show_default="standard output")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace --output if it is there.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes that work at once.", show_default="one a core")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the forecasts and errors.")] = False,
    **options: Any,
) -> None:
    """Forecast and write the forecasts as CSV, by the network unless --models names others; no report.

    Example: forecast predict sales.csv --horizon 12 --output next-year.csv
    """
    begun = perf_counter()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    with polite(), Terminal(quiet=quiet) as terminal:
        file = settings_file(config)
        frame = pipeline.predict(
            data,
            output=output,
            overwrite=overwrite,
            config=file,
            jobs=jobs,
            listener=terminal,
            spent=perf_counter() - begun,
            **options,
        )
        if output is None:
            frame.to_csv(sys.stdout, index=False, lineterminator="\n")
            sys.stdout.flush()


@app.command()
@takes(DataOptions)
def check(
    data: Annotated[str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **options: Any,
) -> None:
    """Say what is in the data, what is wrong with them and how to repair it; exits 3 where a run would refuse.

    Example: forecast check sales.csv --target units
    """
    from forecast import pipeline
    from forecast.cards import print_checkup

    with polite():
        checkup = pipeline.check(data, config=settings_file(config), **options)
        print_checkup(checkup, json=json)
    raise typer.Exit(checkup.exit_code)


@app.command()
@takes(RunOptions)
def audit(
    data: Annotated[
        str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")
    ] = DEFAULT_DATA,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    **options: Any,
) -> None:
    """Change what lies after each cutoff in the file, and show that nothing before it moves; exits 4 where it does.

    Example: forecast audit sales.csv --models arima --n-windows 2
    """
    from forecast import pipeline
    from forecast.audit import CONTROL

    with polite(), Terminal(quiet=False) as terminal:
        checks = pipeline.audit(data, config=settings_file(config), listener=terminal, **options)
        print("cutoff\tafter it\tmoved")
        for check in checks:
            print(check.cutoff, check.change, ", ".join(check.moved) or "nothing", sep="\t")
        wrong = [check for check in checks if bool(check.moved) != (check.cutoff == CONTROL)]
        if wrong:
            first = wrong[0]
            what = f"{', '.join(first.moved)} moved" if first.moved else "a model that looks ahead was not found"
            where = f"{first.cutoff}, {first.change}: {what}"
            raise ModelError("M106", f"{len(wrong)} of {len(checks)} checks failed: {where}")


@app.command()
def gradcheck(
    network: Annotated[
        str | None, typer.Argument(help="An activation, a loss, or module:attribute of your own.", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of parameters, batch and directions.")] = 0,
) -> None:
    """Hold the gradients of the network library, or of your own layer, loss or network, against numeric ones.

    Example: forecast gradcheck tanh
    """
    from forecast import pipeline

    with polite():
        reports = pipeline.gradcheck(network, seed=seed)
        print("checked\tanalytic\tnumeric\terror\tpassed")
        for name, report in reports.items():
            for analytic, numeric, size in zip(report.analytic, report.numeric, report.size, strict=True):
                error = abs(analytic - numeric) / max(size, 1e-12)
                print(name, f"{analytic:.9g}", f"{numeric:.9g}", f"{error:.1e}", error < report.tolerance, sep="\t")
        wrong = [name for name, report in reports.items() if not report.passed]
        if wrong:
            raise ModelError("M104", f"wrong gradient: {', '.join(wrong)}")


for _command in (tune, report, compare, score, data, models, errors, doctor):
    app.command()(_command)
app.add_typer(config, name="config")


def _internal(error: Exception) -> str:
    """Return what is said of a failure that is ours: its kind and place, and how to see the rest."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    return (
        f"internal error in {place}: {type(error).__name__}: {error}\n"
        "  This is a bug of forecast. Set FORECAST_TRACEBACK=1 to see the whole trace, and please report it with what"
        " `forecast doctor --json` prints."
    )
