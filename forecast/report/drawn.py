"""What the page gives its script to draw: the series of the first picture, so that a reader can look at them closely.

The idea: the script knows nothing beyond these numbers. They are those of the files, times are written as everywhere on
the page, and what is not known is nothing at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from forecast.report.view import View

__all__ = ["MOST_VALUES", "drawn_values"]

MOST_VALUES = 20_000
"""So many values of the past a page holds for its script; of longer series these are the latest."""
LEAST_SEASONS, LEAST_HORIZONS, LEAST_VALUES = 3, 4, 24
"""What is seen at first of the past, whichever is longest: as in the picture."""
DIGITS = 6


def drawn_values(view: View) -> dict[str, Any] | None:
    """Return what the script draws: JSON without a number that is none; None where there is no forecast.

    Returns
    -------
    dict
        ``shown`` (values of the past that are seen at first), ``season`` and ``series``: a list of ``name, times, y``
        (the past), ``start`` (where in `times` the forecast begins), ``left_out`` (earlier values that are not here),
        ``models`` (``name, y_hat``, the best first) and ``bands`` of the best (``level, lo, hi, calibrated``, widest
        first).
    """
    if view.ahead.empty:
        return None
    season, horizon = int(view.info["data"]["season_length"]), int(view.info["horizon"])
    most = max(LEAST_VALUES, MOST_VALUES // len(view.chosen))
    past = dict(iter(view.drawn.groupby("unique_id", sort=False)))
    ahead = dict(iter(view.forecasts.groupby("unique_id", sort=False)))
    return {
        "shown": max(LEAST_VALUES, LEAST_SEASONS * season, LEAST_HORIZONS * horizon),
        "season": season,
        "series": [_series(view, name, past[name], ahead[name], most=most) for name in view.chosen if name in ahead],
    }


def _series(view: View, name: str, past: pd.DataFrame, ahead: pd.DataFrame, *, most: int) -> dict[str, Any]:
    """Return one series: its past, and what the best model and the runner-up expect."""
    shown, gap = past.tail(most), int(view.info.get("gap", 0))
    steps = range(1, int(view.info["horizon"]) + 1)
    forecasts = {
        str(model): rows.set_index("step").reindex(steps)
        for model in (view.best, view.runner_up)
        if model and len(rows := ahead[ahead["model"] == model])
    }
    best = forecasts.get(view.best)
    times = ahead.drop_duplicates("step").sort_values("step")["ds"]
    return {
        "name": plain(name),
        "times": [*map(view.when, shown["ds"]), *[""] * gap, *map(view.when, times)],
        "y": _numbers(shown["y"]),
        "start": len(shown) + gap,
        "left_out": len(past) - len(shown),
        "models": [{"name": model, "y_hat": _numbers(rows["y_hat"])} for model, rows in forecasts.items()],
        "bands": [] if best is None else [_band(view, best, level) for level in reversed(view.levels)],
    }


def _band(view: View, rows: pd.DataFrame, level: str) -> dict[str, Any]:
    ends = {end: _numbers(rows[f"{end}-{level}"]) for end in ("lo", "hi")}
    return {"level": level, **ends, "calibrated": level not in view.uncalibrated}


def _numbers(values: Iterable[float]) -> list[float | None]:
    """Return numbers with as many digits as can be seen, and None for what is no number.

    Examples
    --------
    >>> _numbers([1 / 3, float("nan"), 12.0])
    [0.333333, None, 12.0]
    """
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values]
