"""What the models would have forecast at earlier times, held against what then came.

The idea: at every cutoff each model is given the same past and nothing else; the truth has another name, is reached
another way, and meets the forecasts only in the frame of results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.defaults import MAX_WINDOWS, MIN_WINDOWS
from forecast.errors import ForecastError, ModelError
from forecast.metrics import METRICS, mase_scale, skill

if TYPE_CHECKING:
    from forecast.bounds import Bounds
    from forecast.errors import Notice
    from forecast.models.base import Forecaster
    from forecast.panel import Panel

__all__ = [
    "Fitted",
    "Window",
    "backtest",
    "choose_n_windows",
    "common_points",
    "fit_all",
    "leaderboard",
    "truth",
    "unit_losses",
    "windows",
]

Factory = Callable[[], "Forecaster"]
FAILURES = (ForecastError, ArithmeticError, ValueError, LookupError)
"""What a model may raise without ending the run."""


@dataclass(frozen=True)
class Window:
    """One cutoff: the past that models are given. What came after is asked of `truth` alone.

    `back` is the number of values between the cutoff and the end of the data.
    """

    past: Panel
    back: int
    horizon: int


@dataclass
class Fitted:
    """What all models did at one cutoff: their forecasts and how they came about."""

    forecasts: pd.DataFrame
    models: dict[str, Forecaster]
    choices: dict[str, Any]
    notices: list[Notice] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    timings: dict[str, dict[str, float]] = field(default_factory=dict)


def choose_n_windows(panel: Panel, horizon: int) -> int:
    """Return how many windows of step = horizon to test on.

    As many as leave half of the typical series for the first fit, at least 4 and at most 12; fewer where 4 would
    leave less than two seasons (and at least 3 values, and a horizon) to learn from. 0: nothing can be held out.
    """
    length = int(np.median(panel.lengths))
    least = max(3, horizon, 2 * panel.season_length)
    wanted = min(MAX_WINDOWS, max(MIN_WINDOWS, length // 2 // horizon))
    return max(0, min(wanted, (length - least) // horizon))


def windows(panel: Panel, *, horizon: int, n_windows: int) -> Iterator[Window]:
    """Yield the windows, earliest cutoff first, each `horizon` after the one before.

    Cutoffs are counted from the end of each series, so that series which ended early are tested too.
    """
    for back in range(n_windows * horizon, 0, -horizon):
        past = panel.drop_last(back)
        usable = [s for s in range(past.n_series) if np.isfinite(past.series(s)).sum() >= 3]
        if usable:
            yield Window(past.take(usable).until(horizon), back, horizon)


def truth(panel: Panel, window: Window) -> pd.DataFrame:
    """Return what came after the window's cutoff: ``unique_id, step, y`` and the MASE `scale` of each past."""
    position = {name: s for s, name in enumerate(panel.ids)}
    series = [position[name] for name in window.past.ids]
    stop = panel.offsets[1:][series] - window.back + window.horizon
    values = panel.values[stop[:, None] + np.arange(-window.horizon, 0)]
    scale = [mase_scale(window.past.series(s), panel.season_length) for s in range(window.past.n_series)]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(window.past.ids, dtype=object), window.horizon),
            "step": np.tile(np.arange(1, window.horizon + 1), len(series)),
            "y": values.ravel(),
            "scale": np.repeat(scale, window.horizon),
        }
    )


def fit_all(
    factories: Mapping[str, Factory],
    panel: Panel,
    *,
    horizon: int,
    bounds: Bounds | None = None,
    tick: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Fit every model to `panel` and forecast what follows; a model that fails is written down, not raised.

    Forecasts outside `bounds` are moved into them.

    Raises
    ------
    ModelError
        M101, when every model fails.
    """
    frames, choices, fitted = [], {}, Fitted(pd.DataFrame(), {}, {})
    cutoff = _text(panel.last.max())
    for name, make in factories.items():
        tick(name)
        start = perf_counter()
        try:
            model = make().fit(panel, horizon=horizon)
            middle = perf_counter()
            frame = model.predict()
            if not np.isfinite(frame["y_hat"]).all():
                raise ModelError("M103", f"{name} returned a forecast that is not a number")
        except FAILURES as error:
            fitted.failures.append({"model": name, "cutoff": cutoff, "reason": str(error)})
            continue
        fitted.timings[name] = {"fit": middle - start, "predict": perf_counter() - middle}
        fitted.models[name] = model
        fitted.notices += model.notices_
        choices[name] = model.choices_
        frames.append(frame if bounds is None else bounds.apply(frame))
    if not frames:
        reasons = "; ".join(f["reason"] for f in fitted.failures[:3])
        raise ModelError("M101", f"every model failed at cutoff {cutoff}: {reasons}", hint="--models naive")
    fitted.forecasts = pd.concat(frames, ignore_index=True)
    fitted.choices = {name: choice for name, choice in choices.items() if choice}
    return fitted


def backtest(
    factories: Mapping[str, Factory],
    panel: Panel,
    *,
    horizon: int,
    n_windows: int,
    bounds: Bounds | None = None,
    tick: Callable[[str], None] = lambda _: None,
) -> tuple[pd.DataFrame, list[Fitted]]:
    """Let every model forecast from every cutoff; what is scored lies within `bounds`.

    Returns
    -------
    frame : DataFrame
        The forecast frame of all windows with `y` before `y_hat` and, last, `scale`: the mean absolute error of the
        seasonal naive method within the past of that series and cutoff, by which MASE divides.
    fits : list of Fitted
        One a window.
    """
    frames, fits = [], []
    for window in windows(panel, horizon=horizon, n_windows=n_windows):
        fitted = fit_all(factories, window.past, horizon=horizon, bounds=bounds, tick=tick)
        frame = fitted.forecasts.merge(truth(panel, window), on=["unique_id", "step"], how="left", sort=False)
        frames.append(frame)
        fits.append(fitted)
    columns = ["unique_id", "cutoff", "ds", "step", "model", "y", "y_hat", "scale"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns), fits


def common_points(backtested: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the points (series, cutoff, step) that every model forecast.

    Where a fit of one model failed, the others are not scored either.
    """
    models = backtested.groupby(["unique_id", "cutoff", "step"])["model"].transform("nunique")
    return backtested[models == backtested["model"].nunique()]


def leaderboard(
    backtested: pd.DataFrame, factories: Mapping[str, Factory], *, baselines: tuple[str, ...], fits: list[Fitted]
) -> pd.DataFrame:
    """Return the scores frame: a row per model, best MASE first, over `common_points`.

    Columns: ``rank, model, role``, a column per metric, `skill` (the share of seasonal naive's MASE that is gone),
    `windows`, `points` and `failures` (fits of the model that failed).
    """
    failed = [failure["model"] for fit in fits for failure in fit.failures]
    rows = []
    for name in factories:
        own = backtested[backtested["model"] == name]
        y, y_hat, scale = (own[column].to_numpy(np.float64) for column in ("y", "y_hat", "scale"))
        scores = {metric: function(y, y_hat, scale) for metric, function in METRICS.items()}
        rows.append(
            {"model": name, "role": "baseline" if name in baselines else "candidate", **scores}
            | {"windows": own["cutoff"].nunique(), "points": int((~np.isnan(y)).sum()), "failures": failed.count(name)}
        )
    table = pd.DataFrame(rows)
    reference = table.loc[table["model"] == "seasonal_naive", "mase"]
    table.insert(
        list(table.columns).index("windows"),
        "skill",
        [skill(m, float(reference.iloc[0])) if len(reference) else np.nan for m in table["mase"]],
    )
    table = table.sort_values("mase", kind="stable", na_position="last", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def unit_losses(backtested: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Return the unit that a verdict counts and the mean scaled loss of each model in each unit.

    Returns
    -------
    unit : {"windows", "series"}
        A window of the one series, or a series of the panel.
    losses : DataFrame
        A row per unit in the order of time or id, a column per model.
    """
    unit = "series" if len(backtested["unique_id"].unique()) > 1 else "windows"
    key = "unique_id" if unit == "series" else "cutoff"
    error = (backtested["y"] - backtested["y_hat"]).abs() / backtested["scale"].where(backtested["scale"] > 0)
    losses = error.groupby([backtested[key], backtested["model"]]).mean().unstack("model")
    return unit, losses


def _text(time: Any) -> str:
    return str(time) if isinstance(time, (int, np.integer)) else str(pd.Timestamp(time).date())
