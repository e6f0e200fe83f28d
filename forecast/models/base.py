"""The one contract every model keeps: `fit` on the past, `predict` what follows.

The constructor only stores its arguments; what is learned ends in ``_``; a second `fit` forgets the first. A model is
given the past and nothing else, so it cannot look ahead.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast

import numpy as np

from forecast.errors import ModelError, shown
from forecast.frequency import grid
from forecast.panel import forecast_frame, interval_names, with_ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.errors import Notice
    from forecast.panel import Panel

__all__ = [
    "Forecaster",
    "IntervalForecaster",
    "SeparableForecaster",
    "asked",
    "constants_kept",
    "fits_of",
    "interval_frame",
    "predicted",
    "quantiles_of",
    "require_fitted",
    "steps_later",
]

Fit = TypeVar("Fit")


class Forecaster(Protocol):
    """What backtesting and the pipeline ask of a model."""

    name: str
    choices_: dict[str, Any]
    """What was chosen from the data and why, per series where it differs by series: plain JSON values."""
    notices_: list[Notice]
    """What went less well than it should have."""

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Learn from `panel`, whose last value of each series is the last thing known; gaps are NaN."""

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame of `horizon` steps after the end of `panel` (default: of the fitted panel)."""


class IntervalForecaster(Forecaster, Protocol):
    """A model that tells how sure it is: what it forecasts is a distribution, and `predict` takes a `level`."""

    def predict(self, panel: Panel | None = None, *, level: Sequence[float] = ()) -> pd.DataFrame:
        """Return the forecast frame with the ends of its own intervals, ``lo-80, hi-80, ...``; NaN where it has none.

        The ends of level 80 are the quantiles 0.1 and 0.9. Nobody has to believe them: `forecast.calibration` holds
        them against what came.
        """


class SeparableForecaster(Forecaster, Protocol):
    """A model that looks at every series on its own, so that parts of a panel can be fitted apart and joined."""

    def joined(self, panel: Panel, parts: Sequence[Self]) -> Self:
        """Become what `fit` would have made of `panel`, whose series were fitted in these `parts`, in this order."""

    @staticmethod
    def joined_choices(parts: Sequence[tuple[tuple[str, ...], dict[str, Any]]]) -> dict[str, Any]:
        """Return the `choices_` of all series, given the names and the choices of each part."""


def predicted(model: Forecaster, panel: Panel | None = None, *, level: Sequence[float] = ()) -> pd.DataFrame:
    """Return the forecast frame of a model, with its own intervals where it is an `IntervalForecaster`."""
    if level and "level" in signature(model.predict).parameters:
        return cast("IntervalForecaster", model).predict(panel, level=level)
    return model.predict(panel)


def quantiles_of(level: Sequence[float]) -> list[float]:
    """Return the quantiles that are the ends of intervals of such levels, low and high in turn.

    Examples
    --------
    >>> quantiles_of([80, 95])
    [0.1, 0.9, 0.025, 0.975]
    """
    return [round(0.5 + sign * percent / 200.0, 9) for percent in level for sign in (-1, 1)]


def interval_frame(panel: Panel, found: NDArray[np.float64], level: Sequence[float], *, model: str) -> pd.DataFrame:
    """Return forecasts [S, H, 1 + Q] as a forecast frame: the middle first, then the `quantiles_of` the levels."""
    frame = forecast_frame(panel, found[..., 0], model=model)
    named = [name for percent in level for name in interval_names(percent)]
    ends = {name: found[..., 1 + i].ravel() for i, name in enumerate(named)}
    return with_ends(frame, ends, level) if level else frame


def require_fitted(model: object) -> None:
    """Raise `ModelError` M102 when `model` has not been fitted."""
    if not any(name.endswith("_") and not name.startswith("_") for name in vars(model)):
        name = type(model).__name__
        raise ModelError("M102", f"{name} is not fitted", hint=f"{name}().fit(panel, horizon=12).predict()")


def asked(model: Any, panel: Panel | None) -> Panel:
    """Return the panel whose future a model is asked for: by default the one it was fitted to.

    Raises
    ------
    ModelError
        M102, when it was not fitted, or was loaded from a file, which has nothing of the values.
    """
    require_fitted(model)
    fitted: Panel = model.panel_
    if panel is None and len(fitted.values) < fitted.n_series:
        raise ModelError("M102", f"a loaded {model.name} has no data of its own", hint="predict(panel)")
    return fitted if panel is None else panel


def fits_of(model: Forecaster, fits: Mapping[str, Fit], panel: Panel) -> list[Fit]:
    """Return what a model learned of each series of `panel`.

    Raises
    ------
    ModelError
        M201, for a series that was not fitted.
    """
    for series in panel.ids:
        if series not in fits:
            raise ModelError("M201", f"{model.name} was not fitted to the series {shown(series)}", hint="fit(panel)")
    return [fits[series] for series in panel.ids]


def steps_later(fitted: Panel, panel: Panel) -> list[int]:
    """Return how many steps each series of `panel` ends after its end in the `fitted` one; negative for earlier.

    A series that is not in the fitted panel is taken to end where it did.
    """
    ends, counted = dict(zip(fitted.ids, fitted.last, strict=True)), {}
    for name, last in zip(panel.ids, panel.last, strict=True):
        between = ends.get(name, last), last
        if between not in counted:
            first, then = min(between), max(between)
            steps = len(grid(first, then, panel.frequency)) - 1
            counted[between] = steps if then == last else -steps
    return [counted[ends.get(name, last), last] for name, last in zip(panel.ids, panel.last, strict=True)]


def constants_kept(panel: Panel, y_hat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the forecasts [S, H], those of a series that never changed being its one value."""
    lowest = np.fmin.reduceat(panel.values, panel.offsets[:-1])[:, None]
    highest = np.fmax.reduceat(panel.values, panel.offsets[:-1])[:, None]
    return np.where(lowest == highest, lowest, y_hat)
