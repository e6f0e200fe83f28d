"""What a run shows of itself: that its past does not know its future, as a list of checks that passed or failed.

The idea: each check says how often it was made and how often it held, so that "none was made" never looks like "held".
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.allotment import VALUE
from forecast.defaults import BASELINES, BUNDLED
from forecast.proofs import Proofs, in_panel, in_table, prove
from forecast.ready import changeable, factories_of, times_written
from forecast.report.pace import page_seconds, rest_seconds
from forecast.tasks import FAILURES
from forecast.transforms import choose_transforms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from forecast.clock import Clock
    from forecast.config import RunConfig
    from forecast.panel import Panel
    from forecast.ready import Ready
    from forecast.results import Results
    from forecast.tasks import Window

__all__ = ["checked"]

MOST_VALUES = 200_000
"""Values of all windows together, up to which the raw file is changed and read again, for every window."""
VALUE_IN_MEMORY = 4e-6
"""Usual seconds that a value takes in one window: changed in memory, and looked at again."""
NETWORK = "mlp"


def checked(
    data: str | Path | pd.DataFrame, settings: RunConfig, ready: Ready, results: Results, clock: Clock
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return the checks made of a run that has its results, and the seconds that refitting took, by model.

    The values after each cutoff are turned upside down, a million times as large. In every window the past and what
    the transforms make of it must be the same bits, in every window a baseline is fitted again, and in the latest the
    network. Where the data are large, or can be read only once, they are changed as they were understood, not in the
    file, and in the latest window alone; so are they by `clock` where there is no time for earlier ones.

    Returns
    -------
    checks : list of dict
        ``check`` (what was tried), ``held`` and ``of`` (how often), ``passed`` (None: could not be tried), ``note``.
    seconds : dict of str to float
    """
    factories = factories_of(settings)
    baseline = next(name for name in BASELINES if name in factories)
    network = NETWORK in factories and settings.seconds is None
    small = ready.panel.values.size * max(1, ready.split.n_windows) <= MOST_VALUES
    try:
        changed, where = _changed(data, settings, ready, small=small)
        found = prove(
            ready.panel,
            changed,
            results.fits,
            ready.split,
            everywhere={baseline: factories[baseline]},
            once={NETWORK: factories[NETWORK]} if network else {},
            prepare=lambda past: _prepared(past, settings),
            bounds=results.bounds,
            latest=None if small else 1,
            go_on=_within(clock, ready.panel.n_series, ready.panel.values.size * (VALUE if small else VALUE_IN_MEMORY)),
        )
    except FAILURES as error:  # a run that took hours does not end with its last check
        note = f"not tried: the changed data cannot be read or fitted ({error})"
        return [_check("The past and the forecasts after a change of the future", 0, 0, note), *_of_files(results)], {}
    why = "the data being large" if found.windows and not small else "to keep the budget"
    rows = list(_of_changes(found, where, ready.split.n_windows, why))
    if NETWORK in factories and not network:
        rows.append(_check(f"Forecasts of {NETWORK}, fitted again", 0, 0, "left out to keep the budget"))
    return [*rows, *_of_files(results)], found.seconds


def _within(clock: Clock, n_series: int, usual: float) -> Callable[[], bool]:
    """Return what says whether there is time for one window more, the first of which usually takes so long.

    The first goes before all pictures, those after it before half of them.
    """
    begun: list[float] = []

    def go_on() -> bool:
        now = perf_counter()
        took = now - begun[-1] if begun else clock.pace * usual
        after = rest_seconds(n_series, 0) + (page_seconds(n_series) / 2 if begun else 0.0)
        begun.append(now)
        return took + clock.pace * after <= clock.left

    return go_on


def _changed(
    data: str | Path | pd.DataFrame, settings: RunConfig, ready: Ready, *, small: bool
) -> tuple[Callable[[Window], Panel], str]:
    """Return what changes the data after the cutoff of a window, and where it does so."""
    if not small or not _read_again(data):
        return partial(in_panel, ready.panel), "in memory"
    table, read = changeable(data, settings, ready)
    loaded = ready.loaded
    columns: dict[str, Any] = {"time": loaded.time, "target": loaded.target, "id": loaded.id}
    return in_table(table, read, **columns, written=times_written(settings)), "in the file"


def _read_again(data: str | Path | pd.DataFrame) -> bool:
    """Whether the data can be read a second time."""
    return isinstance(data, pd.DataFrame) or str(data) in BUNDLED or Path(data).is_file()


def _prepared(past: Panel, settings: RunConfig) -> bytes:
    """Return what the transforms of the network learn and make of a past."""
    missing = "auto" if settings.data.missing == "error" else settings.data.missing
    _, panel, choices = choose_transforms(past, settings.data.transform, missing=missing)
    return panel.values.tobytes() + repr([(c.name, c.series.tobytes(), c.why) for c in choices]).encode()


def _check(what: str, held: int, of: int, note: str = "") -> dict[str, Any]:
    return {"check": what, "held": held, "of": of, "passed": held == of if of else None, "note": note}


def _of_changes(found: Proofs, where: str, n_windows: int, why: str) -> Iterator[dict[str, Any]]:
    """Yield the checks of a changed future, in some of the windows where there is a reason why."""
    few = "" if found.windows == n_windows else f"; {found.windows} of {n_windows} windows, {why}"
    change = f"values after the cutoff turned upside down, a million times as large, {where}{few}"
    yield _check("The past is the same bits after a change of the future", found.pasts, found.windows, change)
    what = "Transforms, their statistics included, are the same bits"
    yield _check(what, found.prepared, found.windows, change)
    for name, (same, tried) in found.refitted.items():
        yield _check(f"{name} fitted again: same forecasts and choices, bit by bit", same, tried, "by window")
    if found.control is not None:
        what = "A model that was made to look ahead is found out"
        yield _check(what, int(found.control), 1, "tests these checks themselves")


def _of_files(results: Results) -> Iterator[dict[str, Any]]:
    """Yield the checks of what was forecast: later than what was known, and once."""
    rows = results.backtest
    if rows.empty:
        return
    yield _check("Every tested value is later than all its model was given", int((rows["ds"] > rows["cutoff"]).sum()),
                 len(rows), "values")  # fmt: skip
    once = ~rows.duplicated(["unique_id", "cutoff", "step", "model"], keep=False)
    yield _check("Every value of a window was scored once", int(once.sum()), len(rows), "values")
