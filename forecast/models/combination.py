"""Forecasts of several models made one: their mean, their median, or weighted by how they did at earlier cutoffs.

The idea: a combination is a function of forecasts and of errors that were known when they were made; it fits nothing
of its own, so a backtest of its members is one of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import nnls

from forecast.defaults import BASELINES
from forecast.errors import ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["COMBINATION", "METHODS", "Combination", "combined", "members_of", "weights"]

COMBINATION = "combination"
"""Its name."""

METHODS = ("mean", "median", "inverse_error", "least_squares")
FEWEST = 12
"""Errors of every member below which all weigh the same: fewer say too little of who is better."""


def weights(y: Floats, y_hat: Floats, *, method: str) -> Floats:
    """Return the weights [M] of M models, at least 0 and 1 in sum, from earlier forecasts and what came.

    ``inverse_error`` weighs by one over the mean squared error (Bates & Granger 1969); ``least_squares`` takes the
    weights that would have forecast best, under these two constraints (Granger & Ramanathan 1984, constrained).

    Parameters
    ----------
    y : ndarray [N]
        What came, in any units in which errors of different points can be compared.
    y_hat : ndarray [N, M]
        What each model had forecast.

    Examples
    --------
    >>> y = np.arange(20.0)
    >>> weights(y, np.column_stack([y - 1, y + 3]), method="least_squares").round(3).tolist()
    [0.75, 0.25]
    """
    equal = np.full(y_hat.shape[1], 1.0 / y_hat.shape[1])
    known = np.isfinite(y) & np.isfinite(y_hat).all(axis=1)
    if method in ("mean", "median") or known.sum() < FEWEST:
        return equal
    errors = y_hat[known] - y[known, None]
    if method == "inverse_error":
        squares = (errors**2).mean(axis=0)
        if (squares == 0).any():
            return np.asarray((squares == 0) / (squares == 0).sum())
        return np.asarray((1.0 / squares) / (1.0 / squares).sum())
    # The weights of the smallest squared error of a weighted mean; the heavy last row makes their sum 1.
    heavy = 1e3 * max(float(np.abs(errors).max()), 1e-12) * np.sqrt(len(errors))
    found, _ = nnls(np.vstack([errors, np.full(len(equal), heavy)]), np.r_[np.zeros(len(errors)), heavy])
    return np.asarray(found / found.sum()) if found.sum() > 0 else equal


def members_of(named: Sequence[str], names: Sequence[str], *, able: set[str]) -> list[str]:
    """Return the models that are combined: those named, or for ``auto`` all candidates, as far as they are `able`.

    Parameters
    ----------
    named : sequence of str or "auto"
        What the settings say.
    names : sequence of str
        The models that run.
    able : set of str
        Those that have a forecast.

    Raises
    ------
    ConfigError
        U101, when a member is named that does not run.

    Examples
    --------
    >>> members_of("auto", ["mlp", "ets", "naive"], able={"mlp", "naive"})
    ['mlp']
    """
    wanted = list(named) if named != "auto" else [name for name in names if name not in BASELINES] or list(names)
    for name in wanted:
        if name not in names:
            hint = f"--models {','.join([*names, name, COMBINATION])}"
            raise ConfigError("U101", f"the combination has the member {shown(name)}, which does not run", hint=hint)
    return [name for name in wanted if name in able]


@dataclass(frozen=True)
class Combination:
    """A combination as it forecasts what is still to come: which models it is made of, and how.

    Parameters
    ----------
    members : tuple of str
        The models.
    method : str
        One of `METHODS`.
    weights : ndarray [M]
        What each of them weighs, but for the median.
    """

    members: tuple[str, ...]
    method: str
    weights: Floats

    @classmethod
    def of(
        cls, members: Sequence[str], method: str, earlier: pd.DataFrame, *, reach: int = 0, back: int = 0
    ) -> Combination:
        """Return the combination that all backtested forecasts speak for: see `combined`.

        All that were over `back` values before the end of the data.
        """
        known = earlier[earlier["back"] - reach >= back] if len(earlier) else earlier
        equal = np.full(len(members), 1.0 / len(members))
        return cls(tuple(members), method, _learned(known, members, method) if len(known) else equal)

    def ahead(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return its rows where all members have a forecast in `frame`."""
        return _rows(frame, self.members, name=COMBINATION, method=self.method, weights=lambda _: self.weights)


def combined(
    frame: pd.DataFrame, members: Sequence[str], *, name: str, method: str, earlier: pd.DataFrame, reach: int = 0
) -> pd.DataFrame:
    """Return the rows of the combination of `members`, where all of them have a forecast.

    Parameters
    ----------
    frame : DataFrame
        A forecast frame; with a column `back` (values after each cutoff) each cutoff has weights of its own.
    members : sequence of str
        The models that are combined; ``auto`` in the settings: all but the baselines.
    method : {"mean", "median", "inverse_error", "least_squares"}
        How: the latter two learn weights from earlier windows.
    earlier : DataFrame
        Backtested forecasts, with `y`, `scale` and `back`. A cutoff learns from those windows that were over by then.
    reach : int
        Steps from a cutoff to the end of its window.
    """

    def weights(back: int) -> Floats:
        return _learned(earlier[earlier["back"] - reach >= back], members, method)

    return _rows(frame, members, name=name, method=method, weights=weights)


def _rows(
    frame: pd.DataFrame, members: Sequence[str], *, name: str, method: str, weights: Callable[[int], Floats]
) -> pd.DataFrame:
    """Return the rows of a combination; `weights` tells those that were known so many values before the end."""
    own = frame[frame["model"].isin(list(members))]
    keys = ["unique_id", "cutoff", "step"]
    wide = own.pivot(index=keys, columns="model", values="y_hat").reindex(columns=list(members)).dropna()
    rows = own[own["model"] == members[0]].set_index(keys).loc[wide.index].reset_index()
    if rows.empty:
        return rows[list(frame.columns)]
    y_hat = wide.to_numpy(np.float64)
    if method == "median":
        values = np.median(y_hat, axis=1)
    else:
        backs = rows["back"].to_numpy(np.int64) if "back" in rows else np.zeros(len(rows), dtype=np.int64)
        values = np.empty(len(rows))
        for back in np.unique(backs):
            values[backs == back] = y_hat[backs == back] @ weights(int(back))
    ends = {str(column): np.nan for column in frame.columns if str(column).startswith(("lo-", "hi-"))}
    return rows.assign(model=name, y_hat=values, **ends)[list(frame.columns)]


def _learned(known: pd.DataFrame, members: Sequence[str], method: str) -> Floats:
    """Return the weights that backtested forecasts speak for, errors counted in the scale of each series."""
    keys = ["unique_id", "back", "step"]
    wide = known.pivot_table(index=keys, columns="model", values="y_hat").reindex(columns=list(members))
    first = known.drop_duplicates(keys).set_index(keys).reindex(wide.index)
    scale = first["scale"].where(first["scale"] > 0).to_numpy(np.float64)
    y = first["y"].to_numpy(np.float64)
    return weights(y / scale, wide.to_numpy(np.float64) / scale[:, None], method=method)
