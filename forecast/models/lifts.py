"""What columns known ahead lift a series by, for networks that see values alone: taken out first, put back last.

The idea: over one season the level of a series hardly moves, so what its changes over a season share with those of a
column is the column's doing. Series of a panel are alike in that: each is drawn towards what holds for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.models.inputs import carried, known_before, no_covariates, scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Lifts"]

SEASONS = 3
"""Changes over a season are looked at where the typical series holds so many seasons, else from value to value."""
TOWARDS_ALL = 20.0
"""So many changes of a typical size speak in every series for what holds for all of them."""
LEAST_CHANGES = 5
"""So many changes for each column, or nothing is taken out."""


class Lifts:
    """What every standardised column known ahead adds to every series, by least squares of changes on changes.

    With changes X of the columns [n, F] and d of a series [n] its effects are ``(X'X + c V)^-1 (X'd + c V b)``, a ridge
    regression (Hoerl & Kennard 1970) towards those over all series, b. V holds the mean square change of each column,
    c is `TOWARDS_ALL`; the changes of a series are counted in their mean absolute value.

    Examples
    --------
    >>> from forecast.covariates import Covariates
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> promo = np.tile([[0.0], [0], [1]], (14, 1))
    >>> known = Covariates.of_known(promo, np.array([0, 42]), ("promo",), values=40)
    >>> ends = {"offsets": np.array([0, 40]), "last": np.array([40]), "ids": ("a",)}
    >>> panel = Panel(5 + 2 * promo[:40, 0], **ends, frequency=Frequency("int"), season_length=1, covariates=known)
    >>> lifts = Lifts().fit(panel, np.ones(40, bool))
    >>> left = panel.values - lifts.before(panel)
    >>> bool(np.ptp(left) < 0.1), lifts.ahead(panel, 2).shape
    (True, (1, 2))
    """

    def fit(self, panel: Panel, observed: NDArray[np.bool_]) -> Self:
        """Learn the effects [S, F] from values [T_total] of `panel`, where they were observed."""
        season, typical = panel.season_length, float(np.median(panel.lengths))
        lag = season if 1 < season * SEASONS <= typical else 1
        own = np.repeat(np.arange(panel.n_series), panel.lengths)
        later = np.flatnonzero(observed[lag:] & observed[:-lag] & (own[lag:] == own[:-lag])) + lag
        columns, owner = self._beside(panel), own[later]
        x, d = columns[later] - columns[later - lag], panel.values[later] - panel.values[later - lag]
        counts = np.maximum(np.bincount(owner, minlength=panel.n_series), 1)
        size = np.bincount(owner, np.abs(d), minlength=panel.n_series) / counts
        self.size_ = np.where(size > 0, size, 1.0)
        d = d / self.size_[owner]
        self.effects_ = np.zeros((panel.n_series, x.shape[1]))
        if len(later) < LEAST_CHANGES * x.shape[1] or not x.any():
            return self
        moved = (x**2).mean(axis=0)
        towards = TOWARDS_ALL * np.diag(np.where(moved > 0, moved, 1.0))
        common = np.linalg.solve(x.T @ x + 1e-3 * towards, x.T @ d)
        pull, starts = towards @ common, np.searchsorted(owner, np.arange(panel.n_series + 1))
        for s in range(panel.n_series):
            some = slice(starts[s], starts[s + 1])
            self.effects_[s] = np.linalg.solve(x[some].T @ x[some] + towards, x[some].T @ d[some] + pull)
        return self

    def before(self, panel: Panel) -> Floats:
        """Return what the columns add to the values [T_total] of `panel`."""
        own = np.repeat(np.arange(panel.n_series), panel.lengths)
        return np.asarray((self._beside(panel) * self.effects_[own]).sum(axis=1) * self.size_[own])

    def ahead(self, panel: Panel, horizon: int) -> Floats:
        """Return what the columns add to the `horizon` steps after the end of `panel`, [S, H]."""
        steps = panel.lengths[:, None] + np.arange(horizon)
        known = self._known(panel, np.arange(panel.n_series)[:, None], steps)
        return np.asarray((known * self.effects_[:, None]).sum(axis=2) * self.size_[:, None])

    def _beside(self, panel: Panel) -> Floats:
        """Return the columns beside the values, [T_total, F]."""
        own = np.repeat(np.arange(panel.n_series), panel.lengths)
        return self._known(panel, own, np.arange(len(own)) - panel.offsets[:-1][own])

    def _known(self, panel: Panel, series: Ints, steps: Ints) -> Floats:
        """Return the columns at steps of series [.., F], standardised; after the last row, those of the last row."""
        covariates = panel.covariates or no_covariates(panel)
        if not covariates.known.shape[1]:
            return np.empty((*steps.shape, 0))
        rows = np.diff(covariates.offsets)
        mean, sd = scale_of(known_before(panel, covariates))
        known = carried((covariates.known - mean) / sd, covariates.offsets)
        return np.asarray(known[covariates.offsets[series] + np.minimum(steps, rows[series] - 1)])
