"""What the models would have forecast at earlier times, held against what then came.

The idea: at every cutoff each model is given the same past and nothing else; the truth has another name, is reached
another way, and meets the forecasts only in the frame of results. What is fitted and forecast are tasks
(`forecast.tasks`); here they are laid out, and what they came to is put together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.bounds import Bounds
from forecast.defaults import BASELINES
from forecast.errors import ModelError, Notice
from forecast.metrics import mase_scale, rmsse_scale
from forecast.tasks import Task, Window, given, perform

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Doer, Factory, Outcome

__all__ = ["NOT_FINISHED", "Backtest", "Fitted", "backtest", "beside_truth", "fit_all", "truth"]

FALLBACK = "seasonal_naive"
"""What stands in for a model that fails, where that was asked for."""
NOT_FINISHED = "not finished in the time there was"
NONE: Mapping[str, Panel] = MappingProxyType({})
COLUMNS = ("unique_id", "cutoff", "ds", "step", "model", "y", "y_hat", "scale", "rms_scale", "before", "back")


@dataclass
class Fitted:
    """What all models did at one cutoff: their forecasts and how they came about."""

    forecasts: pd.DataFrame
    models: dict[str, Forecaster] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    timings: dict[str, dict[str, float]] = field(default_factory=dict)
    back: int = 0
    """How many values come after the cutoff."""


@dataclass
class Backtest:
    """All windows: what was forecast and what came, and from further origins, which intervals learn from.

    `frame` is the forecast frame with `y` before `y_hat` and, last, what is known of the past of that series and
    cutoff: `scale` and `rms_scale`, the mean absolute and the root mean squared error of the seasonal naive method, by
    which MASE and RMSSE divide, `before`, its last known value, and `back`, the number of values after the cutoff.
    `between` is the same from further origins, each forecast by the fit of the cutoff before it; steps whose truth is
    still to come are left out.
    """

    frame: pd.DataFrame
    between: pd.DataFrame
    fits: list[Fitted]
    unfinished: int = 0
    """Windows that were given up for want of time."""
    undone: Counter[str] = field(default_factory=Counter)
    """Fits that were not finished in time, by model."""


def truth(panel: Panel, window: Window, split: Split) -> pd.DataFrame:
    """Return what came after the window's cutoff: ``unique_id, step, y``, and the last columns of `Backtest.frame`."""
    position = {name: s for s, name in enumerate(panel.ids)}
    series = [position[name] for name in window.past.ids]
    end = panel.offsets[1:][series][:, None]
    wanted = end - window.back + split.gap + np.arange(split.horizon)
    values = np.where(wanted < end, panel.values[np.minimum(wanted, end - 1)], np.nan)
    pasts, season = [window.past.series(s) for s in range(window.past.n_series)], panel.season_length
    known = {
        "scale": [mase_scale(past, season) for past in pasts],
        "rms_scale": [rmsse_scale(past, season) for past in pasts],
        "before": [past[np.isfinite(past)][-1] for past in pasts],
    }
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(window.past.ids, dtype=object), split.horizon),
            "step": np.tile(np.arange(1, split.horizon + 1), len(series)),
            "y": values.ravel(),
            **{name: np.repeat(numbers, split.horizon) for name, numbers in known.items()},
        }
    )


def beside_truth(forecasts: Sequence[pd.DataFrame], panel: Panel, window: Window, split: Split) -> pd.DataFrame:
    """Return what models forecast in a window with what came: rows of `Backtest.frame`, and own ends of intervals."""
    known = truth(panel, window, split)
    joined = pd.concat(forecasts, ignore_index=True).merge(known, on=["unique_id", "step"], how="left", sort=False)
    own = [name for name in joined.columns if name.startswith(("lo-", "hi-"))]
    return joined.assign(back=window.back)[[*COLUMNS, *own]]


def fit_all(
    factories: Mapping[str, Factory],
    panel: Panel,
    split: Split,
    *,
    bounds: Bounds | None = None,
    levels: Sequence[float] = (),
    fallback: bool = False,
    only: Mapping[str, Panel] = NONE,
    do: Doer = lambda tasks: map(perform, tasks),
) -> Fitted:
    """Fit every model to the whole of `panel` and forecast what follows; a model that fails is written down.

    Forecasts outside `bounds` are moved into them; with `fallback`, seasonal naive stands in for a model that fails.
    A model that is named in `only` is given these series alone.
    The frame has the own intervals of those models that have any, at these `levels`.

    Raises
    ------
    ModelError
        M101, when every model fails.
    """
    bounds = bounds or Bounds()
    quickest_first = sorted(factories, key=lambda name: name not in BASELINES)  # they are there if time runs out
    tasks = [
        Task(name, factories[name], only.get(name, panel), split, bounds=bounds, levels=tuple(levels), keep=True)
        for name in quickest_first
    ]
    done = dict(zip(quickest_first, do(tasks), strict=True))
    outcomes = {name: done[name] for name in factories}
    return _fitted(outcomes, 0, cutoff=_text(panel.last.max()), fallback=fallback)


def backtest(
    factories: Mapping[str, Factory],
    panel: Panel,
    split: Split,
    *,
    bounds: Bounds | None = None,
    levels: Sequence[float] = (),
    fallback: bool = False,
    only: Mapping[str, Panel] = NONE,
    keep: Collection[str] = (),
    do: Doer = lambda tasks: map(perform, tasks),
) -> Backtest:
    """Let every model forecast from every cutoff; `bounds`, `levels`, `fallback` and `only` are those of `fit_all`.

    The tasks of the latest windows come first, so that these are there if time runs out; a window that not all models
    could finish is given up. The fitted models that are named in `keep` stand in `Fitted.models`, each in the first
    window that it serves.
    """
    bounds = bounds or Bounds()
    origins = [[*block, *split.between(block, n_series=panel.n_series)] for block in split.blocks]
    tasks = [
        Task(name, make, only.get(name, panel), split, backs, bounds, tuple(levels), keep=name in keep)
        for backs in map(tuple, reversed(origins))
        for name, make in factories.items()
    ]
    done = list(do(tasks))
    found = Backtest(pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(COLUMNS)), [])
    frames: list[pd.DataFrame] = []
    between: list[pd.DataFrame] = []
    for b, block in enumerate(split.blocks):
        first = len(factories) * (len(split.blocks) - 1 - b)
        outcomes = dict(zip(factories, done[first : first + len(factories)], strict=True))
        if None in outcomes.values():
            found.unfinished += len(block)
            found.undone.update(name for name, outcome in outcomes.items() if outcome is None)
            continue
        for place, back in enumerate(origins[b]):
            past = given(panel, back, split)
            rows = [o.frames[place] for o in outcomes.values() if o is not None and o.frames]
            tried = rows or any(o is not None and o.failure for o in outcomes.values())
            if past is None or not tried or not (rows or place < len(block)):
                continue
            if place < len(block):
                found.fits.append(_fitted(outcomes, place, cutoff=_text(past.last.max()), fallback=fallback))
                found.fits[-1].back = back
                rows = [found.fits[-1].forecasts]
            joined = beside_truth(rows, panel, Window(past, back), split)
            if place < len(block):
                frames.append(joined)
            else:
                between.append(joined.dropna(subset="y"))
    found.frame = pd.concat(frames, ignore_index=True) if frames else found.frame
    if between:
        found.between = pd.concat(between, ignore_index=True)
    return found


def _fitted(outcomes: Mapping[str, Outcome | None], place: int, *, cutoff: str, fallback: bool) -> Fitted:
    """Return what the models did from one cutoff: the first of their tasks (`place` 0) tells how they were fitted."""
    fitted = Fitted(pd.DataFrame())
    frames = []
    spare = outcomes.get(FALLBACK) if fallback else None
    for name, outcome in outcomes.items():
        if outcome is None or outcome.failure is not None:
            if place == 0:
                reason = NOT_FINISHED if outcome is None else str(outcome.failure)
                fitted.failures.append({"model": name, "cutoff": cutoff, "reason": reason})
            if spare is not None and spare.frames:
                frames.append(spare.frames[place].assign(model=name))
                fitted.notices += [Notice("W303", f"{name} failed: {FALLBACK} stands in for it")] * (place == 0)
            continue
        frames.append(outcome.frames[place])
        if place == 0:
            if outcome.lost is not None:
                fitted.failures.append({"model": name, "cutoff": cutoff, "reason": outcome.lost})
                fitted.notices.append(Notice("W307", f"{name}: {outcome.lost}"))
            fitted.timings[name] = outcome.timing
            fitted.notices += outcome.notices
            if outcome.choices:
                fitted.choices[name] = outcome.choices
            if outcome.model is not None:
                fitted.models[name] = outcome.model
    if not frames:
        reasons = "; ".join(list(dict.fromkeys(f["reason"] for f in fitted.failures))[:3])
        hint = "a longer --budget" if all(outcome is None for outcome in outcomes.values()) else "--models naive"
        raise ModelError("M101", f"every model failed at cutoff {cutoff}: {reasons}", hint=hint)
    fitted.forecasts = pd.concat(frames, ignore_index=True)
    return fitted


def _text(time: Any) -> str:
    return str(time) if isinstance(time, (int, np.integer)) else str(pd.Timestamp(time).date())
