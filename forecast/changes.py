"""Every value of the data that is not as it stood in the file: which, what it was, what it became, and by which rule.

The idea: what was changed can be listed, so it is; a reader need not believe that data were only cleaned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.transforms import Fill

if TYPE_CHECKING:
    from forecast.config import RunConfig
    from forecast.panel import Panel

__all__ = ["changes"]

RULES = {
    "auto": "a line between its neighbours, seasonal where two seasons are known",
    "seasonal": "a line between its neighbours, without the season, which is put back",
    "linear": "a line between its neighbours",
    "ffill": "the value before it",
    "zero": "zero",
}


def changes(panel: Panel, settings: RunConfig) -> pd.DataFrame:
    """Return the missing values and what the network sees in their place, in the last fit.

    Columns: ``unique_id, ds, old`` (NaN), ``new, rule``; empty where nothing is missing. In each window they are
    filled anew from its own past, and none of them is scored.

    Examples
    --------
    >>> from forecast.config import resolve
    >>> from forecast.panel import Panel
    >>> from forecast.frequency import Frequency
    >>> frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2, 3], "y": [1.0, np.nan, 3.0]})
    >>> changes(Panel.from_frame(frame, Frequency("int"), season_length=1), resolve(None, {}))["new"].tolist()
    [2.0]
    """
    gaps = np.isnan(panel.values)
    method = "auto" if settings.data.missing == "error" else settings.data.missing
    if not gaps.any():
        return pd.DataFrame(columns=["unique_id", "ds", "old", "new", "rule"])
    filled = Fill(method).fit(panel).apply(panel)
    frame = panel.to_frame()[["unique_id", "ds"]].assign(old=np.nan, new=filled.values)[gaps]
    return frame.assign(rule=f"missing: {RULES[method]}").reset_index(drop=True)
