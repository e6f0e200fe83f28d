"""Numbers and names as a reader wants them: few digits, a real minus sign, nothing unseen.

The idea: a text of the page is made here or escaped by the template; nothing else writes one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from forecast.calendars import FAMILIES
from forecast.defaults import METRIC_NAMES, MIN_CASES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    *("BEST", "DASH", "IN_SHORT", "MINUS", "OTHER_SCORES"),
    *("column", "covered", "number", "part_of", "plain", "seconds", "spell", "sureness", "too_few"),
]

MINUS, DASH = "\u2212", "\u2013"
OTHER_SCORES = (
    *("rmsse", "mse", "mape", "wape", "owa", "bias", "theils_u", "directional_accuracy"),
    *("pinball", "wis", "crps"),
)
"""The scores that the leaderboard leaves to a table of their own."""
BEST = {
    **dict.fromkeys((*METRIC_NAMES, *OTHER_SCORES, "msis"), "lower is better"),
    **dict.fromkeys(("skill", "directional_accuracy"), "higher is better"),
    "bias": "0 is best",
}
"""Every score that is explained on the page, and where its best value lies."""
IN_SHORT = {
    "mase": "mean error, measured by that of repeating the last season on the training part: below 1 is better",
    "mae": "mean error, in the unit of the data",
    "smape": "error as a percentage of the size of value and forecast, from 0 to 200",
    "quantile_loss": "cost of forecasts that are too low and too high, as the quantile weighs them: below 1 is better",
}
"""The metrics of comparison, as a hint beside the verdict; the glossary has all of them with their formulas."""


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


def seconds(value: float | None, *, by: float = 1.0) -> str:
    """Return a time with the digits worth reading."""
    if value is None:
        return DASH
    return "<0.01" if by * value < 0.01 else f"{by * value:.2f}" if by * value < 10 else f"{by * value:,.0f}"


def spell(count: int, frequency: str) -> str:
    """Return so many steps in the unit of a frequency, as `forecast.frequency.Frequency.word` says it.

    Examples
    --------
    >>> spell(12, "monthly"), spell(1, "yearly"), spell(4, "every 15 minutes"), spell(10, "numbered")
    ('12 months', '1 year', '4 steps of 15 minutes', '10 steps')
    """
    plural = next((family.plural for family in FAMILIES.values() if family.word == frequency), "steps")
    named = f"{count:,} {plural if count != 1 else plural[:-1]}"
    return named + (f" of {frequency.removeprefix('every ')}" if frequency.startswith("every ") else "")


def covered(row: dict[Any, Any]) -> str:
    """Return how often the intervals of one level covered: a row of coverage.csv in one sentence."""
    level, needed = f"The {row['interval']:g}% interval of {row['model']}", row["windows_needed"]
    if needed:
        return f"{level} is not calibrated: it takes {needed:,.0f} more test window{'s' if needed > 1 else ''}."
    if row["points"] == 0:
        return f"{level} is calibrated on all windows; none was left to measure how often it covers."
    ends = f"the true share may be anywhere from {row['coverage_low']:.0f} to {row['coverage_high']:.0f}%"
    cases = f"{row['cases']:,.0f} window{'s' if row['cases'] > 1 else ''}"
    return f"{level} covered {row['coverage']:.0f}% of {row['points']:,.0f} values in {cases}; {ends}."


def too_few(row: dict[Any, Any]) -> str:
    """Return that the windows of a row of coverage.csv are too few to judge by; nothing where they are enough."""
    measured = not row["windows_needed"] and row["points"] > 0
    return f"Too few to judge, which takes {MIN_CASES} windows." if measured and row["cases"] < MIN_CASES else ""


def sureness(row: dict[Any, Any]) -> str:
    """Return how far the intervals of one level can be trusted: a row of coverage.csv in one or two sentences."""
    return f"{covered(row)} {too_few(row)}".strip()
