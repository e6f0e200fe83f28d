"""The Theta method, winner of the M3 competition, in its standard and its optimised form.

The idea: a straight line through the series says where it goes in the long run, exponential smoothing says where it
stands; the forecast is a mixture of the two, with the season taken out before and put back after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.errors import ConfigError, Notice
from forecast.models.base import asked, fits_of, steps_later
from forecast.panel import forecast_frame
from forecast.transforms import Fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Theta"]

ALPHAS = (0.01, 0.99)
THETAS = (1.0, 100.0)
FEWEST = 4
"""Fewer values than this are continued as they are: there is no line to draw through them."""


@dataclass(frozen=True)
class Fit:
    """What was learned about one series: smoothing, share of the line, first level and seasonal factors [m]."""

    alpha: float
    theta: float
    level: float
    factors: Floats

    def after(self, steps: int) -> Fit:
        """Return the same with position 0 of the factors so many steps later."""
        return replace(self, factors=np.roll(self.factors, -steps))


class Theta:
    """The Theta method (Assimakopoulos & Nikolopoulos 2000), as the state space model of Fiorucci et al. (2016).

    With the line ``A + B t`` fitted to the first t values by least squares and the level ``l(t) = alpha y(t) + (1 -
    alpha) l(t - 1)``, the forecast h steps after t is::

        l(t) + (1 - 1 / theta) ((1 - alpha)^(t + h - 1) A + B ((h - 1) + (1 - (1 - alpha)^(t + 1)) / alpha))

    where the power of ``1 - alpha`` with A counts from t. ``standard`` has theta = 2 and one line through all values,
    and is then simple exponential smoothing with a drift of half the slope (Hyndman & Billah 2003); ``dynamic`` draws
    the line anew at every t and finds theta with alpha and l(0) by least squares of the one-step errors.

    Parameters
    ----------
    method : {"dynamic", "standard"}
        Which form.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> Theta().fit(panel, horizon=2).predict()["y_hat"].round().tolist()
    [443.0, 432.0]
    """

    name = "theta"

    def __init__(self, *, method: str = "dynamic") -> None:
        if method not in ("dynamic", "standard"):
            raise ConfigError("U101", f"no Theta method {method!r}", hint="dynamic or standard")
        self.method = method

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Learn level, smoothing and line of every series."""
        self.horizon_ = horizon
        filled = Fill().apply(panel)
        return self._learned(panel, [self._fit(filled.series(s), panel.season_length) for s in range(panel.n_series)])

    def joined(self, panel: Panel, parts: Sequence[Self]) -> Self:
        """Become the model of `panel` whose series were fitted in these `parts`."""
        self.horizon_ = parts[0].horizon_
        return self._learned(panel, [fit for part in parts for fit in part.fits_.values()])

    @staticmethod
    def joined_choices(parts: Sequence[tuple[tuple[str, ...], dict[str, Any]]]) -> dict[str, Any]:
        """Return which series have a season."""
        seasonal: dict[str, bool] = {}
        for ids, choices in parts:
            found = choices["seasonal"]
            seasonal |= found if isinstance(found, dict) else dict.fromkeys(ids, found)
        return {"seasonal": seasonal}

    def _learned(self, panel: Panel, fits: list[Fit]) -> Self:
        """Keep the fits of all series of a panel, and what follows from them."""
        self.panel_, self.fits_ = panel, dict(zip(panel.ids, fits, strict=True))
        seasonal = [bool((fit.factors != 1.0).any()) for fit in fits]
        self.choices_: dict[str, Any] = {"seasonal": dict(zip(panel.ids, seasonal, strict=True))}
        if panel.n_series == 1:
            self.choices_ = {"seasonal": seasonal[0], "alpha": fits[0].alpha, "theta": fits[0].theta}
        self.notices_: list[Notice] = []
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one).

        Raises
        ------
        ModelError
            M102 before `fit`; M201 for a series that was not fitted.
        """
        panel = asked(self, panel)
        known = fits_of(self, self.fits_, panel)
        filled = Fill().apply(panel)
        fits = [fit.after(steps) for fit, steps in zip(known, steps_later(self.panel_, panel), strict=True)]
        rows = [self._forecast(fit, filled.series(s)) for s, fit in enumerate(fits)]
        return forecast_frame(panel, np.array(rows).reshape(-1, self.horizon_), model=self.name)

    def _fit(self, y: Floats, season_length: int) -> Fit:
        factors = seasonal_factors(y, season_length)
        z = y / _at(factors, np.arange(-len(y), 0))
        if len(y) < FEWEST or np.ptp(z) <= 1e-12 * np.abs(z).max():
            return Fit(ALPHAS[1], THETAS[0], float(z[0]), factors)
        if self.method == "standard":
            return Fit(*_smoothing(z), factors)
        return Fit(*_optimal(z), factors)

    def _forecast(self, fit: Fit, y: Floats) -> Floats:
        T, h = len(y), np.arange(1, self.horizon_ + 1)
        z = y / _at(fit.factors, np.arange(-T, 0))
        level = _levels(z, fit.alpha, fit.level)[-1]
        A, B = (line[-1] for line in _lines(z))
        rest = 1.0 - fit.alpha
        pull = rest**T * A + B * (h - 1 + (1.0 - rest ** (T + 1)) / fit.alpha)
        ahead: Floats = (level + (1.0 - 1.0 / fit.theta) * pull) * _at(fit.factors, h - 1)
        return ahead


def seasonal_factors(y: Floats, season_length: int) -> Floats:
    """Return the multiplicative seasonal factors [m], position 0 the first value to forecast; ones without a season.

    A season is found where all values are positive and the autocorrelation at the season is beyond its 10 % limit
    (Bartlett's formula); the factors are the means, by position, of the values over their centred moving average.
    """
    m, T = season_length, len(y)
    if m < 2 or 3 * m > T or y.min() <= 0 or not _has_season(y, m):
        return np.ones(max(m, 1))
    weights = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    half = len(weights) // 2
    ratios = y[half : T - half] / np.convolve(y, weights, mode="valid")
    position = (np.arange(half, T - half) - T) % m
    factors = np.bincount(position, ratios, minlength=m) / np.bincount(position, minlength=m)
    scaled: Floats = factors / factors.mean()
    return scaled if scaled.min() > 0.01 else np.ones(m)


def _has_season(y: Floats, m: int) -> bool:
    d = y - y.mean()
    total = float(d @ d)
    if total == 0.0:
        return False
    r = np.array([float(d[lag:] @ d[:-lag]) for lag in range(1, m + 1)]) / total
    return bool(abs(r[-1]) > 1.645 * np.sqrt((1.0 + 2.0 * float(r[:-1] @ r[:-1])) / len(y)))


def _at(factors: Floats, places: NDArray[np.int64]) -> Floats:
    """Return the factors of values by their place, counted from the first value to forecast."""
    found: Floats = factors[places % len(factors)]
    return found


def _levels(z: Floats, alpha: float, first: float) -> Floats:
    """Return the level after every value [T]."""
    from scipy.signal import lfilter

    levels: Floats = lfilter([alpha], [1.0, alpha - 1.0], z, zi=[(1.0 - alpha) * first])[0]
    return levels


def _lines(z: Floats) -> tuple[Floats, Floats]:
    """Return intercept and slope [T] of the least squares line through the first t values, t = 1 ... T."""
    t = np.arange(1.0, len(z) + 1)
    total, weighted = np.cumsum(z), np.cumsum(z * t)
    slope = np.zeros(len(z))
    slope[1:] = (12.0 * weighted - 6.0 * (t + 1.0) * total)[1:] / (t * (t * t - 1.0))[1:]
    return total / t - slope * (t + 1.0) / 2.0, slope


def _errors(z: Floats, A: Floats, B: Floats, alpha: float, theta: float, level: float) -> Floats:
    """Return the one-step errors [T - 1] of all values but the first."""
    t, rest = np.arange(1.0, len(z)), 1.0 - alpha
    power = rest**t
    pull = power * A[:-1] + B[:-1] * (1.0 - power * rest) / alpha
    errors: Floats = z[1:] - _levels(z, alpha, level)[:-1] - (1.0 - 1.0 / theta) * pull
    return errors


def _optimal(z: Floats) -> tuple[float, float, float]:
    """Return alpha, theta and first level by least squares of the one-step errors from the third value on."""
    from scipy.optimize import minimize

    A, B = _lines(z)
    unit = float(np.abs(z).mean()) or 1.0
    slack = max(2.0, float(np.ptp(z)) / unit)
    low, high = z.min() / unit - slack, z.max() / unit + slack

    def loss(x: Floats) -> float:
        alpha, theta = np.clip(x[0], *ALPHAS), np.clip(x[1], *THETAS)
        e = _errors(z, A, B, float(alpha), float(theta), float(x[2]) * unit)[2:] / unit
        return float(e @ e)

    found = minimize(
        loss,
        [0.5, 2.0, z[0] / 2.0 / unit],
        method="Nelder-Mead",
        bounds=[ALPHAS, THETAS, (low, high)],
        options={"maxiter": 1000, "xatol": 1e-4, "fatol": 1e-6},
    )
    return float(found.x[0]), float(found.x[1]), float(found.x[2]) * unit


def _smoothing(z: Floats) -> tuple[float, float, float]:
    """Return alpha, theta = 2 and first level, alpha by least squares of simple exponential smoothing."""
    from scipy.optimize import minimize_scalar

    def loss(alpha: float) -> float:
        e = z[1:] - _levels(z, alpha, float(z[0]))[:-1]
        return float(e @ e)

    found = minimize_scalar(loss, bounds=ALPHAS, method="bounded", options={"xatol": 1e-4})
    return float(found.x), 2.0, float(z[0])
