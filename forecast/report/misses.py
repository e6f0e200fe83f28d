"""Where the best model fails: the dates of its largest errors, and where in the calendar it leans to one side.

The idea: errors that have a place have a cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import figures
from forecast.report.picture import Picture
from forecast.report.tables import table_of
from forecast.report.words import column, number

if TYPE_CHECKING:
    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["DAYS", "MONTHS", "calendar_tiles", "worst_table"]

WORST = 10
"""Dates that are named."""
MIN_PLACES = 2
"""Places of the calendar below which there is nothing to compare."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def worst_table(view: View) -> Table:
    """Return the dates at which the best model erred most, and whether its bands held the value."""
    rows = figures.comparable_errors(view.backtest)
    rows = rows[rows["model"] == view.best].dropna(subset="error").nlargest(WORST, "error", keep="first")
    held = [_held(row) for row in rows.to_dict("records")]
    numbers = column([*rows["y"], *rows["y_hat"], *(rows["y_hat"] - rows["y"])])
    n = len(rows)
    head, columns = ["Time"], [[view.when(t) for t in rows["ds"]]]
    if len(view.ids) > 1:
        head, columns = ["Series", "Time"], [rows["unique_id"].astype(str).tolist(), *columns]
    columns += [[view.when(t) for t in rows["cutoff"]], numbers[:n], numbers[n : 2 * n], numbers[2 * n :], held]
    head += ["Forecast at", "actual", "forecast", "error", "In the band?"]
    caption = f"The {len(rows)} dates at which {view.best} erred most"
    prose = ["Time", "Forecast at", "In the band?"]
    return table_of(caption, head, [list(row) for row in zip(*columns, strict=True)], prose=prose)


def _held(row: dict[Any, Any]) -> str:
    """Return which is the narrowest interval that held the value, in words."""
    levels = sorted((name[3:] for name in row if name.startswith("lo-") and row[name] == row[name]), key=float)
    within = [level for level in levels if row[f"lo-{level}"] <= row["y"] <= row[f"hi-{level}"]]
    if not levels:
        return "none was calibrated"
    return f"yes, {within[0]}%" if within else f"no, not even {levels[-1]}%"


def calendar_tiles(view: View) -> Picture | str:
    """Draw the mean signed error of the best model by position in the calendar."""
    rows = view.backtest[view.backtest["model"] == view.best]
    if rows.empty:
        return "nothing was tested"
    if rows["ds"].dtype.kind == "i":
        return "the times are numbers, so they have no place in a calendar"
    labels, positions = _positions(view.info["data"]["frequency"], rows["ds"].dt)
    frame = pd.DataFrame(
        {"error": _signed(rows).to_numpy(), **dict(zip(labels, map(np.asarray, positions), strict=True))}
    )
    frame = frame.dropna()
    table = frame.pivot_table(index=labels[0], columns=labels[1], values="error", aggfunc="mean")
    if table.shape[1] < MIN_PLACES:
        return "all tested values lie at one place of the calendar"
    by = frame.groupby(labels[1])["error"].mean().to_dict()
    place, most = max(by.items(), key=lambda item: abs(item[1]))
    table.index = pd.Index([_name(labels[0], value) for value in table.index])
    table.columns = pd.Index([_name(labels[1], value) for value in table.columns])
    size = f"{number(abs(most))}{'% of the mean value' if len(view.ids) > 1 else ''}"
    way = "too high" if most > 0 else "too low"
    title = f"{view.best} leaned furthest to one side in {labels[1]} {_name(labels[1], place)}: {size} {way} on average"
    alt = f"Tiles of the mean signed error of {view.best} by {labels[0]} and {labels[1]}: {title}."
    numbers = _tiles_table(table, labels)
    data = table.rename_axis(index=labels[0]).reset_index()
    return Picture.of(figures.error_tiles(table, labels=labels), title=title, alt=alt, data=data, numbers=numbers)


def _signed(rows: pd.DataFrame) -> pd.Series[float]:
    """Return forecast minus value; of several series, in percent of the mean size of each."""
    error = rows["y_hat"] - rows["y"]
    if len(rows["unique_id"].unique()) == 1:
        return error
    sizes = rows["y"].abs().groupby(rows["unique_id"]).transform("mean")
    return 100 * error / sizes.where(sizes > 0)


def _name(label: str, place: Any) -> str:
    """Return what a place of the calendar is called."""
    if label == "month":
        return MONTHS[int(place) - 1]
    return DAYS[int(place)] if label == "weekday" else str(place)


def _positions(frequency: str, at: Any) -> tuple[tuple[str, str], tuple[Any, Any]]:
    """Return what rows and columns of the tiles are, and where each time lies."""
    if frequency in ("yearly", "quarterly"):
        return ("year", "quarter"), (at.year, at.quarter)
    if frequency in ("monthly", "weekly"):
        return ("year", "month"), (at.year, at.month)
    if (at.hour == 0).all():
        return ("month", "weekday"), (at.month, at.day_of_week)
    return ("weekday", "hour"), (at.day_of_week, at.hour)


def _tiles_table(table: pd.DataFrame, labels: tuple[str, str]) -> Table:
    cells = column(table.to_numpy().ravel(), sign="+")
    width = table.shape[1]
    rows = [[str(name), *cells[r * width : (r + 1) * width]] for r, name in enumerate(table.index)]
    return table_of(f"Forecast minus value by {labels[0]} and {labels[1]}", [labels[0], *map(str, table.columns)], rows)
