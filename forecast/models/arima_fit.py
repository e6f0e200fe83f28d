"""What an ARIMA learns of one series, and what follows from it: forecasts, how sure they are, one-step errors.

The idea: `learn` puts the pieces together (scale, differences, search, exact fits) and leaves a `Fit`, which says what
comes after any other end of the same series without fitting again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.models.arima_css import (
    MAX_SEASON,
    Candidate,
    Orders,
    Problem,
    difference,
    forecast_css,
    innovations,
    regressors,
    residuals_and_jacobian,
    spread,
)
from forecast.models.arima_exact import finals, forecast_exact
from forecast.models.arima_exog import Effects
from forecast.models.arima_search import Scale, Settings, Space, filled, is_constant, prepare, stepwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Fit", "learn"]

FEWEST = 8
"""Fewer known values than this are continued as they are: no order can be learned from them."""
NO_NOISE = 1e-7
"""Errors below this, at unit scale, are rounding: a series that is explained whole says nothing of what may come."""


@dataclass(frozen=True)
class Fit:
    """What was learned about one series.

    Parameters
    ----------
    scale : Scale
        The way from the values y to z.
    best : Candidate
        Orders and parameters.
    exact : bool
        Whether these are of maximum likelihood; else of conditional least squares.
    fourier, period : int, float
        Pairs of sines and cosines, and their longest period.
    effects : Effects
        The covariates that are regressors.
    sigma : float
        The standard deviation of one-step errors in z; NaN where it is not known.
    stopped : bool
        Whether the search for orders was ended before it ended by itself.
    """

    scale: Scale
    best: Candidate
    exact: bool = False
    fourier: int = 0
    period: float = 1.0
    effects: Effects = field(default_factory=Effects)
    sigma: float = np.nan
    aicc: float | None = None
    search: tuple[Candidate, ...] = ()
    stopped: bool = False
    offset: float = 0.0
    why: str = ""

    def forecast(
        self, y: Floats, horizon: int, *, covariates: Floats, shift: int = 0, quantiles: Sequence[float] = ()
    ) -> Floats:
        """Return the forecasts [H, 1 + Q] after a series [T] that ends `shift` steps after the fitted one.

        The first column is the middle, then stand the quantiles: ``z_hat_h + sigma sqrt(psi_0^2 + ... + psi_(h-1)^2)``
        times those of the normal distribution (Box & Jenkins 1976, section 5.1.1). A growing function takes quantiles
        to quantiles, so those of a logarithm, turned back by exp, are exact. They are NaN where nothing is known of
        the errors.

        Parameters
        ----------
        covariates : ndarray [T + H, F]
            What is known of the values and of the steps to forecast; NaN where nothing is.
        """
        from scipy.special import ndtri

        z = self.scale.apply(y)
        X = self._regressors(len(z), horizon, covariates, shift)
        past, future = X[: len(z)], X[len(z) :]
        orders, params = self.best.orders, self.best.params
        z_hat = forecast_exact(params, orders, z, past, future) if self.exact else None
        if z_hat is None:
            z_hat = forecast_css(params, orders, filled(z, orders.m), past, future)
        # Values that are missing at the end have to be forecast too before the first step.
        missing = int(np.argmax(~np.isnan(z[::-1]))) if len(z) else 0
        sigma = self.sigma if self.sigma > NO_NOISE else np.nan
        deviation = sigma * spread(params, orders, missing + horizon)[missing:, None]
        return self.scale.invert(np.hstack([z_hat[:, None], z_hat[:, None] + deviation * ndtri(np.array(quantiles))]))

    def residuals(self, y: Floats, *, covariates: Floats, shift: int = 0) -> Floats:
        """Return what one-step forecasts got wrong of a series [T], in its units; NaN where there was none."""
        whole = filled(self.scale.apply(y), self.best.orders.m)
        return y - self.scale.invert(whole - self._innovations(whole, covariates, shift))

    def innovations(self, y: Floats, *, covariates: Floats) -> Floats:
        """Return the one-step errors [T] of the fitted series in z, in which they should be normal noise.

        NaN where a value is missing, and for the first ones, which feel that nothing is known before the series.
        """
        z = self.scale.apply(y)
        e = self._innovations(filled(z, self.best.orders.m), covariates, 0)
        o = self.best.orders
        first = o.lost + min(max(o.p + o.m * o.P, o.q + o.m * o.Q), (len(e) - o.lost) // 5)
        return np.where(np.isnan(z) | (np.arange(len(e)) < first), np.nan, e)

    def _innovations(self, whole: Floats, covariates: Floats, shift: int) -> Floats:
        X = self._regressors(len(whole), 0, covariates, shift)
        return innovations(self.best.params, self.best.orders, whole, X)

    def _regressors(self, length: int, horizon: int, covariates: Floats, shift: int) -> Floats:
        """Return all regressors [T + H, k] of a series that ends `shift` steps after the fitted one."""
        times = np.arange(1 - length, horizon + 1) + shift
        own = regressors(times, self.best.orders, fourier=self.fourier, period=self.period)
        return np.hstack([own, self.effects.of(covariates[: length + horizon])])

    def coefficients(self, y: Floats, *, covariates: Floats, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return ``name, value, standard_error`` of every parameter, of z.

        The standard errors are those of least squares on the conditional residuals, ``sigma^2 (J'J)^-1`` with their
        derivatives J (Box & Jenkins 1976, section 7.2.1); NaN where two parameters say the same. `names` are those of
        the covariates.
        """
        orders, params = self.best.orders, self.best.params
        if not len(params):
            return []
        X = self._regressors(len(y), 0, covariates, 0)
        _, J = residuals_and_jacobian(
            params, orders, difference(filled(self.scale.apply(y), orders.m), orders), difference(X, orders)
        )
        J = J[~np.isnan(y[orders.lost :])]
        whole = np.linalg.matrix_rank(J) == J.shape[1]
        errors = self.sigma * np.sqrt(np.diag(np.linalg.inv(J.T @ J))) if whole else np.full(len(params), np.nan)
        waves = [f"{wave} {k}" for wave in ("sin", "cos") for k in range(1, self.fourier + 1)]
        constant = ["mean" if orders.d + orders.D == 0 else "drift"] if orders.constant else []
        lags = [
            f"{kind} {lag * step}"
            for kind, count, step in (
                ("AR", orders.p, 1), ("MA", orders.q, 1), ("AR", orders.P, orders.m), ("MA", orders.Q, orders.m),
            )
            for lag in range(1, count + 1)
        ]  # fmt: skip
        labels = [*constant, *waves, *(names[i] for i in self.effects.columns), *lags]
        return [
            {"name": name, "value": float(value), "standard_error": float(error)}
            for name, value, error in zip(labels, params, errors, strict=True)
        ]

    def choice(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the choices as plain JSON values; `names` are those of the covariates."""
        used = {"covariates": [names[i] for i in self.effects.columns]} if names else {}
        return {
            **_described(self.best.orders),
            "fourier": self.fourier,
            **used,
            "transform": "log" if self.scale.log else "none",
            "aicc": self.aicc,
            "method": "exact" if self.exact else "conditional",
            "models_tried": len(self.search),
            "why": self.why,
            "search": [
                {**_described(fit.orders), "aicc": round(fit.aicc + self.offset, 3)}
                for fit in self.search[:5]
                if np.isfinite(fit.aicc)
            ],
        }


def learn(y: Floats, settings: Settings, covariates: Floats) -> Fit:
    """Return the fit of one series [T] with covariates [T, F]; where nothing can be learned, the last value goes on."""
    fit = _learned(y, settings, covariates)
    e = fit.innovations(y, covariates=covariates)
    known = e[~np.isnan(e)]
    freedom = len(known) - len(fit.best.params)
    sigma = float(np.sqrt(known @ known / freedom)) if freedom > 0 else np.nan
    return replace(fit, sigma=sigma)


def _learned(y: Floats, settings: Settings, covariates: Floats) -> Fit:
    scale = Scale.of(y, log=settings.transform == "log")
    walk = Fit(scale, Candidate(Orders(d=1), np.empty(0), np.inf, True), why="the last value goes on: too few values")
    if np.count_nonzero(~np.isnan(y)) < FEWEST:
        steps = np.diff(filled(scale.apply(y), settings.m))
        if len(steps) < 2 or not is_constant(steps):
            return walk
        return replace(walk, best=_deterministic(Orders(d=1, constant=True), steps), why="a straight line")
    scale, problem, effects = prepare(y, settings, covariates)
    if len(problem.w) < FEWEST // 2:
        return walk
    learned = Fit(scale, walk.best, fourier=problem.fourier, period=problem.period)
    if is_constant(problem.w):
        why = "constant after the differences: nothing is left to model"
        return replace(learned, best=_deterministic(problem.base, problem.w), fourier=0, why=why)
    search, ended = stepwise(problem, Space.of(problem, settings))
    after = y[problem.base.lost :]
    offset = scale.aicc_of(after[problem.counted()])
    exact = finals(problem, search)
    why = _why(problem, settings, scale, search, exact)
    learned = replace(learned, effects=effects, search=tuple(search), stopped=not ended, offset=offset, why=why)
    if exact:
        aicc = exact[0].aicc + scale.aicc_of(after[problem.seen[problem.base.lost :]])
        return replace(learned, best=exact[0], exact=True, aicc=round(aicc, 3))
    if np.isfinite(search[0].aicc):
        return replace(learned, best=search[0], aicc=round(search[0].aicc + offset, 3))
    return replace(
        walk, search=tuple(search), offset=offset, why="the last value goes on: no candidate could be fitted"
    )


def _deterministic(orders: Orders, w: Floats) -> Candidate:
    """Return the candidate whose differences are all the same."""
    return Candidate(orders, np.array([w.mean()][: int(orders.constant)]), -np.inf, converged=True)


def _described(o: Orders) -> dict[str, Any]:
    return {
        "order": [o.p, o.d, o.q],
        "seasonal_order": [o.P, o.D, o.Q, o.m],
        "mean": o.constant and o.d + o.D == 0,
        "drift": o.constant and o.d + o.D == 1,
    }


def _why(problem: Problem, settings: Settings, scale: Scale, search: list[Candidate], exact: list[Candidate]) -> str:
    """Return the reasons for the choice in one sentence."""
    base = problem.base
    last = f"the best {len(exact)} by exact likelihood" if exact else "by conditional least squares"
    reasons = [f"lowest AICc of {len(search)} models, {last}"]
    reasons.append(f"d = {base.d} {'given' if settings.order else 'by KPSS'}")
    if 1 < base.m <= MAX_SEASON:
        reasons.append(f"D = {base.D} {'given' if settings.seasonal_order else 'by the strength of the season'}")
    if settings.fourier:
        reasons.append(f"K = {problem.fourier} pairs of a period of {settings.period:.2f} by AICc")
    reasons.append(f"{'log' if scale.log else 'no log'} {'by AICc' if settings.transform == 'auto' else 'given'}")
    return "; ".join(reasons)
