"""What a command prints: tables for a person, tabs for a pipe, JSON for a program.

The idea: a command has rows of texts; where standard output is a terminal they are drawn, elsewhere each is a line
with tabs between its cells, so that `cut` and a spreadsheet read them.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from forecast.cli.terminal import draws
from forecast.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["polite", "print_csv", "print_json", "print_rows", "show_page"]


@contextmanager
def polite() -> Iterator[None]:
    """End quietly where the user or the reader of a pipe wants to hear no more; typer itself would not.

    Raises
    ------
    FileError
        F105, where what is printed goes to a file and the disk is full.
    """
    try:
        yield
    except KeyboardInterrupt as stopped:
        print(*(stopped.args or ["interrupted; nothing was written"]), file=sys.stderr)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        _print_no_more()
        raise typer.Exit(0) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _print_no_more()
        what = "disk full while writing what is printed"
        raise FileError("F105", what, hint="free some space, or send it to another place") from error


def _print_no_more() -> None:
    """Let nothing more be written to standard output, not even when Python flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_rows(head: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table on standard output; its first row says what the columns are."""
    rows = [list(row) for row in rows]
    texts = [[_cell(value) for value in row] for row in rows]
    if not draws(sys.stdout):
        print(*("\t".join(row) for row in [head, *texts]), sep="\n", flush=True)
        return
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=SIMPLE)
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=bool(rows)):
        column.justify = "right" if all(isinstance(value, int | float | None) for value in values) else "left"
    for row in texts:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def print_json(value: dict[str, Any]) -> None:
    """Print one object; what is no number is null."""
    from forecast.storage.files import in_json

    print(in_json(value), end="", flush=True)


def print_csv(frame: pd.DataFrame) -> None:
    """Print a frame as CSV on standard output."""
    frame.to_csv(sys.stdout, index=False, lineterminator="\n")
    sys.stdout.flush()


def show_page(page: Path) -> None:
    """Open a page in the browser that the user has chosen."""
    import webbrowser

    webbrowser.open(page.resolve().as_uri())


def _cell(value: object) -> str:
    """Return a value as a cell: numbers short, no tabs or line ends, nothing for nothing."""
    if value is None or value != value:
        return "n/a"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else " " for c in text)
