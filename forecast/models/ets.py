"""Automatic exponential smoothing: error, trend and season each additive, multiplicative or absent, chosen by AICc.

The idea: starting values by rule of thumb make a fit cheap enough to try every admissible form; the few best are then
fitted with their starting values estimated, and the best of these is taken. All fits are statsmodels'.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.errors import Notice, shown
from forecast.models.base import require_fitted
from forecast.panel import forecast_frame
from forecast.transforms import Deseasonalize, Fill

if TYPE_CHECKING:
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


class ETS:
    """Exponential smoothing in state space form (Hyndman et al. 2008), chosen by AICc.

    Tried are the forms with finite variance: no additive error beside a multiplicative season, no multiplicative trend,
    and multiplicative parts for positive series only. A season above 24 is taken out as in `Deseasonalize`.

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
        self.panel_, self.horizon_ = panel, horizon
        self.notices_: list[Notice] = []
        easy, self._season = self._prepare(panel)
        fits = [self._fit(y, easy.season_length, name) for name, y in zip(panel.ids, _in_units(easy), strict=True)]
        self.forms_ = [form for form, _, _ in fits]
        self._smoothing = [smoothing for _, smoothing, _ in fits]
        self._y_hat = np.array([y_hat for _, _, y_hat in fits]).reshape(-1, horizon) * _units(easy)[:, None]
        forms = [str(form) if form else "last value" for form in self.forms_]
        self.choices_: dict[str, Any] = {
            "form": forms[0] if len(set(forms)) == 1 else dict(zip(panel.ids, forms, strict=True))
        }
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one): form and smoothing stay."""
        require_fitted(self)
        if panel is None:
            return forecast_frame(self.panel_, self._season.invert(self._y_hat), model=self.name)
        easy, season = self._prepare(panel)
        known = zip(_in_units(easy), self.forms_, self._smoothing, strict=True)
        rows = [self._continue(y, easy.season_length, form, smoothing) for y, form, smoothing in known]
        y_hat = season.invert(np.array(rows).reshape(-1, self.horizon_) * _units(easy)[:, None])
        return forecast_frame(panel, y_hat, model=self.name)

    def _prepare(self, panel: Panel) -> tuple[Panel, Deseasonalize]:
        """Return the panel without gaps and without a season too long for states, and what took the season out."""
        filled = Fill().apply(panel)
        season = Deseasonalize().fit(filled if panel.season_length > MAX_SEASON else _without_season(filled))
        return season.apply(filled) if panel.season_length > MAX_SEASON else filled, season

    def _fit(self, y: Floats, season_length: int, name: str) -> tuple[Form | None, Floats, Floats]:
        """Return form, smoothing parameters and forecasts of one series."""
        last = None, np.empty(0), np.full(self.horizon_, y[-1])
        if len(y) < FEWEST or np.ptp(y) <= 1e-12 * np.abs(y).max():
            return last
        m = season_length if 1 < season_length <= MAX_SEASON and len(y) >= max(2 * season_length, HEURISTIC) else 1
        tried = [(_aicc(form, y, m, start="heuristic"), form) for form in _forms(y, m)]
        finalists = [form for aicc, form in sorted(tried, key=lambda pair: pair[0]) if np.isfinite(aicc)][:FINALISTS]
        fitted = [(form, _fitted(form, y, m, start="estimated")) for form in finalists]
        usable = [(result.aicc, form, result) for form, result in fitted if _is_sound(result, y, self.horizon_)]
        if not usable:
            self.notices_.append(Notice("W302", f"no form of exponential smoothing could be fitted to {shown(name)}"))
            return last
        _, form, result = min(usable, key=lambda triple: triple[0])
        count = 1 + (form.trend != "N") + (form.season != "N") + (form.trend == "Ad")
        return form, np.asarray(result.params)[:count], np.asarray(result.forecast(self.horizon_))

    def _continue(self, y: Floats, season_length: int, form: Form | None, smoothing: Floats) -> Floats:
        """Return the forecasts of a series by a known form and smoothing."""
        if form is None:
            return np.full(self.horizon_, y[-1])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = form.model(y, season_length, start="heuristic")
            start = model.start_params.copy()
            start[: len(smoothing)] = smoothing
            return np.asarray(model.smooth(start).forecast(self.horizon_))


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
            return form.model(y, m, start=start).fit(disp=False)
        except (ValueError, FloatingPointError, np.linalg.LinAlgError, OverflowError):
            return None


def _aicc(form: Form, y: Floats, m: int, *, start: str) -> float:
    """Return the criterion with starting values counted as parameters, however they were found; inf without a fit."""
    result = _fitted(form, y, m, start=start)
    if result is None or not np.isfinite(result.llf):
        return np.inf
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
