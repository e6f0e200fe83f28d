"""How much a command tells, and in what dress: the flags of every command that takes its time.

The idea: a command that works for a while takes a terminal; here the flags that shape it become that terminal.
"""

import os
from contextlib import ExitStack, redirect_stdout
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from forecast.errors import ForecastError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FLAGS", "tells"]

Quiet = Annotated[
    int,
    typer.Option(
        "--quiet", "-q", count=True, show_default=False, help="Print nothing but the result and errors; -qq: nothing."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print also every fit that is begun.")]
Level = Annotated[
    Literal["debug", "info", "warning", "error", "critical"] | None,
    typer.Option("--log-level", help="How much is printed beside the result.", show_default="info"),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours, as with NO_COLOR in the environment.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="No moving bar, as where CI is in the environment.")]
FLAGS = {
    "quiet": (Quiet, 0),
    "verbose": (Verbose, False),
    "log_level": (Level, None),
    "no_color": (NoColor, False),
    "no_progress": (NoProgress, False),
}
"""The flags by name, each with its annotation and its default."""


def tells(command: "Callable[..., None]") -> "Callable[..., None]":
    """Return a command with flags in the place of its parameter `terminal`; with -qq its exit code is all there is."""

    @wraps(command)
    def called(**given: Any) -> None:
        from forecast.cli.terminal import Terminal

        chosen = {name: given.pop(name) for name in FLAGS}
        level = chosen["log_level"] or _level(chosen["quiet"], verbose=chosen["verbose"])
        shown = {"color": not chosen["no_color"], "progress": not chosen["no_progress"]}
        with ExitStack() as stack:
            if level == "critical":
                nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
                stack.enter_context(redirect_stdout(nowhere))
            try:
                command(terminal=stack.enter_context(Terminal(level=level, **shown)), **given)
            except ForecastError as error:
                if level == "critical":
                    raise typer.Exit(error.exit_code) from error
                raise

    parameters = [p for p in signature(command).parameters.values() if p.name != "terminal"]
    flags = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in FLAGS.items()
    ]
    rest = [parameter for parameter in parameters if parameter.kind is Parameter.VAR_KEYWORD]
    parameters = [*(p for p in parameters if p.kind is not Parameter.VAR_KEYWORD), *flags, *rest]
    called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _level(quiet: int, *, verbose: bool) -> str:
    """Return the level that -q, -qq and -v ask for."""
    return "critical" if quiet > 1 else "error" if quiet else "debug" if verbose else "info"
