"""Everything that is worth knowing about a panel before it is forecast, on one card.

The idea: facts are numbers by name and findings are sentences with a repair; the command line, run.json and the
report show the same two things.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.doctor.findings import Finding, find_all, from_error, from_notice
from forecast.doctor.gaps import fillable, plain_time
from forecast.doctor.measures import filled, stationarity, strengths
from forecast.errors import DataError, shown
from forecast.frequency import advance
from forecast.seasons import confirm_seasons, find_season
from forecast.transforms import choices_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from forecast.doctor.measures import Strengths
    from forecast.panel import Panel
    from forecast.series import SeriesData

__all__ = ["Checkup", "examine"]


SERIAL_DAYS = (25_000, 60_000)
"""Days since the end of 1899 from 1968 to 2064, as a spreadsheet counts them."""


@dataclass(frozen=True)
class Checkup:
    """What was found in the data.

    Parameters
    ----------
    name : str
        What the source is called.
    facts : dict
        Plain numbers and words by name; empty when the data could not be read.
    findings : tuple of Finding
        Errors first, then warnings, then the rest.
    strict : bool
        Whether a warning is as bad as an error.
    """

    name: str
    facts: dict[str, Any]
    findings: tuple[Finding, ...]
    strict: bool = False

    @property
    def refused(self) -> bool:
        """Whether a run would refuse the data."""
        stops = ("error", "warning") if self.strict else ("error",)
        return any(finding.severity in stops for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """What the command ends with: 0, or 3 where a run would refuse."""
        return DataError.exit_code if self.refused else 0

    def with_findings(self, more: Sequence[Finding]) -> Checkup:
        """Return the checkup with `more` findings, sorted by how bad they are."""
        order = ("error", "warning", "info")
        every = sorted([*self.findings, *more], key=lambda finding: order.index(finding.severity))
        return replace(self, findings=tuple(every))

    def to_json(self) -> dict[str, Any]:
        """Return the checkup as plain data, with ``schema`` 1."""
        findings = [asdict(finding) for finding in self.findings]
        return {"schema": 1, "data": self.name, "refused": self.refused, "facts": self.facts, "findings": findings}


def examine(data: SeriesData, *, missing: str = "auto", facts: bool = True) -> Checkup:
    """Return what is worth knowing about `data` that came through the door.

    Parameters
    ----------
    data : SeriesData
        What `forecast.series.read_series` returned.
    missing : {"auto", "error", "linear", "seasonal", "zero", "ffill"}
        How gaps are to be filled, which decides on whether they stop a run.
    facts : bool
        Whether the facts are wanted as well, which takes longer than to find what is wrong.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> checkup = examine(read_series("airline"))
    >>> checkup.facts["rows"], checkup.facts["frequency"], checkup.findings
    (144, 'monthly', ())
    """
    if not facts:
        return Checkup(data.name, {}, ()).with_findings(_findings(data, filled(data.panel), missing))
    panel = data.panel
    with ThreadPoolExecutor(1) as beside:  # NumPy lets go of the lock, so two halves of the work go on at once
        chosen = beside.submit(_transforms, panel, "auto" if missing == "error" else missing)
        seasons = beside.submit(lambda: confirm_seasons(panel).reason)
        whole = filled(panel)
        strong = beside.submit(strengths, whole)
        findings = _findings(data, whole, missing)
        found = _facts(data, whole, seasons, strong) | {"transforms": chosen.result(), "notes": list(data.notes)}
    return Checkup(data.name, found, ()).with_findings(findings)


def _transforms(panel: Panel, missing: str) -> list[dict[str, Any]]:
    """Return which transforms `run` would choose, for how many series and why."""
    return [
        {"name": choice.name, "series": int(choice.series.sum()), "why": choice.why}
        for choice in choices_of(panel, missing=missing)
        if choice.series.any()
    ]


def _findings(data: SeriesData, whole: Panel, missing: str) -> list[Finding]:
    """Return all that is wrong or doubtful; `whole` is the panel without gaps, at a size of one."""
    panel = data.panel
    findings = [from_notice(notice) for notice in data.notices]
    try:
        findings += [from_notice(notice) for notice in fillable(panel, missing=missing)[1]]
    except DataError as error:
        findings.append(from_error(error))
    return [
        *findings,
        *find_all(panel, whole, missing=missing),
        *_times(data),
        *_hidden_season(panel),
        *_ids(panel),
    ]


def _times(data: SeriesData) -> list[Finding]:
    """Return what is doubtful about the times of data that came through the door."""
    if data.time is None:
        return [
            Finding(
                "I202",
                "info",
                "no column of times: the rows are taken in the order of the file",
                done="numbered 1, 2, 3, ...",
                repair="name the column with --time, where there is one",
            )
        ]
    if not data.frequency.is_integer:
        return []
    times = data.frame["ds"].to_numpy()
    if times.min() >= SERIAL_DAYS[0] and times.max() <= SERIAL_DAYS[1]:
        return [
            Finding(
                "W212",
                "warning",
                f"the times {times.min()} to {times.max()} look like the day numbers of a spreadsheet",
                done="used as whole numbers, without a season",
                repair="save the times as dates, such as 2024-01-31",
            )
        ]
    return []


def _hidden_season(panel: Panel) -> list[Finding]:
    """Return a hint to a season of numbered rows, for which none is taken unasked."""
    if not panel.frequency.is_integer or panel.season_length > 1:
        return []
    season = find_season(panel)
    if not season.lengths:
        return []
    length = season.lengths[0]
    return [
        Finding("I203", "info", season.reason, done="no season is taken", repair=f"--season-length {length}"),
    ]


def _first_time(panel: Panel) -> Any:
    """Return the time at which the first of all series begins: of those that end together the longest."""
    ends, end_of = np.unique(panel.last, return_inverse=True)
    longest = np.zeros(len(ends), dtype=np.int64)
    np.maximum.at(longest, end_of, panel.lengths)
    return min(advance(end, 1 - length, panel.frequency) for end, length in zip(ends, longest, strict=True))


def _ids(panel: Panel) -> list[Finding]:
    """Return a warning of names that are the same but for capitals, spaces and leading zeros."""
    together = "\n".join(panel.ids).casefold()  # at once, since few have spaces or zeros to take off
    alike = together.split("\n")
    if len(alike) != panel.n_series or together.split() != alike or "\n0" in f"\n{together}":
        alike = ["".join(name.casefold().split()).lstrip("0") for name in panel.ids]
    if len(set(alike)) == len(alike):
        return []
    seen: dict[str, str] = {}
    firsts = [(seen.setdefault(key, name), name) for key, name in zip(alike, panel.ids, strict=True)]
    pairs = [f"{shown(first)} and {shown(name)}" for first, name in firsts if first != name]
    more = f" and {len(pairs) - 1:,} more pairs" if len(pairs) > 1 else ""
    return [
        Finding(
            "W213",
            "warning",
            f"names that differ in capitals, spaces or leading zeros alone: {pairs[0]}{more}",
            series=pairs[0],
            done="taken as different series",
            repair="write the names alike if they mean the same",
        )
    ]


def _facts(data: SeriesData, whole: Panel, seasons: Future[str], strong: Future[Strengths]) -> dict[str, Any]:
    """Return numbers and words by name, in the order in which they are shown."""
    panel, tested = data.panel, stationarity(whole)
    missing = int(np.isnan(panel.values).sum()) if panel.has_gaps else 0
    smallest = np.fmin.reduceat(panel.values, panel.offsets[:-1])
    largest = np.fmax.reduceat(panel.values, panel.offsets[:-1])
    return {
        "rows": len(panel.values) - missing,
        "series": panel.n_series,
        "time": data.time,
        "target": data.target,
        "id": data.id,
        "start": plain_time(_first_time(panel)),
        "end": plain_time(panel.last.max()),
        "shortest": int(panel.lengths.min()),
        "longest": int(panel.lengths.max()),
        "frequency": data.frequency.word,
        "alias": data.frequency.alias,
        "frequency_confidence": round(data.regularity.share, 4),
        "season_length": panel.season_length,
        "seasons": seasons.result(),
        "season_strength": _median(strong.result().season),
        "trend_strength": _median(strong.result().trend),
        "missing": missing,
        "constant": int((smallest == largest).sum()),
        "zeros": int((panel.values == 0).sum()) if smallest.min() <= 0 else 0,
        "negative": int((panel.values < 0).sum()) if smallest.min() < 0 else 0,
        "stationarity": tested,
    }


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(np.median(known)), 3) if len(known) else None
