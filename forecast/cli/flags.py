"""From declared options to flags, and from what was typed to values.

The idea: a command says which options it takes; their flags, types and words are read from where they are declared.
"""

from __future__ import annotations

from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from forecast.errors import ConfigError, shown
from forecast.options import Declared, declared
from forecast.orders import listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.cli.terminal import Terminal

__all__ = ["settings_file", "takes"]


def takes(options: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command a flag for every key of `options`; it is called with their values."""
    known = declared(options)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            for name, one in known.items():
                if one.option.repeat:
                    given[name] = list(given[name] or ()) or None
                elif one.each is not None:
                    given[name] = _parts(given[name], one.each, name=name, example=one.option.example)
            command(**given)

        hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name])
            for parameter in signature(command).parameters.values()
            if parameter.kind is not Parameter.VAR_KEYWORD
        ]
        first = sum(parameter.default is Parameter.empty for parameter in own) or 1
        parameters = [*own[:first], *(_parameter(name, one) for name, one in known.items()), *own[first:]]
        called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return called

    return decorate


def _parameter(name: str, one: Declared) -> Parameter:
    """Return an option as typer wants a parameter; one that takes several values is a text with commas."""
    flags = [f"--{name.replace('_', '-')}", *filter(None, [one.option.short])]
    option = typer.Option(*flags, help=one.option.help, show_default=one.option.default)
    kind: Any = list[str] | None if one.option.repeat else one.type if one.each is None else str | None
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Annotated[kind, option])


def settings_file(config: Path | None, terminal: Terminal | None = None) -> Path | None:
    """Return the file of settings: the one that was named, or the one that lies here, which the terminal is told."""
    here = Path("forecast.toml")
    if config is not None or not here.is_file():
        return config
    if terminal is not None:
        terminal.say(f"settings of {here}")
    return here


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
