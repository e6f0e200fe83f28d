"""Totals that add up: forecasts of groups and of everything, reconciled with those of the single series.

The idea: every sum of series is a series too and is forecast on its own; the forecasts of all of them, which never
quite add up, are then moved as little as possible, in the metric of their errors, to where they do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import DataError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["METHODS", "Hierarchy", "bottom_up", "covariance", "reconcile", "shrunk_covariance"]

TOTAL = "total"
METHODS = ("base", "bottom_up", "mint")
"""Forecasts as they were made, sums of those of the single series, and minimum trace."""
MOST_CORRELATED = 2_000
"""Of more series than these the errors are taken as uncorrelated: their covariances would not fit into memory."""


@dataclass(frozen=True)
class Hierarchy:
    """Which series add up to which sum.

    Parameters
    ----------
    members : ndarray [A, S]
        1 where a series belongs to a sum, else 0.
    names, levels : tuple of str
        What each of the A sums is called, such as ``region=north``, and what it is one of, such as ``region``.

    Examples
    --------
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> ends = np.array([2, 2])
    >>> panel = Panel(np.array([1.0, 2, 10, 20]), np.array([0, 2, 4]), ("a", "b"), ends, Frequency("int"), 1)
    >>> Hierarchy(np.ones((1, 2)), ("total",), ("total",)).sums(panel).values
    array([11., 22.])
    """

    members: Floats
    names: tuple[str, ...]
    levels: tuple[str, ...]

    @classmethod
    def of(cls, panel: Panel, columns: Sequence[str]) -> Hierarchy:
        """Return the total of all series, and the sums over the kinds of each static column.

        Raises
        ------
        DataError
            D119, when the series do not all end at one time, or a series has no kind.
        """
        if len(set(panel.last.tolist())) > 1:
            first, final = panel.ids[int(panel.last.argmin())], panel.ids[int(panel.last.argmax())]
            what = f"totals need series that end at one time; {shown(first)} ends before {shown(final)}"
            raise DataError("D119", what, hint="leave out --totals, or the series that ended early")
        members, names, levels = [np.ones(panel.n_series)], [TOTAL], [TOTAL]
        for column in columns:
            kinds = _kinds(panel, column)
            members += list(kinds.values())
            names += list(kinds)
            levels += [column] * len(kinds)
        return cls(np.array(members), tuple(names), tuple(levels))

    def sums(self, panel: Panel) -> Panel:
        """Return the panel of the A sums: each as long as its shortest series, NaN where one of them has a gap."""
        parts = []
        for row in self.members:
            chosen = np.flatnonzero(row)
            parts.append(panel.take(chosen).tail(int(panel.lengths[chosen].min())).sum(axis=0))
        return replace(
            panel,
            values=np.concatenate(parts),
            offsets=np.r_[0, np.cumsum([len(part) for part in parts])].astype(np.int64),
            ids=self.names,
            last=np.repeat(panel.last[:1], len(parts)),
            covariates=None,
        )


def bottom_up(base: Floats, members: Floats) -> Floats:
    """Return the forecasts [A + S, H] of which each sum is that of its series.

    Parameters
    ----------
    base : ndarray [A + S, H]
        Forecasts of the A sums and, below them, of the S series.
    members : ndarray [A, S]
        As in `Hierarchy`.
    """
    series = base[len(members) :]
    return np.vstack([members @ series, series])


def reconcile(base: Floats, members: Floats, errors: Floats) -> Floats:
    """Return the forecasts that add up and are closest to `base` in the metric of the errors.

    The minimum-trace reconciliation ``y - W C' (C W C')^-1 C y`` of Wickramasuriya, Athanasopoulos & Hyndman (2019),
    with W of `covariance` and ``C = [I, -members]``, which is zero of forecasts that add up. Written so, no
    matrix is inverted that is larger than the number of sums.

    Parameters
    ----------
    base : ndarray [A + S, H]
        Forecasts of the A sums and, below them, of the S series.
    members : ndarray [A, S]
        As in `Hierarchy`.
    errors : ndarray [N, A + S]
        Errors of such forecasts at earlier times; NaN rows are left out.

    Examples
    --------
    >>> reconcile(np.array([[10.0], [4.0], [5.0]]), np.ones((1, 2)), np.empty((0, 3))).ravel().tolist()
    [9.5, 4.25, 5.25]
    """
    sums = len(members)
    weights = covariance(errors, members)
    gap = base[:sums] - members @ base[sums:]
    if weights.ndim == 1:
        moved = np.hstack([np.diag(weights[:sums]), -members * weights[sums:]])
    else:
        moved = weights[:sums] - members @ weights[sums:]
    between = moved[:, :sums] - moved[:, sums:] @ members.T
    # A least-squares solution, since sums may repeat each other: one region alone is the total again.
    solved = np.linalg.lstsq(between, gap, rcond=None)[0]
    free = base - moved.T @ solved
    return bottom_up(free, members)


def covariance(errors: Floats, members: Floats) -> Floats:
    """Return how the errors of sums and series vary together: [A + S, A + S], or their variances alone [A + S].

    With fewer than two rows of errors a sum varies as many times as much as a series as it has series. Of a forecast
    that never erred the smallest variance of the others is taken.
    """
    known = errors[np.isfinite(errors).all(axis=1)]
    alone: Floats = np.r_[members.sum(axis=1), np.ones(members.shape[1])]
    if len(known) < 2:
        return alone
    variances: Floats = (known**2).mean(axis=0)
    if not variances.any():
        return alone
    variances = np.where(variances > 0, variances, variances[variances > 0].min())
    if len(variances) > MOST_CORRELATED:
        return variances
    return shrunk_covariance(known, variances)


def shrunk_covariance(errors: Floats, variances: Floats) -> Floats:
    """Return the covariances [K, K] of errors [N, K] about 0, with correlations shrunk towards none.

    By how much is the estimate of Schaefer & Strimmer (2005): the variance of the correlations over their size.
    """
    n = len(errors)
    scaled = errors / np.sqrt(variances)
    correlations = scaled.T @ scaled / n
    spread = ((scaled**2).T @ scaled**2 - n * correlations**2) / (n * (n - 1))
    np.fill_diagonal(spread, 0.0)
    size = (correlations**2).sum() - (np.diag(correlations) ** 2).sum()
    shrink = min(1.0, max(0.0, spread.sum() / size)) if size > 0 else 1.0
    correlations *= 1.0 - shrink
    np.fill_diagonal(correlations, 1.0)
    scales = np.sqrt(variances)
    return np.asarray(correlations * np.outer(scales, scales))


def _kinds(panel: Panel, column: str) -> dict[str, Floats]:
    """Return which series are of which kind of a static column."""
    covariates = panel.covariates
    names = covariates.static_names if covariates else ()
    static = covariates.static if covariates else np.empty((panel.n_series, 0))
    if column in names:
        values = static[:, names.index(column)]
        kinds = {f"{column}={value:g}": (values == value).astype(np.float64) for value in np.unique(values)}
    else:
        kinds = {name: static[:, i] for i, name in enumerate(names) if name.startswith(f"{column}=")}
    without = np.flatnonzero(sum(kinds.values(), start=np.zeros(panel.n_series)) == 0)
    if len(without):
        raise DataError(
            "D119", f"{shown(panel.ids[int(without[0])])} has no {column}", hint=f"fill the column {column}"
        )
    return kinds
