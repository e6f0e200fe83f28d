"""Every picture of the report and the notebooks, as a function from frames to a matplotlib Figure.

The idea: one look per model everywhere, one idea per picture, and a module for each kind of thing that is looked at;
what they share stands in `forecast.figures.canvas`.
"""

from forecast.figures.ahead import backtest_windows, fan_chart, levels, single_windows
from forecast.figures.bands import coverage_by_step, reliability
from forecast.figures.canvas import INK, LOOKS, MUTED, RED, STYLE, Look, look, to_png, to_svg
from forecast.figures.errors import (
    comparable_errors,
    error_by_cutoff,
    error_by_step,
    error_tiles,
    paired_errors,
    ratio_dots,
    step_errors,
    window_errors,
)
from forecast.figures.history import whole_history, window_bars
from forecast.figures.learning import importance_bars, learning_rate_curve, score_strip, training_curves
from forecast.figures.network import architecture
from forecast.figures.panels import error_map, ratio_curve, scatter_of_series
from forecast.figures.residuals import autocorrelations, residual_panels
from forecast.figures.seasonal import correlograms, partial_autocorrelations, seasonal_lines

__all__ = [
    "INK",
    "LOOKS",
    "MUTED",
    "RED",
    "STYLE",
    "Look",
    "architecture",
    "autocorrelations",
    "backtest_windows",
    "comparable_errors",
    "correlograms",
    "coverage_by_step",
    "error_by_cutoff",
    "error_by_step",
    "error_map",
    "error_tiles",
    "fan_chart",
    "importance_bars",
    "learning_rate_curve",
    "levels",
    "look",
    "paired_errors",
    "partial_autocorrelations",
    "ratio_curve",
    "ratio_dots",
    "reliability",
    "residual_panels",
    "scatter_of_series",
    "score_strip",
    "seasonal_lines",
    "single_windows",
    "step_errors",
    "to_png",
    "to_svg",
    "training_curves",
    "whole_history",
    "window_bars",
    "window_errors",
]
