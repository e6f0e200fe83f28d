"""The leaderboard of the page: every model in a row, with its error, how sure that is, and what it costs.

The idea: no score stands without its interval, and none without what was paid for it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from forecast.covered import judgement
from forecast.report.tables import table_of
from forecast.report.words import DASH, column, seconds

if TYPE_CHECKING:
    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["SHOWN", "board_table"]

SHOWN = ("rmsse", "bias", "wis")
"""The scores beside the metric of comparison; all others have a table of their own."""


def board_table(view: View) -> Table:
    """Return the leaderboard: errors with intervals, coverages, and what each model took; its cells have two lines."""
    board = view.run.leaderboard
    metric = view.metric
    shown = [name for name in SHOWN if name in board.columns]
    levels = [name.removeprefix("coverage-") for name in board.columns if name.startswith("coverage-")]
    models = [str(name) for name in board["model"]]
    timings = view.info["timings"].get("models", {})
    counted = view.anatomy.get("parameters", {})
    columns: dict[str, list[str]] = {
        "Model": [f"{model}\n{role}" for model, role in zip(models, board["role"], strict=True)],
        "rank": [f"{rank:,.0f}" for rank in board["rank"]],
        metric: _with_interval(view, models, column(board[metric])),
        "of seasonal naive": _ratios(view, board, models),
        "behind the best": _behind(view, models),
        **{name: column(board[name]) for name in shown},
        **{f"{level}% covered": [_covered(row, level) for row in board.to_dict("records")] for level in levels},
        "fit, s": [seconds(timings.get(m, {}).get("fit")) for m in models],
        "predict, ms": [seconds(timings.get(m, {}).get("predict"), by=1e3) for m in models],
        "parameters": [f"{counted[m]:,}" if m in counted else DASH for m in models],
        "warnings": [f"{_warned(view, m):,}" for m in models],
        "failures": [f"{count:,.0f}" for count in board["failures"]],
    }
    if "reason" in board and board["reason"].any():
        columns["Reason"] = board["reason"].where(board["reason"] != "", DASH).tolist()
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    best = board.iloc[0]
    tested = f": {best['windows']:,.0f} windows, {best['points']:,.0f} values" if best["points"] else ""
    caption = f"Errors on data not seen before, best first{tested}"
    prose = ["Reason", "behind the best", *(f"{level}% covered" for level in levels)]
    return replace(table_of(caption, list(columns), rows, prose=prose), lined=True)


def _with_interval(view: View, models: list[str], scores: list[str]) -> list[str]:
    """Return scores with where they lie with 95 % confidence."""
    known = view.run.metrics.get("intervals", {})
    cells = []
    for model, score in zip(models, scores, strict=True):
        ends = [known.get(model, {}).get(end) for end in ("low", "high")]
        between = "" if None in ends or ends[0] != ends[0] else f"\n{max(0.0, ends[0]):.2f}{DASH}{ends[1]:.2f}"
        cells.append(f"{score}{between}")
    return cells


def _ratios(view: View, board: Any, models: list[str]) -> list[str]:
    """Return the share of seasonal naive's error that each model makes, with its interval."""
    pairs = {pair["model"]: pair for pair in view.pairs_with("seasonal_naive")}
    cells = []
    for model, skill in zip(models, board["skill"], strict=True):
        pair = pairs.get(model, {})
        low, high = pair.get("ratio_low"), pair.get("ratio_high")
        between = "" if low is None or high is None else f"\n{low:.2f}{DASH}{high:.2f}"
        cells.append(DASH if skill != skill else f"{1 - skill:.2f}{between}")
    return cells


def _behind(view: View, models: list[str]) -> list[str]:
    """Return the difference of each model to the first, its standard error, and the verdict."""
    pairs = {pair["model"]: pair for pair in view.pairs_with(models[0])}
    cells = []
    for model in models:
        pair = pairs.get(model)
        if pair is None or pair.get("difference") is None:
            cells.append(pair["word"] if pair else DASH)
            continue
        error = pair.get("standard_error")
        about = f" ± {error:.2f}" if error is not None and error == error else ""
        cells.append(f"{pair['difference']:+.2f}{about}\n{pair['word']}".replace("-", "\u2212", 1))
    return cells


def _warned(view: View, model: str) -> int:
    """Return how many warnings of the run name the model."""
    named = re.compile(rf"(?<![\w]){re.escape(model)}(?![\w])")
    return sum(bool(named.search(notice["message"])) for notice in view.info["notices"])


def _covered(row: dict[Any, Any], level: str) -> str:
    """Return the measured coverage of one model with its band, and a word where it does not keep its level."""
    cases = row[f"cases-{level}"]
    if not cases:
        return DASH
    low, high = row[f"coverage_low-{level}"], row[f"coverage_high-{level}"]
    word = judgement(float(level), low, high, cases)
    lines = [f"{row[f'coverage-{level}']:.0f}%", f"{low:.0f}{DASH}{high:.0f}%", *([] if word == "kept" else [word])]
    return "\n".join(lines)
