"""How long a page takes to make, and which of its pictures are left out where a run has to keep to its time.

The idea: the first picture is a trial that says how fast this machine paints; every picture is drawn only where the
time left is enough for it and for what must follow, and the page says of each that is missing how to have it.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pandas as pd

from forecast import figures
from forecast.report.picture import Picture
from forecast.report.pictures import names_of, pictures_of
from forecast.report.view import MANY, MAX_PANELS

if TYPE_CHECKING:
    from forecast.clock import Clock
    from forecast.report.view import View

__all__ = ["PICTURE_LEFT_OUT", "answer_seconds", "page_seconds", "painted", "rest_seconds", "try_out"]

PICTURE_LEFT_OUT = "picture"
"""What a picture that is left out is counted as."""
TRIAL, PICTURE, CHART = 0.12, 0.16, 0.075
"""Usual seconds of the trial picture, of any picture, and of each of the charts of one that has a chart a series."""
A_CHART_EACH = ("forecast", "backtest", "history")
"""The pictures that have a chart for each series that is drawn."""
SLOW = {
    "residuals-arima": 0.5,
    "residuals-ets": 0.5,
    "windows": 0.55,
    "error-map": 0.45,
    "calendar": 0.3,
    "bands-by-step": 0.3,
}
"""Usual seconds of pictures that are made of many parts."""
WORDS, SERIES, ROW = 0.55, 0.001, 3e-6
"""Usual seconds of all that is no picture, of a row for a series, and of reading a row of the windows."""
MOST_LISTED = 1_000
"""Series of which the page lists about as many rows."""


def try_out(clock: Clock) -> None:
    """Let the clock learn how long a small picture takes here and now; what all pictures need is loaded before."""
    bars = pd.DataFrame({"model": ["mlp", "arima", "naive", "seasonal_naive"], "skill": [0.3, 0.2, 0.1, 0.0]})
    for _ in range(2):
        start = perf_counter()
        figure = figures.ratio_dots(bars, ends={})
        figures.to_png(figure)
        figures.to_svg(figure, placed=True)
    clock.learn(took=perf_counter() - start, usual=TRIAL)


def page_seconds(n_series: int) -> float:
    """Return the usual seconds of all pictures of a page.

    Examples
    --------
    >>> page_seconds(1) < page_seconds(8) < page_seconds(1000) == page_seconds(10_000)
    True
    """
    return sum(_usual(name, n_series) for name in names_of(many=n_series >= MANY))


def answer_seconds(n_series: int) -> float:
    """Return the usual seconds of the picture of the forecast, which no page should lack.

    Examples
    --------
    >>> 0 < answer_seconds(1) < answer_seconds(24) < page_seconds(24)
    True
    """
    return _usual("forecast", n_series)


def rest_seconds(n_series: int, rows: int) -> float:
    """Return the usual seconds of a page without its pictures, and of what a command does after it.

    Examples
    --------
    >>> rest_seconds(1, 100) < rest_seconds(500, 100) < rest_seconds(500, 100_000)
    True
    """
    return WORDS + SERIES * min(n_series, MOST_LISTED) + ROW * rows


def painted(view: View, clock: Clock) -> dict[str, Picture | str]:
    """Return the pictures of a page in their order; in the place of one that is not drawn, why it is not."""
    count, found = len(view.ids), {}
    rest = rest_seconds(count, len(view.run.backtest))
    for name, draw in pictures_of(view).items():
        usual, start = _usual(name, count), perf_counter()
        if clock.allows(usual + rest):
            found[name] = draw(view)
            if isinstance(found[name], Picture):
                clock.learn(took=perf_counter() - start, usual=usual)
        else:
            clock.left_out[PICTURE_LEFT_OUT] += 1
            found[name] = (
                f"left out to keep the budget of {clock.budget:g} s; forecast report RUN draws what it has to show"
            )
    return found


def _usual(name: str, n_series: int) -> float:
    """Return the usual seconds of one picture."""
    charts = min(n_series, MAX_PANELS) if name in A_CHART_EACH else 0
    return SLOW.get(name, PICTURE) + CHART * charts
