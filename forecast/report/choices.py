"""What models chose by themselves, as tables: a row for each setting, or for each series where these chose apart.

The idea: choices are nested JSON of any form, and it is their form alone that decides what the rows are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecast.report.tables import table_of
from forecast.report.words import DASH, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["choices_tables"]

MOST_SETTINGS = 12
"""Of a model that chooses for each series; what has more entries is a setting with one for each series."""


def choices_tables(view: View) -> list[Table]:
    """Return what auto chose in the last fit, a table for each model."""
    return [_choices_table(model, chosen) for model, chosen in view.run.choices.get("final", {}).items()]


def _choices_table(model: str, chosen: Any) -> Table:
    """Return what auto chose: a row per series where there is one entry per series, else a row per setting.

    The orders that a search passed by are left to choices.json: they are lists within lists, and no choice.
    """
    if isinstance(chosen, dict) and chosen and all(isinstance(entry, dict) for entry in chosen.values()):
        head = list(dict.fromkeys(key for entry in chosen.values() for key in entry if key != "search"))
        if len(head) > max(MOST_SETTINGS, len(chosen)):  # a setting with a value for each series: these are the rows
            rows = [[name, *(_words(entry.get(name)) for entry in chosen.values())] for name in head]
            return table_of(f"What {model} settled on", ["For", *chosen], rows, prose=True)
        rows = [[name, *(_words(entry.get(key)) for key in head)] for name, entry in chosen.items()]
        return table_of(f"What {model} settled on", ["For", *head], rows, prose=True)
    return table_of(f"What {model} settled on", ["Setting", "Value"], list(_flat(chosen)), prose=True)


def _flat(value: Any, path: str = "") -> Iterator[list[str]]:
    """Yield the leaves of nested plain JSON as pairs of a dotted path and a text."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    else:
        yield [path or "value", _words(value)]


def _words(value: Any) -> str:
    """Return plain JSON as a person would write it."""
    if value is None or value == [] or value == {}:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return f"({', '.join(_words(entry) for entry in value)})"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(entry)}" for key, entry in value.items())
    return str(value)
