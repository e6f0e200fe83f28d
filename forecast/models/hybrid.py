"""ARIMA and a network in a row: the network learns what ARIMA leaves over.

The idea (Zhang 2003): a series is a linear part and the rest. ARIMA forecasts the first, the network the second from
the one-step errors that ARIMA made on the past, and the forecast is the sum of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.models.arima import ARIMA
from forecast.models.base import require_fitted
from forecast.models.mlp import MLP

if TYPE_CHECKING:
    import pandas as pd

    from forecast.models.arima_fit import Fit
    from forecast.panel import Panel

__all__ = ["Hybrid"]


class Hybrid:
    """Automatic `ARIMA`, and an `MLP` on its residuals (https://doi.org/10.1016/S0925-2312(01)00702-0).

    The network sees the residuals as they are, about zero, and starts from a forecast of zero: where nothing is left
    to learn, the hybrid is ARIMA.

    Parameters
    ----------
    **settings
        Those of `MLP`, but for what is about the level of a series: `transform`, `prior` and `scale`.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("nile").panel
    >>> len(Hybrid(members=2, max_steps=20).fit(panel, horizon=5).predict())
    5
    """

    name = "hybrid"

    def __init__(self, **settings: Any) -> None:
        self.settings = {**settings, "transform": "none", "prior": "none", "scale": "zero"}

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Learn the linear part of every series, then the rest of all series together.

        Raises
        ------
        ModelError
            M101, when the network's training diverged.
        """
        self.arima_ = ARIMA().fit(panel, horizon=horizon)
        rest = self.arima_.residuals(panel)
        sizes = {name: float(np.nanmean(np.abs(rest.series(s)))) for s, name in enumerate(rest.ids)}
        self.sizes_ = {name: size if size > 0 else 1.0 for name, size in sizes.items()}
        self.network_ = MLP(**self.settings).fit(self._in_units(rest), horizon=horizon)
        self.choices_: dict[str, Any] = {"arima": self.arima_.choices_, "network": self.network_.choices_}
        self.notices_ = [*self.arima_.notices_, *self.network_.notices_]
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one)."""
        require_fitted(self)
        linear = self.arima_.predict(panel)
        rest = self.network_.predict(None if panel is None else self._in_units(self.arima_.residuals(panel)))
        size = linear["unique_id"].map(self.sizes_)
        return linear.assign(model=self.name, y_hat=linear["y_hat"] + rest["y_hat"] * size)

    @property
    def fits_(self) -> dict[str, Fit]:
        """What the linear part is of every series that was fitted."""
        return self.arima_.fits_

    def _in_units(self, rest: Panel) -> Panel:
        """Return residuals over their mean size, rounded so that other units of the series lead to the same bits."""
        sizes = np.repeat([self.sizes_[name] for name in rest.ids], rest.lengths)
        return rest.with_values(np.round(rest.values / sizes, 9))
