"""The calendars that pandas aliases name, as arithmetic on NumPy times.

The idea: a calendar numbers its periods, so that a step is a difference of two numbers and works for any year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from forecast.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "DAYS",
    "FAMILIES",
    "MONTHS",
    "Family",
    "anchor",
    "longer_sub_daily_seasons",
    "month_ends",
    "ordinals",
    "split",
    "sub_daily_season",
    "weekdays",
]

LONGEST_SUB_DAILY_SEASON = 300
"""A day, hour or minute of more steps than this is no season."""

LONGEST_FURTHER_SEASON = 2_016
"""Beside that season, a day or a week may have so many steps: a week of five minutes."""

BUSINESS_SHARE = 0.8
"""Times without weekends are business days when they hold this share of them."""


class Family(NamedTuple):
    """What all multiples of one pandas alias share; its period is some `months` or `seconds`, or a business day."""

    word: str
    plural: str
    season_length: int
    horizon: int
    months: int = 0
    seconds: int = 0


FAMILIES = {
    "YS": Family("yearly", "years", 1, 6, months=12),
    "YE": Family("yearly", "years", 1, 6, months=12),
    "QS": Family("quarterly", "quarters", 4, 8, months=3),
    "QE": Family("quarterly", "quarters", 4, 8, months=3),
    "MS": Family("monthly", "months", 12, 12, months=1),
    "ME": Family("monthly", "months", 12, 12, months=1),
    "W": Family("weekly", "weeks", 52, 13, seconds=7 * 86_400),
    "B": Family("business-daily", "business days", 5, 14),
    "D": Family("daily", "days", 7, 14, seconds=86_400),
    "h": Family("hourly", "hours", 24, 48, seconds=3_600),
    "min": Family("by the minute", "minutes", 60, 60, seconds=60),
    "s": Family("by the second", "seconds", 60, 60, seconds=1),
}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def split(alias: str) -> tuple[int, str]:
    """Return multiple and family of a pandas alias: ``15min`` -> (15, "min"), ``W-SAT`` -> (1, "W")."""
    head = alias.partition("-")[0]
    name = head.lstrip("0123456789")
    multiple = int(head[: len(head) - len(name)] or 1)
    if name not in FAMILIES or multiple == 0:
        raise KeyError(alias)
    return multiple, name


def anchor(time: np.datetime64, name: str) -> str:
    """Return what follows the hyphen in the alias of the family `name` when `time` is on it; "" for nothing."""
    day = time.astype("datetime64[D]")
    month = int(day.astype("datetime64[M]").astype(np.int64)) % 12
    if name == "W":
        return DAYS[int(weekdays(day))]
    if name == "QE":
        return MONTHS[9 + month % 3]  # quarters that end in March are those of a year ending in December
    if name == "QS":
        return MONTHS[month % 3]
    return MONTHS[month] if name in ("YS", "YE") else ""


def ordinals(times: NDArray[Any], alias: str) -> NDArray[np.int64]:
    """Return for each time the number of its period, counted from that of the first time."""
    _, name = split(alias)
    family = FAMILIES[name]
    if family.seconds:
        return np.asarray((times - times[0]) // np.timedelta64(family.seconds, "s"), dtype=np.int64)
    days = times.astype("datetime64[D]")
    if name == "B":
        return np.asarray(np.busday_count(days[0], days), dtype=np.int64)
    months = days.astype("datetime64[M]").astype(np.int64)
    return np.asarray((months - months[0]) // family.months)


def weekdays(days: Any) -> Any:
    """Return 0 for a Monday to 6 for a Sunday; day 0, the first of 1970, was a Thursday."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def month_ends(months: NDArray[Any]) -> NDArray[Any]:
    """Return the last day of each month."""
    return np.asarray((months + 1).astype("datetime64[D]") - np.timedelta64(1, "D"))


def sub_daily_season(seconds: int) -> int:
    """Return how many steps of `seconds` make the longest of day, hour and minute that is short enough."""
    for cycle in (86_400, 3_600, 60):
        whole, remainder = divmod(cycle, seconds)
        if remainder == 0 and 1 < whole <= LONGEST_SUB_DAILY_SEASON:
            return whole
    return 1


def longer_sub_daily_seasons(seconds: int) -> tuple[int, ...]:
    """Return how many steps of `seconds` make a day and a week, where that is longer than the usual season."""
    shortest = sub_daily_season(seconds)
    wholes = [cycle // seconds for cycle in (86_400, 604_800) if cycle % seconds == 0]
    return tuple(whole for whole in wholes if shortest < whole <= LONGEST_FURTHER_SEASON)


def coarsest_calendar(times: NDArray[np.datetime64], steps: Callable[[], NDArray[np.timedelta64]]) -> str:
    """Return the alias, without multiple, of the coarsest calendar on which all times fall.

    Parameters
    ----------
    times : ndarray [U]
        Distinct and sorted.
    steps : callable
        Returns the differences of neighbours in a series, asked for only where times differ in their clock.
    """
    days = times.astype("datetime64[D]")
    if len(np.unique(times - days)) > 1:
        return _sub_daily_calendar(steps())
    months = days.astype("datetime64[M]")
    for edge, edges in (("S", months.astype("datetime64[D]")), ("E", month_ends(months))):
        if (days == edges).all():
            for name, cycle in ((f"Y{edge}", 12), (f"Q{edge}", 3)):
                if len(np.unique(months.astype(np.int64) % cycle)) == 1:
                    return f"{name}-{anchor(days[0], name)}"
            return f"M{edge}"
    if len(np.unique(weekdays(days))) == 1:
        return f"W-{DAYS[weekdays(days[0])]}"
    return "B" if _is_business(days) else "D"


def _sub_daily_calendar(steps: NDArray[np.timedelta64]) -> str:
    """Return ``h``, ``min`` or ``s``: the coarsest of which all steps are whole multiples."""
    step = int(np.gcd.reduce(steps.astype(np.int64)))
    for name in ("h", "min", "s"):
        if step % (FAMILIES[name].seconds * 1_000_000) == 0:
            return name
    raise DataError(
        "D113",
        "the times are fractions of a second apart, and the shortest step that can be forecast is one second",
        found=f"a step of {step / 1e6:g} seconds",
        hint="times rounded to seconds, or a file without the column of times: its rows are then numbered",
    )


def _is_business(days: NDArray[Any]) -> bool:
    """Whether `days` leave out the weekends and little else."""
    if weekdays(days).max() > 4 or days[-1] - days[0] < np.timedelta64(7, "D"):
        return False
    return bool(len(days) >= BUSINESS_SHARE * (np.busday_count(days[0], days[-1]) + 1))
