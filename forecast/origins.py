"""What a model forecast from an origin between the cutoffs of a backtest: numbers alone.

The idea: series times origins times steps are many rows, and all but the forecasts follows from the panel; so an array
of these is kept, and rows are made of it when somebody wants to read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Origin"]


@dataclass(frozen=True)
class Origin:
    """Forecasts of n series, H steps each, from one origin.

    Parameters
    ----------
    ids : tuple of str
        The series.
    columns : tuple of str
        ``y_hat``, and the ends of the model's own intervals where it has any.
    values : ndarray [C, n, H]
        The numbers of each column.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"unique_id": ["a", "a", "b", "b"], "step": [1, 2, 1, 2], "y_hat": [1.0, 2.0, 3.0, 4.0]})
    >>> Origin.of(rows).values.tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """

    ids: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Return what a forecast frame says, whose series stand one after another, each with all its steps."""
        horizon = int(frame["step"].max()) if len(frame) else 0
        columns = tuple(name for name in map(str, frame.columns) if name == "y_hat" or name.startswith(("lo-", "hi-")))
        ids = tuple(frame["unique_id"].iloc[:: max(1, horizon)])
        values = np.stack([frame[name].to_numpy(np.float64).reshape(len(ids), horizon) for name in columns])
        return cls(ids, columns, values)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the forecasts of the series of all parts, which have the same columns."""
        values = np.concatenate([part.values for part in parts], axis=1)
        return cls(tuple(name for part in parts for name in part.ids), parts[0].columns, values)

    def column(self, name: str) -> Floats:
        """Return the numbers [n, H] of a column; NaN where it has none."""
        if name not in self.columns:
            return np.full(self.values.shape[1:], np.nan)
        numbers: Floats = self.values[self.columns.index(name)]
        return numbers

    def of_series(self, places: Mapping[str, int]) -> NDArray[np.int64]:
        """Return where each of the series stands, [n]."""
        return np.array([places[name] for name in self.ids], dtype=np.int64)
