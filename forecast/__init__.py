"""forecast: time series in, forecasts with honest intervals and a report a reader can trust out.

Everything public is here and loads when it is first used, so that importing the package costs nothing.

Examples
--------
>>> import forecast
>>> panel = forecast.read_series("airline").panel
>>> frame = forecast.SeasonalNaive().fit(panel, horizon=12).predict()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast import figures, nn
    from forecast.errors import ConfigError, DataError, FileError, ForecastError, ModelError
    from forecast.models.arima import ARIMA
    from forecast.models.classical import Naive, SeasonalNaive
    from forecast.models.mlp import MLP
    from forecast.models.saving import load_model
    from forecast.panel import Panel
    from forecast.pipeline import backtest, check, predict, run, tune, whatif
    from forecast.runs import Run, load_run
    from forecast.series import read_series
    from forecast.verbs.comparison import compare
    from forecast.verbs.hindsight import score

__version__ = "0.1.0"

_HOMES = {
    "ARIMA": "models.arima",
    "ConfigError": "errors",
    "DataError": "errors",
    "FileError": "errors",
    "ForecastError": "errors",
    "MLP": "models.mlp",
    "ModelError": "errors",
    "Naive": "models.classical",
    "Panel": "panel",
    "Run": "runs",
    "SeasonalNaive": "models.classical",
    "load_model": "models.saving",
    "load_run": "runs",
    "read_series": "series",
    "backtest": "pipeline",
    "check": "pipeline",
    "compare": "verbs.comparison",
    "predict": "pipeline",
    "run": "pipeline",
    "score": "verbs.hindsight",
    "tune": "pipeline",
    "whatif": "pipeline",
}

__all__ = [
    "ARIMA",
    "MLP",
    "ConfigError",
    "DataError",
    "FileError",
    "ForecastError",
    "ModelError",
    "Naive",
    "Panel",
    "Run",
    "SeasonalNaive",
    "__version__",
    "backtest",
    "check",
    "compare",
    "figures",
    "load_model",
    "load_run",
    "nn",
    "predict",
    "read_series",
    "run",
    "score",
    "tune",
    "whatif",
]


def __getattr__(name: str) -> object:
    if name in ("figures", "nn"):
        return import_module(f"forecast.{name}")
    if name in _HOMES:
        return getattr(import_module(f"forecast.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'forecast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
