"""How wrong a forecast was: of one value (`points`), and of a quantile or an interval (`intervals`).

The idea: a metric is a plain function of arrays; what a single point adds to it stands in `terms`.
"""

from __future__ import annotations

from forecast.metrics.intervals import (
    coverage,
    crps,
    crps_weights,
    mean_width,
    msis,
    pinball,
    weighted_interval_score,
    winkler,
)
from forecast.metrics.points import (
    bias,
    directional_accuracy,
    mae,
    mape,
    mase,
    mase_scale,
    mse,
    owa,
    rmse,
    rmsse,
    rmsse_scale,
    skill,
    smape,
    theils_u,
    wape,
)

__all__ = [
    "bias",
    "coverage",
    "crps",
    "crps_weights",
    "directional_accuracy",
    "mae",
    "mape",
    "mase",
    "mase_scale",
    "mean_width",
    "mse",
    "msis",
    "owa",
    "pinball",
    "rmse",
    "rmsse",
    "rmsse_scale",
    "skill",
    "smape",
    "theils_u",
    "wape",
    "weighted_interval_score",
    "winkler",
]
