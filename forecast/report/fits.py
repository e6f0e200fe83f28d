"""The pictures of the fits of ARIMA and ETS: what they left over, in four charts and three tests.

The idea: a model is looked at as its textbook says, and the title says what a trained eye would see.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast import figures
from forecast.report.picture import Picture
from forecast.report.tables import table_of
from forecast.report.words import column, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["FIT_PICTURES", "diagnosed_table"]

MAX_LAGS = 60
"""Autocorrelations that are drawn."""
TESTS = {"ljung_box": "Autocorrelation", "heteroskedasticity": "Changing size", "jarque_bera": "Not normal"}
"""The tests of diagnostics.json, and what each looks for."""


def _residuals_picture(view: View, *, model: str) -> Picture | str:
    """Draw what a fit left of the first series that it left testable errors of."""
    left = view.run.more("residuals.csv")
    left = left[left["model"] == model] if len(left) else left
    found = {name: said for name, said in view.diagnostics.get(model, {}).items() if "ljung_box" in said}
    name = next((name for name in found if len(left) and (left["unique_id"] == name).any()), None)
    if name is None:
        return f"no fit of {model} in this run left errors enough to test"
    own, said = left[left["unique_id"] == name], found[name]
    figure = figures.residual_panels(own, model=model, lags=min(MAX_LAGS, said["lags"]))
    title = f"What {model} left over: {said['says']}"
    low, high = column([own["residual"].min(), own["residual"].max()])
    tests = ", ".join(f"{word.lower()} p = {said[test]['p_value']:.2g}" for test, word in TESTS.items())
    alt = f"Four charts of {said['errors']:,} one-step errors of {model} from {low} to {high}: {tests}."
    return Picture.of(figure, title=title, alt=alt, data=own[["ds", "residual"]], numbers=_tests_table(said))


def _tests_table(said: dict[str, Any]) -> Table:
    """Return the tests of one fit."""
    asked = {
        "ljung_box": f"Ljung-Box over {said['lags']} lags",
        "heteroskedasticity": "last third of the squares against the first",
        "jarque_bera": "Jarque-Bera of skewness and tails",
    }
    rows = [
        [TESTS[test], how, number(said[test]["statistic"]), f"{said[test]['freedom']}", f"{said[test]['p_value']:.2g}"]
        for test, how in asked.items()
    ]
    rows += [
        ["Mean", "of all errors", number(said["mean"]), "", ""],
        ["Spread", "standard deviation", number(said["sd"]), "", ""],
    ]
    return table_of("Tests of what was left over", ("Looks for", "By", "Statistic", "Freedom", "p"), rows, prose=["By"])


def diagnosed_table(view: View) -> Table:
    """Return what the errors of all fits give away: a row for each model and series."""
    rows = [
        [model, name, f"{said['errors']:,}", *(_p_value(said, test) for test in TESTS), said["says"]]
        for model, fits in view.diagnostics.items()
        for name, said in fits.items()
    ]
    head = ("Model", "Series", "Errors", *(f"p: {word.lower()}" for word in TESTS.values()), "In words")
    return table_of("What the fits left over", head, rows, prose=["Series", "In words"])


def _p_value(said: dict[str, Any], test: str) -> str:
    return f"{said[test]['p_value']:.2g}" if test in said else number(np.nan)


FIT_PICTURES: dict[str, Callable[[View], Picture | str]] = {
    "residuals-arima": partial(_residuals_picture, model="arima"),
    "residuals-ets": partial(_residuals_picture, model="ets"),
}
