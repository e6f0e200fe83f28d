"""Automatic exponential smoothing: error, trend and season each additive, multiplicative or absent, chosen by AICc.

The idea: starting values by rule of thumb make a fit cheap enough to try every admissible form; the few best are then
fitted with their starting values estimated, and the best of these is taken. All fits are statsmodels'.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.errors import Notice, shown
from forecast.models.base import asked, fits_of, interval_frame, quantiles_of, steps_later
from forecast.models.ets_state import State
from forecast.transforms import Deseasonalize, Fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["ETS"]

MAX_SEASON = 24
"""A longer season is taken out before and put back after: it would be too many states."""
FINALISTS = 3
HEURISTIC = 10
"""Fewer values than this start from the first one: statsmodels has no rule of thumb for them."""
MAX_ITERATIONS = 300
"""Steps of the optimizer a fit may take; the parameters it has then are kept, and that is said."""
LONG = 1000
"""A longer series has forgotten how it started: the starting values by rule of thumb stay."""
FEWEST = 4
"""Fewer values than this are continued as they are."""


@dataclass(frozen=True, order=True)
class Form:
    """Error, trend and season by their letters: ``A``, ``M``, ``N`` for none, and ``Ad`` for a damped trend."""

    error: str
    trend: str
    season: str

    def __str__(self) -> str:
        return f"ETS({self.error},{self.trend},{self.season})"

    def model(self, y: Floats, season_length: int, *, start: str) -> Any:
        """Return statsmodels' model of this form."""
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        words = {"A": "add", "M": "mul", "N": None}
        short = len(y) < HEURISTIC
        known = {"initial_level": y[0], "initial_trend": np.diff(y).mean() if self.trend != "N" else None}
        return ETSModel(
            y,
            error=words[self.error],
            trend=words[self.trend[0]],
            damped_trend=self.trend == "Ad",
            seasonal=words[self.season],
            seasonal_periods=season_length if self.season != "N" else None,
            initialization_method="known" if short else start,
            **(known if short else {}),
        )


@dataclass(frozen=True)
class Smoothed:
    """What was learned of one series, in its unit: form and smoothing parameters, and where they led.

    `form` is None where the last value goes on; `errors` [T] are those of one step within the series.
    """

    form: Form | None
    smoothing: Floats
    state: State
    errors: Floats = field(default_factory=lambda: np.empty(0))


class ETS:
    """Exponential smoothing in state space form (Hyndman et al. 2008), chosen by AICc.

    Tried are the forms with finite variance: no additive error beside a multiplicative season, no multiplicative trend,
    and multiplicative parts for positive series only. A season above 24 is taken out as in `Deseasonalize`.

    Attributes
    ----------
    residuals_ : dict of str to ndarray [T]
        By series: the one-step errors within it, relative ones where the errors of the form multiply.
    parameters_ : dict of str to int
        By series: the number of smoothing parameters.
    choices_ : dict
        The form, by series where it differs.
    notices_ : list of Notice
        W302 where no form could be fitted, or a limit ended the last fit.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> ETS().fit(panel, horizon=2).choices_["form"]
    'ETS(M,A,M)'
    """

    name = "ets"

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Choose and fit the form of every series."""
        self.horizon_ = horizon
        self.notices_: list[Notice] = []
        easy, season = self._prepare(panel)
        fits = [self._fit(y, easy.season_length, name) for name, y in zip(panel.ids, _in_units(easy), strict=True)]
        return self._learned(panel, fits, season, _units(easy))

    def joined(self, panel: Panel, parts: Sequence[Self]) -> Self:
        """Become the model of `panel` whose series were fitted in these `parts`."""
        self.horizon_ = parts[0].horizon_
        self.notices_ = [notice for part in parts for notice in part.notices_]
        easy, season = self._prepare(panel)
        return self._learned(panel, [fit for part in parts for fit in part.fits_.values()], season, _units(easy))

    @staticmethod
    def joined_choices(parts: Sequence[tuple[tuple[str, ...], dict[str, Any]]]) -> dict[str, Any]:
        """Return the form, by series where it differs."""
        forms: dict[str, str] = {}
        for ids, choices in parts:
            form = choices["form"]
            forms |= form if isinstance(form, dict) else dict.fromkeys(ids, form)
        return {"form": next(iter(forms.values())) if len(set(forms.values())) == 1 else forms}

    def _learned(self, panel: Panel, fits: list[Smoothed], season: Deseasonalize, units: Floats) -> Self:
        """Keep the fits of all series of a panel, and what follows from them."""
        self.panel_, self._season, self.units_ = panel, season, units
        self.fits_ = dict(zip(panel.ids, fits, strict=True))
        self.residuals_ = {name: fit.errors for name, fit in self.fits_.items()}
        self.parameters_ = {name: len(fit.smoothing) for name, fit in self.fits_.items()}
        forms = {name: str(fit.form) if fit.form else "last value" for name, fit in self.fits_.items()}
        self.choices_: dict[str, Any] = self.joined_choices([(panel.ids, {"form": forms})])
        return self

    def predict(self, panel: Panel | None = None, *, level: Sequence[float] = ()) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one): form and smoothing stay.

        Parameters
        ----------
        panel : Panel, optional
            What is known.
        level : sequence of float
            Intervals in percent: their ends stand beside the forecasts, as the model itself has them, for normal
            errors and parameters taken as they are. NaN where nothing is known of the errors.

        Raises
        ------
        ModelError
            M102 before `fit`; M201 for a series that was not fitted.
        """
        ids = asked(self, panel).ids
        fits = fits_of(self, self.fits_, self.panel_ if panel is None else panel)
        if panel is None:
            panel, season, units, states = self.panel_, self._season, self.units_, [fit.state for fit in fits]
        else:
            easy, season = self._prepare(panel)
            known = dict(zip(self.panel_.ids, self.units_, strict=True))
            units = np.array([known[name] for name in ids])
            states = [
                _moved(fit, np.round(easy.series(s) / units[s], 12), easy.season_length, steps)
                for s, (fit, steps) in enumerate(zip(fits, steps_later(self.panel_, panel), strict=True))
            ]
        rows = [state.ahead(self.horizon_, quantiles=quantiles_of(level)) for state in states]
        found = np.array(rows) * units[:, None, None]
        for i in range(found.shape[2]):
            found[..., i] = season.invert(found[..., i])
        return interval_frame(panel, found, level, model=self.name)

    def _prepare(self, panel: Panel) -> tuple[Panel, Deseasonalize]:
        """Return the panel without gaps and without a season too long for states, and what took the season out."""
        filled = Fill().apply(panel)
        season = Deseasonalize().fit(filled if panel.season_length > MAX_SEASON else _without_season(filled))
        return season.apply(filled) if panel.season_length > MAX_SEASON else filled, season

    def _fit(self, y: Floats, season_length: int, name: str) -> Smoothed:
        """Return what is learned of one series."""
        if len(y) < FEWEST or np.ptp(y) <= 1e-12 * np.abs(y).max():
            return _last_value(y)
        m = season_length if 1 < season_length <= MAX_SEASON and len(y) >= max(2 * season_length, HEURISTIC) else 1
        tried = [(_aicc(form, y, m, start="heuristic"), form) for form in _forms(y, m)]
        finalists = [form for aicc, form in sorted(tried, key=lambda pair: pair[0]) if np.isfinite(aicc)][:FINALISTS]
        start = "estimated" if len(y) <= LONG else "heuristic"
        fitted = [(form, _fitted(form, y, m, start=start)) for form in finalists]
        usable = [
            (result.aicc if start == "estimated" else _criterion(result, form, y, m), form, result)
            for form, result in fitted
            if _is_sound(result, y, self.horizon_)
        ]
        if not usable:
            self.notices_.append(Notice("W302", f"no form of exponential smoothing could be fitted to {shown(name)}"))
            return _last_value(y)
        _, form, result = min(usable, key=lambda triple: triple[0])
        if result.mle_retvals["iterations"] >= MAX_ITERATIONS:
            what = f"the fit of {form} to {shown(name)} was stopped after {MAX_ITERATIONS} iterations"
            self.notices_.append(Notice("W302", f"{what}: its best parameters so far are taken"))
        count = 1 + (form.trend != "N") + (form.season != "N") + (form.trend == "Ad")
        errors = np.asarray(result.resid)
        sigma = float(np.sqrt(errors @ errors / max(1, len(y) - _count(form, m) + 1)))
        return Smoothed(form, np.asarray(result.params)[:count], _state(form, result, m, sigma), errors)


def _last_value(y: Floats) -> Smoothed:
    """Return what goes on with the last value, its steps being the errors."""
    steps = np.diff(y, prepend=np.nan)
    sigma = float(np.sqrt(np.mean(steps[1:] ** 2))) if len(y) > 1 else np.nan
    return Smoothed(None, np.empty(0), State("ANN", level=float(y[-1]), alpha=1.0, sigma=sigma), steps)


def _state(form: Form, result: Any, m: int, sigma: float) -> State:
    """Return where statsmodels' result ends."""
    trend, season = form.trend != "N", form.season != "N"
    return State(
        f"{form.error}{form.trend[0]}{form.season}",
        level=float(result.level[-1]),
        slope=float(result.slope[-1]) if trend else 0.0,
        season=np.asarray(result.season[-m:]) if season else None,
        alpha=float(result.smoothing_level),
        beta=float(result.smoothing_trend) if trend else 0.0,
        gamma=float(result.smoothing_seasonal) if season else 0.0,
        phi=float(result.damping_trend) if form.trend == "Ad" else 1.0,
        sigma=sigma,
    )


def _moved(fit: Smoothed, y: Floats, season_length: int, steps: int) -> State:
    """Return where a series stands that ends so many steps after the fitted one; its errors are those of the fit.

    It goes on from where the fit ended. One that ends earlier is smoothed anew, from rule-of-thumb starting values.
    """
    if fit.form is None:
        return replace(fit.state, level=float(y[-1]))
    if steps >= 0:
        return fit.state.after(y[max(0, len(y) - steps) :])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = fit.form.model(y, season_length, start="heuristic")
        start = model.start_params.copy()
        start[: len(fit.smoothing)] = fit.smoothing
        return _state(fit.form, model.smooth(start), season_length, fit.state.sigma)


def _forms(y: Floats, m: int) -> list[Form]:
    """Return the admissible forms that a series has values enough for."""
    positive = bool((y > 0).all())
    errors = "AM" if positive else "A"
    seasons = ("NAM" if positive else "NA") if m > 1 else "N"
    forms = [Form(*form) for form in product(errors, ("N", "A", "Ad"), seasons)]
    return [form for form in forms if not (form.error == "A" and form.season == "M") and _count(form, m) + 1 < len(y)]


def _count(form: Form, m: int) -> int:
    """Return the number of parameters: smoothing, starting values and variance."""
    return 3 + {"N": 0, "A": 2, "Ad": 3}[form.trend] + (m if form.season != "N" else 0)


def _fitted(form: Form, y: Floats, m: int, *, start: str) -> Any:
    """Return statsmodels' result, or None where there is none."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return form.model(y, m, start=start).fit(disp=False, maxiter=MAX_ITERATIONS)
        except (ValueError, FloatingPointError, np.linalg.LinAlgError, OverflowError):
            return None


def _aicc(form: Form, y: Floats, m: int, *, start: str) -> float:
    """Return the criterion of a form; inf without a fit."""
    result = _fitted(form, y, m, start=start)
    return np.inf if result is None or not np.isfinite(result.llf) else _criterion(result, form, y, m)


def _criterion(result: Any, form: Form, y: Floats, m: int) -> float:
    """Return AICc with starting values counted as parameters, however they were found."""
    k, n = _count(form, m), len(y)
    return float(-2.0 * result.llf + 2.0 * k * n / max(n - k - 1, 1e-3))


def _is_sound(result: Any, y: Floats, horizon: int) -> bool:
    """Whether the criterion and all forecasts are numbers, and none lies absurdly far away."""
    if result is None or not np.isfinite(result.aicc):
        return False
    ahead = np.asarray(result.forecast(horizon))
    return bool(np.isfinite(ahead).all() and np.abs(ahead - y.mean()).max() < 1e3 * max(np.ptp(y), np.abs(y).max()))


def _units(panel: Panel) -> Floats:
    """Return the typical size of the values of every series, [S], in which statsmodels' tolerances have a meaning."""
    sizes = np.add.reduceat(np.abs(panel.values), panel.offsets[:-1]) / panel.lengths
    return np.where(sizes > 0, sizes, 1.0)


def _in_units(panel: Panel) -> list[Floats]:
    """Return the series in their units, to 12 digits: other units then lead to the same search and forecast."""
    return [np.round(panel.series(s) / unit, 12) for s, unit in enumerate(_units(panel))]


def _without_season(panel: Panel) -> Panel:
    """Return the panel as one in which no season is looked for."""
    return replace(panel, season_length=1)
