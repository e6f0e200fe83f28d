"""Automatic ARIMA, seasonal or with Fourier regressors: the classical model every network has to beat.

The idea: tests choose the differences, a fast search by conditional least squares chooses the orders
(`arima_search`, `arima_css`), and exact maximum likelihood in state space has the last word on the best few.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from forecast.errors import ConfigError, DataError, ModelError, Notice, shown
from forecast.models.arima_css import MAX_SEASON, Candidate, Orders, Problem, forecast_css, innovations, regressors
from forecast.models.arima_exact import finals, forecast_exact
from forecast.models.arima_search import Scale, Settings, Space, filled, is_constant, prepare, stepwise
from forecast.models.base import require_fitted, steps_later
from forecast.panel import forecast_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Triple = tuple[int, int, int]

__all__ = ["ARIMA"]

FEWEST = 8
"""Fewer known values than this are continued as they are: no order can be learned from them."""


@dataclass(frozen=True)
class Fit:
    """What was learned about one series."""

    scale: Scale
    best: Candidate
    exact: bool = False
    fourier: int = 0
    period: float = 1.0
    aicc: float | None = None
    search: tuple[Candidate, ...] = ()
    offset: float = 0.0
    why: str = ""

    def forecast(self, y: Floats, horizon: int, *, shift: int = 0) -> Floats:
        """Return the forecasts [H] after a series [T] that ends `shift` steps after the fitted one."""
        orders, params = self.best.orders, self.best.params
        z = self.scale.apply(y)
        times = np.arange(1 - len(z), horizon + 1) + shift
        X = regressors(times, orders, fourier=self.fourier, period=self.period)
        past, future = X[: len(z)], X[len(z) :]
        z_hat = forecast_exact(params, orders, z, past, future) if self.exact else None
        if z_hat is None:
            z_hat = forecast_css(params, orders, filled(z, orders.m), past, future)
        return self.scale.invert(z_hat)

    def residuals(self, y: Floats, *, shift: int = 0) -> Floats:
        """Return what one-step forecasts got wrong of a series [T], in its units; NaN where there was none."""
        z = self.scale.apply(y)
        whole = filled(z, self.best.orders.m)
        X = regressors(np.arange(1 - len(z), 1) + shift, self.best.orders, fourier=self.fourier, period=self.period)
        return y - self.scale.invert(whole - innovations(self.best.params, self.best.orders, whole, X))

    def choice(self) -> dict[str, Any]:
        """Return the choices as plain JSON values."""
        return {
            **_described(self.best.orders),
            "fourier": self.fourier,
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


class ARIMA:
    """Seasonal ARIMA whose orders are chosen for every series alone, or given.

    The method is that of Hyndman & Khandakar (2008), https://doi.org/10.18637/jss.v027.i03: D by the strength of the
    season, d by repeated KPSS tests, then p, q <= 5, P, Q <= 2 and the constant by a stepwise search for the lowest
    AICc. Candidates are compared by conditional sum of squares over the same residuals; the best three, where close,
    are then fitted exactly by statsmodels, and the lowest exact AICc wins. A series of more than 1000 values, one
    whose state is too large, and one with Fourier regressors keep the conditional parameters instead.

    A season of up to 24 periods enters as lags. A longer one enters as K pairs of sines and cosines, K by AICc; a
    year of weeks or days has 52.18 or 365.25 of them, not 52 or 365.

    Parameters
    ----------
    order : "auto" or (p, d, q)
        The orders, or the search for them.
    seasonal_order : "auto" or (P, D, Q)
        The same for the season; (0, 0, 0) for none.
    season_length : "auto" or int
        How long it is; by default as the panel has it.
    transform : {"auto", "none", "log"}
        ``auto`` takes the logarithm of a positive series where the AICc of the start models is then clearly lower:
        ``2 sum log y`` added to that of the logarithms, and both over the same times, each is about the density of
        y itself. Forecasts of a logarithm are turned back by exp: medians, not means.
    name : str
        What the forecasts are labelled with.

    Attributes
    ----------
    choices_ : dict
        By series: orders, transform, AICc in units of the series, the best five of the search, and why. The AICc of
        the search is conditional and counts fewer residuals: it compares with its like alone.
    notices_ : list of Notice
        W302 for every series whose last fit did not converge.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(1, 21), "y": [3.0 * t for t in range(1, 21)]})
    >>> panel = Panel.from_frame(frame, Frequency("int"), season_length=1)
    >>> ARIMA().fit(panel, horizon=2).predict()["y_hat"].round(6).tolist()
    [63.0, 66.0]
    """

    def __init__(
        self,
        *,
        order: Literal["auto"] | Triple = "auto",
        seasonal_order: Literal["auto"] | Triple = "auto",
        season_length: Literal["auto"] | int = "auto",
        transform: Literal["auto", "none", "log"] = "auto",
        name: str = "arima",
    ) -> None:
        self.order = order
        self.seasonal_order = seasonal_order
        self.season_length = season_length
        self.transform = transform
        self.name = name

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Choose orders and parameters for every series of `panel`.

        Raises
        ------
        ConfigError
            U101, for orders or a transform that are none, or seasonal lags of a season longer than 24 or of none.
        DataError
            D120, when ``transform="log"`` meets a value that is not positive.
        """
        settings = self._settings(panel)
        fits: list[Fit] = []
        y_hat = np.empty((panel.n_series, horizon))
        for s, series in enumerate(panel.ids):
            if self.transform == "log" and np.nanmin(panel.series(s)) <= 0:
                raise DataError("D120", f"log needs values > 0; {shown(series)} has others", hint='transform="none"')
            fits.append(_learn(panel.series(s), settings))
            y_hat[s] = fits[-1].forecast(panel.series(s), horizon)
        self.panel_, self.horizon_, self.y_hat_ = panel, horizon, y_hat
        self.fits_ = dict(zip(panel.ids, fits, strict=True))
        self.choices_: dict[str, Any] = {series: fit.choice() for series, fit in self.fits_.items()}
        self.notices_ = [
            Notice("W302", f"the fit of arima{fit.best.orders} to {shown(series)} did not converge")
            for series, fit in self.fits_.items()
            if not fit.best.converged
        ]
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame after the end of `panel`, by default the fitted one.

        Another panel of the same series is forecast with the parameters as they are: nothing is fitted again.

        Raises
        ------
        ModelError
            M102 before `fit`; M201 for a series that was not fitted.
        """
        require_fitted(self)
        if panel is None:
            return forecast_frame(self.panel_, self.y_hat_, model=self.name)
        rows = [fit.forecast(panel.series(s), self.horizon_, shift=by) for s, (fit, by) in enumerate(self._fits(panel))]
        return forecast_frame(panel, np.array(rows).reshape(-1, self.horizon_), model=self.name)

    def residuals(self, panel: Panel) -> Panel:
        """Return the one-step errors on a panel of fitted series; 0 where there can be none.

        Raises
        ------
        ModelError
            M102 before `fit`; M201 for a series that was not fitted.
        """
        require_fitted(self)
        parts = [fit.residuals(panel.series(s), shift=by) for s, (fit, by) in enumerate(self._fits(panel))]
        found = np.concatenate(parts)
        return panel.with_values(np.where(np.isnan(found) & ~np.isnan(panel.values), 0.0, found))

    def _fits(self, panel: Panel) -> Iterator[tuple[Fit, int]]:
        """Yield the fit of each series and how many steps later than then it ends here."""
        for series, steps in zip(panel.ids, steps_later(self.panel_, panel), strict=True):
            if series not in self.fits_:
                raise ModelError("M201", f"arima was not fitted to the series {shown(series)}", hint="fit(panel)")
            fit = self.fits_[series]
            yield fit, steps if fit.fourier else 0

    def _settings(self, panel: Panel) -> Settings:
        """Return the checked settings for a panel."""
        if self.transform not in ("auto", "none", "log"):
            raise ConfigError("U101", f"no transform {shown(self.transform)}", hint="auto, none or log")
        order = _checked(self.order, "order", "(p, d, q) with d up to 2, such as (0, 1, 1)")
        seasonal = _checked(self.seasonal_order, "seasonal_order", "(P, D, Q) with D up to 2, such as (0, 1, 1)")
        m = panel.season_length if self.season_length == "auto" else self.season_length
        if seasonal and any(seasonal) and not 1 < m <= MAX_SEASON:
            raise ConfigError(
                "U101", f"seasonal_order {seasonal} needs a season of 2 to {MAX_SEASON}, not {m}", hint="(0, 0, 0)"
            )
        year = {("W", 52): 365.25 / 7.0, ("D", 365): 365.25}
        return Settings(
            order, seasonal, self.transform, m, year.get((panel.frequency.alias.split("-")[0], m), float(m))
        )


def _learn(y: Floats, settings: Settings) -> Fit:
    """Return the fit of one series; where nothing can be learned, the last value goes on."""
    scale = Scale.of(y, log=settings.transform == "log")
    walk = Fit(scale, Candidate(Orders(d=1), np.empty(0), np.inf, True), why="the last value goes on: too few values")
    if np.count_nonzero(~np.isnan(y)) < FEWEST:
        steps = np.diff(filled(scale.apply(y), settings.m))
        if len(steps) < 2 or not is_constant(steps):
            return walk
        return replace(walk, best=_deterministic(Orders(d=1, constant=True), steps), why="a straight line")
    scale, problem = prepare(y, settings)
    if len(problem.w) < FEWEST // 2:
        return walk
    learned = Fit(scale, walk.best, fourier=problem.fourier, period=problem.period)
    if is_constant(problem.w):
        why = "constant after the differences: nothing is left to model"
        return replace(learned, best=_deterministic(problem.base, problem.w), why=why)
    search = stepwise(problem, Space.of(problem, settings))
    after = y[problem.base.lost :]
    offset = scale.aicc_of(after[problem.counted()])
    exact = finals(problem, search)
    learned = replace(learned, search=tuple(search), offset=offset, why=_why(problem, settings, scale, search, exact))
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


def _checked(value: object, name: str, form: str) -> Triple | None:
    """Return given orders, None for "auto"."""
    if isinstance(value, str) and value == "auto":
        return None
    if isinstance(value, (tuple, list)) and len(value) == 3 and all(isinstance(v, int) and v >= 0 for v in value):
        first, middle, last = value
        if middle <= 2:
            return first, middle, last
    raise ConfigError("U101", f"{name} cannot be {shown(value)}", hint=f'"auto" or {form}')
