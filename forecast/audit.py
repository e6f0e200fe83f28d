"""Proof that the past does not know the future: what lies after a cutoff is changed in the raw file, and nothing moves.

The idea: a leak can sit anywhere between the file and the forecast, so the whole way is gone again from a changed file,
and everything that was learned, chosen, filled or forecast at the cutoff is compared to the bit.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pandas as pd

from forecast.backtesting import fit_all
from forecast.calendars import split as split_alias
from forecast.errors import ModelError
from forecast.frequency import advance, grid
from forecast.models.classical import Naive
from forecast.reading.placing import stamp
from forecast.reading.times import read_times
from forecast.reading.values import read_numbers
from forecast.tasks import perform, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forecast.backtesting import Fitted
    from forecast.frequency import Frequency
    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.split import Split
    from forecast.tasks import Doer, Factory, Window

__all__ = [
    "CHANGES",
    "CONTROL",
    "Check",
    "Peeking",
    "audit",
    "cells_changed",
    "moved_between",
    "past_of",
    "require_no_leak",
    "rows_after",
    "same_past",
    "separator",
    "written_to",
]


def _shuffled(values: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return the known values in another order; what is missing stays where it is, so that series end as they did."""
    new, known = values.copy(), ~np.isnan(values)
    new[known] = rng.permutation(values[known])
    return new


CHANGES: dict[str, Callable[[NDArray[Any], np.random.Generator], NDArray[Any] | None]] = {
    "cut off": lambda _values, _rng: None,
    "scaled": lambda values, _rng: values * 1e6,
    "negated": lambda values, _rng: -values,
    "blanked": lambda values, _rng: np.full(len(values), np.nan),
    "shuffled": _shuffled,
}
"""What is done to the values after a cutoff; None: their rows are taken away."""
MORE: dict[str, Callable[[NDArray[Any], np.random.Generator], NDArray[Any] | None]] = {
    "upside down": lambda values, _rng: -1e6 * values,
}
"""What a run does to them by itself, once: two of the changes at once."""
STAMPED_BY_ENDS = ("W", "ME", "QE", "YE")
"""Families of frequencies whose times are the last days of their periods."""
CONTROL = "control"
"""What the checks are called in which a model is made to look ahead, to see that it is found."""


@dataclass(frozen=True)
class Check:
    """What came of one change after one cutoff.

    Parameters
    ----------
    cutoff : str
        The last time that the models may know.
    change : str
        What was done to the values after it: a key of `CHANGES`.
    moved : tuple of str
        What differs: ``past``, ``choices of mlp``, ``forecasts of mlp``, ... Nothing should.
    """

    cutoff: str
    change: str
    moved: tuple[str, ...]


def require_no_leak(checks: Sequence[Check]) -> None:
    """Refuse checks of which one found a leak, or missed the model that was made to look ahead.

    Raises
    ------
    ModelError
        M106.
    """
    wrong = [check for check in checks if bool(check.moved) != (check.cutoff == CONTROL)]
    if wrong:
        first = wrong[0]
        what = f"{', '.join(first.moved)} moved" if first.moved else "a model that looks ahead was not found"
        where = f"{first.cutoff}, {first.change}: {what}"
        raise ModelError("M106", f"{len(wrong)} of {len(checks)} checks failed: {where}")


def audit(
    table: Table,
    read: Callable[[Path], Panel],
    factories: Callable[[Panel], Mapping[str, Factory]],
    split: Split,
    *,
    time: str | None,
    target: str,
    id: str | None,
    written: Mapping[str, str | None] | None = None,
    keep_rows: bool = False,
    tick: Callable[[str], None] = lambda _: None,
    do: Doer = lambda tasks: map(perform, tasks),
) -> list[Check]:
    """Change the future of every window in the raw file and compare what is known before it.

    Parameters
    ----------
    table : Table
        The raw cells.
    read : callable
        From a file to the panel that models are given: the whole door, with the settings of the run.
    factories : callable
        How the models are made for a panel; it is called for each changed panel anew.
    split : Split
        Where the windows lie.
    time, target, id : str or None
        The columns of the table.
    written : mapping, optional
        How its times are written, as the user said: `date_format` and `tz`.
    keep_rows : bool
        Blank the values that are cut off and leave their rows, for these hold what is known ahead.
    tick : callable
        Told what comes next.
    do : callable
        Does the fits of one state of the file. All of them are done before the file is changed again, so that a model
        which looks into the file, or into what was read of it, is found.

    Returns
    -------
    list of Check
        One for each window and change; last come those of a model that looks ahead, which must have moved.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = read(written_to(table.frame, table, Path(folder)))
        checks: list[Check] = []

        def held(window: Window, models: Callable[[Panel], Mapping[str, Factory]], cutoff: str) -> Iterator[Check]:
            tick(f"{cutoff}, as it is")
            before = fit_all(models(whole), window.past, split, do=do)
            after = rows_after(table, window.past, time=time, target=target, id=id, written=written)
            for change in CHANGES:
                tick(f"{cutoff}, {change}")
                cells = cells_changed(table, target, after, "blanked" if keep_rows and change == "cut off" else change)
                changed = read(written_to(cells, table, Path(folder)))
                if cutoff == CONTROL and same_past(changed, whole):
                    continue  # nothing changed, as where equal values are shuffled, so there is nothing to be found
                past = past_of(changed, window, split)
                moved = [] if past is not None and same_past(past, window.past) else ["past"]
                if past is not None:
                    moved += moved_between(before, fit_all(models(changed), past, split, do=do))
                yield Check(cutoff, change, tuple(moved))

        last = None
        for last in windows(whole, split):
            checks += held(last, factories, stamp(last.past.last.max()))
        if last is not None:
            checks += held(last, lambda panel: {CONTROL: partial(Peeking, panel)}, CONTROL)
    return checks


def separator(table: Table) -> str:
    """Return what stands between the cells of a changed file."""
    return ";" if table.decimal == "," else ","


class Peeking(Naive):
    """Knows all data, whatever past it is given: another bit anywhere is another forecast."""

    name = CONTROL

    def __init__(self, whole: Panel) -> None:
        self.whole = whole

    def _ahead(self, panel: Panel) -> NDArray[np.float64]:
        return np.full((panel.n_series, self.horizon_), float(crc32(self.whole.values.tobytes())))


def rows_after(
    table: Table,
    past: Panel,
    *,
    time: str | None,
    target: str,
    id: str | None,
    written: Mapping[str, str | None] | None = None,
) -> NDArray[np.bool_]:
    """Return which rows lie after the cutoff of their series; those of series without one stay."""
    names = table.frame[id].astype(str).to_numpy(object) if id else np.full(len(table.frame), target, dtype=object)
    if time is None:
        times = pd.Series(names).groupby(names).cumcount().to_numpy() + 1
    else:
        times = read_times(table, time, integers=past.frequency.is_integer, **(written or {})).values
    rows = np.zeros(len(times), dtype=np.bool_)
    for name, cutoff in zip(past.ids, past.last, strict=True):
        rows |= (names == name) & (times >= _next_period(cutoff, past.frequency))
    return rows


def _next_period(last: Any, frequency: Frequency) -> Any:
    """Return when the period after that of `last` begins, for raw rows may lie anywhere in a period.

    Weeks, and months and the like where they are called by their ends, are stamped with their last day.
    """
    if not frequency.is_integer and split_alias(frequency.alias)[1] in STAMPED_BY_ENDS:
        return last + np.timedelta64(1, "D")
    return advance(last, 1, frequency)


def cells_changed(table: Table, target: str, after: NDArray[np.bool_], change: str) -> pd.DataFrame:
    """Return the raw cells with the values of the rows after the cutoff changed."""
    values = read_numbers(table, target)[after]
    new = (CHANGES | MORE)[change](values, np.random.default_rng(0))
    if new is None:
        return table.frame[~after]
    cells = table.frame[target].astype(object).to_numpy(copy=True)
    cells[after] = ["" if np.isnan(v) else repr(float(v)).replace(".", table.decimal) for v in new]
    return table.frame.assign(**{target: cells})


def written_to(frame: pd.DataFrame, table: Table, folder: Path) -> Path:
    """Return the path of a file with these cells, under the name of the source."""
    path = folder / (Path(table.name).name.partition(".")[0] + ".csv")
    frame.to_csv(path, index=False, sep=separator(table))
    return path


def past_of(changed: Panel, window: Window, split: Split) -> Panel | None:
    """Return the past of the same cutoff in a changed panel, by the way that backtesting takes to it."""
    wanted = dict(zip(window.past.ids, window.past.last, strict=True))
    for found in (w.past for w in windows(changed, split)):
        if dict(zip(found.ids, found.last, strict=True)) == wanted:
            return found
    if changed.ids != window.past.ids or (changed.last.astype(np.int64) > window.past.last.astype(np.int64)).any():
        return None
    return _until(changed, window.past.last).until(split.reach)


def _until(panel: Panel, last: NDArray[Any]) -> Panel:
    """Return the panel with gaps up to the `last` times: a file cut off within a gap ends before it."""
    series = [panel.series(s) for s in range(panel.n_series)]
    missing = [len(grid(end, to, panel.frequency)) - 1 for end, to in zip(panel.last, last, strict=True)]
    padded = [np.r_[y, np.full(gap, np.nan)] for y, gap in zip(series, missing, strict=True)]
    offsets = np.r_[0, np.cumsum([len(y) for y in padded])].astype(np.int64)
    return replace(panel, values=np.concatenate(padded), offsets=offsets, last=last)


def same_past(one: Panel, other: Panel) -> bool:
    """Whether two panels hold the same bits."""
    return (
        one.ids == other.ids
        and one.frequency == other.frequency
        and one.season_length == other.season_length
        and one.values.tobytes() == other.values.tobytes()
        and one.offsets.tobytes() == other.offsets.tobytes()
        and one.last.tobytes() == other.last.tobytes()
    )


def moved_between(before: Fitted, after: Fitted) -> list[str]:
    """Return what differs in the fits of two pasts."""
    moved: list[str] = []
    for name in sorted({*before.models, *after.models}):
        choices = [json.dumps(fit.choices.get(name), sort_keys=True) for fit in (before, after)]
        rows = [fit.forecasts[fit.forecasts["model"] == name] for fit in (before, after)]
        moved += [f"choices of {name}"] if choices[0] != choices[1] else []
        same = rows[0]["y_hat"].to_numpy().tobytes() == rows[1]["y_hat"].to_numpy().tobytes()
        moved += [] if same else [f"forecasts of {name}"]
    return moved
