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
from forecast.came import Came, no_rows
from forecast.defaults import BASELINES
from forecast.errors import ModelError, Notice
from forecast.origins import Origin
from forecast.panel import forecast_frame
from forecast.tasks import Task, Window, given, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Doer, Factory, Outcome

__all__ = ["NOT_FINISHED", "Backtest", "Between", "Fitted", "backtest", "fit_all"]

FALLBACK = "seasonal_naive"
"""What stands in for a model that fails, where that was asked for."""
QUICK = ("drift", "mean", "croston", "tsb", "theta")
"""The models that take a moment: with the baselines they are fitted to all data first, to be there if time runs out."""
NOT_FINISHED = "not finished in the time there was"
NONE: Mapping[str, Panel] = MappingProxyType({})
TOGETHER = 2_000
"""Series whose past is looked at together: all of it would be a second copy of the data."""


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
    which MASE and RMSSE divide, `error_unit` and `roughness`, which intervals go by, `before`, its last known value,
    and `back`, the number of values after the cutoff.
    `between` are further origins, each forecast by the fit of the cutoff before it.
    """

    frame: pd.DataFrame
    between: Between
    fits: list[Fitted]
    unfinished: int = 0
    """Windows that were given up for want of time."""
    undone: Counter[str] = field(default_factory=Counter)
    """Fits that were not finished in time, by model."""


@dataclass
class Between:
    """What models forecast from origins between the cutoffs, and what came.

    Parameters
    ----------
    panel : Panel
        All data.
    split : Split
        Where the windows lie.
    found : dict
        By the number of values after the origin: what came, and the forecasts of each model.
    """

    panel: Panel
    split: Split
    found: dict[int, tuple[Came, dict[str, Origin]]] = field(default_factory=dict)

    def column(self, back: int, model: str, name: str) -> NDArray[np.float64]:
        """Return a column [n, H] of the rows of a model: its forecasts, its own ends, or what came."""
        came, origins = self.found[back]
        if name == "y":
            return came.of(origins[model].ids).y
        if name in came.known:
            return np.repeat(came.of(origins[model].ids).known[name][:, None], self.split.horizon, axis=1)
        return origins[model].column(name)

    @property
    def size(self) -> int:
        """How many forecasts there are."""
        return self.split.horizon * sum(len(one.ids) for _, origins in self.found.values() for one in origins.values())

    def rows(self, back: int) -> pd.DataFrame:
        """Return the rows of an origin as `Backtest.frame` has them."""
        came, origins = self.found[back]
        past = given(self.panel, back, self.split)
        frames = [] if past is None else [_rows(past, self.split, name, origin) for name, origin in origins.items()]
        return came.beside(pd.concat(frames, ignore_index=True), back) if frames else no_rows()

    def frame(self) -> pd.DataFrame:
        """Return the rows of all origins, without steps whose truth is still to come."""
        frames = [self.rows(back).dropna(subset="y") for back in self.found]
        return pd.concat(frames, ignore_index=True) if frames else no_rows()

    def add(self, made: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Add the rows that are made of those of each origin: the forecasts of one more model."""
        for back, (_, origins) in self.found.items():
            if len(rows := made(self.rows(back))):
                origins[str(rows["model"].iloc[0])] = Origin.of(rows)


def _rows(past: Panel, split: Split, model: str, origin: Origin) -> pd.DataFrame:
    """Return the forecast frame of a model that knew the `past`."""
    chosen = past.take(origin.of_series({name: s for s, name in enumerate(past.ids)}))
    gap = np.full((len(origin.ids), split.gap), np.nan)
    frame = forecast_frame(chosen, np.hstack([gap, origin.column("y_hat")]), model=model)
    frame = frame[frame["step"] > split.gap].reset_index(drop=True)
    ends = {name: origin.column(name).ravel() for name in origin.columns if name != "y_hat"}
    return frame.assign(step=frame["step"] - split.gap, **ends)


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
    quickest_first = sorted(factories, key=lambda name: (name not in BASELINES, name not in QUICK))
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
    found = Backtest(no_rows(), Between(panel, split), [])
    frames: list[pd.DataFrame] = []
    for b, block in enumerate(split.blocks):
        first = len(factories) * (len(split.blocks) - 1 - b)
        outcomes = dict(zip(factories, done[first : first + len(factories)], strict=True))
        if None in outcomes.values():
            found.unfinished += len(block)
            found.undone.update(name for name, outcome in outcomes.items() if outcome is None)
            continue
        for place, back in enumerate(block):
            came = _came(panel, back, split)
            if came is None or not any(o is not None and (o.frames or o.failure) for o in outcomes.values()):
                continue
            found.fits.append(_fitted(outcomes, place, cutoff=came[1], fallback=fallback))
            found.fits[-1].back = back
            frames.append(came[0].beside(found.fits[-1].forecasts, back))
        for place, back in enumerate(origins[b][len(block) :]):
            came = _came(panel, back, split)
            told = {name: o.between[place] for name, o in outcomes.items() if o is not None and o.between}
            if came is not None and told:
                found.between.found[back] = came[0], told
    found.frame = pd.concat(frames, ignore_index=True) if frames else found.frame
    return found


def _came(panel: Panel, back: int, split: Split) -> tuple[Came, str] | None:
    """Return what came after a cutoff, and when that was; None where no series was known well enough."""
    parts, ends = [], []
    for part in panel.parts(TOGETHER):
        past = given(part, back, split)
        if past is not None:
            parts.append(Came.after(part, Window(past, back), split))
            ends.append(past.last.max())
    return (Came.joined(parts), _text(max(ends))) if parts else None


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
