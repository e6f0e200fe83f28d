"""The power of Box and Cox: of every series that which makes its swings the most even.

The idea: between the logarithm and the values themselves lies a power for every series; it is found on a grid, by how
little the spread varies from season to season, or by how likely the values are about a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from forecast.errors import ConfigError, shown
from forecast.transforms.arrays import blocks, largest, rows, series_of, wide
from forecast.transforms.power import LARGEST, all_above

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["BoxCox"]


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
        self.positive_ = all_above(panel, "boxcox" if self.required else None)
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
        return np.where(wide(self.positive_, y_hat), back, y_hat)

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
        return np.where(wide(self.positive_, y_hat), self.invert(y_hat) * more, y_hat)


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
