"""The command line: the thin twin of `forecast.pipeline`.

The idea: a command parses its words, calls the function of the same name, and prints. Everything heavy is loaded
inside the commands, so that help is quick; every failure a user can mend ends in `main`, in one form.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from forecast import __version__
from forecast.cli.group import CONTEXT, lazily
from forecast.cli.usage import explained, is_usage, retyped
from forecast.errors import ForecastError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "main"]

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

PACKAGE = Path(__file__).parent.parent
COMPLETE = "_FORECAST_COMPLETE"
"""The variable by which a shell asks what may follow."""


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 our bug, 2 usage, 3 data, 4 model, 5 files, 130 interrupted."""
    try:
        code = _application(sys.argv[1:])(prog_name="forecast", standalone_mode=False) or 0
    except Exception as error:
        if os.environ.get("FORECAST_TRACEBACK") and not isinstance(error, ForecastError) and not is_usage(error):
            raise
        code = _said(error)
    sys.exit(code)


def _said(error: Exception) -> int:
    """Say on standard error what went wrong, and return the exit code for it."""
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error, file=sys.stderr)
        return 2
    if is_usage(error):
        error = explained(error)
    if isinstance(error, ForecastError):
        print(retyped(error, sys.argv[1:]).explain(), file=sys.stderr)
        return error.exit_code
    print(_internal(error), file=sys.stderr)
    return 1


def _application(words: Sequence[str]) -> typer.Typer:
    """Return the command line; what completes words in a shell is loaded only where no command is typed."""
    app = typer.Typer(
        cls=lazily(COMMANDS),
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=COMPLETE in os.environ or not (words and words[0] in COMMANDS),
        no_args_is_help=True,
        context_settings=CONTEXT,
    )
    app.callback()(forecast)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"forecast {__version__}")
        raise typer.Exit


def forecast(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Forecast time series with a backpropagation network, fairly compared.

    Example: forecast run sales.csv --horizon 12
    """


def _internal(error: Exception) -> str:
    """Return what is said of a failure that is ours: its kind, its last place in the package, how to see the rest."""
    trace, place = error.__traceback__, "an unknown place"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE):
            place = f"{file.relative_to(PACKAGE).as_posix()}:{trace.tb_lineno}"
        trace = trace.tb_next
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    return (
        f"internal error in {place}: {type(error).__name__}: {error}{notes}\n"
        "  This is a bug of forecast. Set FORECAST_TRACEBACK=1 to see the whole trace, and please report it with what"
        " `forecast doctor --json` prints."
    )
