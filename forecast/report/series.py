"""Every series of a panel by itself: how each model did on it, and which of them are worth a picture.

The idea: a mean over a thousand series hides the ten on which a model fails, so each has a row and the worst are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["chosen_series", "series_errors"]

REFERENCE = "seasonal_naive"


def series_errors(backtest: pd.DataFrame, *, best: str) -> pd.DataFrame:
    """Return the mean scaled error of every model on each series: a row a series, a column a model, and `ratio`.

    Parameters
    ----------
    backtest : DataFrame
        Forecast frame with ``y`` and, where MASE is defined, ``scale``.
    best : str
        The model whose error is divided by seasonal naive's in the column `ratio`; NaN where that made none.

    Examples
    --------
    >>> rows = {"unique_id": "a", "model": ["mlp", "seasonal_naive"], "y": 3.0, "y_hat": [2.0, 5.0], "scale": 0.5}
    >>> series_errors(pd.DataFrame(rows), best="mlp").loc["a"].tolist()
    [2.0, 4.0, 0.5]
    """
    if backtest.empty:
        return pd.DataFrame({"ratio": pd.Series(dtype=float)})
    scale = backtest["scale"].where(backtest["scale"] > 0) if "scale" in backtest else 1.0
    errors = ((backtest["y"] - backtest["y_hat"]).abs() / scale).groupby([backtest["unique_id"], backtest["model"]])
    table = errors.mean().unstack("model")
    usual = table[REFERENCE] if REFERENCE in table else pd.Series(np.nan, table.index)
    table["ratio"] = (table[best] if best in table else np.nan) / usual.where(usual > 0)
    return table


def chosen_series(ids: Sequence[str], ratio: pd.Series[float], *, seed: int, third: int) -> dict[str, str]:
    """Return which series are drawn and why: a third the worst by `ratio`, a third in the middle, the rest by lot.

    Examples
    --------
    >>> chosen_series(list("abcde"), pd.Series({"a": 1.0, "b": 3.0, "c": 2.0, "d": 0.5, "e": 0.1}), seed=0, third=1)
    {'b': 'worst', 'a': 'middle', 'e': 'by lot'}
    """
    known = ratio.reindex(ids).dropna().sort_values(ascending=False, kind="stable")
    why = dict.fromkeys(known.index[:third], "worst")
    first = max(0, (len(known) - third) // 2)
    why |= {name: "middle" for name in known.index[first : first + third] if name not in why}
    rest = [name for name in ids if name not in why]
    places = sorted(np.random.default_rng(seed).permutation(len(rest))[: 3 * third - len(why)])
    return why | {rest[place]: "by lot" for place in places}
