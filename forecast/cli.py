"""The command line: the thin twin of `forecast.pipeline`.

The idea: a command parses its words, calls the function of the same name, and prints. Everything heavy is loaded
inside the commands, so that help is quick; every failure a user can mend ends in `main`, in one form.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, get_type_hints

import typer

from forecast import __version__
from forecast.defaults import BUNDLED, DEFAULT_DATA
from forecast.errors import ConfigError, ForecastError, ModelError, shown
from forecast.options import DataOptions, Declared, RunOptions, declared
from forecast.orders import listed
from forecast.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def _flags(options: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command a flag for every key of `options`; it is called with their values."""
    known = declared(options)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            for name, one in known.items():
                if one.each is not None:
                    given[name] = _parts(given[name], one.each, name=name, example=one.option.example)
            command(**given)

        hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name])
            for parameter in signature(command).parameters.values()
            if parameter.kind is not Parameter.VAR_KEYWORD
        ]
        parameters = [*own[:1], *(_parameter(name, one) for name, one in known.items()), *own[1:]]
        called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return called

    return decorate


def _parameter(name: str, one: Declared) -> Parameter:
    """Return an option as typer wants a parameter; one that takes several values is a text with commas."""
    flags = [f"--{name.replace('_', '-')}", *filter(None, [one.option.short])]
    option = typer.Option(*flags, help=one.option.help, show_default=one.option.default)
    kind = one.type if one.each is None else str | None
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Annotated[kind, option])


def _settings(config: Path | None) -> Path | None:
    """Return the file of settings: the one that was named, or the one that lies here."""
    here = Path("forecast.toml")
    return here if config is None and here.is_file() else config


def _parts(text: str | None, each: type, *, name: str, example: str) -> list[Any] | None:
    """Return the parts of a comma-separated option.

    Raises
    ------
    ConfigError
        U101, when a part is no number where one should stand.
    """
    try:
        return None if text is None else [each(part) for part in listed(text)]
    except ValueError as error:
        kind = "whole numbers" if each is int else "numbers"
        hint = f"--{name.replace('_', '-')} {example}"
        raise ConfigError("U101", f"{shown(text)} should be {kind}", hint=hint) from error


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
@_flags(RunOptions)
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

    with _polite(), Terminal(quiet=quiet) as terminal:
        result = pipeline.run(
            data,
            out=out,
            overwrite=overwrite,
            config=_settings(config),
            jobs=jobs,
            listener=terminal,
            spent=perf_counter() - begun,
            **options,
        )
        terminal.leaderboard(result.leaderboard)
        terminal.say(result.verdict)
        print(result.report, flush=True)


@app.command()
@_flags(RunOptions)
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

    with _polite(), Terminal(quiet=quiet) as terminal:
        file = _settings(config)
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
@_flags(DataOptions)
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

    with _polite():
        checkup = pipeline.check(data, config=_settings(config), **options)
        print_checkup(checkup, json=json)
    raise typer.Exit(checkup.exit_code)


@app.command()
@_flags(RunOptions)
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

    with _polite(), Terminal(quiet=False) as terminal:
        checks = pipeline.audit(data, config=_settings(config), listener=terminal, **options)
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
