"""Roots, powers and logarithms: growing swings made even.

The idea: where a series is far up it moves more; a concave function of its values makes the moves comparable. Which
series can take it is found in the past; the others stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from forecast.errors import ConfigError, DataError, shown
from forecast.transforms.arrays import blocks, largest, rows, series_of, wide

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["BoxCox", "Log", "Root", "SignedLog"]

LARGEST = 700.0
"""Beyond e to this power there is no number left."""


class Log:
    """The natural logarithm of every series whose values are all positive; others stay as they are.

    The exact inverse, ``exp``, turns the median of the logarithm into the median of the series; its mean
    is computed by `mean`. Gaps stay gaps.

    Parameters
    ----------
    required : bool
        Whether a series with values <= 0 is an error, as it is where the user asked for the logarithm.
    """

    def __init__(self, *, required: bool = False) -> None:
        self.required = required

    def fit(self, panel: Panel) -> Self:
        """Find the series that are positive throughout.

        Raises
        ------
        DataError
            D120, on values <= 0 where the logarithm is required.
        """
        self.positive_ = _all_above(panel, "log" if self.required else None)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the logarithm of the positive series."""
        if self.positive_.all():
            return panel.with_values(np.log(panel.values))
        chosen = np.repeat(self.positive_, panel.lengths)
        return panel.with_values(np.log(panel.values, out=panel.values.copy(), where=chosen))

    def invert(self, y_hat: Floats) -> Floats:
        """Return ``exp(y_hat)`` for the positive series; beyond e^700 there is no number left."""
        return np.where(_where(self.positive_, y_hat), np.exp(np.minimum(y_hat, LARGEST)), y_hat)

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with ``exp`` of the positive series."""
        chosen = np.repeat(self.positive_, panel.lengths)
        return panel.with_values(np.exp(panel.values, out=panel.values.copy(), where=chosen))

    def mean(self, y_hat: Floats, variance: Floats) -> Floats:
        """Return the mean on the original scale: ``exp(mu + s2 / 2)``, exact where the logarithm is normal.

        Parameters
        ----------
        y_hat, variance : ndarray [S, H]
            Mean and variance of the logarithm.
        """
        return np.where(_where(self.positive_, y_hat), np.exp(np.minimum(y_hat + variance / 2, LARGEST)), y_hat)


class Root:
    """The cube root, or one of another degree, of every series without values below 0; others stay as they are.

    It lies between the values themselves and their logarithm: swings that grow with the level are made smaller, a few
    small values do not stretch them, and zeros may stand. The inverse, a power, turns the median of the roots into the
    median of the series; its mean is computed by `mean`. Gaps stay gaps.

    Parameters
    ----------
    degree : float
        3 for the cube root, 2 for the square root; at least 1.
    required : bool
        Whether a series with values below 0 is an error, as it is where the user asked for the root.
    """

    def __init__(self, degree: float = 3.0, *, required: bool = False) -> None:
        if not degree >= 1:
            raise ConfigError("U101", f"no root of degree {degree:g}", hint="root(3)")
        self.degree = float(degree)
        self.required = required

    def fit(self, panel: Panel) -> Self:
        """Find the series that have no values below 0.

        Raises
        ------
        DataError
            D120, on values below 0 where the root is required.
        """
        self.taken_ = _all_above(panel, "root" if self.required else None, zero=True)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the roots of the series that have them."""
        taken = np.repeat(self.taken_, panel.lengths)
        known = np.where(taken, np.maximum(panel.values, 0.0), 0.0)
        roots = np.cbrt(known) if self.degree == 3.0 else known ** (1.0 / self.degree)
        return panel.with_values(np.where(taken, roots, panel.values))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the powers of the forecasts of these series; what would be below 0 is 0."""
        return np.where(_where(self.taken_, y_hat), np.maximum(y_hat, 0.0) ** self.degree, y_hat)

    def restore(self, panel: Panel) -> Panel:
        """Return the panel on its original scale."""
        taken = np.repeat(self.taken_, panel.lengths)
        return panel.with_values(np.where(taken, np.maximum(panel.values, 0.0) ** self.degree, panel.values))

    def mean(self, y_hat: Floats, variance: Floats) -> Floats:
        """Return the mean on the original scale, to second order: ``mu^d + d (d - 1) / 2 mu^(d - 2) s2``.

        It is exact for degrees 2 and 3 where the root is normal.

        Parameters
        ----------
        y_hat, variance : ndarray [S, H]
            Mean and variance of the roots.
        """
        d, root = self.degree, np.maximum(y_hat, 1e-300)
        more = d * (d - 1.0) / 2.0 * root ** (d - 2.0) * variance
        return np.where(_where(self.taken_, y_hat), self.invert(y_hat) + more, y_hat)


class SignedLog:
    """``sign(y) log(1 + |y| / size)`` with the mean absolute value of the series as size: takes zeros and negatives.

    Gaps stay gaps; a series of zeros has the size 1.
    """

    def fit(self, panel: Panel) -> Self:
        """Measure the size of every series, [S]."""
        known = ~np.isnan(panel.values)
        series = series_of(panel)[known]
        counts = np.maximum(np.bincount(series, minlength=panel.n_series), 1)
        size = np.bincount(series, np.abs(panel.values[known]), minlength=panel.n_series) / counts
        self.size_ = np.where(size > 0, size, 1.0)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with signed logarithms."""
        x = panel.values / self.size_[series_of(panel)]
        return panel.with_values(np.sign(x) * np.log1p(np.abs(x)))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts on the original scale."""
        return np.sign(y_hat) * np.expm1(np.minimum(np.abs(y_hat), LARGEST)) * wide(self.size_, y_hat)

    def restore(self, panel: Panel) -> Panel:
        """Return the panel on its original scale."""
        x = panel.values
        return panel.with_values(np.sign(x) * np.expm1(np.abs(x)) * self.size_[series_of(panel)])


class BoxCox:
    """``((y / g)^lambda - 1) / lambda``, or the logarithm at 0, of the positive series (Box & Cox 1964).

    g is the largest value of the series, lambda lies between 0 and 1. Below 0 a forecast a little too high comes back
    as infinity, above 1 small values lose their digits. Gaps stay gaps, series with values <= 0 stay as they are, and a
    constant one has lambda 1. The inverse turns the median of the transformed series into that of the series; its mean
    is computed by `mean`.

    Parameters
    ----------
    method : {"guerrero", "likelihood"}
        ``guerrero``: the lambda for which the standard deviation within a season, over the mean of the season to the
        power 1 - lambda, varies least from season to season (Guerrero 1993); without a season, pairs of values.
        ``likelihood``: the most likely one if the values scatter normally around a straight line.
    required : bool
        Whether a series with values <= 0 is an error.
    """

    def __init__(self, method: Literal["guerrero", "likelihood"] = "guerrero", *, required: bool = False) -> None:
        if method not in ("guerrero", "likelihood"):
            raise ConfigError("U101", f"no method {shown(method)} of boxcox", hint="boxcox(guerrero)")
        self.method = method
        self.required = required

    def fit(self, panel: Panel) -> Self:
        """Find the positive series and the lambda of each, [S].

        Raises
        ------
        DataError
            D120, on values <= 0 where the transform is required.
        """
        self.positive_ = _all_above(panel, "boxcox" if self.required else None)
        size = largest(panel)
        self.size_ = np.where(size > 0, size, 1.0)
        self.lambda_ = np.ones(panel.n_series)
        m = max(2, panel.season_length)
        for block in blocks(panel.lengths, np.flatnonzero(self.positive_)):
            y = rows(panel.values, panel.offsets[block], panel.lengths[block])
            y = y / self.size_[block, None]
            cost = _guerrero(y, panel.lengths[block], m) if self.method == "guerrero" else _unlikeliness(y)
            self.lambda_[block] = _best(y, cost)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the power of the positive series."""
        series = series_of(panel)
        chosen, power = self.positive_[series], self.lambda_[series]
        logs = np.log(panel.values / self.size_[series], out=np.zeros(len(series)), where=chosen)
        x = np.where(power > 0, np.expm1(power * logs) / np.where(power > 0, power, 1.0), logs)
        return panel.with_values(np.where(chosen, x, panel.values))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts on the original scale; what would be below 0 is 0."""
        back = _from_power(y_hat, wide(self.lambda_, y_hat)) * wide(self.size_, y_hat)
        return np.where(_where(self.positive_, y_hat), back, y_hat)

    def restore(self, panel: Panel) -> Panel:
        """Return the panel on its original scale."""
        series = series_of(panel)
        back = _from_power(panel.values, self.lambda_[series]) * self.size_[series]
        return panel.with_values(np.where(self.positive_[series], back, panel.values))

    def mean(self, y_hat: Floats, variance: Floats) -> Floats:
        """Return the mean on the original scale, to second order: ``f(mu) + f''(mu) s2 / 2``.

        The formula is in Hyndman & Athanasopoulos 2021, section 5.6.

        Parameters
        ----------
        y_hat, variance : ndarray [S, H]
            Mean and variance of the transformed series.
        """
        power = wide(self.lambda_, y_hat)
        base = np.maximum(1.0 + power * y_hat, 1e-6)
        more = 1.0 + variance * (1.0 - power) / (2.0 * base**2)
        return np.where(_where(self.positive_, y_hat), self.invert(y_hat) * more, y_hat)


def _all_above(panel: Panel, required_by: str | None, *, zero: bool = False) -> NDArray[np.bool_]:
    """Return which series [S] have no values below 0, and none of 0 either unless `zero` may be among them."""
    least, named = np.fmin.reduceat(panel.values, panel.offsets[:-1]), ">= 0" if zero else "> 0"
    above: NDArray[np.bool_] = least >= 0 if zero else least > 0
    low = np.flatnonzero(panel.values < 0 if zero else panel.values <= 0)
    if required_by is None or not len(low):
        return above
    place = int(low[np.argmin(panel.values[low])])
    s = int(np.searchsorted(panel.offsets, place, side="right")) - 1
    where = f"min {panel.values[place]:g} in series {shown(panel.ids[s])}, value {place - int(panel.offsets[s]) + 1}"
    others = f"{len(low)} {'is' if len(low) == 1 else 'are'} {'< 0' if zero else '<= 0'}"
    raise DataError("D120", f"{required_by} needs values {named}; {others} ({where})", hint="--transform none")


def _where(chosen: NDArray[np.bool_], y_hat: Floats) -> NDArray[np.bool_]:
    return chosen.reshape(-1, *[1] * (y_hat.ndim - 1))


def _from_power(x: Floats, power: Floats) -> Floats:
    """Return y / g of ``x``; 0 where there is none."""
    some = np.where(power > 0, power, 1.0)
    logs = np.full(np.broadcast(x, power).shape, -np.inf)
    np.log1p(some * x, out=logs, where=~(some * x <= -1))
    return np.exp(np.minimum(np.where(power > 0, logs / some, x), LARGEST))


def _best(y: Floats, cost: Callable[[Floats], Floats]) -> Floats:
    """Return the lambda [B] of least cost, to half a hundredth; 1 for rows that do not change."""
    coarse = np.linspace(0.0, 1.0, 21)
    costs = np.stack([cost(np.full(len(y), power)) for power in coarse])
    best = coarse[np.argmin(costs, axis=0)]
    fine = np.clip(best + np.linspace(-0.05, 0.05, 21)[:, None], 0.0, 1.0)
    costs = np.stack([cost(power) for power in fine])
    found = np.take_along_axis(fine, np.argmin(costs, axis=0)[None], axis=0)[0]
    changes = np.fmax.reduce(y, axis=1) > np.fmin.reduce(y, axis=1)
    return np.where(changes, np.where(found < 1e-3, 0.0, found), 1.0)


def _guerrero(y: Floats, lengths: NDArray[np.int64], m: int) -> Callable[[Floats], Floats]:
    """Return the coefficient of variation [B] as a function of lambda [B], for rows y [B, T] cut into blocks of m."""
    whole = lengths // m
    starts = lengths - whole * m
    width = int(whole.max(initial=0)) * m
    places = starts[:, None] + np.arange(width)
    inside = places < lengths[:, None]
    z = np.where(inside, np.take_along_axis(y, np.where(inside, places, 0), axis=1), np.nan).reshape(len(y), -1, m)
    used = np.asarray(~np.isnan(z).any(axis=2))
    means = np.where(used, np.where(used[..., None], z, 1.0).mean(axis=2), 1.0)
    spreads = np.where(used, np.where(used[..., None], z, 1.0).std(axis=2, ddof=1), 0.0)
    count = np.maximum(used.sum(axis=1), 1)

    def variation(power: Floats) -> Floats:
        ratio = spreads / means ** (1.0 - power[:, None])
        middle = ratio.sum(axis=1) / count
        spread = np.sqrt(np.where(used, (ratio - middle[:, None]) ** 2, 0.0).sum(axis=1) / count)
        return np.asarray(np.where((middle > 0) & (count > 1), spread / np.where(middle > 0, middle, 1.0), -power))

    return variation


def _unlikeliness(y: Floats) -> Callable[[Floats], Floats]:
    """Return minus the profile log-likelihood [B] as a function of lambda [B], for rows y [B, T]."""
    known = ~np.isnan(y)
    n = np.maximum(known.sum(axis=1), 1)
    logs = np.log(np.where(known, y, 1.0))
    places = np.where(known, np.arange(y.shape[1]), 0.0)
    places = np.where(known, places - (places.sum(axis=1) / n)[:, None], 0.0)
    spread = np.maximum((places**2).sum(axis=1), 1e-300)

    def cost(power: Floats) -> Floats:
        some = np.where(power > 0, power, 1.0)[:, None]
        x = np.where(power[:, None] > 0, np.expm1(some * logs) / some, logs)
        x = np.where(known, x - (np.where(known, x, 0.0).sum(axis=1) / n)[:, None], 0.0)
        rest = x - places * ((places * x).sum(axis=1) / spread)[:, None]
        variance = np.maximum((rest**2).sum(axis=1) / n, 1e-300)
        return np.asarray(n / 2 * np.log(variance) - (power - 1.0) * logs.sum(axis=1))

    return cost
