"""One series of a run as a run of its own, so that it has the page of a single series.

The idea: the files of the run are cut to the series; what is a score is computed again from its own rows of the
backtest, by the functions that made the run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from forecast.backtesting import Fitted
from forecast.defaults import BASELINES
from forecast.errors import ConfigError, nearest, shown
from forecast.runs import Run
from forecast.score_table import referenced, score_table
from forecast.scoring import common_points, leaderboard, metric_of
from forecast.storage.files import in_json
from forecast.verdicts import verdicts

__all__ = ["Part", "one_series", "safe_name"]

COVERED = ("coverage", "coverage_low", "coverage_high", "cases", "mean_width", "msis")


@dataclass(frozen=True)
class Part(Run):
    """The part of a run that is about one series."""

    id: str = ""

    def more(self, name: str) -> pd.DataFrame:
        """Return a file cut to the series; scores by step and coverages are those of the series alone."""
        if name == "coverage.csv":
            return self._coverage(super().more(name))
        if name == "scores.csv":
            return self._steps()
        frame = super().more(name)
        return frame[frame["unique_id"] == self.id] if "unique_id" in frame else frame

    def notes(self, name: str) -> dict[str, Any]:
        """Return a JSON file cut to the series, where it has entries by series."""
        found = super().notes(name)
        if name == "diagnostics.json":
            return _only(found, self.id)
        if "coefficients" in found:
            return found | {"coefficients": _only(found["coefficients"], self.id)}
        return found

    def _steps(self) -> pd.DataFrame:
        if self.backtest.empty:
            return pd.DataFrame()
        rows = common_points(self.backtest)
        table = score_table(referenced(rows), [rows["step"], rows["model"]])
        where = pd.DataFrame({"by": "step", "place": [f"{step:g}" for step, _ in table.index]})
        return where.assign(model=[model for _, model in table.index]).join(table.reset_index(drop=True))

    def _coverage(self, whole: pd.DataFrame) -> pd.DataFrame:
        """Return coverages of the series; how many windows a level still takes is known of the run as a whole."""
        board, rows = self.leaderboard.set_index("model"), []
        for row in whole.to_dict("records"):
            level, model = f"{row['interval']:g}", row["model"]
            if model in board.index and f"coverage-{level}" in board:
                own = {name: board.loc[model, f"{name}-{level}"] for name in COVERED}
                held = self.backtest[self.backtest["model"] == model].dropna(subset=["y", f"lo-{level}"])
                rows.append(row | own | {"points": len(held)})
        return pd.DataFrame(rows, columns=whole.columns)


def one_series(run: Run, name: str) -> Part:
    """Return the part of a run that is about the series `name`.

    Raises
    ------
    ConfigError
        U101, when there is no such series.
    """
    ids = list(dict.fromkeys(run.history["unique_id"]))
    if name not in ids:
        guess = nearest(name, ids)
        what = f"no series {shown(name)} in {shown(run.folder)}" + (f"; did you mean {shown(guess)}?" if guess else "")
        raise ConfigError("U101", what, hint=f"--series {shown(guess or ids[0])}")
    backtest, history = _cut(run.backtest, name), _cut(run.history, name)
    quantile, scored = run.metrics.get("quantile"), common_points(backtest)
    failed = [Fitted(pd.DataFrame(), failures=run.info["failures"])]
    board = leaderboard(scored, list(run.leaderboard["model"]), baselines=BASELINES, fits=failed, quantile=quantile)
    overlap = int(run.info.get("overlap", 1))
    said = verdicts(board, scored, quantile=quantile, overlap=overlap, seed=int(run.info["seed"]))
    scores = {"metric": metric_of(quantile), "models": board.set_index("model").to_dict("index")}
    known = history["y"].notna()
    about = {"rows": int(known.sum()), "series": 1, "gaps": int((~known).sum())}
    cut: dict[str, Any] = {field.name: getattr(run, field.name) for field in fields(Run)} | {
        "info": run.info | {"title": name, "data": run.info["data"] | about},
        "metrics": run.metrics | json.loads(in_json(scores | said)),
        "history": history,
        "forecasts": _cut(run.forecasts, name),
        "backtest": backtest,
        "leaderboard": board,
        "choices": {at: _chosen(chosen, name) for at, chosen in run.choices.items()},
    }
    return Part(**cut, id=name)


def _cut(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame[frame["unique_id"] == name].reset_index(drop=True)


def _only(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {model: {name: fits[name]} for model, fits in found.items() if name in fits}


def _chosen(chosen: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the choices of one cutoff, of those by series the one."""
    return {
        model: {name: entry[name]} if isinstance(entry, dict) and isinstance(entry.get(name), dict) else entry
        for model, entry in chosen.items()
    }


def safe_name(name: str) -> str:
    """Return a name as part of a file name: what is plain of it, and a hash by which no two are the same.

    Examples
    --------
    >>> safe_name("../Store 7").rpartition("-")[0]
    'store-7'
    """
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")[:40]
    return f"{plain or 'series'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
