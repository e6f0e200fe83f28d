"""The command line: the thin twin of `forecast.pipeline`.

The idea: a command parses its words, calls the function of the same name, and prints. Everything heavy is loaded
inside the commands, so that help is quick; every failure a user can mend ends in `main`, in one form.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, Self

import typer

from forecast import __version__
from forecast.defaults import BUNDLED, DEFAULT_DATA, MODEL_NAMES
from forecast.errors import ConfigError, ForecastError, ModelError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    import pandas as pd

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


@contextmanager
def _polite() -> Iterator[None]:
    """End quietly where the user or the reader of a pipe wants to hear no more; typer itself would not."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        # Nothing more may be written, not even when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


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
def run(
    data: Annotated[
        str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")
    ] = DEFAULT_DATA,
    horizon: Annotated[
        int | None, typer.Option("--horizon", "-H", help="Steps to forecast.", show_default="by frequency")
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", "-t", help="The column of times.", show_default="inferred")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-y", help="The column to forecast.", show_default="inferred")
    ] = None,
    id: Annotated[str | None, typer.Option(help="The column of series names.", show_default="inferred")] = None,
    freq: Annotated[
        str | None, typer.Option("--freq", "-f", help="Step of the times: MS, W-SAT, 15min.", show_default="inferred")
    ] = None,
    season_length: Annotated[
        str | None,
        typer.Option(help="Periods of a season, or of several: 24,168; 1 for none.", show_default="by frequency"),
    ] = None,
    resample: Annotated[
        str | None,
        typer.Option(help="Bring finer data or raw transactions to W, MS, D, h, 15min first.", show_default="no"),
    ] = None,
    aggregate: Annotated[
        str | None, typer.Option(help="Of the values of such a period: sum, mean, last, max.", show_default="sum")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            "--models", "-m", help=f"Which of {','.join(MODEL_NAMES)}; the baselines always run.", show_default="all"
        ),
    ] = None,
    n_windows: Annotated[
        int | None, typer.Option(help="Test windows of one horizon each.", show_default="4 to 12")
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="Intervals in percent, such as 80,95.", show_default="80,95")
    ] = None,
    future: Annotated[
        str | None, typer.Option(help="Columns known ahead, such as promo,price.", show_default="none")
    ] = None,
    past: Annotated[
        str | None, typer.Option(help="Columns known only in the past, such as temperature.", show_default="none")
    ] = None,
    static: Annotated[
        str | None, typer.Option(help="Columns that tell series apart, such as region.", show_default="none")
    ] = None,
    calendar: Annotated[
        str | None, typer.Option(help="Calendar features, such as hour,weekday,month.", show_default="none")
    ] = None,
    holidays: Annotated[
        str | None, typer.Option(help="Public holidays of a country, such as DE.", show_default="none")
    ] = None,
    min: Annotated[float | None, typer.Option(help="Smallest forecast.", show_default="none")] = None,
    max: Annotated[float | None, typer.Option(help="Largest forecast.", show_default="none")] = None,
    integer: Annotated[bool, typer.Option("--integer", help="Forecast whole numbers.")] = False,
    missing: Annotated[
        str | None,
        typer.Option(help="How gaps are filled: auto, error, linear, seasonal, zero, ffill.", show_default="auto"),
    ] = None,
    transform: Annotated[
        str | None,
        typer.Option(
            help="Before the network: auto, none, or names such as log,difference(12),standardize.", show_default="auto"
        ),
    ] = None,
    duplicates: Annotated[
        str | None, typer.Option(help="Two values for one time: error, first, last, mean, sum.", show_default="error")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How times are written, such as %d.%m.%Y.", show_default="inferred")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between fields.", show_default="sniffed")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal point or comma.", show_default="sniffed")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the file.", show_default="sniffed")] = None,
    tz: Annotated[str | None, typer.Option(help="Zone of the times: Europe/Berlin.", show_default="as written")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same bytes.", show_default="0")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The run folder.", show_default="a new one in reports/")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run folder --out.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the path and errors.")] = False,
) -> None:
    """Check, backtest, fit, forecast and report; prints the path of the report.

    Example: forecast run sales.csv --target units --horizon 12
    """
    from forecast import pipeline

    if config is None and Path("forecast.toml").is_file():
        config = Path("forecast.toml")
    with _polite(), _Terminal(quiet=quiet) as terminal:
        result = pipeline.run(
            data,
            horizon=horizon,
            time=time,
            target=target,
            id=id,
            freq=freq,
            season_length=_whole_numbers(season_length),
            resample=resample,
            aggregate=aggregate,
            models=_names(models),
            n_windows=n_windows,
            level=_numbers(level),
            future=_names(future),
            past=_names(past),
            static=_names(static),
            calendar=_names(calendar),
            holidays=holidays,
            min=min,
            max=max,
            integer=integer,
            missing=missing,
            transform=transform,
            duplicates=duplicates,
            date_format=date_format,
            delimiter=delimiter,
            decimal=decimal,
            encoding=encoding,
            tz=tz,
            seed=seed,
            out=out,
            overwrite=overwrite,
            config=config,
            listener=terminal,
        )
        terminal.leaderboard(result.leaderboard)
        terminal.say(result.verdict)
        print(result.report, flush=True)


@app.command()
def check(
    data: Annotated[str, typer.Argument(help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}.")],
    time: Annotated[
        str | None, typer.Option("--time", "-t", help="The column of times.", show_default="inferred")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-y", help="The column to forecast.", show_default="inferred")
    ] = None,
    id: Annotated[str | None, typer.Option(help="The column of series names.", show_default="inferred")] = None,
    freq: Annotated[
        str | None, typer.Option("--freq", "-f", help="Step of the times: MS, W-SAT, 15min.", show_default="inferred")
    ] = None,
    season_length: Annotated[
        int | None, typer.Option(help="Periods of a season; 1 for none.", show_default="by frequency")
    ] = None,
    missing: Annotated[
        str | None,
        typer.Option(help="How gaps are filled: auto, error, linear, seasonal, zero, ffill.", show_default="auto"),
    ] = None,
    duplicates: Annotated[
        str | None, typer.Option(help="Two values for one time: error, first, last, mean, sum.", show_default="error")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How times are written, such as %d.%m.%Y.", show_default="inferred")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between fields.", show_default="sniffed")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal point or comma.", show_default="sniffed")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the file.", show_default="sniffed")] = None,
    tz: Annotated[str | None, typer.Option(help="Zone of the times: Europe/Berlin.", show_default="as written")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is in the data, what is wrong with them and how to repair it; exits 3 where a run would refuse.

    Example: forecast check sales.csv --target units
    """
    from forecast import pipeline
    from forecast.cards import print_checkup

    if config is None and Path("forecast.toml").is_file():
        config = Path("forecast.toml")
    with _polite():
        checkup = pipeline.check(
            data,
            time=time,
            target=target,
            id=id,
            freq=freq,
            season_length=season_length,
            missing=missing,
            duplicates=duplicates,
            date_format=date_format,
            delimiter=delimiter,
            decimal=decimal,
            encoding=encoding,
            tz=tz,
            config=config,
        )
        print_checkup(checkup, json=json)
    raise typer.Exit(checkup.exit_code)


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

    with _polite():
        reports = pipeline.gradcheck(network, seed=seed)
        print("checked\tanalytic\tnumeric\terror\tpassed")
        for name, report in reports.items():
            for analytic, numeric, size in zip(report.analytic, report.numeric, report.size, strict=True):
                error = abs(analytic - numeric) / max(size, 1e-12)
                print(name, f"{analytic:.9g}", f"{numeric:.9g}", f"{error:.1e}", error < report.tolerance, sep="\t")
        wrong = [name for name, report in reports.items() if not report.passed]
        if wrong:
            raise ModelError("M104", f"wrong gradient: {', '.join(wrong)}")


def _names(text: str | None) -> list[str] | None:
    """Return the parts of a comma-separated option."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _numbers(text: str | None) -> list[float] | None:
    """Return the numbers of a comma-separated option.

    Raises
    ------
    ConfigError
        U101, when a part is not a number.
    """
    try:
        return None if text is None else [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError("U101", f"{shown(text)} should be numbers", hint="--level 80,95") from error


def _whole_numbers(text: str | None) -> list[int] | None:
    """Return the whole numbers of a comma-separated option.

    Raises
    ------
    ConfigError
        U101, when a part is not a whole number.
    """
    try:
        return None if text is None else [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError("U101", f"{shown(text)} should be whole numbers", hint="--season-length 24,168") from error


class _Terminal:
    """Tells a person at standard error what a run is doing; a progress bar only where somebody can see it."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        seen = self.console.is_terminal and not quiet
        self.bar = Progress(*columns, console=self.console, transient=True, disable=not seen)

    def __enter__(self) -> Self:
        self.bar.start()
        self.task = self.bar.add_task("reading", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def say(self, line: str) -> None:
        """Print a line as it is: what looks like markup in a user's data is not."""
        self.console.print(line, markup=False, emoji=False)

    def progress(self, done: int, total: int, what: str) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=done, total=total, description=what)

    def leaderboard(self, board: pd.DataFrame) -> None:
        """Print the scores: a table for a person, plain columns for a file or a pipe."""
        shown = ["model", "mase", "smape", "mae", "rmse", "skill"]
        rows = [[f"{v:.3f}" if isinstance(v, float) else str(v) for v in row] for row in board[shown].to_numpy(object)]
        self.bar.stop()
        if not self.console.is_terminal:
            if not self.console.quiet:
                print(*("\t".join(row) for row in [shown, *rows]), sep="\n", file=sys.stderr)
            return
        from rich.box import SIMPLE
        from rich.table import Table
        from rich.text import Text

        table = Table(*shown, box=SIMPLE)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*map(Text, row))
        self.console.print(table)


def _internal(error: Exception) -> str:
    """Return what is said of a failure that is ours: its kind and place, and how to see the rest."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    return (
        f"internal error in {place}: {type(error).__name__}: {error}\n"
        "  This is a bug of forecast. Set FORECAST_TRACEBACK=1 to see the whole trace, and please report it."
    )
