"""Automatic ARIMA, seasonal or with Fourier regressors: the classical model every network has to beat.

The idea: tests choose the differences, a fast search by conditional least squares chooses the orders
(`arima_search`, `arima_css`), and exact maximum likelihood in state space has the last word on the best few.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from forecast.errors import ConfigError, DataError, ModelError, Notice, shown
from forecast.models.arima_css import MAX_SEASON
from forecast.models.arima_exog import known_rows
from forecast.models.arima_fit import Fit, learn
from forecast.models.arima_search import Settings
from forecast.models.base import asked, fits_of, interval_frame, quantiles_of, require_fitted, steps_later

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Triple = tuple[int, int, int]

__all__ = ["ARIMA"]


class ARIMA:
    """Seasonal ARIMA whose orders are chosen for every series alone, or given.

    The method is that of Hyndman & Khandakar (2008), https://doi.org/10.18637/jss.v027.i03: D by the strength of the
    season, d by repeated KPSS tests, then p, q <= 5, P, Q <= 2 and the constant by a stepwise search for the lowest
    AICc. Candidates are compared by conditional sum of squares over the same residuals; the best three, where close,
    are then fitted exactly by statsmodels, and the lowest exact AICc wins. A series of more than 1000 values, one
    whose state is too large, and one with Fourier regressors keep the conditional parameters instead.

    Covariates known ahead are regressors: the model is a regression whose errors are an ARIMA (Hyndman &
    Athanasopoulos 2021, chapter 10). Differences are chosen for what the regression leaves, all parameters are found
    together.

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
    residuals_ : dict of str to ndarray [T]
        By series: the one-step errors within it at the scale of the search, of the logarithm where it is taken; NaN
        where there is none.
    parameters_ : dict of str to int
        By series: the number of AR and MA parameters.
    choices_ : dict
        By series: orders, transform, AICc in units of the series, the best five of the search, and why. The AICc of
        the search is conditional and counts fewer residuals: it compares with its like alone.
    notices_ : list of Notice
        W302 where a limit ended the search or the last fit; W304 for covariates that are left out.

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
        for s, series in enumerate(panel.ids):
            if self.transform == "log" and np.nanmin(panel.series(s)) <= 0:
                raise DataError("D120", f"log needs values > 0; {shown(series)} has others", hint='transform="none"')
            fits.append(learn(panel.series(s), settings, known_rows(panel, s, 0)))
        self.horizon_ = horizon
        return self._learned(panel, dict(zip(panel.ids, fits, strict=True)))

    def joined(self, panel: Panel, parts: Sequence[Self]) -> Self:
        """Become the model of `panel` whose series were fitted in these `parts`."""
        self.horizon_ = parts[0].horizon_
        return self._learned(panel, {series: fit for part in parts for series, fit in part.fits_.items()})

    @staticmethod
    def joined_choices(parts: Sequence[tuple[tuple[str, ...], dict[str, Any]]]) -> dict[str, Any]:
        """Return the choices of all series."""
        return {series: choice for _, choices in parts for series, choice in choices.items()}

    def _learned(self, panel: Panel, fits: dict[str, Fit]) -> Self:
        """Keep the fits of all series of a panel, and what follows from them."""
        self.panel_, self.fits_ = panel, fits
        self.covariates_ = _names(panel)
        self.residuals_ = {
            series: fit.innovations(panel.series(s), covariates=known_rows(panel, s, 0))
            for s, (series, fit) in enumerate(self.fits_.items())
        }
        orders = {series: fit.best.orders for series, fit in self.fits_.items()}
        self.parameters_ = {series: o.p + o.q + o.P + o.Q for series, o in orders.items()}
        self.choices_: dict[str, Any] = {series: fit.choice(self.covariates_) for series, fit in self.fits_.items()}
        self.notices_ = [*self._unfinished(), *self._left_out()]
        return self

    def predict(self, panel: Panel | None = None, *, level: Sequence[float] = ()) -> pd.DataFrame:
        """Return the forecast frame after the end of `panel`, by default the fitted one.

        Another panel of the same series is forecast with the parameters as they are: nothing is fitted again.

        Parameters
        ----------
        panel : Panel, optional
            What is known; of its covariates those known ahead, as when the model was fitted.
        level : sequence of float
            Intervals in percent: their ends stand beside the forecasts, as the model itself has them, that is for
            normal errors and parameters taken as they are. NaN where nothing is known of the errors.

        Raises
        ------
        ModelError
            M102 before `fit`; M201 for a series that was not fitted, or other covariates.
        """
        panel = asked(self, panel)
        found = np.empty((panel.n_series, self.horizon_, 1 + 2 * len(level)))
        for s, (fit, by) in enumerate(self._fits(panel)):
            rows = known_rows(panel, s, self.horizon_)
            found[s] = fit.forecast(
                panel.series(s), self.horizon_, covariates=rows, shift=by, quantiles=quantiles_of(level)
            )
        return interval_frame(panel, found, level, model=self.name)

    def residuals(self, panel: Panel) -> Panel:
        """Return the one-step errors on a panel of fitted series; 0 where there can be none.

        Raises
        ------
        ModelError
            M102 before `fit`; M201 for a series that was not fitted, or other covariates.
        """
        require_fitted(self)
        parts = [
            fit.residuals(panel.series(s), covariates=known_rows(panel, s, 0), shift=by)
            for s, (fit, by) in enumerate(self._fits(panel))
        ]
        found = np.concatenate(parts)
        return panel.with_values(np.where(np.isnan(found) & ~np.isnan(panel.values), 0.0, found))

    def _fits(self, panel: Panel) -> Iterator[tuple[Fit, int]]:
        """Yield the fit of each series and how many steps later than then it ends here."""
        if _names(panel) != self.covariates_:
            before, now = (", ".join(names) or "none" for names in (self.covariates_, _names(panel)))
            raise ModelError("M201", f"arima was fitted with the covariates {before}, not {now}", hint="fit(panel)")
        for fit, steps in zip(fits_of(self, self.fits_, panel), steps_later(self.panel_, panel), strict=True):
            yield fit, steps if fit.fourier else 0

    def _unfinished(self) -> Iterator[Notice]:
        """Yield W302 for every series where a limit ended the search or the fit, with what was given up."""
        for series, fit in self.fits_.items():
            if fit.stopped:
                what = f"the search for orders of {shown(series)} was stopped after {len(fit.search)} models"
                yield Notice("W302", f"{what}: the best of these is taken, further ones are not tried")
            if not fit.best.converged:
                what = f"the fit of {self.name}{fit.best.orders} to {shown(series)} did not converge"
                yield Notice("W302", f"{what}: it was stopped, and its best parameters so far are taken")

    def _left_out(self) -> Iterator[Notice]:
        """Yield W304 for every covariate that is no regressor, and the reason, with the number of series."""
        reasons = [reason for fit in self.fits_.values() for reason in fit.effects.left_out.items()]
        for (column, why), count in Counter(reasons).items():
            name, series = shown(self.covariates_[column]), f"{count} of {len(self.fits_)} series"
            yield Notice("W304", f"{self.name} leaves out the covariate {name} in {series}: {why}")

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


def _checked(value: object, name: str, form: str) -> Triple | None:
    """Return given orders, None for "auto"."""
    if isinstance(value, str) and value == "auto":
        return None
    if isinstance(value, (tuple, list)) and len(value) == 3 and all(isinstance(v, int) and v >= 0 for v in value):
        first, middle, last = value
        if middle <= 2:
            return first, middle, last
    raise ConfigError("U101", f"{name} cannot be {shown(value)}", hint=f'"auto" or {form}')


def _names(panel: Panel) -> tuple[str, ...]:
    """Return what the covariates known ahead are called."""
    return panel.covariates.known_names if panel.covariates is not None else ()
