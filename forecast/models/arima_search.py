"""The search for the orders of an ARIMA: how often to difference, then a stepwise walk over candidates by AICc.

The idea is that of Hyndman & Khandakar (2008): tests decide the differences, since likelihoods of different data do not
compare, and a walk from a few usual models to ever better neighbours replaces trying them all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.models.arima_css import MAX_SEASON, Candidate, Orders, Problem, difference, fit_css, ols, regressors
from forecast.models.arima_exog import Effects, informative
from forecast.transforms import seasonal_indices
from forecast.unit_roots import KPSS_LIMIT, kpss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Triple = tuple[int, int, int]

__all__ = [
    "MOST_MODELS",
    "Scale",
    "Settings",
    "Space",
    "choose_differences",
    "choose_fourier",
    "filled",
    "is_constant",
    "prepare",
    "seasonal_strength",
    "stepwise",
    "without_waves",
]

KPSS_SECOND = 0.739
"""The 1 % limit of KPSS, for a second difference: one too many goes on with the latest slope for ever. On M3's training
parts, where the statistic of the differences was between the two limits, sMAPE with two differences and with one was
20.8 and 19.5 (yearly, 327 stretches of 10 to 30 values), 6.3 and 6.8 (quarterly, the last horizon of 57 series), 11.2
and 6.5 (monthly, of 56)."""
STRENGTH_LIMIT = 0.64
"""Seasonal strength above which a season is differenced (Hyndman & Athanasopoulos 2021, section 9.1)."""
MAX_FOURIER = 10
"""The most pairs of Fourier regressors."""
LOG_MARGIN = 10.0
"""How much lower the AICc of the logarithm must be to be taken: beyond 10 the other model has essentially no support
(Burnham & Anderson 2002, section 2.6), and an exponential that is none is dear. On the last horizon of the training
part of M3, margins of 0, 4, 10, 20 gave yearly sMAPE 20.57, 19.73, 19.68, 19.68, quarterly 10.00, 9.58, 9.35, 9.30 and
monthly 14.34, 14.38, 14.18, 14.57 (samples of 323, 378 and 357 series)."""
LOG_MARGIN_SEASONAL = 4.0
"""The same where the season is differenced, since growing seasons are what a logarithm is for. On the series of that
kind, margins of 0, 4, 10 gave monthly sMAPE 9.17, 9.18, 9.40 (42 series), NN3 10.02, 9.98, 9.96 (23) and quarterly
8.45, 8.02, 7.92 (70): no clear difference between 4 and 10."""
LOG_VALUES = 21
"""Fewer values than this keep their scale unless the season is differenced: growth read off so few logarithms goes on
for too long. On stretches of the training part of M3's yearly series in which the logarithm had won, sMAPE with and
without it was 40.6 and 25.6 after 14 values, 25.8 and 19.3 after 18, 32.0 and 28.7 after 20, 26.2 and 24.0 after 24 (7,
17, 30 and 38 cases), 27.1 and 29.6 after 25 and more (63); of the quarterly series, where their season is differenced,
9.5 and 10.3 after 16, 11.1 and 12.3 after 20 (49 and 58), where it is not, 24.4 and 19.9, 25.0 and 22.9 (5 and 7)."""
_LARGEST_LOG = 700.0
MOST_MODELS = 94
"""So many candidates are tried at most, as in R's auto.arima; the best of them is taken then, and that is said."""


@dataclass(frozen=True)
class Settings:
    """What the user asked for, and what the panel says about seasons."""

    order: Triple | None
    seasonal_order: Triple | None
    transform: str
    m: int
    period: float

    @property
    def fourier(self) -> bool:
        """Whether the season is long enough for Fourier regressors, and wanted."""
        return self.m > MAX_SEASON and self.seasonal_order is None


@dataclass(frozen=True)
class Scale:
    """The way from a series to the unit scale of the search and back: ``z = (f(y) - location) / size``.

    z is rounded to 9 decimals, so that the last bits of a series and of a multiple of it do not differ.
    """

    log: bool
    location: float
    size: float

    @classmethod
    def of(cls, y: Floats, *, log: bool) -> Scale:
        """Return the scale of a series: its first value, and the mean size of its steps."""
        x = np.log(y[y > 0]) if log else y[~np.isnan(y)]
        steps = np.abs(np.diff(x))
        size = float(steps.mean()) if len(steps) else 0.0
        return cls(log, float(x[0]), size if size > 1e-12 * float(np.abs(x).max()) else 1.0)

    def apply(self, y: Floats) -> Floats:
        """Return z; where there is no logarithm stands NaN."""
        x = np.log(np.where(y > 0, y, np.nan)) if self.log else y
        return np.round((x - self.location) / self.size, 9)

    def invert(self, z: Floats) -> Floats:
        """Return y; of a logarithm that is the median, since exp keeps the order of values but not their mean."""
        x = z * self.size + self.location
        return np.exp(np.minimum(x, _LARGEST_LOG)) if self.log else x

    def aicc_of(self, y: Floats) -> float:
        """Return ``2 sum log |dy / dz|``: what AICc on z lacks to be one on y, for the values it counts."""
        return 2.0 * (len(y) * float(np.log(self.size)) + (float(np.log(y).sum()) if self.log else 0.0))


@dataclass(frozen=True)
class Space:
    """The orders among which the search walks: the allowed values of p, q, P, Q and of the constant."""

    p: tuple[int, ...]
    q: tuple[int, ...]
    P: tuple[int, ...]
    Q: tuple[int, ...]
    constant: tuple[bool, ...]

    @classmethod
    def of(cls, problem: Problem, settings: Settings) -> Space:
        """Return the orders to search: given ones alone, else up to 5 and 2, fewer where the series is short."""
        n, m, base = len(problem.w), settings.m, problem.base
        short = tuple(range(min(5, n // 3) + 1))
        seasonal = tuple(range(min(2, n // (3 * m)) + 1)) if 1 < m <= MAX_SEASON else (0,)
        return cls(
            p=(settings.order[0],) if settings.order else short,
            q=(settings.order[2],) if settings.order else short,
            P=(settings.seasonal_order[0],) if settings.seasonal_order else seasonal,
            Q=(settings.seasonal_order[2],) if settings.seasonal_order else seasonal,
            constant=(False, True) if base.d + base.D == 1 else (base.constant,),
        )

    def __contains__(self, o: Orders) -> bool:
        return all(getattr(o, name) in getattr(self, name) for name in ("p", "q", "P", "Q", "constant"))

    def starts(self, base: Orders) -> list[Orders]:
        """Return the four models of Hyndman & Khandakar (2008), and the empty one without constant."""
        usual = ((2, 2, 1, 1, True), (0, 0, 0, 0, True), (1, 0, 1, 0, True), (0, 1, 0, 1, True), (0, 0, 0, 0, False))
        return list(dict.fromkeys(self._closest(base, *start) for start in usual))

    def neighbours(self, o: Orders) -> Iterator[Orders]:
        """Yield the allowed candidates one step from `o`: one or two of the orders by one, or the other constant."""
        for q, p in ((0, 1), (1, 0), (1, 1), (1, -1)):
            for sign in (-1, 1):
                yield replace(o, p=o.p + sign * p, q=o.q + sign * q)
                yield replace(o, P=o.P + sign * p, Q=o.Q + sign * q)
        yield replace(o, constant=not o.constant)

    def _closest(self, base: Orders, p: int, q: int, P: int, Q: int, constant: bool) -> Orders:
        def near(value: int, allowed: tuple[int, ...]) -> int:
            return min(allowed, key=lambda a: abs(a - value))

        chosen = constant if constant in self.constant else self.constant[0]
        return replace(
            base, p=near(p, self.p), q=near(q, self.q), P=near(P, self.P), Q=near(Q, self.Q), constant=chosen
        )


def prepare(y: Floats, settings: Settings, covariates: Floats) -> tuple[Scale, Problem, Effects]:
    """Return scale, problem and regressors of the series or of its logarithm, whichever has the better start models.

    The logarithm must win clearly (`LOG_MARGIN`). Both AICc are brought to the density of y by the Jacobian and count
    the residuals of the same times. Each is differenced as its own tests say: a residual is the error of y_t given
    the past either way, so that conditional likelihoods compare.
    """
    plain = _prepared(y, settings, covariates, log=settings.transform == "log")
    if settings.transform != "auto" or np.nanmin(y) <= 0 or is_constant(plain[1].w):
        return plain
    if not plain[1].base.D and np.count_nonzero(~np.isnan(y)) < LOG_VALUES:
        return plain
    logs = _prepared(y, settings, covariates, log=True)
    begin = max(problem.base.lost + problem.skipped for _, problem, _ in (plain, logs))

    def aicc(scale: Scale, problem: Problem) -> float:
        starts = Space.of(problem, settings).starts(problem.base)
        fits = [fit_css(problem, orders, skipped=begin - problem.base.lost) for orders in starts]
        return min(fit.aicc for fit in fits) + scale.aicc_of(y[begin:][problem.seen[begin:]])

    margin = LOG_MARGIN_SEASONAL if plain[1].base.D else LOG_MARGIN
    return logs if aicc(*logs[:2]) + margin < aicc(*plain[:2]) else plain


def _prepared(y: Floats, settings: Settings, covariates: Floats, *, log: bool) -> tuple[Scale, Problem, Effects]:
    """Return the scale of a series, its search problem (gaps filled, differences and K chosen) and its regressors.

    Differences and K are chosen for what a regression on all covariates leaves, as its errors are what is modelled.
    """
    scale, effects = Scale.of(y, log=log), Effects.all_of(covariates)
    z = filled(scale.apply(y), settings.m)
    exog = effects.of(covariates)
    rest = z - exog @ ols(np.column_stack([exog, np.ones(len(z))]), z)[:-1]
    level = without_waves(rest, settings.m, settings.period) if settings.fourier else rest
    d = settings.order[1] if settings.order else None
    D = settings.seasonal_order[1] if settings.seasonal_order else None
    d, D = choose_differences(level, settings.m, d=d, D=D)
    base = Orders(d=d, D=D, m=settings.m, constant=d + D < 2)
    problem = Problem(rest, ~np.isnan(y), base, period=settings.period)
    fourier = choose_fourier(problem) if settings.fourier and not is_constant(problem.w) else 0
    problem = replace(problem, z=z, fourier=fourier)
    effects = effects.without(informative(difference(exog, base), problem.design))
    return scale, replace(problem, exog=effects.of(covariates)), effects


def stepwise(problem: Problem, space: Space) -> tuple[list[Candidate], bool]:
    """Return all candidates tried, lowest AICc first, and whether the walk ended before it had tried `MOST_MODELS`.

    From the best of a few start models the walk goes to the first better neighbour until there is none (Hyndman &
    Khandakar 2008, "Automatic time series forecasting: the forecast package for R", section 3.2).
    """
    tried = {orders: fit_css(problem, orders) for orders in space.starts(problem.base)}
    best = min(tried.values(), key=lambda fit: fit.aicc)
    improved = True
    while improved and len(tried) < MOST_MODELS:
        improved = False
        for orders in space.neighbours(best.orders):
            if orders in space and orders not in tried:
                tried[orders] = fit_css(problem, orders)
                if tried[orders].aicc < best.aicc:
                    best, improved = tried[orders], True
                    break
    return sorted(tried.values(), key=lambda fit: fit.aicc), not improved


def choose_differences(z: Floats, m: int, *, d: int | None = None, D: int | None = None) -> tuple[int, int]:
    """Return (d, D): the season first, by its strength, then as often as KPSS rejects a level; given ones are kept.

    A second difference takes a clearer verdict than the first (`KPSS_SECOND`). Two differences in all are the most, and
    a series that has become constant is not differenced further.
    """
    if D is None:
        D = int(1 < m <= MAX_SEASON and seasonal_strength(z, m) > STRENGTH_LIMIT)
    if d is not None:
        return d, D
    x = difference(z, Orders(D=D, m=m))
    d = 0
    while d + D < 2 and len(x) >= 6 and not is_constant(x) and kpss(x) > (KPSS_SECOND if d else KPSS_LIMIT):
        x, d = np.diff(x), d + 1
    return d, D


def choose_fourier(problem: Problem) -> int:
    """Return the K of lowest AICc among 0 to 10, each with ARMA(1, 1) errors."""
    m = problem.base.m
    most = min(MAX_FOURIER, m // 2) if len(problem.w) >= 2 * m else 0
    orders = replace(problem.base, p=1, q=1)
    return min(range(most + 1), key=lambda k: fit_css(replace(problem, fourier=k), orders).aicc)


def filled(z: Floats, m: int) -> Floats:
    """Return a series without gaps: a straight line across each, of the series without its season where it has one."""
    known = ~np.isnan(z)
    if known.all():
        return z
    places = np.arange(len(z))
    season = seasonal_indices(z, m)[places % m] if 1 < m <= len(z) // 2 else np.zeros(len(z))
    return np.where(known, z, np.interp(places, places[known], (z - season)[known]) + season)


def without_waves(z: Floats, m: int, period: float) -> Floats:
    """Return a series without the part of it that the most Fourier regressors explain beside a straight line."""
    if len(z) < 2 * m:
        return z
    line = Orders(d=1, constant=True)
    t = np.arange(1 - len(z), 1)
    X = np.column_stack([np.ones(len(z)), regressors(t, line, fourier=min(MAX_FOURIER, m // 2), period=period)])
    rest: Floats = z - X[:, 2:] @ ols(X, z)[2:]
    return rest


def seasonal_strength(z: Floats, m: int) -> float:
    """Return how much of a series [T] without its trend is season, from 0 to 1; 0 below three seasons.

    ``max(0, 1 - var(R) / var(S + R))`` (Wang, Smith & Hyndman 2006) from a classical decomposition whose indices are
    means over up to 11 seasons around; a mean of w values hides 1/w of the noise, so var(R) is divided by 1 - 1/w.

    Examples
    --------
    >>> seasonal_strength(np.tile([1.0, 5.0, 2.0, 0.0], 6), 4)
    1.0
    """
    if len(z) < 3 * m:
        return 0.0
    weights = np.r_[0.5, np.ones(m - 1), 0.5] / m if m % 2 == 0 else np.ones(m) / m
    half = m // 2
    rest = z[half : len(z) - half] - np.convolve(z, weights, mode="valid")
    rows = len(rest) // m
    rest = rest[-rows * m :].reshape(rows, m)
    width = min(rows, 11)
    sums = np.vstack([np.zeros((1, m)), np.cumsum(rest, axis=0)])
    begin = np.clip(np.arange(rows) - width // 2, 0, rows - width)
    season = (sums[begin + width] - sums[begin]) / width
    total = float(rest.var())
    if total < 1e-12 or width < 2:
        return 0.0
    return max(0.0, 1.0 - float((rest - season).var()) / (1.0 - 1.0 / width) / total)


def is_constant(x: Floats) -> bool:
    """Whether a series at unit scale does not move but for rounding."""
    return not len(x) or bool(np.ptp(x) < 1e-7)
