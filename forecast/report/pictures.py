"""The pictures of the page: each with a title that states the finding and a sentence for those who cannot see it.

The idea: `forecast.figures` draws; here it is read off the numbers what the drawing says, or why there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast import figures
from forecast.report import windows
from forecast.report.bands import kept, steps_covered
from forecast.report.fits import FIT_PICTURES
from forecast.report.misses import calendar_tiles
from forecast.report.network import NETWORK_PICTURES
from forecast.report.panels import PANEL_PICTURES
from forecast.report.past import PAST_PICTURES
from forecast.report.picture import Picture
from forecast.report.words import column, number, part_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.report.view import View

__all__ = ["SINGLE", "names_of", "pictures_of"]

MAX_BARS = 20
"""How many models the picture of ratios holds."""


def _forecast_picture(view: View) -> Picture | str:
    if view.ahead.empty:
        return "no model could be fitted, so there is no forecast to draw"
    best, rows = view.best, view.ahead
    figure = figures.fan_chart(
        view.drawn,
        forecasts=view.forecasts,
        model=best,
        runner_up=view.runner_up,
        season_length=view.info["data"]["season_length"],
        uncalibrated=view.uncalibrated,
    )
    last = rows.iloc[-1]
    bands = [
        f"{n}% band{' (not calibrated)' if n in view.uncalibrated else ''} "
        f"{number(last[f'lo-{n}'])} to {number(last[f'hi-{n}'])}"
        for n in view.levels
    ]
    alt = f"The history and the forecast of {best}: {', '.join([number(last['y_hat']), *bands])} at the last step."
    title = _expected(view)
    if len(view.ids) > 1 or view.shared:
        part = f"{part_of(len(view.chosen), len(view.ids))} series" if len(view.ids) > 1 else "the series"
        title = f"What {best} expects for {part} over the {view.next_steps}"
        alt = f"The history and the forecast of {best} for {part}, to {view.when(last['ds'])}, one chart each."
    shown = view.forecasts[view.forecasts["model"].isin([best, view.runner_up])]
    data = shown[shown["unique_id"].isin(view.chosen)].drop(columns="cutoff")
    return Picture.of(figure, title=title, alt=alt, data=data)


def _expected(view: View) -> str:
    """Return what is expected of one series: its lowest and highest value, or the one there is."""
    rows, best = view.ahead, view.best
    lowest, highest = rows.iloc[int(rows["y_hat"].argmin())], rows.iloc[int(rows["y_hat"].argmax())]
    low, high = column([lowest["y_hat"], highest["y_hat"]])
    if len(rows) == 1:
        return f"{best} expects {low} in {view.when(lowest['ds'])}"
    if low == high:
        return f"{best} expects {low} all through the {view.next_steps}"
    ends = f"lowest {low} ({view.when(lowest['ds'])}), highest {high} ({view.when(highest['ds'])})"
    return f"{view.next_steps.capitalize()}{view.of_target} by {best}: {ends}"


def _ratio_picture(view: View) -> Picture | str:
    known = view.run.leaderboard.dropna(subset="skill").head(MAX_BARS)
    if known.empty:
        return "no model has an error that can be compared with seasonal naive's"
    ratios = {str(model): 1 - skill for model, skill in zip(known["model"], known["skill"], strict=True)}
    pairs = [p for p in view.pairs_with("seasonal_naive") if p.get("ratio_low") is not None]
    ends: dict[str, tuple[float, float]] = {p["model"]: (p["ratio_low"], p["ratio_high"] or np.inf) for p in pairs}
    others = [f"{model} makes {ratio:.2f} times" for model, ratio in ratios.items() if model != "seasonal_naive"]
    title = f"{others[0]} the error of seasonal naive" if others else "Seasonal naive had no rival"
    alt = f"Dots of error relative to seasonal naive: {', '.join(f'{m} {ratio:.2f}' for m, ratio in ratios.items())}."
    data = pd.DataFrame({"model": list(ratios), "ratio": list(ratios.values())})
    for place, end in enumerate(("low", "high")):
        data[end] = [ends[model][place] if model in ends else np.nan for model in ratios]
    return Picture.of(figures.ratio_dots(known, ends=ends), title=title, alt=alt, data=data)


def _unit(view: View) -> str:
    return "mean absolute error" if len(view.ids) == 1 else "error / mean error of seasonal naive"


def _steps_picture(view: View) -> Picture | str:
    if view.backtest.empty:
        return "no window was left to test on"
    if view.info["horizon"] == 1:
        return "the horizon is one step, so the error cannot grow with it"
    errors = figures.step_errors(view.backtest)
    errors = errors[[model for model in view.run.leaderboard["model"] if model in errors.columns]]
    if errors.empty:
        return "seasonal naive made no error to compare with"
    model = view.best if view.best in errors.columns else errors.columns[0]
    first, last = errors[model].iloc[0], errors[model].iloc[-1]
    word = "grows" if last > 1.1 * first else "falls" if last < 0.9 * first else "hardly changes,"
    near, far = column([first, last])
    title = f"{model}'s error {word} from {near} one step ahead to {far} at step {int(errors.index[-1])}"
    ends = ", ".join(f"{m} {number(errors[m].iloc[0])} to {number(errors[m].iloc[-1])}" for m in errors.columns)
    alt = f"Lines of the {_unit(view)} by step, first to last: {ends}."
    dots = None
    if len(view.ids) == 1:
        own = view.backtest[view.backtest["model"] == errors.columns[0]]
        dots = own.assign(error=(own["y"] - own["y_hat"]).abs()).pivot_table(
            index="step", columns="cutoff", values="error"
        )
    figure = figures.error_by_step(errors, unit=_unit(view), dots=dots)
    counts = view.backtest[view.backtest["model"] == model].groupby("step").size().rename("values")
    data = errors.rename_axis(columns=None).join(counts).reset_index()
    return Picture.of(figure, title=title, alt=alt, data=data)


def _windows_picture(view: View) -> Picture | str:
    if view.backtest.empty:
        return "no window was left to test on"
    models = [model for model in (view.best, view.runner_up) if model and model in set(view.backtest["model"])]
    figure = figures.backtest_windows(view.drawn, backtest=view.backtest, models=models)
    scored = view.backtest.assign(error=(view.backtest["y"] - view.backtest["y_hat"]).abs())
    errors = scored.pivot_table(index=["unique_id", "cutoff"], columns="model", values="error")
    windows = f"windows of {len(view.ids):,} series" if len(view.ids) > 1 else "windows"
    title = f"What {' and '.join(models)} had forecast in {len(errors):,} {windows}"
    if len(models) == 2:
        paired = errors[models].dropna()
        closer = int((paired[models[0]] < paired[models[1]]).sum())
        title = f"{models[0]} was closer than {models[1]} in {part_of(closer, len(paired))} {windows}"
    alt = f"Actual values and the forecasts made at each cutoff: {title}."
    rows = view.backtest[view.backtest["unique_id"].isin(view.chosen) & view.backtest["model"].isin(models)]
    return Picture.of(figure, title=title, alt=alt, data=rows[["unique_id", "cutoff", "ds", "model", "y", "y_hat"]])


SINGLE: dict[str, Callable[[View], Picture | str]] = {
    "forecast": _forecast_picture,
    "leaderboard": _ratio_picture,
    "error-by-step": _steps_picture,
    "error-by-cutoff": windows.by_cutoff,
    "backtest": _windows_picture,
    "windows": windows.single,
    "paired": windows.paired,
    "reliability": kept,
    "bands-by-step": steps_covered,
    **PAST_PICTURES,
    **NETWORK_PICTURES,
    **FIT_PICTURES,
    "calendar": calendar_tiles,
    "window-bars": windows.window_bars,
}
"""The pictures of up to 24 series, in the order of the page."""
ALONE = ("windows", "paired", "seasonal", "correlation", "residuals-arima", "residuals-ets")
"""Those that look at a single series, which of many would be any."""


def pictures_of(view: View) -> dict[str, Callable[[View], Picture | str]]:
    """Return what is drawn of a run, by name and in the order of the page: at most 20 pictures."""
    every = SINGLE | PANEL_PICTURES
    return {name: every[name] for name in names_of(many=view.many)}


def names_of(*, many: bool) -> list[str]:
    """Return the names of the pictures of a page, of `many` series or of few, in its order.

    Examples
    --------
    >>> names_of(many=True)[:3], names_of(many=False)[:3]
    (['forecast', 'leaderboard', 'ratio-curve'], ['forecast', 'leaderboard', 'error-by-step'])
    """
    if not many:
        return list(SINGLE)
    first = ["forecast", "leaderboard", *PANEL_PICTURES]
    return [*first, *(name for name in SINGLE if name not in {*first, *ALONE})]
