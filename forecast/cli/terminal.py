"""What a person sees of a run while it works and when it is done, all of it on standard error.

The idea: a terminal gets a moving bar and a drawn table; a file, a pipe or a terminal that cannot draw gets the same
words as plain lines.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Self, TextIO

from forecast.defaults import METRIC_NAMES, MIN_CASES

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

__all__ = ["LEVELS", "Terminal", "board_cells", "board_remarks", "draws"]

LEVELS = ("debug", "info", "warning", "error", "critical")
"""How much is said: every fit that is begun; sentences; warnings; errors; nothing at all."""
MOST_MODELS = 4
"""Of the leaderboard of a run, whose page has them all."""


def draws(stream: TextIO) -> bool:
    """Whether a stream is a terminal (or is to be taken for one: FORCE_COLOR) that can do more than print lines."""
    return (stream.isatty() or bool(os.environ.get("FORCE_COLOR"))) and os.environ.get("TERM", "").lower() not in (
        "dumb",
        "unknown",
    )


class Terminal:
    """Tells a person at standard error what a run is doing; a progress bar only where somebody can see it.

    Parameters
    ----------
    quiet : bool
        Say nothing of a run that goes well: as the level "error".
    level : str
        One of `LEVELS`: what is less is not said.
    color, progress : bool
        Whether there may be colours, and a moving bar: never where no terminal draws them; no colours where
        ``NO_COLOR`` is set, no bar where ``CI`` is.
    """

    def __init__(self, *, quiet: bool = False, level: str = "info", color: bool = True, progress: bool = True) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.level = LEVELS.index("error" if quiet else level)
        quiet = self.level > LEVELS.index("info")
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, no_color=None if color else True)
        columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        seen = draws(sys.stderr) and progress and not quiet and not os.environ.get("CI")
        self.bar = Progress(*columns, console=self.console, transient=True, disable=not seen)

    def __enter__(self) -> Self:
        self.bar.start()
        self.task = self.bar.add_task("reading", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def say(self, line: str) -> None:
        """Print a line as it is: what looks like markup in a user's data is not."""
        if self.level <= LEVELS.index("warning" if line.startswith("warning[") else "info"):
            self.console.print(line, markup=False, emoji=False)

    def fail(self, line: str) -> None:
        """Print a line that is said as errors are."""
        if self.level <= LEVELS.index("error"):
            self.console.print(line, markup=False, emoji=False)

    def progress(self, done: int, total: int, what: str) -> None:
        """Move the bar; where every fit is to be said, say which begins."""
        if self.level == LEVELS.index("debug"):
            self.say(f"{min(done + 1, total)} of {total}: {what}")
        self.bar.update(self.task, completed=done, total=total, description=what)

    def leaderboard(self, board: pd.DataFrame) -> None:
        """Print the scores of the best, how often the intervals covered, and why a model failed, if one did."""
        head, rows = board_cells(board)
        rows, more = rows[:MOST_MODELS], len(rows) - MOST_MODELS
        self.stop()
        if self.level <= LEVELS.index("info"):
            if not draws(sys.stderr):
                print(*("\t".join(row) for row in [head, *rows]), sep="\n", file=sys.stderr)
            else:
                self._draw(head, rows)
            if more > 0:
                self.say(f"... and {more} more model{'s' * (more > 1)}: all of them stand on the page")
        for line in board_remarks(board):
            self.say(line)

    def stop(self) -> None:
        """Take the bar away; rich 13 ends one that nobody saw with an empty line."""
        if not self.bar.disable:
            self.bar.stop()

    def _draw(self, head: list[str], rows: list[list[str]]) -> None:
        from rich.box import SIMPLE
        from rich.table import Table
        from rich.text import Text

        table = Table(*head, box=SIMPLE)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*map(Text, row))
        self.console.print(table)


def board_cells(board: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the leaderboard as texts."""
    scores = [name for name in ("model", *METRIC_NAMES, "skill") if name in board]
    levels = _levels(board)
    rows = []
    for row in board.to_dict("records"):
        numbers = [_number(row[name]) if isinstance(row[name], float) else str(row[name]) for name in scores]
        rows.append([*numbers, *(_covered(row, level) for level in levels)])
    return [*scores, *(f"{level}% covered" for level in levels)], rows


def _number(value: float) -> str:
    return f"{value:.3f}" if value == value else "n/a"


def _levels(board: pd.DataFrame) -> list[str]:
    return [name.removeprefix("coverage-") for name in map(str, board.columns) if name.startswith("coverage-")]


def _covered(row: dict[Any, Any], level: str) -> str:
    """Return a measured coverage with its band, and a word where it misses the level: ``62% (55-69) too narrow``."""
    if not row[f"cases-{level}"]:
        return "untested"
    low, high = row[f"coverage_low-{level}"], row[f"coverage_high-{level}"]
    word = row[f"judgement-{level}"]
    beside = f" {word}" if word in ("too narrow", "too wide") else ""
    return f"{row[f'coverage-{level}']:.0f}% ({low:.0f}-{high:.0f}){beside}"


def board_remarks(board: pd.DataFrame) -> list[str]:
    """Return what else is to be said of the leaderboard: coverages that mean little, and failures."""
    lines = []
    cases = {int(n) for level in _levels(board) for n in board[f"cases-{level}"] if 0 < n < MIN_CASES}
    if cases:
        span = f"{min(cases)}" if len(cases) == 1 else f"{min(cases)} to {max(cases)}"
        lines.append(f"coverage from {span} window(s): too few to judge, which takes {MIN_CASES}")
    failed = board[board["failures"] > 0]
    for name, count, reason in zip(failed["model"], failed["failures"], failed["reason"], strict=True):
        lines.append(f"{name} failed in {count:.0f} fit(s): {reason}")
    return lines
