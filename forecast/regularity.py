"""Which frequency the times of series follow, and how far they keep to it.

The idea: a frequency is the coarsest regular calendar on which every given time falls, so that a missing month is a
gap in a monthly series and never a change of frequency; what is missing may be much, as long as it lies scattered.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.calendars import FAMILIES, coarsest_calendar, ordinals, split
from forecast.errors import DataError
from forecast.frequency import Frequency

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Regularity", "finest_frequency", "infer_frequency", "measure_regularity", "shared_frequency"]

REGULAR_SHARE = 0.95
"""Share of the steps that must be one period long for an inferred frequency."""

HOLIDAY_SHARE = 0.9
"""The same for business days, which holidays interrupt."""

SHORT, SHORT_SHARE = 20, 0.8
"""With fewer steps than `SHORT`, one gap is already more than 5 %: then this share is enough."""

SCATTERED_SHARE, SCATTERED_MONTHS = 0.75, 0.5
"""The same where what is missing lies scattered; where all times are the first or last days of months, which chance
would not bring about."""

RAW_SHARE = 0.2
"""Where no step has this share, times of the day are those of single events, such as sales, and no series yet."""
YEAR = np.timedelta64(366, "D")
"""Events over more time than this make weeks, others days."""


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
    if not _is_regular(steps, owners, frequency) and not _misses_some(moments, ticks, starts, steps, frequency):
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


def _is_regular(steps: NDArray[np.int64], owners: NDArray[np.int64], frequency: Frequency) -> bool:
    """Whether enough of the steps are one period long, and no series has several, all longer."""
    single = steps == 1
    if single.all():
        return True
    if _one_of_another_step(steps, owners):
        return False
    share = float(single.mean())
    if len(steps) < SHORT:
        return share >= SHORT_SHARE
    return share >= (HOLIDAY_SHARE if frequency.alias == "B" else REGULAR_SHARE)


def _one_of_another_step(steps: NDArray[np.int64], owners: NDArray[np.int64]) -> bool:
    """Whether a series has several steps and all of them are longer than one period."""
    counts, singles = np.bincount(owners), np.bincount(owners, steps == 1)
    return bool(((counts > 1) & (singles == 0)).any())


def _misses_some(
    moments: NDArray[Any],
    ticks: NDArray[np.int64],
    starts: NDArray[np.int64],
    steps: NDArray[np.int64],
    frequency: Frequency,
) -> bool:
    """Whether the longer steps are gaps: values that are missing here and there, not a calendar of another kind.

    Gaps are mostly of one value, and lie anywhere in the season; weekends, nights and changes from months to quarters
    are longer, or come back at the same place.
    """
    multiple, name = (frequency.step, "") if frequency.is_integer else split(frequency.alias)
    longer, share = steps[steps > 1], float((steps == 1).mean())
    enough = SCATTERED_MONTHS if name and FAMILIES[name].months else SCATTERED_SHARE
    missing = int((longer - 1).sum())
    if len(steps) < SHORT or share < enough or missing > len(steps) or 2 * int((longer == 2).sum()) < len(longer):
        return False
    inner = np.ones(len(ticks) - 1, dtype=bool)
    inner[starts[1:] - 1] = False
    if _one_of_another_step(steps, np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(ticks)]) - 1)):
        return False
    numbers = (moments if frequency.is_integer else ordinals(moments.astype("datetime64[us]"), name)) // multiple
    known = numbers[ticks]
    before, width = known[:-1][inner][steps > 1], longer - 1
    absent = np.repeat(before - np.r_[0, np.cumsum(width)[:-1]], width) + np.arange(1, missing + 1)
    return all(_scattered(known, absent, season) for season in frequency.season_lengths)


def _scattered(known: NDArray[np.int64], absent: NDArray[np.int64], season: int) -> bool:
    """Whether no place in the season is missing mostly, and far more often than the others.

    Far is four standard deviations of a binomial distribution with the share that is missing in all.
    """
    present, gone = (np.bincount(numbers % season, minlength=season) for numbers in (known, absent))
    total, share = present + gone, len(absent) / (len(known) + len(absent))
    far = total * share + 4.0 * np.sqrt(total * share * (1.0 - share))
    return not ((gone > present) & (gone > far)).any()


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
    hint = f"--freq {'MS' if monthly else finest.alias}; the times between become gaps"
    if (
        not finest.is_integer
        and split(finest.alias)[1] in ("h", "min", "s")
        and counts.max() < RAW_SHARE * counts.sum()
    ):
        span = max(group.max() - group.min() for group in groups)
        hint = f"--resample {'W' if span > YEAR else 'D'} --aggregate sum; raw events become a regular series"
    return DataError("D113", "the times do not follow one regular step", found=f"steps: {listed}", hint=hint)


def _step_word(step: Any) -> str:
    """Return a step as a person says it: ``1 day``, ``90 minutes``, ``3``."""
    if not isinstance(step, np.timedelta64):
        return f"{int(step)}"
    seconds = step / np.timedelta64(1, "s")
    for length, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {word}{'' if seconds == length else 's'}"
    return f"{seconds:g} seconds"
