"""The tree of commands, of which only the one that was typed is loaded.

The idea: the group knows every command by its name, its module and its line in the help, so that help of the whole
loads none and help of one no other; interrupts and closed pipes end in the same way whichever command was at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup

from forecast.cli.printing import polite
from forecast.cli.usage import unknown_command
from forecast.heap import one_heap

__all__ = ["CONTEXT", "Commands", "Quick", "lazily"]

CONTEXT = {"help_option_names": ["-h", "--help"]}


class _Loaded(Mapping[str, Any]):
    """Commands by name, each loaded when it is looked at."""

    def __init__(self, homes: Mapping[str, tuple[str, str]]) -> None:
        self.homes = homes
        self.loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.loaded:
            self.loaded[name] = _command(name, getattr(import_module(f"forecast.cli.{self.homes[name][0]}"), name))
        return self.loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.homes)

    def __len__(self) -> int:
        return len(self.homes)


class Quick(TyperGroup):
    """A group that loads nothing to find out that --help was not typed, and knows which command was meant."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return --help with a default: without one typer loads pydantic to learn that nothing is no flag."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that was typed, or say which was probably meant."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise unknown_command(args[0], known, ctx.command_path)
        return super().resolve_command(ctx, args)


class Commands(Quick):
    """A group whose commands are named in `homes`: to each name its module in this package, and a line of help."""

    homes: Mapping[str, tuple[str, str]]

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = cast("Any", _Loaded(self.homes))  # read, never written

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which they were declared, without loading what they name."""
        return list(self.homes)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.homes.items()])

    def make_context(self, *args: Any, **given: Any) -> Any:
        """Parse the words before the command, and print the help of the whole."""
        with polite():
            return super().make_context(*args, **given)

    def invoke(self, ctx: Any) -> Any:
        """Call the command that was typed."""
        one_heap()
        with polite():
            return super().invoke(ctx)


def lazily(commands: Mapping[str, tuple[str, str]]) -> type[Commands]:
    """Return the class of a group with these commands."""
    return type("Lazily", (Commands,), {"homes": commands})


def _command(name: str, given: Any) -> Any:
    """Return a function or a group of typer as a command."""
    if isinstance(given, typer.Typer):
        return typer.main.get_command(given)
    alone = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=CONTEXT)
    alone.command(name)(given)
    return typer.main.get_command(alone)
