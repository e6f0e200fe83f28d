"""What the one-step errors of a fit give away: a good model leaves noise, of one size, and roughly normal.

The idea: three tests from textbooks, as plain functions of an array in which NaN is no error, and one sentence that
says what they found. None of them says how well a model forecasts; they say what it has not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import chdtrc, fdtr, fdtrc

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = [
    "MOST_KEPT",
    "Finding",
    "diagnose",
    "diagnosed",
    "errors_left",
    "heteroskedasticity",
    "jarque_bera",
    "ljung_box",
    "usual_lags",
]

FEWEST = 10
"""Errors below which nothing is tested."""
ALPHA = 0.05
LARGEST = 1e12
"""No ratio is written larger than this, be it infinite."""
MOST_KEPT = 24
"""Series whose errors themselves are kept."""


class Finding(NamedTuple):
    """A test: its statistic, the chance of one as large from noise alone, and degrees of freedom."""

    statistic: float
    p_value: float
    freedom: int


def usual_lags(n: int, *, season_length: int = 1, parameters: int = 0) -> int:
    """Return how many autocorrelations of n errors are looked at: those of two seasons, or 10, but at most n / 5.

    The rule is that of Hyndman & Athanasopoulos (2021), section 5.4; at least three more than there are parameters, so
    that something is left to test.

    Examples
    --------
    >>> usual_lags(144, season_length=12), usual_lags(60), usual_lags(30), usual_lags(30, parameters=5)
    (24, 10, 6, 8)
    """
    wanted = 2 * season_length if season_length > 1 else 10
    return max(min(wanted, n // 5), parameters + 3)


def ljung_box(errors: ArrayLike, *, lags: int, parameters: int = 0) -> Finding:
    """Return whether errors [T] go together with those up to `lags` steps before (Ljung & Box 1978).

    ``Q = n (n + 2) sum_k r_k^2 / (n - k)`` over the autocorrelations r_k of n errors, chi-square with `lags` less the
    number of `parameters` that were fitted. A pair with a NaN counts for nothing.

    Examples
    --------
    >>> round(ljung_box([1, -1] * 20, lags=2).p_value, 6), round(ljung_box([1, -1, -1, 1] * 10, lags=1).p_value, 2)
    (0.0, 0.87)
    """
    e = np.asarray(errors, dtype=np.float64)
    e = e - np.nanmean(e)
    n, total = int(np.isfinite(e).sum()), float(np.nansum(e**2))
    r = np.array([np.nansum(e[k:] * e[: len(e) - k]) for k in range(1, lags + 1)]) / total
    statistic = n * (n + 2.0) * float(np.sum(r**2 / (n - np.arange(1, lags + 1))))
    freedom = lags - parameters
    return Finding(statistic, float(chdtrc(freedom, statistic)), freedom)


def jarque_bera(errors: ArrayLike) -> Finding:
    """Return whether errors are skewed or heavy-tailed beyond a normal distribution (Jarque & Bera 1980).

    ``n (S^2 + (K - 3)^2 / 4) / 6`` of their skewness S and kurtosis K, chi-square with 2 degrees of freedom.

    Examples
    --------
    >>> round(jarque_bera(list(range(100))).statistic, 2), jarque_bera([0] * 50 + [9]).p_value < 1e-9
    (6.0, True)
    """
    e = np.asarray(errors, dtype=np.float64)
    e = e[np.isfinite(e)] - np.nanmean(e)
    variance = np.mean(e**2)
    skewness, kurtosis = np.mean(e**3) / variance**1.5, np.mean(e**4) / variance**2
    statistic = float(len(e) / 6.0 * (skewness**2 + (kurtosis - 3.0) ** 2 / 4.0))
    return Finding(statistic, float(chdtrc(2, statistic)), 2)


def heteroskedasticity(errors: ArrayLike) -> Finding:
    """Return whether the size of errors changes from the first third to the last.

    ``H = sum of the last h squares / sum of the first h``, F with h and h degrees of freedom, both ends counted
    (Harvey 1989, section 5.4.2).

    Examples
    --------
    >>> found = heteroskedasticity([1, -1] * 10 + [0, 0] * 10 + [3, -3] * 10)
    >>> round(found.statistic, 2), found.p_value < 0.001, found.freedom
    (9.0, True, 20)
    """
    e = np.asarray(errors, dtype=np.float64)
    e = e[np.isfinite(e)]
    h = round(len(e) / 3)
    first, last = float(np.sum(e[:h] ** 2)), float(np.sum(e[-h:] ** 2))
    statistic = min(last / first, LARGEST) if first > 0 else LARGEST
    return Finding(statistic, 2.0 * float(min(fdtr(h, h, statistic), fdtrc(h, h, statistic))), h)


def diagnose(errors: ArrayLike, *, season_length: int = 1, parameters: int = 0) -> dict[str, Any]:
    """Return what all tests say of errors [T], as plain JSON values, and in a sentence.

    Examples
    --------
    >>> found = diagnose(np.random.default_rng(0).normal(size=200))
    >>> found["says"]
    'no autocorrelation is left; of one size; normal'
    >>> diagnose([1.0, 2.0])
    {'errors': 2, 'says': 'too few errors to test'}
    """
    e = np.asarray(errors, dtype=np.float64)
    n = int(np.isfinite(e).sum())
    if n < FEWEST:
        return {"errors": n, "says": "too few errors to test"}
    if np.nanmax(np.abs(e - np.nanmean(e))) <= 1e-9 * np.nanmax(np.abs(e), initial=1e-9):
        return {"errors": n, "says": "no errors are left to test"}
    lags = min(n - 1, usual_lags(n, season_length=season_length, parameters=parameters))
    tests = {
        "ljung_box": ljung_box(e, lags=lags, parameters=min(parameters, lags - 1)),
        "heteroskedasticity": heteroskedasticity(e),
        "jarque_bera": jarque_bera(e),
    }
    return {
        "errors": n,
        "mean": float(np.nanmean(e)),
        "sd": float(np.nanstd(e)),
        "lags": lags,
        **{name: found._asdict() for name, found in tests.items()},
        "says": _sentence(tests),
    }


def _sentence(tests: Mapping[str, Finding]) -> str:
    """Return in words which tests found something."""
    size = tests["heteroskedasticity"]
    words = {
        "ljung_box": ("no autocorrelation is left", "autocorrelation is left"),
        "heteroskedasticity": ("of one size", "larger at the end" if size.statistic > 1 else "smaller at the end"),
        "jarque_bera": ("normal", "not normal"),
    }
    said = [words[name][found.p_value < ALPHA] for name, found in tests.items()]
    asides = [f" (p {found.p_value:.2g})" if found.p_value < ALPHA else "" for found in tests.values()]
    return "; ".join(f"{word}{aside}" for word, aside in zip(said, asides, strict=True))


def diagnosed(models: Mapping[str, Any], panel: Panel) -> dict[str, dict[str, Any]]:
    """Return what the fits of those models say that keep their one-step errors, by model and series.

    Such a model has `residuals_`, by series, and `parameters_`, how many parameters the errors had to fit.
    """
    return {
        name: {
            series: diagnose(e, season_length=panel.season_length, parameters=model.parameters_[series])
            for series, e in model.residuals_.items()
        }
        for name, model in models.items()
        if hasattr(model, "residuals_")
    }


def errors_left(models: Mapping[str, Any], panel: Panel) -> pd.DataFrame:
    """Return the one-step errors themselves of the first series of a panel, of the models that keep theirs.

    Columns: ``model, unique_id, ds, residual`` (NaN where a fit has no error), of at most `MOST_KEPT` series.
    """
    import pandas as pd

    few = panel.take(range(min(MOST_KEPT, panel.n_series)))
    frame = few.to_frame()[["unique_id", "ds"]]
    left = [
        frame.assign(model=name, residual=np.concatenate([model.residuals_[series] for series in few.ids]))
        for name, model in models.items()
        if hasattr(model, "residuals_") and set(few.ids) <= set(model.residuals_)
    ]
    found = pd.concat(left, ignore_index=True) if left else frame.iloc[:0].assign(model="", residual=np.nan)
    return found[["model", "unique_id", "ds", "residual"]]
