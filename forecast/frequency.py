"""What the time axis of a series is: its step, its season and the times that come next.

The idea: a frequency is the coarsest regular calendar on which every given time falls, so that a missing month is a
gap in a monthly series and never a change of frequency.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.calendars import (
    DAYS,
    FAMILIES,
    MONTHS,
    anchor,
    coarsest_calendar,
    longer_sub_daily_seasons,
    month_ends,
    ordinals,
    split,
    sub_daily_season,
)
from forecast.errors import ConfigError, DataError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Frequency",
    "Regularity",
    "advance",
    "finest_frequency",
    "future_index",
    "grid",
    "infer_frequency",
    "measure_regularity",
    "parse_frequency",
    "positions",
    "shared_frequency",
]

REGULAR_SHARE = 0.95
"""Share of the steps that must be one period long for an inferred frequency."""

HOLIDAY_SHARE = 0.9
"""The same for business days, which holidays interrupt."""

SHORT, SHORT_SHARE = 20, 0.8
"""With fewer steps than `SHORT`, one gap is already more than 5 %: then this share is enough."""


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


@dataclass(frozen=True)
class Regularity:
    """How far the times keep to their frequency.

    Parameters
    ----------
    share : float
        The confidence in the frequency: the share of the steps that are one period; 1 where there is no step.
    reason : str
        The same in words: ``143 of 143 steps are one month``.
    """

    share: float
    reason: str


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


def infer_frequency(groups: Sequence[NDArray[Any]]) -> Frequency:
    """Return the frequency that all series share.

    Parameters
    ----------
    groups : sequence of ndarray
        The sorted, distinct times of each series: datetime64 or int64.

    Raises
    ------
    DataError
        D113, when fewer than 95 % of the steps are one period long (business days: 90 %); D117, when no series has
        two times.

    Examples
    --------
    >>> infer_frequency([np.array(["2024-01-31", "2024-02-29", "2024-03-31"], "datetime64[us]")]).alias
    'ME'
    """
    lengths = [len(group) for group in groups]
    moments, ticks = np.unique(np.concatenate(groups), return_inverse=True)
    return shared_frequency(moments, ticks, np.cumsum([0, *lengths[:-1]]))


def shared_frequency(moments: NDArray[Any], ticks: NDArray[np.int64], starts: NDArray[np.int64]) -> Frequency:
    """Return the frequency that all series share, as `infer_frequency` does, from the times of all as one array.

    Parameters
    ----------
    moments : ndarray [U]
        Distinct times, sorted: datetime64 or int64.
    ticks : ndarray [T_total]
        Which of them is the time of each value, series after series, rising within a series.
    starts : ndarray [S]
        Where each series begins.

    Raises
    ------
    DataError
        D113 and D117, as `infer_frequency`.
    """
    direct = _direct_steps(ticks, starts, len(moments))
    if direct is not None:
        frequency, steps = _frequency_of(moments, lambda times: np.diff(times)[direct > 0])
        if (steps == 1).all():
            return frequency
    frequency, steps, owners = _steps(moments, ticks, starts)
    if not _is_regular(steps, owners, frequency):
        bounds = np.r_[starts, len(ticks)]
        groups = [moments[ticks[a:b]] for a, b in pairwise(bounds) if b - a > 1]
        raise _irregular(groups, frequency)
    return frequency


def finest_frequency(groups: Sequence[NDArray[Any]]) -> Frequency:
    """Return the coarsest frequency on which all times of all series fall, however many gaps that leaves.

    Raises
    ------
    DataError
        D113, when times are fractions of a second apart; D117, when no series has two times.
    """
    moments, ticks = np.unique(np.concatenate(groups), return_inverse=True)
    return _steps(moments, ticks, np.cumsum([0, *(len(group) for group in groups[:-1])]))[0]


def _steps(
    moments: NDArray[Any], ticks: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[Frequency, NDArray[np.int64], NDArray[np.int64]]:
    """Return the finest frequency, the steps of all series in its periods, and the series of each step."""
    lengths = np.diff(np.r_[starts, len(ticks)])
    owners = np.repeat(np.arange(len(starts)), np.maximum(lengths - 1, 0))
    if len(owners) == 0:
        raise DataError("D117", "one row is not a series: at least 3 rows are needed", hint="a file with more rows")
    within = np.ones(len(ticks), dtype=bool)
    within[starts[lengths > 0]] = False
    inner = within[1:]
    # A moment of series of one row alone takes part in no step.
    used = np.bincount(ticks[within | np.r_[inner, False]], minlength=len(moments)) > 0 if (lengths == 1).any() else ...
    return *_frequency_of(moments, lambda times: np.diff(times[ticks])[inner], used), owners


def _frequency_of(
    moments: NDArray[Any], steps_of: Callable[[NDArray[Any]], NDArray[Any]], used: Any = ...
) -> tuple[Frequency, NDArray[np.int64]]:
    """Return the finest frequency on which the `used` moments fall, and the steps in its periods.

    `steps_of` returns the steps that there are, of the times or period numbers [U] of all moments.
    """
    if moments.dtype.kind == "i":
        steps = steps_of(moments)
        multiple = _common_step(steps)
        return Frequency("int", multiple), steps // multiple
    moments = moments.astype("datetime64[us]")
    base = coarsest_calendar(moments[used], lambda: steps_of(moments))
    steps = steps_of(ordinals(moments, base))
    multiple = _common_step(steps)
    return Frequency(base if multiple == 1 else f"{multiple}{base}"), steps if multiple == 1 else steps // multiple


def _direct_steps(ticks: NDArray[np.int64], starts: NDArray[np.int64], n_moments: int) -> NDArray[np.int64] | None:
    """Return how many series go from each moment to the next [U - 1]; None where one leaves out a moment, or has one.

    Ticks rise within a series, so it leaves none out when it has as many as lie between its first and its last.
    """
    ends = np.r_[starts[1:], len(ticks)] - 1
    first, last = ticks[starts], ticks[ends]
    if len(starts) == 0 or (ends <= starts).any() or (last - first != ends - starts).any():
        return None
    counts = np.cumsum(np.bincount(first, minlength=n_moments) - np.bincount(last, minlength=n_moments))
    return np.asarray(counts[:-1], dtype=np.int64)


def _common_step(steps: NDArray[np.int64]) -> int:
    """Return the greatest common divisor of positive steps."""
    return 1 if steps.min() == 1 else int(np.gcd.reduce(steps))


def measure_regularity(
    moments: NDArray[Any], ticks: NDArray[np.int64], starts: NDArray[np.int64], frequency: Frequency
) -> Regularity:
    """Return how many of the steps from a time to the next of the same series are one period of `frequency`.

    Parameters
    ----------
    moments, ticks, starts : ndarray
        The times of all series, as for `shared_frequency`.
    frequency : Frequency
        Its periods are counted; where in a month a time stands does not matter.

    Examples
    --------
    >>> months = np.array(["2024-01", "2024-02", "2024-04"], "datetime64[M]").astype("datetime64[us]")
    >>> measure_regularity(months, np.array([0, 1, 2]), np.array([0]), Frequency("MS")).reason
    '1 of 2 steps is one month'
    """
    if frequency.is_integer:
        numbers, one = moments, frequency.step
    else:
        one, name = split(frequency.alias)
        numbers = ordinals(moments, name)
    direct, total = _direct_steps(ticks, starts, len(moments)), len(ticks) - len(starts)
    if direct is None:
        steps = np.diff(numbers[ticks])
        steps[starts[1:] - 1] = 0  # from one series to the next
        regular = int((steps == one).sum())
    else:
        regular = int(direct[np.diff(numbers) == one].sum())
    verb = "is" if regular == 1 else "are"
    return Regularity(regular / total if total else 1.0, f"{regular:,} of {total:,} steps {verb} {frequency.period}")


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


def _is_regular(steps: NDArray[np.int64], owners: NDArray[np.int64], frequency: Frequency) -> bool:
    """Whether enough of the steps are one period long, and no series has several, all longer."""
    single = steps == 1
    if single.all():
        return True
    counts, singles = np.bincount(owners), np.bincount(owners, single)
    if ((counts > 1) & (singles == 0)).any():
        return False
    share = float(single.mean())
    if len(steps) < SHORT:
        return share >= SHORT_SHARE
    return share >= (HOLIDAY_SHARE if frequency.alias == "B" else REGULAR_SHARE)


def _irregular(groups: Sequence[NDArray[Any]], finest: Frequency) -> DataError:
    """Return the error that lists the steps found; its hint names a frequency on which all times fall."""
    differences = np.concatenate([np.diff(group) for group in groups])
    steps, counts = np.unique(differences, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:3]
    listed = ", ".join(f"{_step_word(steps[i])} {counts[i] / len(differences):.0%}" for i in order)
    monthly = (
        not finest.is_integer
        and split(finest.alias)[1] in ("W", "B", "D")
        and all((np.diff(group.astype("datetime64[M]").astype(np.int64)) > 0).all() for group in groups)
    )
    return DataError(
        "D113",
        "the times do not follow one regular step",
        found=f"steps: {listed}",
        hint=f"--freq {'MS' if monthly else finest.alias}; the times between become gaps",
    )


def _step_word(step: Any) -> str:
    """Return a step as a person says it: ``1 day``, ``90 minutes``, ``3``."""
    if not isinstance(step, np.timedelta64):
        return f"{int(step)}"
    seconds = step / np.timedelta64(1, "s")
    for length, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {word}{'' if seconds == length else 's'}"
    return f"{seconds:g} seconds"
