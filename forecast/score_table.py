"""Every score of a backtest at once, by model, step, window or whatever else groups its rows.

The idea: a score is a mean of terms, one for each row, or is made of a few such means (`forecast.metrics.terms`); so
all groups are scored in one pass over the rows, and sums of parts of the rows add up to the scores of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.covered import binomial_band
from forecast.metrics import crps_weights
from forecast.metrics.terms import (
    difference,
    hit,
    interval_score,
    percentage,
    quantile_loss,
    right_way,
    scaled,
    symmetric,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    *("LEVEL_SCORES", "POINT_SCORES", "QUANTILE_SCORES"),
    *("levels_of", "referenced", "row_losses", "score_sums", "score_table", "scores_of"),
]

POINT_SCORES = (
    *("mase", "smape", "mae", "rmse", "rmsse", "mse", "mape", "wape"),
    *("owa", "bias", "theils_u", "directional_accuracy"),
)
"""The scores of forecasts of one value, in the order of the columns."""
QUANTILE_SCORES = ("pinball", "wis", "crps")
"""The scores of all quantiles together: the ends of the intervals and the forecast itself."""
LEVEL_SCORES = ("coverage", "coverage_low", "coverage_high", "cases", "mean_width", "winkler", "msis")
"""The scores of the intervals of one level, whose columns end in it: ``coverage-80``."""
REFERENCES = ("naive", "seasonal_naive")
"""The models beside which Theil's U and OWA put the others."""


def levels_of(frame: pd.DataFrame) -> list[str]:
    """Return the levels of the intervals in a forecast frame as its columns write them, the smallest first.

    Examples
    --------
    >>> levels_of(pd.DataFrame(columns=["lo-95", "lo-80", "hi-80", "hi-95"]))
    ['80', '95']
    """
    return sorted((name[3:] for name in frame.columns if name.startswith("lo-")), key=float)


def referenced(backtested: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with what the naive and the seasonal naive method forecast at the same point beside each.

    The columns are called as the two models are; they are NaN where that model did not run.
    """
    points = backtested.groupby(["unique_id", "cutoff", "step"], sort=False).ngroup().to_numpy().astype(np.int64)
    beside = {}
    for name in REFERENCES:
        own = (backtested["model"] == name).to_numpy()
        values = np.full(len(backtested), np.nan)
        values[points[own]] = backtested["y_hat"].to_numpy(np.float64)[own]
        beside[name] = values[points]
    return backtested.assign(**beside)


def row_losses(frame: pd.DataFrame, quantile: float | None) -> Floats:
    """Return the scaled loss of every row, by which models are compared.

    The scaled absolute error; of a quantile twice the scaled quantile loss, which at one half is the same.
    """
    y, y_hat = (frame[name].to_numpy(np.float64) for name in ("y", "y_hat"))
    loss = np.abs(difference(y, y_hat)) if quantile is None else 2.0 * quantile_loss(y, y_hat, quantile)
    return scaled(loss, frame["scale"])


def score_table(rows: pd.DataFrame, keys: Sequence[pd.Series], *, quantile: float | None = None) -> pd.DataFrame:
    """Return the scores of each group of rows that share their `keys`, in the order of these.

    Parameters
    ----------
    rows : DataFrame
        Backtested forecasts as `referenced` returns them.
    keys : sequence of Series [N]
        What tells groups apart.
    quantile : float, optional
        The quantile that was forecast; by default the middle. Its loss is then the first column, and there is no
        weighted interval score, which needs the median.

    Returns
    -------
    DataFrame
        The index is made of the keys. Columns: `POINT_SCORES`, and where there are intervals `QUANTILE_SCORES` over the
        rows that have all of them, and `LEVEL_SCORES` for each level over the rows that have these. The coverage is in
        percent; its 95 % band is that of Clopper & Pearson (1934) for `cases`, the windows of single series, since the
        steps of one window go together. Where nothing is known a score is NaN.
    """
    return scores_of(score_sums(rows, keys, quantile=quantile))


def score_sums(rows: pd.DataFrame, keys: Sequence[pd.Series], *, quantile: float | None = None) -> pd.DataFrame:
    """Return what the scores of each group are made of: `total` and `count` of the known terms of every kind.

    Sums of parts of the rows add up to those of all, as long as no window of a series is cut in two. The parameters are
    those of `score_table`; the columns have two levels, the kind of the term and one of the two.

    Examples
    --------
    >>> points = {"unique_id": "a", "cutoff": 1, "step": [1, 2], "model": "naive", "y": [3.0, 4.0], "y_hat": 2.0}
    >>> rows = referenced(pd.DataFrame({**points, "scale": 1.0, "rms_scale": 1.0, "before": 2.0}))
    >>> score_sums(rows, [rows["model"]])["absolute"].to_dict("records")
    [{'total': 3.0, 'count': 2}]
    """
    grouped = rows.groupby(list(keys), sort=True)
    groups, n = grouped.ngroup().to_numpy().astype(np.int64), grouped.ngroups
    found = {}
    for name, terms in _terms(rows, quantile):
        known = ~np.isnan(terms)
        found[name, "total"] = np.bincount(groups[known], weights=terms[known], minlength=n)
        found[name, "count"] = np.bincount(groups[known], minlength=n)
    cases = rows.groupby(["unique_id", "cutoff"], sort=False).ngroup().to_numpy().astype(np.int64)
    for level in levels_of(rows):
        judged = rows[["y", f"lo-{level}", f"hi-{level}"]].notna().to_numpy().all(axis=1)
        pairs = pd.unique(groups[judged] * (cases.max(initial=0) + 1) + cases[judged])
        found[f"cases-{level}", "count"] = np.bincount(pairs // (cases.max(initial=0) + 1), minlength=n)
    return pd.DataFrame(found, index=grouped.size().index)


def scores_of(sums: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of each group of `score_sums`, as `score_table` does."""
    totals, counts = (sums.xs(part, axis="columns", level=1) for part in ("total", "count"))
    known = _means(totals.to_numpy(np.float64), counts[list(totals)].to_numpy(np.int64))
    means = dict(zip(totals, known.T, strict=True))
    scores = {"quantile_loss": means["quantile_loss"]} if "quantile_loss" in means else {}
    scores |= _point_scores(means)
    scores |= {name: means[name] for name in QUANTILE_SCORES if name in means}
    for kind in map(str, counts.columns):
        if kind.startswith("cases-"):
            scores |= _level_scores(means, kind.removeprefix("cases-"), counts[kind].to_numpy(np.int64))
    return pd.DataFrame(scores, index=sums.index)


def _means(totals: Floats, counts: Ints) -> Floats:
    """Return the means of the known terms of each group; NaN where there are none."""
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _terms(rows: pd.DataFrame, quantile: float | None) -> Iterator[tuple[str, Floats]]:
    """Yield all kinds of terms."""
    yield from _point_terms(rows)
    if quantile is not None:
        yield "quantile_loss", row_losses(rows, quantile)
    if levels_of(rows):
        yield from _quantile_terms(rows, quantile)
    for level in levels_of(rows):
        yield from _level_terms(rows, level)


def _point_terms(rows: pd.DataFrame) -> Iterator[tuple[str, Floats]]:
    """Yield the terms of which the scores of single values are made."""
    columns = ("y", "y_hat", "scale", "rms_scale", "before", *REFERENCES)
    y, y_hat, scale, rms_scale, before, naive, seasonal = (rows[name].to_numpy(np.float64) for name in columns)
    error = difference(y, y_hat)
    yield "error", error
    yield "absolute", np.abs(error)
    yield "squared", error**2
    yield "size", np.where(np.isnan(error), np.nan, np.abs(y))
    yield "percentage", percentage(y, y_hat)
    yield "scaled_squared", scaled(error, rms_scale) ** 2
    yield "right_way", right_way(y, y_hat, before)
    yield from _pair("naive_squared", "squared_beside", difference(y, naive) ** 2, error**2)
    own, other = symmetric(y, y_hat), symmetric(y, seasonal)
    yield "symmetric", own
    yield from _pair("seasonal_symmetric", "symmetric_beside", other, own)
    own, other = scaled(np.abs(error), scale), scaled(np.abs(difference(y, seasonal)), scale)
    yield "scaled", own
    yield from _pair("seasonal_scaled", "scaled_beside", other, own)


def _pair(name: str, beside: str, terms: Floats, others: Floats) -> Iterator[tuple[str, Floats]]:
    """Yield two kinds of terms where both are known."""
    both = ~(np.isnan(terms) | np.isnan(others))
    yield name, np.where(both, terms, np.nan)
    yield beside, np.where(both, others, np.nan)


def _point_scores(means: dict[str, Floats]) -> dict[str, Floats]:
    """Return `POINT_SCORES`, made of the mean terms of each group."""
    scores = {
        "mase": means["scaled"],
        "smape": means["symmetric"],
        "mae": means["absolute"],
        "rmse": np.sqrt(means["squared"]),
        "rmsse": np.sqrt(means["scaled_squared"]),
        "mse": means["squared"],
        "mape": means["percentage"],
        "wape": 100.0 * scaled(means["absolute"], means["size"]),
        "owa": scaled(means["symmetric_beside"], means["seasonal_symmetric"]) / 2.0
        + scaled(means["scaled_beside"], means["seasonal_scaled"]) / 2.0,
        "bias": -means["error"],
        "theils_u": np.sqrt(scaled(means["squared_beside"], means["naive_squared"])),
        "directional_accuracy": means["right_way"],
    }
    return {name: scores[name] for name in POINT_SCORES}


def _quantile_terms(rows: pd.DataFrame, quantile: float | None) -> Iterator[tuple[str, Floats]]:
    """Yield the terms of `QUANTILE_SCORES`.

    With the median among them, the weighted interval score of Bracher et al. (2021) is twice the mean quantile loss.
    """
    columns = {0.5 if quantile is None else quantile: ["y_hat"]}
    for level in levels_of(rows):
        outside = (100.0 - float(level)) / 200.0
        for at, name in ((outside, f"lo-{level}"), (1.0 - outside, f"hi-{level}")):
            columns.setdefault(round(at, 12), []).append(name)
    ends = [(at, name) for at in sorted(columns) for name in columns[at]]
    weights = crps_weights([at for at, _ in ends])
    total, crps = np.zeros(len(rows)), np.zeros(len(rows))
    for (at, name), weight in zip(ends, weights, strict=True):
        loss = quantile_loss(rows["y"], rows[name], at)
        total, crps = total + loss, crps + weight * loss
    yield "pinball", total / len(ends)
    yield "wis", 2.0 * total / len(ends) if quantile is None else np.full(len(rows), np.nan)
    yield "crps", 2.0 * crps


def _level_terms(rows: pd.DataFrame, level: str) -> Iterator[tuple[str, Floats]]:
    """Yield the terms of which the scores of the intervals of one level are made."""
    y, low, high = (rows[name].to_numpy(np.float64) for name in ("y", f"lo-{level}", f"hi-{level}"))
    hits, scores = hit(y, low, high), interval_score(y, low, high, float(level))
    yield f"hit-{level}", hits
    yield f"width-{level}", np.where(np.isnan(hits), np.nan, difference(high, low))
    yield f"interval-{level}", scores
    yield f"scaled_interval-{level}", scaled(scores, rows["scale"])


def _level_scores(means: dict[str, Floats], level: str, cases: Ints) -> dict[str, Floats]:
    """Return `LEVEL_SCORES` of one level."""
    coverage = 100.0 * means[f"hit-{level}"]
    bands = [binomial_band(c, k) if k else (np.nan, np.nan) for c, k in zip(coverage, cases, strict=True)]
    least, most = np.array(bands, dtype=np.float64).reshape(len(cases), 2).T
    found = (
        coverage,
        least,
        most,
        cases.astype(np.float64),
        *(means[f"{kind}-{level}"] for kind in ("width", "interval", "scaled_interval")),
    )
    return {f"{name}-{level}": values for name, values in zip(LEVEL_SCORES, found, strict=True)}
