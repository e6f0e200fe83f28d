"""A checkup as a person, a pipe or a program wants to read it.

The idea: facts become rows of two cells and findings rows of six, once; a terminal gets them as tables, a pipe
separated by tabs, a program as one JSON object.
"""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.doctor import Checkup

__all__ = ["fact_rows", "print_checkup"]

HEAD = ("severity", "code", "problem", "series", "where", "done", "repair")
DASH = "none"


def fact_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what there is to know about the data as pairs of words.

    Examples
    --------
    >>> fact_rows({"rows": 1440, "season_strength": None})
    [('rows', '1,440'), ('season strength', 'none')]
    """
    return [(name.replace("_", " "), text) for name, value in facts.items() for text in _texts(name, value)]


def print_checkup(checkup: Checkup, *, json: bool = False) -> None:
    """Print a checkup on standard output."""
    if json:
        print(json_module.dumps(checkup.to_json(), indent=2, allow_nan=False))
        return
    from rich.console import Console

    console = Console(highlight=False)
    facts = fact_rows(checkup.facts)
    findings = [[_plain(str(cell)) for cell in _cells(finding)] for finding in checkup.findings]
    if console.is_terminal:
        _draw(console, checkup, facts, findings)
        return
    for fact in [("what", "value"), *facts]:
        print(*map(_plain, fact), sep="\t")
    print()
    for cells in [HEAD, *findings]:
        print(*cells, sep="\t")


def _cells(finding: Any) -> tuple[str, ...]:
    return (
        finding.severity,
        finding.code,
        finding.message,
        finding.series,
        finding.where,
        finding.done,
        finding.repair,
    )


def _texts(name: str, value: Any) -> list[str]:
    """Return a fact as texts: one, or one for each note and transform."""
    if name == "transforms":
        return [f"{entry['name']}: {entry['series']:,} series ({entry['why']})" for entry in value]
    if name == "stationarity":
        return [", ".join(f"{key} {count}" for key, count in value.items()) + " (ADF and KPSS at 5 %)"]
    if isinstance(value, list):
        return [str(entry) for entry in value]
    if name == "frequency_confidence":
        return [f"{value:.1%}"]
    if isinstance(value, int):
        return [f"{value:,}"]
    return [DASH if value is None else str(value)]


def _plain(text: str) -> str:
    """Return a text without tabs, line ends and the like."""
    return "".join(c if c.isprintable() else " " for c in text)


def _draw(console: Any, checkup: Checkup, facts: list[tuple[str, str]], findings: Sequence[Sequence[str]]) -> None:
    """Print tables; a repair stands on a line of its own, so that it can be copied."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    card = Table("", "", box=SIMPLE, show_header=False, title=Text(checkup.name))
    for row in facts:
        card.add_row(*map(Text, map(_plain, row)))
    if facts:
        console.print(card)
    colours = {"error": "red", "warning": "yellow", "info": "cyan"}
    for severity, code, message, series, where, done, repair in findings:
        place = "; ".join(part for part in (series, where) if part)
        console.print(Text(f"{severity}[{code}]", colours[severity]), Text(f": {message}"), sep="")
        for label, text in (("where", place), ("done", done), ("try", repair)):
            if text:
                console.print(Text(f"  {label + ':':<7}{text}"), soft_wrap=True)
    if not findings:
        console.print("no problems found")
