"""What came after a cutoff, beside what was forecast of it: the rows of a backtest.

The idea: forecasts know nothing of what came. Only here do the two meet, series by series and step by step, together
with what later scores divide by, which is of the past alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from forecast.error_sizes import KNOWN
from forecast.metrics import mase_scale, rmsse_scale
from forecast.panel import of_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Window

__all__ = ["COLUMNS", "Came", "beside_truth", "no_rows", "truth"]

COLUMNS = (
    "unique_id",
    "cutoff",
    "ds",
    "step",
    "model",
    "y",
    "y_hat",
    "scale",
    "rms_scale",
    *KNOWN,
    "before",
    "back",
)
"""The columns of `Backtest.frame`."""


@dataclass(frozen=True)
class Came:
    """What came after a cutoff, of n series, and what was known of their past.

    Parameters
    ----------
    ids : tuple of str
        The series.
    y : ndarray [n, H]
        What came; NaN where it is still to come.
    known : dict of ndarray [n]
        The last columns of `Backtest.frame`, by name.
    """

    ids: tuple[str, ...]
    y: NDArray[np.float64]
    known: dict[str, NDArray[np.float64]]

    @classmethod
    def after(cls, panel: Panel, window: Window, split: Split) -> Self:
        """Return what came after the window's cutoff."""
        position = {name: s for s, name in enumerate(panel.ids)}
        series = [position[name] for name in window.past.ids]
        end = panel.offsets[1:][series][:, None]
        wanted = end - window.back + split.gap + np.arange(split.horizon)
        y = np.where(wanted < end, panel.values[np.minimum(wanted, end - 1)], np.nan)
        pasts, season = [window.past.series(s) for s in range(window.past.n_series)], panel.season_length
        known = {
            "scale": [mase_scale(past, season) for past in pasts],
            "rms_scale": [rmsse_scale(past, season) for past in pasts],
            **{name: [tell(past, season) for past in pasts] for name, tell in KNOWN.items()},
            "before": [past[np.isfinite(past)][-1] for past in pasts],
        }
        return cls(window.past.ids, y, {name: np.array(numbers) for name, numbers in known.items()})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return what came of the series of all parts."""
        known = {name: np.concatenate([part.known[name] for part in parts]) for name in parts[0].known}
        return cls(
            tuple(name for part in parts for name in part.ids), np.concatenate([part.y for part in parts]), known
        )

    def of(self, ids: Sequence[str]) -> Came:
        """Return the same of series in another order."""
        if tuple(ids) == self.ids:
            return self
        place = {name: s for s, name in enumerate(self.ids)}
        places = [place[name] for name in ids]
        return Came(tuple(ids), self.y[places], {name: numbers[places] for name, numbers in self.known.items()})

    def beside(self, forecasts: pd.DataFrame, back: int) -> pd.DataFrame:
        """Return forecasts with what came: rows of `Backtest.frame`, and own ends of intervals last.

        The series stand one after another, each with all its steps, perhaps several times.
        """
        horizon = self.y.shape[1]
        own = self.of(tuple(forecasts["unique_id"].iloc[::horizon]))
        known: dict[str, NDArray[Any]] = {name: np.repeat(numbers, horizon) for name, numbers in own.known.items()}
        ends = [name for name in forecasts.columns if name.startswith(("lo-", "hi-"))]
        known |= {"y": own.y.ravel(), "back": np.full(len(forecasts), back)}
        return of_columns(forecasts, [*COLUMNS, *ends], known)


def truth(panel: Panel, window: Window, split: Split) -> pd.DataFrame:
    """Return what came after the window's cutoff: ``unique_id, step, y``, and the last columns of `Backtest.frame`."""
    came = Came.after(panel, window, split)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(came.ids, dtype=object), split.horizon),
            "step": np.tile(np.arange(1, split.horizon + 1), len(came.ids)),
            "y": came.y.ravel(),
            **{name: np.repeat(numbers, split.horizon) for name, numbers in came.known.items()},
        }
    )


def beside_truth(forecasts: Sequence[pd.DataFrame], panel: Panel, window: Window, split: Split) -> pd.DataFrame:
    """Return what models forecast in a window with what came: rows of `Backtest.frame`, and own ends of intervals."""
    return Came.after(panel, window, split).beside(pd.concat(forecasts, ignore_index=True), window.back)


def no_rows() -> pd.DataFrame:
    """Return a backtest without rows."""
    return pd.DataFrame(columns=list(COLUMNS))
