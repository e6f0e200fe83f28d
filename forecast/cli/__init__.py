"""The command line: the thin twin of `forecast.pipeline`.

The idea: a command parses its words, calls the function of the same name, and prints. Everything heavy is loaded
inside the commands, so that help is quick; every failure a user can mend ends in `main`, in one form.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from forecast import __version__
from forecast.cli.group import CONTEXT, lazily
from forecast.errors import ForecastError

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = {
    "run": ("running", "Check, backtest, fit, forecast and report, in one folder."),
    "backtest": ("running", "Scores of the models on held-out windows, no forecast."),
    "predict": ("running", "Forecasts as CSV, no report."),
    "tune": ("tuning", "Better settings, searched before the test windows."),
    "whatif": ("tuning", "Forecasts under two plans, and what differs."),
    "score": ("finished", "Forecasts of a finished run against what came."),
    "compare": ("finished", "One table of the models of several runs."),
    "report": ("finished", "The page of a finished run made again."),
    "check": ("looking", "What is in the data, what is wrong, how to repair it."),
    "data": ("reference", "The bundled sets, or one of them as CSV."),
    "models": ("reference", "The models, or the settings of one."),
    "config": ("reference", "A file of settings, or those in force."),
    "errors": ("reference", "What an error or warning means and how to mend it."),
    "audit": ("looking", "Proof that nothing after a cutoff reaches before it."),
    "gradcheck": ("looking", "Analytic gradients against numeric ones."),
    "doctor": ("reference", "Versions, threads, fonts, disk and a self-test."),
}
"""Every command in the order of the help: the module here whose function has its name, and its line in the help."""

app = typer.Typer(
    cls=lazily(COMMANDS),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings=CONTEXT,
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
