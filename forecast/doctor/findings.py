"""What can be wrong with series that could be read: gaps, dead series, outliers, values that stand for nothing.

The idea: a finding says what is there, where, what a run does about it and what to type to have it otherwise; each is
made by one small function from the panel alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from forecast.doctor.gaps import fill_limit, plain_time, runs_of, series_of, time_at
from forecast.doctor.measures import OUTLIER_SIZE, longest_repeats, outliers
from forecast.errors import shown
from forecast.frequency import advance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecast.errors import ForecastError, Notice
    from forecast.panel import Panel

    Ints = NDArray[np.int64]

__all__ = ["Finding", "find_all", "from_error", "from_notice"]

SENTINELS = (-99.0, -999.0, -9999.0, -99999.0)
"""Numbers that many programs write for a missing value."""
EMPTY_SHARE = 0.1
"""A series of which less than this share is known is almost empty."""
STUCK_SHARE, STUCK_LEAST = 0.25, 10
"""One value over so much of a series, and so often, is a stretch worth a warning."""
MAX_NAMED = 5

_DONE = {
    "W201": "used as it is",
    "W202": "gets a constant forecast; left out of scaled errors",
    "W203": 'the forecast is labelled "untested"',
    "W204": "left out",
    "W211": "read as decimals",
}
_BY_HAND = {
    "W203": "give it more rows",
    "W211": "write the numbers without points between thousands",
    "W202": "remove the series if it is dead",
    "W204": "give it more values, or remove it",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is worth knowing about the data.

    Parameters
    ----------
    code : str
        As of an error or a notice (``D115``, ``W206``); ``I...`` for what is no problem.
    severity : {"error", "warning", "info"}
        An error stops a run.
    message : str
        What was found, in one line.
    series : str
        The series, the first few by name; empty for all or where that is not known.
    where : str
        The time or line, where there is one to name.
    done : str
        What a run does about it.
    repair : str
        An option to type, a whole command, or what to do by hand.
    """

    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    series: str = ""
    where: str = ""
    done: str = ""
    repair: str = ""


def from_error(error: ForecastError) -> Finding:
    """Return the finding of an error that stops a run."""
    message = f"{error.message} (found: {error.found})" if error.found else error.message
    return Finding(error.code, "error", message, done="stops the run", repair=error.hint or "")


def from_notice(notice: Notice) -> Finding:
    """Return the finding of a warning; what to try is taken from its end."""
    tried = re.search(r"; try (--[a-z-]+ [\w-]+)$", notice.message)
    message = notice.message[: tried.start()] if tried else notice.message
    repair = tried[1] if tried else _BY_HAND.get(notice.code, "correct the file if it is wrong")
    return Finding(notice.code, "warning", message, done=_DONE.get(notice.code, ""), repair=repair)


def find_all(panel: Panel, whole: Panel, *, missing: str) -> list[Finding]:
    """Return all findings about a `panel`; `whole` is the same without gaps, see `measures.filled`."""
    found = (*((_gaps, _almost_empty) if panel.has_gaps else ()), _ended_early, _sentinels, _stuck)
    return [
        *(finding for function in found for finding in function(panel, missing)),
        *_outliers(panel, whole),
        *_signs(panel),
    ]


def _gaps(panel: Panel, missing: str) -> Iterator[Finding]:
    starts, lengths = runs_of(np.isnan(panel.values), panel.offsets)
    short = lengths <= fill_limit(panel) if missing == "auto" else np.full(len(lengths), missing != "error")
    starts, lengths = starts[short], lengths[short]
    if len(starts) == 0:
        return
    total = int(lengths.sum())
    runs = f" in {len(starts):,} runs" if len(starts) > 1 else ""
    yield Finding(
        "W205",
        "warning",
        f"{_count(total, 'value')} missing{runs}, the longest run {lengths.max()}",
        series=_names(panel, series_of(panel, starts)),
        where=_times(panel, starts),
        done=f"filled before each fit from the past alone ({missing}), never scored",
        repair="--missing seasonal" if missing != "seasonal" else "--missing linear",
    )


def _almost_empty(panel: Panel, _missing: str) -> Iterator[Finding]:
    known = np.add.reduceat((~np.isnan(panel.values)).astype(np.int64), panel.offsets[:-1])
    empty = np.flatnonzero(known < EMPTY_SHARE * panel.lengths)
    if len(empty):
        yield Finding(
            "W206",
            "warning",
            f"{_count(len(empty), 'series')} with fewer than {EMPTY_SHARE:.0%} of the values known",
            series=_names(panel, empty),
            done="used if --missing names a way to fill it",
            repair="remove the series, or give times at which it has values",
        )


def _ended_early(panel: Panel, _missing: str) -> Iterator[Finding]:
    latest = panel.last.max()
    allowed = max(panel.season_length, panel.frequency.default_horizon(int(panel.lengths.max())))
    early = np.flatnonzero(panel.last < advance(latest, -allowed, panel.frequency)[()])
    if len(early):
        yield Finding(
            "W207",
            "warning",
            f"{_count(len(early), 'series')} ended more than {allowed} periods before {plain_time(latest)}",
            series=_names(panel, early),
            where=plain_time(panel.last[early[0]]),
            done="forecast from its own end on",
            repair="remove the series if it is dead",
        )


def _sentinels(panel: Panel, _missing: str) -> Iterator[Finding]:
    """Warn of a number such as -999 where the series has no other number below zero."""
    if not (panel.values <= max(SENTINELS)).any():
        return
    marked = np.isin(panel.values, SENTINELS)
    others = np.where(marked | np.isnan(panel.values), np.inf, panel.values)
    alone = np.repeat(np.minimum.reduceat(others, panel.offsets[:-1]) >= 0, panel.lengths)
    places = np.flatnonzero(marked & alone)
    if len(places):
        yield Finding(
            "W208",
            "warning",
            f"{_count(len(places), 'value')} of {panel.values[places[0]]:g} among none below zero: "
            "is that a mark for a missing value?",
            series=_names(panel, series_of(panel, places)),
            where=_times(panel, places),
            done="used as a number",
            repair=f"--na {','.join(f'{mark:g}' for mark in np.unique(panel.values[places]))}",
        )


def _stuck(panel: Panel, _missing: str) -> Iterator[Finding]:
    longest = longest_repeats(panel)
    stuck = np.flatnonzero(
        (longest >= np.maximum(STUCK_LEAST, STUCK_SHARE * panel.lengths)) & (longest < panel.lengths)
    )
    if len(stuck):
        worst = int(stuck[np.argmax(longest[stuck])])
        yield Finding(
            "W209",
            "warning",
            f"{_count(len(stuck), 'series')} with one value many times in a row, up to {longest[worst]} times",
            series=_names(panel, stuck),
            done="used as it is",
            repair="leave the cells empty where nothing was measured",
        )


def _outliers(panel: Panel, whole: Panel) -> Iterator[Finding]:
    if panel.has_gaps:
        whole = whole.with_values(np.where(np.isnan(panel.values), np.nan, whole.values))
    places = np.flatnonzero(outliers(whole))
    if len(places):
        yield Finding(
            "W210",
            "warning",
            f"{_count(len(places), 'outlier')}: more than {OUTLIER_SIZE:g} robust standard deviations from the values "
            "a season before and after",
            series=_names(panel, series_of(panel, places)),
            where=_times(panel, places),
            done="used as it is",
            repair="correct or empty the cells if they are wrong",
        )


def _signs(panel: Panel) -> Iterator[Finding]:
    places = np.flatnonzero(panel.values <= 0)
    if len(places):
        zeros = int((panel.values[places] == 0).sum())
        negative = len(places) - zeros
        yield Finding(
            "I201",
            "info",
            f"{_count(zeros, 'value')} of zero, {negative:,} below",
            series=_names(panel, series_of(panel, places)),
            where=_times(panel, places),
            done="no root is taken of series with values below 0" if negative else "used as it is",
            repair="none needed",
        )


def _names(panel: Panel, series: Ints) -> str:
    """Return the first few of the series by name and how many more there are."""
    found = np.unique(series)
    more = f" and {len(found) - MAX_NAMED:,} more" if len(found) > MAX_NAMED else ""
    return ", ".join(shown(panel.ids[int(s)]) for s in found[:MAX_NAMED]) + more


def _times(panel: Panel, places: Sequence[int] | Ints) -> str:
    """Return the first few times of `places` in the flat array."""
    more = f", ... and {len(places) - MAX_NAMED:,} more" if len(places) > MAX_NAMED else ""
    return ", ".join(plain_time(time_at(panel, int(place))) for place in places[:MAX_NAMED]) + more


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 or noun == 'series' else 's'}"
