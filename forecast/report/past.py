"""The pictures of the data: all values, one season over the other, and what goes together over which distance.

The idea: what a model can learn can be seen before any model; the titles say how much of it there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import figures
from forecast.report.misses import DAYS, MONTHS
from forecast.report.picture import Picture
from forecast.report.words import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.report.view import View

__all__ = ["PAST_PICTURES"]

MAX_LAGS = 48
"""Autocorrelations that are drawn of the data."""
LEAST = 20
"""Known values below which autocorrelations say nothing."""


def _history_picture(view: View) -> Picture | str:
    held = int(view.anatomy.get("network", {}).get("held_out", 0))
    figure = figures.whole_history(view.drawn, backtest=view.backtest, held_out=held)
    values, gaps = len(view.run.history), int(view.run.history["y"].isna().sum())
    series = f" of {len(view.ids):,} series" if len(view.ids) > 1 else ""
    missing = f"{gaps:,} missing" if gaps else "none missing"
    span = f"{view.when(view.run.history['ds'].min())} to {view.when(view.run.history['ds'].max())}"
    title = f"{values:,} values{series} from {span}, {missing}"
    tested = view.when(view.backtest["cutoff"].min()) if len(view.backtest) else None
    tests = f"tests begin after {tested}" if tested else "no part was left for a test"
    return Picture.of(figure, title=title, alt=f"The whole history: {title}; {tests}.", data=view.drawn)


def _seasonal_picture(view: View) -> Picture | str:
    """Draw the first series season by season."""
    season = int(view.info["data"]["season_length"])
    own = view.run.history[view.run.history["unique_id"] == view.ids[0]]
    if season < 2:
        return "the data have no season"
    if len(own) < 2 * season:
        return "there are not two whole seasons"
    rows, places, label = _laid(own, season, view.info["data"]["frequency"])
    table = pd.DataFrame({"row": rows, "place": places, "y": own["y"].to_numpy()}).pivot_table(
        index="row", columns="place", values="y", aggfunc="mean"
    )
    table.columns = pd.Index([_named(label, place) for place in table.columns])
    means = table.mean()
    high, low = str(means.idxmax()), str(means.idxmin())
    ratio = means.max() / means.min() if means.min() > 0 else np.nan
    times = f", {ratio:.2f} times the lowest" if ratio == ratio else ""
    title = f"The season is highest in {label} {high}{times} ({label} {low})"
    alt = f"A line for each of the latest seasons: {title}; means from {number(means.min())} to {number(means.max())}."
    if view.shared:
        alt = f"A line for each of the latest seasons: {title}."
    data = table.rename_axis("season").reset_index()
    return Picture.of(figures.seasonal_lines(table, label=label), title=title, alt=alt, data=data)


def _laid(own: pd.DataFrame, season: int, frequency: str) -> tuple[Any, Any, str]:
    """Return in which season each value lies, at which place of it, and what the places are called."""
    at = own["ds"].dt if own["ds"].dtype.kind == "M" else None
    if at is not None and (frequency, season) == ("monthly", 12):
        return at.year.to_numpy(), at.month.to_numpy(), "month"
    if at is not None and (frequency, season) == ("quarterly", 4):
        return at.year.to_numpy(), at.quarter.to_numpy(), "quarter"
    if at is not None and (frequency, season) == ("daily", 7):
        return (
            (at.normalize() - pd.to_timedelta(at.day_of_week, unit="D")).dt.strftime("%Y-%m-%d").to_numpy(),
            (at.day_of_week.to_numpy()),
            "weekday",
        )
    if at is not None and (frequency, season) == ("hourly", 24):
        return at.strftime("%Y-%m-%d").to_numpy(), at.hour.to_numpy(), "hour"
    from_end = np.arange(len(own))[::-1]
    return -(from_end // season), season - from_end % season, "position"


def _named(label: str, place: Any) -> str:
    if label == "month":
        return MONTHS[int(place) - 1]
    return DAYS[int(place)] if label == "weekday" else f"{place}"


def _correlation_picture(view: View) -> Picture | str:
    """Draw what goes together in the first series, of its differences where it has a trend."""
    own = view.run.history[view.run.history["unique_id"] == view.ids[0]]["y"].to_numpy(np.float64)
    known, season = own[np.isfinite(own)], int(view.info["data"]["season_length"])
    if len(known) < LEAST or np.ptp(known) == 0:
        return "there are too few different values"
    steps = np.diff(own)
    trending = float(figures.autocorrelations(own, 1)[0]) > 0.7 and float(np.nanstd(steps)) > 0
    values = steps if trending else own
    lags = min(MAX_LAGS, max(10, 2 * season), len(known) // 3)
    found = figures.autocorrelations(values, lags)
    limit = 1.96 / np.sqrt(np.isfinite(values).sum())
    outside = np.flatnonzero(np.abs(found) > limit) + 1
    what = "changes from step to step" if trending else "values"
    strongest = int(np.argmax(np.abs(found))) + 1
    title = f"No {what} go together beyond chance"
    if len(outside):
        title = f"{what.capitalize()} go together most at {strongest} steps apart ({found[strongest - 1]:+.2f})"
    alt = f"Bars of autocorrelations of the {what} to lag {lags}: {len(outside)} of {lags} beyond {limit:.2f}."
    figure = figures.correlograms(values, lags=lags, season_length=season)
    partial = figures.partial_autocorrelations(found)
    data = pd.DataFrame({"lag": np.arange(1, lags + 1), "acf": found, "pacf": partial, "noise_within": limit})
    return Picture.of(figure, title=title, alt=alt, data=data)


PAST_PICTURES: dict[str, Callable[[View], Picture | str]] = {
    "history": _history_picture,
    "seasonal": _seasonal_picture,
    "correlation": _correlation_picture,
}
