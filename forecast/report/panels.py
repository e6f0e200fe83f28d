"""Many series looked at together: on how many a model wins, where it does not, and a row for each of them.

The idea: the unit is the series; each counts once, measured by its own seasonal naive, and the interval of a mean over
them comes from drawing series again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import figures
from forecast.report.picture import Picture
from forecast.report.tables import MAX_ROWS, Table, table_of
from forecast.report.words import DASH, column, number, part_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecast.report.view import View

__all__ = ["PANEL_PICTURES", "Row", "panel_table", "rows_of_series"]

DRAWS = 1_000
"""Times that the series are drawn again."""
GROUPS = 10
"""Groups of series in the map of errors."""
POINTS = 48
"""Points of a sparkline."""
MOST = 6
"""Models in the curve of ratios."""


def _ratios(view: View) -> pd.DataFrame:
    """Return the error of every model relative to seasonal naive's, a row a series."""
    table = view.per_series
    usual = table["seasonal_naive"].where(table["seasonal_naive"] > 0)
    models = [m for m in view.run.leaderboard["model"] if m in table.columns and m != "seasonal_naive"]
    return table[models].div(usual, axis=0).dropna(how="all")


def panel_table(view: View) -> Table:
    """Return how every model compares with seasonal naive over the series of a panel.

    The geometric mean of ratios treats half and double alike; its interval is the middle 95 % of means over series
    drawn again with replacement (Efron 1979).
    """
    if len(view.ids) < 2 or "seasonal_naive" not in view.per_series:
        return table_of("", (), [])
    ratios = _ratios(view)
    rows = []
    for model in ratios.columns:
        known = ratios[model].dropna().to_numpy(np.float64)
        known = known[known > 0]
        if not len(known):
            continue
        low, high = _drawn_again(np.log(known), seed=int(view.info["seed"]))
        wins = float((known < 1).mean())
        rows.append(
            [
                str(model),
                f"{np.exp(np.log(known).mean()):.3f}",
                f"{np.exp(low):.3f}{DASH}{np.exp(high):.3f}",
                f"{np.median(known):.3f}",
                f"{100 * wins:.0f}%",
                f"{len(known):,}",
            ]
        )
    head = ("Model", "geometric mean ratio", "95% of bootstraps over series", "median ratio", "wins on", "series")
    return table_of("Error as a share of seasonal naive's, series by series", head, rows)


def _drawn_again(values: NDArray[np.float64], *, seed: int) -> tuple[float, float]:
    """Return the middle 95 % of the means of values drawn again with replacement."""
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(DRAWS)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _curve_picture(view: View) -> Picture | str:
    if "seasonal_naive" not in view.per_series:
        return "seasonal naive was not tested, so there is nothing to divide by"
    ratios = _ratios(view).iloc[:, :MOST].dropna(axis=1, how="all")
    if ratios.empty:
        return "seasonal naive made no error to compare with"
    name = view.best if view.best in ratios else ratios.columns[0]
    own = ratios[name].dropna()
    better = int((own < 1).sum())
    title = f"{name} erred less than seasonal naive on {part_of(better, len(own))} series"
    told = ", ".join(f"{m} {100 * (ratios[m].dropna() < 1).mean():.0f}%" for m in ratios.columns)
    alt = f"Curves of the share of series below each ratio of errors; shares below 1: {told}."
    quantiles = np.linspace(0, 1, 101)
    data = pd.DataFrame({"share": quantiles, **{m: ratios[m].quantile(quantiles).to_numpy() for m in ratios.columns}})
    return Picture.of(figures.ratio_curve(ratios, reference="seasonal naive"), title=title, alt=alt, data=data)


def _scatter_picture(view: View) -> Picture | str:
    pair = [view.best, "seasonal_naive"]
    if view.best == "seasonal_naive" or not set(pair) <= set(view.per_series.columns):
        return "it takes a model and seasonal naive on the same series"
    both = view.per_series[pair].dropna()
    both = both[(both > 0).all(axis=1)]
    if len(both) < 2:
        return "too few series have errors of both models"
    far = int((both[view.best] > 2 * both["seasonal_naive"]).sum())
    title = f"{view.best} erred more than twice as much as seasonal naive on {part_of(far, len(both))} series"
    halves = " and ".join(f"{m} {number(both[m].median())}" for m in pair)
    alt = (
        f"A dot for each series, scaled errors of {view.best} over those of seasonal naive: {title}; medians {halves}."
    )
    data = both.rename_axis(columns=None).reset_index()
    return Picture.of(figures.scatter_of_series(both), title=title, alt=alt, data=data)


def _map_picture(view: View) -> Picture | str:
    """Draw the ratio to seasonal naive by group of series and step; groups are of equal size, by mean value."""
    rows = view.backtest[view.backtest["model"].isin([view.best, "seasonal_naive"])]
    if rows["model"].nunique() < 2:
        return "it takes a model and seasonal naive on the same series"
    sizes = view.run.history["y"].abs().groupby(view.run.history["unique_id"]).mean().rank(method="first")
    count = min(GROUPS, max(2, len(sizes) // 3))
    group = (sizes / len(sizes) * count).apply(np.ceil).clip(1, count).astype(int)
    scale = rows["scale"].where(rows["scale"] > 0) if "scale" in rows else 1.0
    error = ((rows["y"] - rows["y_hat"]).abs() / scale).groupby(
        [rows["unique_id"].map(group), rows["step"], rows["model"]]
    )
    means = error.mean().unstack("model")
    ratio = (means[view.best] / means["seasonal_naive"].where(means["seasonal_naive"] > 0)).unstack("step")
    if not np.isfinite(ratio.to_numpy(np.float64)).any() or not (ratio > 0).any(axis=None):
        return "seasonal naive made no error to compare with"
    by = ratio.mean(axis=1)
    worst_group = int(by.index[int(by.argmax())])
    ratio.index = pd.Index([_group(place, count) for place in ratio.index])
    worst = _words(worst_group, count)
    title = f"{view.best} does worst in the group of {worst} values: {by.max():.2f} of seasonal naive"
    alt = f"Tiles of the ratio of errors for {count} groups of series by size and {ratio.shape[1]} steps: {title}."
    data = ratio.rename_axis(index="group", columns=None).reset_index()
    labels = ("series by mean value", "steps ahead")
    figure = figures.error_map(ratio, labels=labels, unit="error / seasonal naive's (log)")
    return Picture.of(figure, title=title, alt=alt, data=data)


def _group(place: int, count: int) -> str:
    ends = {1: " (smallest)", count: " (largest)"}
    return f"{place}{ends.get(place, '')}"


def _words(place: int, count: int) -> str:
    return {1: "the smallest", count: "the largest"}.get(place, f"rank {place} of {count}, from small to large")


class Row:
    """A series on the page: its texts, and a line of its history as points of an SVG."""

    def __init__(self, name: str, cells: list[str], line: str, about: str) -> None:
        self.name, self.cells, self.line, self.about = name, cells, line, about


def rows_of_series(view: View) -> dict[str, Any]:
    """Return the table of series: ``head``, at most 1,000 ``rows``, the worst first, and the ``total`` of them."""
    table = view.per_series.reindex(view.ids)
    table = table.sort_values("ratio", ascending=False, kind="stable", na_position="last").head(MAX_ROWS)
    counts = view.run.history.groupby("unique_id")["y"].count()
    best, usual = (table[m] if m in table else pd.Series(np.nan, table.index) for m in (view.best, "seasonal_naive"))
    models = [m for m in table.columns if m != "ratio"]
    scored = table[models].notna().any(axis=1)
    winner = table.loc[scored, models].idxmin(axis=1).reindex(table.index) if models else pd.Series(None, table.index)
    wide = view.levels[-1] if view.levels else None
    covered = _covered(view, wide)
    ratio, ours, theirs = (column(c) for c in (table["ratio"], best, usual))
    shown = view.run.history[view.run.history["unique_id"].isin(table.index)]
    histories = dict(iter(shown.groupby("unique_id")["y"]))
    rows = [
        Row(
            str(name),
            [
                f"{counts.get(name, 0):,}",
                ratio[place],
                ours[place],
                theirs[place],
                str(winner.iloc[place]) if isinstance(winner.iloc[place], str) else DASH,
                f"{covered[name]:.0f}%" if name in covered else DASH,
            ],
            sparkline(histories[name].to_numpy(np.float64)),
            f"{counts.get(name, 0):,} values",
        )
        for place, name in enumerate(table.index)
    ]
    head = ["values", "ratio", f"mase of {view.best}", "mase of seasonal naive", "least error"]
    return {
        "head": [*head, f"{wide or ''}% covered".strip("%") if wide else "covered"],
        "rows": rows,
        "total": len(view.ids),
    }


def _covered(view: View, level: str | None) -> dict[str, float]:
    """Return the share of values that the intervals of the best model held on each series, in percent."""
    if level is None or f"lo-{level}" not in view.backtest:
        return {}
    rows = view.backtest[view.backtest["model"] == view.best].dropna(subset=[f"lo-{level}", f"hi-{level}"])
    held = (rows["y"] >= rows[f"lo-{level}"]) & (rows["y"] <= rows[f"hi-{level}"])
    shares = 100.0 * held.groupby(rows["unique_id"]).mean()
    return {str(name): float(share) for name, share in shares.items()}


def sparkline(values: NDArray[np.float64]) -> str:
    """Return a series as the points of a line in a box of 96 by 20, at most 48 of them.

    Examples
    --------
    >>> sparkline(np.array([1.0, 2.0, 3.0]))
    '0,19 48,10 96,1'
    """
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2:
        return ""
    places = known[np.unique(np.linspace(0, len(known) - 1, min(POINTS, len(known))).astype(int))]
    y, span = values[places], float(np.ptp(values[places]))
    heights = 19 - 18 * (y - y.min()) / span if span > 0 else np.full(len(y), 10.0)
    x = 96 * places / max(1, len(values) - 1)
    return " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(x, heights, strict=True))


PANEL_PICTURES: dict[str, Callable[[View], Picture | str]] = {
    "ratio-curve": _curve_picture,
    "series-scatter": _scatter_picture,
    "error-map": _map_picture,
}
"""The pictures that take many series."""
