"""The scores of more forecasts than memory holds, added up some rows at a time.

The idea: scores are made of sums over rows (`forecast.score_table`), so that of every model no more than its sums, its
cutoffs and its failures are kept, and at the end they are the scores that all rows together have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from forecast.score_table import referenced, score_sums, scores_of
from forecast.scoring import common_points, metric_of, ranked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["Tally", "added"]


class Tally:
    """The scores of models whose backtested forecasts come in parts.

    Parameters
    ----------
    models : collection of str
        Those that were tested: a point counts where all of them forecast it.
    quantile : float, optional
        The one that is forecast; by default the middle.

    Examples
    --------
    >>> points = {"unique_id": "a", "cutoff": 1, "step": 1, "model": "naive", "y": 3.0, "scale": 1.0}
    >>> part = pd.DataFrame([{**points, "y_hat": 2.0, "rms_scale": 1.0, "before": 2.0}])
    >>> tally = Tally(["naive"])
    >>> for name in "ab":
    ...     _ = tally.add(part.assign(unique_id=name))
    >>> tally.leaderboard(["naive"], baselines=("naive",))[["mase", "points"]].to_dict("records")
    [{'mase': 1.0, 'points': 2}]
    """

    def __init__(self, models: Collection[str], quantile: float | None = None) -> None:
        self.models, self.quantile = models, quantile
        self._sums = pd.DataFrame()
        self._cutoffs: dict[str, set[object]] = {}
        self._failed: dict[tuple[str, int], str] = {}

    def add(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Count some rows, all of a window of a series among them, and return their sums by series and model."""
        rows = common_points(rows, len(self.models))
        sums = score_sums(referenced(rows), [rows["unique_id"], rows["model"]], quantile=self.quantile)
        self._sums = added(self._sums, sums.groupby(level="model").sum())
        for model, cutoffs in rows.groupby("model")["cutoff"]:
            self._cutoffs.setdefault(str(model), set()).update(cutoffs.unique())
        return sums

    def failed(self, model: str, back: int, reason: str) -> None:
        """Take that a model failed in a window, on some series at least; it counts once a window."""
        self._failed.setdefault((model, back), reason)

    def leaderboard(self, names: Sequence[str], *, baselines: tuple[str, ...], metric: str = "mase") -> pd.DataFrame:
        """Return the scores frame of all that was counted: see `forecast.scoring.leaderboard`."""
        sums = self._sums
        counts = pd.DataFrame({"points": sums["error", "count"]}, index=sums.index)
        counts["windows"] = [len(self._cutoffs[str(model)]) for model in sums.index]
        failed = [{"model": model, "reason": reason} for (model, _), reason in self._failed.items()]
        metric = metric_of(self.quantile, metric)
        return ranked(scores_of(sums), counts, names, baselines=baselines, failed=failed, metric=metric)


def added(sums: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return sums with others added to them, group by group; what is in one alone stays as it is."""
    return sums.add(more, fill_value=0) if len(sums) else more
