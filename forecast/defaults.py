"""Plain constants that the command line and the configuration share.

They stand apart so that `forecast --help` can show them without loading numpy, pandas or pydantic.
"""

from __future__ import annotations

DEFAULT_DATA = "airline"
DEFAULT_MODELS = ("mlp", "arima", "ets", "theta", "seasonal_naive", "naive")
BASELINES = ("seasonal_naive", "naive")
MODEL_NAMES = (*DEFAULT_MODELS, "hybrid", "combination", "linear", "prior", "drift", "mean", "croston", "tsb")
BUNDLED = ("airline", "co2", "macro", "nile", "sunspots")
LEVELS = (80, 95)
METRIC = "mase"
METRICS = ("mase", "mae", "smape")
"""The scores by which models can be compared: means of a loss of each forecast, so that differences can be tested."""
QUANTILE_METRIC = "quantile_loss"
METRIC_NAMES = (QUANTILE_METRIC, "mase", "smape", "mae", "rmse")
MIN_WINDOWS, MAX_WINDOWS = 4, 12
MIN_CASES = 20
"""Windows of single series from which on it is judged whether intervals keep their level."""
MISSING = ("auto", "error", "linear", "seasonal", "zero", "ffill")
DUPLICATES = ("error", "first", "last", "mean", "sum")
LAYOUTS = ("auto", "long", "columns", "rows")
REPORTS_FOLDER = "reports"
ASSETS = ("inline", "separate")
"""Where style, script and pictures of a page stand: in it, or in files of their own beside it."""
ENGINES = ("processes", "serial", "dask")
TRIALS = 20
"""Of a search without a budget."""
