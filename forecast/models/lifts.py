"""What columns known ahead lift a series by, taken out before networks learn or forecast, and put back after.

The idea: over one season the level of a series hardly moves, so what its changes over a season share with those of a
column is the column's doing. What may as well be chance is none, and series differ as far as their changes say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

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
LEAST_CHANGES = 5
"""So many changes for each column, or nothing is taken out."""
OVERLAP = 1.5
"""How much larger the variance of an effect is, since changes overlap: that of independent values and columns."""
DOUBT = 6.25
"""An effect below two and a half times its standard error, of which this is the square, is none."""


class _Changes(NamedTuple):
    """Changes of terms [n, 2 F] and of values [n] over a lag, of which series each is, and of which size [S] theirs."""

    columns: Floats
    values: Floats
    series: Ints
    sizes: Floats


class Lifts:
    """What every column known ahead adds to every series, by least squares of changes on changes.

    A standardised column x has two terms, a line and a curve: x itself and ``x^2 - g x - 1`` with its skewness g, which
    is uncorrelated with x and 0 throughout for a column of two values; beyond the values seen the curve is level.
    The changes of a series are counted in their mean absolute value. Over all series their regression on those of the
    terms has effects b with standard errors s, and each is drawn towards 0 by ``max(0, 1 - 6.25 s^2 / b^2)``, the
    garrote of Breiman (1995). A series has its own effects by a ridge regression (Hoerl & Kennard 1970) towards
    these: what the variance between series is beside that of the noise (DerSimonian & Laird 1986) says how near.

    Examples
    --------
    >>> from forecast.covariates import Covariates
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> promo = np.tile([[0.0], [0], [1]], (14, 1))
    >>> known = Covariates.of_known(promo, np.array([0, 42]), ("promo",), values=40)
    >>> ends = {"offsets": np.array([0, 40]), "last": np.array([40]), "ids": ("a",)}
    >>> panel = Panel(5 + 2 * promo[:40, 0], **ends, frequency=Frequency("int"), season_length=1, covariates=known)
    >>> observed = np.ones(40, bool)
    >>> lifts = Lifts().fit(panel, observed).see(panel, observed)
    >>> left = panel.values - lifts.before(panel)
    >>> bool(np.ptp(left) < 0.1), lifts.ahead(panel, 2).shape
    (True, (1, 2))
    """

    def fit(self, panel: Panel, observed: NDArray[np.bool_]) -> Self:
        """Learn what holds for all series from values [T_total] of `panel`, where they were observed."""
        covariates = panel.covariates or no_covariates(panel)
        past = known_before(panel, covariates)
        self.scale_ = mean, sd = scale_of(past)
        self.bends_ = _bends(np.nan_to_num((past - mean) / sd))
        season, typical = panel.season_length, float(np.median(panel.lengths))
        self.lag_ = season if 1 < season * SEASONS <= typical else 1
        x, d, series, _ = self._changes(panel, observed)
        self.common_, self.spread_ = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        moved = (x**2).sum(axis=0)
        terms = max(1, int(np.count_nonzero(moved)))
        if len(d) < LEAST_CHANGES * terms:
            return self
        inverse = np.linalg.inv(x.T @ x + 1e-6 * np.diag(np.where(moved > 0, moved, 1.0)))
        effects = inverse @ (x.T @ d)
        rest = d - x @ effects
        noise = max(OVERLAP * float(rest @ rest) / (len(d) - terms), 1e-12 * float(d @ d) / len(d))
        doubt = DOUBT * noise * np.diag(inverse @ (x.T @ x) @ inverse)
        sure = effects**2 > doubt
        self.common_[sure] = (effects - doubt / np.where(sure, effects, 1.0))[sure]
        for column, changes in enumerate(x.T):
            shared = np.bincount(series, changes * rest) ** 2
            weight = np.bincount(series, changes**2)
            some = weight > 0
            beyond = (shared[some] / weight[some]).sum() - noise * some.sum()
            if beyond > noise * np.sqrt(DOUBT * 2.0 * some.sum()):  # the variance of a chi-squared number is 2
                self.spread_[column] = beyond / max(noise * weight.sum(), 1e-300)
        return self

    def see(self, panel: Panel, observed: NDArray[np.bool_]) -> Self:
        """Learn the effects [S, 2 F] on each series of `panel`, where it was observed."""
        x, d, series, self._sizes = self._changes(panel, observed)
        self._effects = np.tile(self.common_, (panel.n_series, 1))
        if self.spread_.any():
            rest, starts = d - x @ self.common_, np.searchsorted(series, np.arange(panel.n_series + 1))
            for s in range(panel.n_series):
                own = x[starts[s] : starts[s + 1]]
                products = np.eye(x.shape[1]) + own.T @ own * self.spread_
                own_effects = np.linalg.solve(products, own.T @ rest[starts[s] : starts[s + 1]])
                self._effects[s] += self.spread_ * own_effects
        return self

    def acting(self) -> NDArray[np.bool_]:
        """Return which columns add something to any series, [F]."""
        return np.asarray(((self.common_ != 0) | (self.spread_ > 0)).reshape(2, -1).any(axis=0))

    def before(self, panel: Panel) -> Floats:
        """Return what the columns add to the values [T_total] of `panel`, which was seen."""
        own = np.repeat(np.arange(panel.n_series), panel.lengths)
        return np.asarray((self._beside(panel) * self._effects[own]).sum(axis=1) * self._sizes[own])

    def ahead(self, panel: Panel, horizon: int) -> Floats:
        """Return what the columns add to the `horizon` steps after the end of `panel`, which was seen, [S, H]."""
        steps, every = panel.lengths[:, None] + np.arange(horizon), np.arange(panel.n_series)[:, None]
        return np.asarray(self.around(panel, every, steps, effects_on=every).sum(axis=-1))

    def around(self, panel: Panel, series: Ints, steps: Ints, *, effects_on: Ints) -> Floats:
        """Return what each column of `series` at `steps` would add to other series of `panel`, [.., F]."""
        effects = self._effects[effects_on] * self._sizes[effects_on][..., None]
        lines, bent = np.split(self._known(panel, series, steps) * effects, 2, axis=-1)
        return np.asarray(lines + bent)

    def _changes(self, panel: Panel, observed: NDArray[np.bool_]) -> _Changes:
        """Return the changes from one observed value to another; the size of a series that never changes is 0."""
        own, lag, columns = np.repeat(np.arange(panel.n_series), panel.lengths), self.lag_, self._beside(panel)
        later = _later(panel, observed, lag)
        changes, series = panel.values[later] - panel.values[later - lag], own[later]
        sizes = _mean_sizes(changes, series, panel.n_series)
        if lag > 1 and not sizes.all():  # shorter than the lag, or the same season again and again
            steps = _later(panel, observed, 1)
            shorter = _mean_sizes(panel.values[steps] - panel.values[steps - 1], own[steps], panel.n_series)
            sizes = np.where(sizes > 0, sizes, shorter)
        unit = np.where(sizes > 0, sizes, 1.0)
        return _Changes(columns[later] - columns[later - lag], changes / unit[series], series, sizes)

    def _beside(self, panel: Panel) -> Floats:
        """Return the terms beside the values, [T_total, 2 F]."""
        own = np.repeat(np.arange(panel.n_series), panel.lengths)
        return self._known(panel, own, np.arange(len(own)) - panel.offsets[:-1][own])

    def _known(self, panel: Panel, series: Ints, steps: Ints) -> Floats:
        """Return the terms [.., 2 F] at steps of series; beyond their first and last row, those of it."""
        covariates = panel.covariates or no_covariates(panel)
        if not covariates.known.shape[1]:
            return np.empty((*steps.shape, 0))
        rows = np.diff(covariates.offsets)
        mean, sd = self.scale_
        known = carried((covariates.known - mean) / sd, covariates.offsets)
        found = known[covariates.offsets[series] + np.clip(steps, 0, rows[series] - 1)]
        skewness, least, most = self.bends_
        inside = np.clip(found, least, most)
        bent = np.where(np.isnan(skewness), 0.0, inside**2 - np.nan_to_num(skewness) * inside - 1)
        return np.concatenate([found, bent], axis=-1)


def _later(panel: Panel, observed: NDArray[np.bool_], lag: int) -> Ints:
    """Return the places of observed values that follow an observed one of their series by `lag`."""
    own = np.repeat(np.arange(panel.n_series), panel.lengths)
    return np.flatnonzero(observed[lag:] & observed[:-lag] & (own[lag:] == own[:-lag])) + lag


def _mean_sizes(changes: Floats, series: Ints, n_series: int) -> Floats:
    """Return the mean absolute change of each series, [S]; 0 where there is none."""
    counts = np.maximum(np.bincount(series, minlength=n_series), 1)
    return np.asarray(np.bincount(series, np.abs(changes), minlength=n_series) / counts)


def _bends(columns: Floats) -> Floats:
    """Return the skewness of standardised columns, NaN where a curve is a line in them, their least and their most."""
    if not len(columns):
        return np.full((3, columns.shape[1]), np.nan)
    skewness = (columns**3).mean(axis=0)
    bent = columns**2 - skewness * columns - 1
    straight = (bent**2).mean(axis=0) < 1e-6
    return np.stack([np.where(straight, np.nan, skewness), columns.min(axis=0), columns.max(axis=0)])
