"""Numbers and names as a reader wants them: few digits, a real minus sign, nothing unseen.

The idea: a text of the page is made here or escaped by the template; nothing else writes one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DASH", "MINUS", "column", "number", "part_of", "plain"]

MINUS, DASH = "\u2212", "\u2013"


def part_of(part: int, whole: int) -> str:
    """Return ``3 of 12``, or ``all 12``."""
    return f"all {whole:,}" if part == whole else f"{part:,} of {whole:,}"


def number(value: float | None) -> str:
    """Return a number with the digits worth reading: about four, and ``n/a`` for none.

    Examples
    --------
    >>> number(1234.567), number(0.61349), number(float("nan"))
    ('1,235', '0.613', 'n/a')
    """
    return column([math.nan if value is None else value])[0]


def column(values: Iterable[float], *, like: Iterable[float] = (), sign: str = "") -> list[str]:
    """Return numbers with one number of decimals for all, so that they line up.

    Parameters
    ----------
    values : iterable of float
        The numbers of a column.
    like : iterable of float, optional
        The numbers whose size decides the decimals, where that is not `values`.
    sign : {"", "+"}, optional
        Whether positive numbers carry their sign too.

    Examples
    --------
    >>> column([9.5, 112.0, float("nan")])
    ['9.5', '112.0', 'n/a']
    """
    numbers = [float(value) for value in values]
    largest = max((abs(x) for x in (list(like) or numbers) if math.isfinite(x)), default=0.0)
    size = math.floor(math.log10(largest)) if largest else 0
    form = f"{sign},.{max(0, (3 if size >= 0 else 2) - size)}f" if -5 <= size <= 12 else f"{sign}.3e"
    return [format(x, form).replace("-", MINUS) if math.isfinite(x) else "n/a" for x in numbers]


def plain(text: str) -> str:
    """Return `text` without control characters, except line breaks: nothing unseen reaches the page."""
    return text if text.isprintable() else "".join(c for c in text if c.isprintable() or c == "\n")
