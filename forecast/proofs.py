"""The checks against leakage that a run makes of itself: the future changed, and what it had forecast still follows.

The idea: the backtest is done already, so one more fit from a changed file is enough to hold against it; a whole audit
(`forecast.audit`) fits every model again for every window and change.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.audit import (
    CONTROL,
    Peeking,
    cells_changed,
    moved_between,
    past_of,
    rows_after,
    same_past,
    written_to,
)
from forecast.backtesting import Fitted, fit_all
from forecast.tasks import windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.bounds import Bounds
    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.split import Split
    from forecast.tasks import Factory, Window

__all__ = ["Proofs", "in_panel", "in_table", "prove"]


@dataclass
class Proofs:
    """What `prove` found: how many windows stood the change, of how many; and what refitting cost, in seconds."""

    windows: int = 0
    pasts: int = 0
    prepared: int = 0
    refitted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By model: in how many windows nothing moved, and in how many it was refitted."""
    control: bool | None = None
    """Whether a model that looks ahead was found; None where nothing lay ahead to be changed."""
    seconds: dict[str, float] = field(default_factory=dict)


def prove(
    whole: Panel,
    changed: Callable[[Window], Panel],
    before: Sequence[Fitted],
    split: Split,
    *,
    everywhere: Mapping[str, Factory],
    once: Mapping[str, Factory],
    prepare: Callable[[Panel], bytes],
    bounds: Bounds | None = None,
    latest: int | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Proofs:
    """Change the values after the cutoffs of a backtest that was done, and hold refits against what it forecast.

    Parameters
    ----------
    whole : Panel
        The data as they are.
    changed : callable
        The same data with the values after the cutoff of a window changed.
    before : sequence of Fitted
        What the models did in the backtest, a fit for each window.
    split : Split
        Where the windows lie.
    everywhere, once : mapping of name to callable
        Models to refit in all windows, and in the latest alone.
    prepare : callable
        What transforms learn and make of a past.
    bounds : Bounds, optional
        Those of the backtest.
    latest : int, optional
        Look at so many of the latest windows alone.
    go_on : callable
        Asked before each window, the latest first, whether there is time for it.
    """
    found, fitted_at = Proofs(), {block[0] for block in split.blocks}
    looked = list(windows(whole, split))[-(latest or split.n_windows) :] if split.n_windows else []
    known = {_cutoffs(fit.forecasts): fit for fit in before[-len(looked) :]}
    final = next((w for w in reversed(looked) if w.back in fitted_at), None)
    for window in reversed(looked):
        if not go_on():
            break
        other = changed(window)
        past = past_of(other, window, split)
        found.windows += 1
        if past is None or not same_past(past, window.past):
            continue
        found.pasts += 1
        found.prepared += prepare(past) == prepare(window.past)
        fit = known.get(_cutoffs_of(window.past))
        for name, make in {**everywhere, **(once if window is final else {})}.items():
            if window.back not in fitted_at or fit is None or name not in set(fit.forecasts["model"]):
                continue
            start = perf_counter()
            moved = _refit_moves(name, make, past, split, fit, bounds)
            found.seconds[name] = found.seconds.get(name, 0.0) + perf_counter() - start
            same, tried = found.refitted.get(name, (0, 0))
            found.refitted[name] = same + (not moved), tried + 1
        if window is final and other.values.tobytes() != whole.values.tobytes():
            one, two = (fit_all({CONTROL: partial(Peeking, p)}, window.past, split) for p in (whole, other))
            found.control = bool(moved_between(one, two))
    return found


def in_panel(panel: Panel, window: Window) -> Panel:
    """Return the panel with the values after the cutoff of a window turned upside down, a million times as large."""
    from_end = np.repeat(panel.offsets[1:], panel.lengths) - np.arange(len(panel.values))
    return panel.with_values(np.where(from_end <= window.back, -1e6 * panel.values, panel.values))


def in_table(
    table: Table,
    read: Callable[[Path], Panel],
    *,
    time: str | None,
    target: str,
    id: str | None,
    written: Mapping[str, str | None] | None = None,
) -> Callable[[Window], Panel]:
    """Return what does the same in the raw cells of a file, and reads them again; `written` as for `audit`."""

    def changed(window: Window) -> Panel:
        after = rows_after(table, window.past, time=time, target=target, id=id, written=written)
        with tempfile.TemporaryDirectory() as folder:
            return read(written_to(cells_changed(table, target, after, "upside down"), table, Path(folder)))

    return changed


def _refit_moves(name: str, make: Factory, past: Panel, split: Split, fit: Fitted, bounds: Bounds | None) -> list[str]:
    """Return what moved in a refit of one model on an equal past."""
    again = fit_all({name: make}, past, split, bounds=bounds)
    rows = fit.forecasts[fit.forecasts["model"] == name]
    kept = {name: fit.choices[name]} if name in fit.choices else {}
    return moved_between(Fitted(rows, models=again.models, choices=kept), again)


def _cutoffs(frame: pd.DataFrame) -> tuple[tuple[str, int], ...]:
    """Return the cutoff of each series in a forecast frame, as a key."""
    last = frame.drop_duplicates("unique_id")
    return _key(last["unique_id"], last["cutoff"].to_numpy())


def _cutoffs_of(past: Panel) -> tuple[tuple[str, int], ...]:
    """Return the same of a panel."""
    return _key(past.ids, past.last)


def _key(ids: Iterable[str], times: NDArray[Any]) -> tuple[tuple[str, int], ...]:
    ticks = times.astype("datetime64[us]") if times.dtype.kind == "M" else times
    return tuple(sorted(zip(ids, ticks.astype(np.int64).tolist(), strict=True)))
