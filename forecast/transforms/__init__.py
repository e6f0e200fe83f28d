"""What is done to a series before a network sees it, and exactly undone after: fill, log, scale, deseasonalise.

The idea: a transform learns from the past alone (`fit`), is applied to any panel of the same series (`apply`), turns
forecasts of the transformed series back into forecasts of the series itself (`invert`), and can be undone (`restore`).
"""

from forecast.transforms.base import Chain, Transform
from forecast.transforms.boxcox import BoxCox
from forecast.transforms.choosing import (
    TRANSFORMS,
    Choice,
    choices_of,
    choose_transforms,
    parse_chain,
    require_transforms,
)
from forecast.transforms.differencing import Detrend, Difference
from forecast.transforms.fill import Fill
from forecast.transforms.power import Log, Root, SignedLog
from forecast.transforms.scaling import MinMax, Robust, SampleScale, Standardize, StepScale, Winsorize, volatility
from forecast.transforms.seasons import MSTL, STL, Deseasonalize, seasonal_indices

__all__ = [
    "MSTL",
    "STL",
    "TRANSFORMS",
    "BoxCox",
    "Chain",
    "Choice",
    "Deseasonalize",
    "Detrend",
    "Difference",
    "Fill",
    "Log",
    "MinMax",
    "Robust",
    "Root",
    "SampleScale",
    "SignedLog",
    "Standardize",
    "StepScale",
    "Transform",
    "Winsorize",
    "choices_of",
    "choose_transforms",
    "parse_chain",
    "require_transforms",
    "seasonal_indices",
    "volatility",
]
