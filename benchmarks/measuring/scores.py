"""Scores of forecasts, by set and part, and the tables they are shown in.

The idea: the total of a set is a mean over all its points, so points are what is gathered, and parts are the same
functions of fewer of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measuring.sets import Case

TOTAL = "total"


@dataclass(frozen=True)
class Points:
    """Truths and forecasts [cutoffs, S, H] and the MASE scales [cutoffs, S, 1] of a part."""

    y: np.ndarray
    y_hat: np.ndarray
    scale: np.ndarray


def points(case: Case, y_hat: np.ndarray) -> Points:
    """Return the points of a case's forecasts."""
    backs = [back for fit in case.fits for back in fit.backs] if "mase" in case.metrics else []
    scale = np.full((*y_hat.shape[:2], 1), np.nan)
    for c, back in enumerate(backs):
        for s in range(case.whole.n_series):
            scale[c, s] = metrics.mase_scale(case.whole.series(s)[:-back], case.whole.season_length)
    return Points(case.truth(), y_hat.astype(np.float64), scale)


def score(parts: Sequence[Points], naive: Sequence[Points], names: Sequence[str]) -> dict[str, float]:
    """Return the named metrics over the points of all parts; `naive` are those of Naive 2, for OWA.

    A point without a forecast counts in none: a caller that lets it pass must count the failures.
    """
    y, y_hat, scale = flat(parts)
    found: dict[str, float] = {}
    for name in names:
        if name == "owa":
            own = metrics.smape(y, y_hat), metrics.mase(y, y_hat, scale)
            base_y, base, base_scale = flat(naive) if naive else (y, np.full_like(y, np.nan), scale)
            base_smape, base_mase = metrics.smape(base_y, base), metrics.mase(base_y, base, base_scale)
            found[name] = metrics.owa(*own, naive_smape=base_smape, naive_mase=base_mase)
        elif name == "wape_zones":
            rows = [metrics.wape(part.y[:, s], part.y_hat[:, s]) for part in parts for s in range(part.y.shape[1])]
            found[name] = float(np.mean(rows))
        else:
            found[name] = {
                "smape": metrics.smape,
                "mase": lambda y, y_hat: metrics.mase(y, y_hat, scale),
                "wape": metrics.wape,
                "mse": metrics.mse,
                "mae": metrics.mae,
            }[name](y, y_hat)
    return found


def flat(parts: Sequence[Points]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return truths, forecasts and scales of all points of all parts."""
    return (
        np.concatenate([part.y.ravel() for part in parts]),
        np.concatenate([part.y_hat.ravel() for part in parts]),
        np.concatenate([np.broadcast_to(part.scale, part.y.shape).ravel() for part in parts]),
    )


def scored(
    cases: Sequence[Case], forecasts: dict[str, list[Points]], *, baseline: str = "naive2"
) -> dict[str, dict[str, dict[str, float]]]:
    """Return scores by model, part (and the total where parts can be added up) and metric."""
    result: dict[str, dict[str, dict[str, float]]] = {}
    naive = forecasts.get(baseline, [])
    for model, found in forecasts.items():
        rows = {case.part: score([found[i]], naive[i : i + 1], case.metrics) for i, case in enumerate(cases)}
        if len(cases) > 1 and "smape" in cases[0].metrics:
            rows[TOTAL] = score(found, naive, cases[0].metrics)
        result[model] = rows
    return result


def columns(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the scores of a model as the columns of a table: of parts that have a total, the first metric alone."""
    shown: dict[str, float] = {}
    for part, values in scores.items():
        for i, (metric, value) in enumerate(values.items()):
            if i == 0 or part == TOTAL or TOTAL not in scores:
                shown[f"{part} {metric}"] = value
    return shown


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as aligned text; a column missing from a row stays empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in cells)


def text(value: object) -> str:
    """Return a cell: four significant digits of a number."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)
