"""What the models would have forecast at earlier times, held against what then came.

The idea: at every cutoff each model is given the same past and nothing else; the truth has another name, is reached
another way, and meets the forecasts only in the frame of results. What is fitted and forecast are tasks
(`forecast.tasks`); here they are laid out, and what they came to is put together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from forecast.bounds import Bounds
from forecast.defaults import BASELINES
from forecast.errors import ModelError, Notice
from forecast.metrics import mase_scale, rmsse_scale
from forecast.origins import Origin
from forecast.panel import forecast_frame, of_columns
from forecast.tasks import Task, Window, given, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Doer, Factory, Outcome

__all__ = ["NOT_FINISHED", "Backtest", "Between", "Fitted", "backtest", "beside_truth", "fit_all", "truth"]

FALLBACK = "seasonal_naive"
"""What stands in for a model that fails, where that was asked for."""
NOT_FINISHED = "not finished in the time there was"
NONE: Mapping[str, Panel] = MappingProxyType({})
TOGETHER = 2_000
"""Series whose past is looked at together: all of it would be a second copy of the data."""
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
    `between` are further origins, each forecast by the fit of the cutoff before it.
    """

    frame: pd.DataFrame
    between: Between
    fits: list[Fitted]
    unfinished: int = 0
    """Windows that were given up for want of time."""
    undone: Counter[str] = field(default_factory=Counter)
    """Fits that were not finished in time, by model."""


@dataclass(frozen=True)
class Came:
    """What came after a cutoff, of n series, and what was known of their past.

    Parameters
    ----------
    ids : tuple of str
        The series.
    y : ndarray [n, H]
        What came; NaN where it is still to come.
    known : dict of ndarray [n]
        The last columns of `Backtest.frame`, by name.
    """

    ids: tuple[str, ...]
    y: NDArray[np.float64]
    known: dict[str, NDArray[np.float64]]

    @classmethod
    def after(cls, panel: Panel, window: Window, split: Split) -> Self:
        """Return what came after the window's cutoff."""
        position = {name: s for s, name in enumerate(panel.ids)}
        series = [position[name] for name in window.past.ids]
        end = panel.offsets[1:][series][:, None]
        wanted = end - window.back + split.gap + np.arange(split.horizon)
        y = np.where(wanted < end, panel.values[np.minimum(wanted, end - 1)], np.nan)
        pasts, season = [window.past.series(s) for s in range(window.past.n_series)], panel.season_length
        known = {
            "scale": [mase_scale(past, season) for past in pasts],
            "rms_scale": [rmsse_scale(past, season) for past in pasts],
            "before": [past[np.isfinite(past)][-1] for past in pasts],
        }
        return cls(window.past.ids, y, {name: np.array(numbers) for name, numbers in known.items()})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return what came of the series of all parts."""
        known = {name: np.concatenate([part.known[name] for part in parts]) for name in parts[0].known}
        return cls(
            tuple(name for part in parts for name in part.ids), np.concatenate([part.y for part in parts]), known
        )

    def of(self, ids: Sequence[str]) -> Came:
        """Return the same of series in another order."""
        if tuple(ids) == self.ids:
            return self
        place = {name: s for s, name in enumerate(self.ids)}
        places = [place[name] for name in ids]
        return Came(tuple(ids), self.y[places], {name: numbers[places] for name, numbers in self.known.items()})

    def beside(self, forecasts: pd.DataFrame, back: int) -> pd.DataFrame:
        """Return forecasts with what came: rows of `Backtest.frame`, and own ends of intervals last.

        The series stand one after another, each with all its steps, perhaps several times.
        """
        horizon = self.y.shape[1]
        own = self.of(tuple(forecasts["unique_id"].iloc[::horizon]))
        known: dict[str, NDArray[Any]] = {name: np.repeat(numbers, horizon) for name, numbers in own.known.items()}
        ends = [name for name in forecasts.columns if name.startswith(("lo-", "hi-"))]
        known |= {"y": own.y.ravel(), "back": np.full(len(forecasts), back)}
        return of_columns(forecasts, [*COLUMNS, *ends], known)


def truth(panel: Panel, window: Window, split: Split) -> pd.DataFrame:
    """Return what came after the window's cutoff: ``unique_id, step, y``, and the last columns of `Backtest.frame`."""
    came = Came.after(panel, window, split)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(came.ids, dtype=object), split.horizon),
            "step": np.tile(np.arange(1, split.horizon + 1), len(came.ids)),
            "y": came.y.ravel(),
            **{name: np.repeat(numbers, split.horizon) for name, numbers in came.known.items()},
        }
    )


def beside_truth(forecasts: Sequence[pd.DataFrame], panel: Panel, window: Window, split: Split) -> pd.DataFrame:
    """Return what models forecast in a window with what came: rows of `Backtest.frame`, and own ends of intervals."""
    return Came.after(panel, window, split).beside(pd.concat(forecasts, ignore_index=True), window.back)


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

    def rows(self, back: int) -> pd.DataFrame:
        """Return the rows of an origin as `Backtest.frame` has them."""
        came, origins = self.found[back]
        past = given(self.panel, back, self.split)
        frames = [] if past is None else [_rows(past, self.split, name, origin) for name, origin in origins.items()]
        return came.beside(pd.concat(frames, ignore_index=True), back) if frames else _no_rows()

    def frame(self) -> pd.DataFrame:
        """Return the rows of all origins, without steps whose truth is still to come."""
        frames = [self.rows(back).dropna(subset="y") for back in self.found]
        return pd.concat(frames, ignore_index=True) if frames else _no_rows()

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


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS))


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
    found = Backtest(_no_rows(), Between(panel, split), [])
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
