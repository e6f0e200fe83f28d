"""What forecasts may be: not below a smallest value, not above a largest one, whole numbers.

The idea: a forecast outside its bounds is moved to the nearest allowed value before it is scored, so that what is
judged is what is given out; intervals are rounded outwards, so that they lose no coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf, isinf, isnan
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import ConfigError, Notice

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from forecast.panel import Panel

__all__ = ["Bounds"]


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest forecast, and whether forecasts are whole numbers.

    Parameters
    ----------
    min, max : float
        The bounds, which themselves are allowed; infinite for none.
    integer : bool
        Whether forecasts are rounded: point forecasts and paths to the nearest whole number (a half to the even
        one), lower ends of intervals down and upper ends up.

    Raises
    ------
    ConfigError
        U101, when no value is allowed.

    Examples
    --------
    >>> bounds = Bounds(min=0, integer=True)
    >>> bounds.point([-1.2, 2.5, 3.6]), bounds.lower([-1.2, 2.7]), bounds.upper([0.1, 3.0])
    (array([0., 2., 4.]), array([0., 2.]), array([1., 3.]))
    """

    min: float = -inf
    max: float = inf
    integer: bool = False

    def __post_init__(self) -> None:
        lowest, highest = self._ends()
        if isnan(self.min) or isnan(self.max) or self.min == inf or self.max == -inf:
            what = f"a smallest forecast of {self.min:g} and a largest of {self.max:g}"
            raise ConfigError("U101", what, hint="--min 0 --max 100, or leave them out")
        if self.min > self.max:
            what = f"the smallest forecast, {self.min:g}, is larger than the largest, {self.max:g}"
            raise ConfigError("U101", what, hint=f"--min {self.max:g} --max {self.min:g}")
        if lowest > highest:
            what = f"there is no whole number from {self.min:g} to {self.max:g}"
            raise ConfigError("U101", what, hint=f"--min {floor(self.min)} --max {ceil(self.max)}")

    @property
    def given(self) -> bool:
        """Whether they change anything."""
        return self.integer or not (isinf(self.min) and isinf(self.max))

    def point(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return point forecasts, or paths, of any shape: rounded to the nearest allowed value."""
        y = np.asarray(values, dtype=np.float64)
        return self._clipped(np.rint(y) if self.integer else y)

    def lower(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return lower ends of intervals: rounded down, as far as the bounds go."""
        y = np.asarray(values, dtype=np.float64)
        return self._clipped(np.floor(y) if self.integer else y)

    def upper(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return upper ends of intervals: rounded up, as far as the bounds go."""
        y = np.asarray(values, dtype=np.float64)
        return self._clipped(np.ceil(y) if self.integer else y)

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a forecast frame with ``y_hat`` and all ``lo-`` and ``hi-`` columns within the bounds.

        Examples
        --------
        >>> import pandas as pd
        >>> Bounds(min=0).apply(pd.DataFrame({"y_hat": [1.0], "lo-80": [-2.0], "hi-80": [4.0]})).iloc[0].tolist()
        [1.0, 0.0, 4.0]
        """
        if not self.given:
            return frame
        changed = {}
        for column in map(str, frame.columns):
            if column == "y_hat":
                changed[column] = self.point(frame[column])
            elif column.startswith("lo-"):
                changed[column] = self.lower(frame[column])
            elif column.startswith("hi-"):
                changed[column] = self.upper(frame[column])
        return frame.assign(**changed)

    def notices(self, panel: Panel) -> list[Notice]:
        """Return W205 where values of the past are such as no forecast may be."""
        y = panel.values[~np.isnan(panel.values)]
        broken = [
            f"{count:,} of {len(y):,} values {word}"
            for count, word in (
                (int((y < self.min).sum()), f"are below --min {self.min:g} (smallest {y.min(initial=inf):g})"),
                (int((y > self.max).sum()), f"are above --max {self.max:g} (largest {y.max(initial=-inf):g})"),
                (int((y != np.rint(y)).sum()) if self.integer else 0, "are no whole numbers, and forecasts will be"),
            )
            if count
        ]
        return [Notice("W214", "; ".join(broken))] if broken else []

    def _ends(self) -> tuple[float, float]:
        if not self.integer:
            return self.min, self.max
        return float(np.ceil(self.min)), float(np.floor(self.max))

    def _clipped(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        lowest, highest = self._ends()
        return np.asarray(np.clip(values, lowest, highest) + 0.0)
