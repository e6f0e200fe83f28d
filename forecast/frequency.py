"""What the time axis of a series is: its step, its season and the times that come next.

The idea: a frequency is an alias of pandas, and all that follows from it, counting, grids and seasons, is arithmetic on
arrays of times.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.calendars import (
    DAYS,
    FAMILIES,
    MONTHS,
    anchor,
    longer_sub_daily_seasons,
    month_ends,
    ordinals,
    split,
    sub_daily_season,
)
from forecast.errors import ConfigError, shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Frequency", "advance", "future_index", "grid", "parse_frequency", "positions"]

WEEKDAYS = dict(zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))


@dataclass(frozen=True)
class Frequency:
    """A regular step in time.

    Parameters
    ----------
    alias : str
        A pandas offset alias (``MS``, ``W-SAT``, ``15min``), or ``int`` for whole-numbered steps.
    step : int
        Distance of two neighbours when the times are whole numbers; 1 otherwise.

    Examples
    --------
    >>> Frequency("MS").word, Frequency("MS").season_length, Frequency("MS").default_horizon(144)
    ('monthly', 12, 12)
    """

    alias: str
    step: int = 1

    @property
    def is_integer(self) -> bool:
        """Whether the times are whole numbers and not dates."""
        return self.alias == "int"

    @property
    def word(self) -> str:
        """The frequency as a person says it: ``monthly``, ``every 15 minutes``."""
        if self.is_integer:
            return "numbered" if self.step == 1 else f"numbered in steps of {self.step}"
        multiple, name = split(self.alias)
        return FAMILIES[name].word if multiple == 1 else f"every {multiple} {FAMILIES[name].plural}"

    @property
    def season_length(self) -> int:
        """Periods of the season that usually goes with the frequency; 1 when there is none."""
        if self.is_integer:
            return 1
        multiple, name = split(self.alias)
        family = FAMILIES[name]
        if name in ("h", "min", "s"):
            return sub_daily_season(multiple * family.seconds)
        if name == "D" and multiple % 7 == 0:
            multiple, family = multiple // 7, FAMILIES["W"]
        whole, remainder = divmod(family.season_length, multiple)
        return whole if remainder == 0 else 1

    @property
    def season_lengths(self) -> tuple[int, ...]:
        """All seasons that usually go with the frequency, the shortest first: 24 and 168 for hours; empty for none.

        The year of daily data is left out: it is no whole number of days.
        """
        usual = (self.season_length,) if self.season_length > 1 else ()
        if self.is_integer or not usual:
            return usual
        multiple, name = split(self.alias)
        if name not in ("h", "min", "s"):
            return usual
        return (*usual, *longer_sub_daily_seasons(multiple * FAMILIES[name].seconds))

    @property
    def period(self) -> str:
        """One period as a person says it: ``one month``, ``15 minutes``, ``one week, on a Saturday``."""
        if self.is_integer:
            return f"{self.step}"
        multiple, name = split(self.alias)
        plural = FAMILIES[name].plural
        length = f"one {plural[:-1]}" if multiple == 1 else f"{multiple} {plural}"
        weekday = WEEKDAYS.get(self.alias.partition("-")[2]) if name == "W" else None
        return f"{length}, on a {weekday}" if weekday else length

    def default_horizon(self, length: int) -> int:
        """Return the number of steps to forecast a series of `length` values when nobody says."""
        usual = 10 if self.is_integer else FAMILIES[split(self.alias)[1]].horizon
        return max(1, min(usual, length // 5))


def parse_frequency(alias: str, *, first: np.datetime64 | None = None) -> Frequency:
    """Return the frequency a user named, such as ``MS``, ``W-SAT``, ``15min`` or ``int``.

    Parameters
    ----------
    alias : str
        A pandas offset alias or ``int``.
    first : datetime64, optional
        A time of the data. It anchors an alias that names no weekday or month: ``W`` becomes ``W-SAT`` on a Saturday.

    Raises
    ------
    ConfigError
        U101, when pandas does not know the alias or this package does not place it.

    Examples
    --------
    >>> parse_frequency("W", first=np.datetime64("2024-06-01")).alias
    'W-SAT'
    """
    import pandas as pd

    if alias == "int":
        return Frequency("int")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pandas 2 warns of the aliases that pandas 3 refuses
            split(alias)
            found = str(pd.tseries.frequencies.to_offset(alias).freqstr)
        _, name = split(found)
    except (ValueError, KeyError, AttributeError, Warning) as error:
        raise ConfigError(
            "U101",
            f"{shown(alias)} is not a frequency",
            hint="--freq with one of YS, QS, MS, ME, W-SUN, B, D, h, 15min, int",
        ) from error
    head, _, suffix = found.partition("-")
    if first is not None and "-" not in alias:
        suffix = anchor(first, name)
    elif name in ("QS", "QE"):
        suffix = MONTHS[MONTHS.index(suffix) % 3 + (9 if name == "QE" else 0)]  # QS-OCT and QS-JAN are one calendar
    return Frequency(f"{head}-{suffix}" if suffix else head)


def advance(time: Any, steps: ArrayLike, frequency: Frequency) -> NDArray[Any]:
    """Return the times that lie `steps` periods after `time`, or before it where negative.

    `time` stands on the calendar of `frequency`; its hour of the day is kept.

    Examples
    --------
    >>> advance(np.datetime64("2024-01-31"), [-2, 1], Frequency("ME")).astype("datetime64[D]")
    array(['2023-11-30', '2024-02-29'], dtype='datetime64[D]')
    """
    counts = np.asarray(steps, dtype=np.int64)
    if frequency.is_integer:
        return np.asarray(np.int64(time) + counts * frequency.step)
    multiple, name = split(frequency.alias)
    start = np.datetime64(time, "us")
    if FAMILIES[name].seconds:
        return np.asarray(start + (counts * multiple * FAMILIES[name].seconds).astype("timedelta64[s]"))
    day = start.astype("datetime64[D]")
    if name == "B":
        days = np.busday_offset(day, counts * multiple, roll="forward")
    else:
        months = day.astype("datetime64[M]") + counts * multiple * FAMILIES[name].months
        days = months.astype("datetime64[D]") if name.endswith("S") else month_ends(months)
    return np.asarray(days + (start - day))


def grid(first: Any, last: Any, frequency: Frequency) -> NDArray[Any]:
    """Return every time from `first` to `last`, both included, as datetime64[us] or int64."""
    if frequency.is_integer:
        return np.arange(int(first), int(last) + 1, frequency.step, dtype=np.int64)
    multiple, name = split(frequency.alias)
    ends = np.array([first, last], dtype="datetime64[us]")
    times = advance(first, np.arange(ordinals(ends, name)[1] // multiple + 1), frequency)
    return np.asarray(times[times <= ends[1]])


def future_index(last: Any, frequency: Frequency, horizon: int) -> NDArray[Any]:
    """Return the `horizon` times that follow `last`.

    Examples
    --------
    >>> future_index(np.datetime64("1960-12-01"), Frequency("MS"), 2).astype("datetime64[D]")
    array(['1961-01-01', '1961-02-01'], dtype='datetime64[D]')
    """
    return advance(last, np.arange(1, horizon + 1), frequency)


def positions(times: NDArray[Any], frequency: Frequency) -> NDArray[np.int64]:
    """Return where each of the sorted `times` stands on the grid that begins with the first; -1 for off the grid.

    Examples
    --------
    >>> positions(np.array(["2024-01-01", "2024-02-01", "2024-02-15"], "datetime64[us]"), Frequency("MS"))
    array([ 0,  1, -1])
    """
    if frequency.is_integer:
        places, offsets = np.divmod(times - times[0], frequency.step)
        return np.where(offsets == 0, places, -1)
    multiple, name = split(frequency.alias)
    places = ordinals(times, name) // multiple
    anchored = anchor(times[0], name) in ("", frequency.alias.partition("-")[2])
    return np.where((advance(times[0], places, frequency) == times) & anchored, places, -1)
