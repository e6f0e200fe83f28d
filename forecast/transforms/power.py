"""Roots and logarithms: growing swings made even.

The idea: where a series is far up it moves more; a concave function of its values makes the moves comparable. Which
series can take it is found in the past; the others stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.errors import ConfigError, DataError, shown
from forecast.transforms.arrays import series_of, wide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["LARGEST", "Log", "Root", "SignedLog", "all_above"]

LARGEST = 700.0
"""Beyond e to this power there is no number left."""


class Log:
    """The natural logarithm of every series whose values are all positive; others stay as they are.

    The exact inverse, ``exp``, turns the median of the logarithm into the median of the series; its mean
    is computed by `mean`. Gaps stay gaps.

    Parameters
    ----------
    required : bool
        Whether a series with values <= 0 is an error, as it is where the user asked for the logarithm.
    """

    def __init__(self, *, required: bool = False) -> None:
        self.required = required

    def fit(self, panel: Panel) -> Self:
        """Find the series that are positive throughout.

        Raises
        ------
        DataError
            D120, on values <= 0 where the logarithm is required.
        """
        self.positive_ = all_above(panel, "log" if self.required else None)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the logarithm of the positive series."""
        if self.positive_.all():
            return panel.with_values(np.log(panel.values))
        chosen = np.repeat(self.positive_, panel.lengths)
        return panel.with_values(np.log(panel.values, out=panel.values.copy(), where=chosen))

    def invert(self, y_hat: Floats) -> Floats:
        """Return ``exp(y_hat)`` for the positive series; beyond e^700 there is no number left."""
        return np.where(wide(self.positive_, y_hat), np.exp(np.minimum(y_hat, LARGEST)), y_hat)

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with ``exp`` of the positive series."""
        chosen = np.repeat(self.positive_, panel.lengths)
        return panel.with_values(np.exp(panel.values, out=panel.values.copy(), where=chosen))

    def mean(self, y_hat: Floats, variance: Floats) -> Floats:
        """Return the mean on the original scale: ``exp(mu + s2 / 2)``, exact where the logarithm is normal.

        Parameters
        ----------
        y_hat, variance : ndarray [S, H]
            Mean and variance of the logarithm.
        """
        return np.where(wide(self.positive_, y_hat), np.exp(np.minimum(y_hat + variance / 2, LARGEST)), y_hat)


class Root:
    """The cube root, or one of another degree, of every series without values below 0; others stay as they are.

    It lies between the values themselves and their logarithm: swings that grow with the level are made smaller, a few
    small values do not stretch them, and zeros may stand. The inverse, a power, turns the median of the roots into the
    median of the series; its mean is computed by `mean`. Gaps stay gaps.

    Parameters
    ----------
    degree : float
        3 for the cube root, 2 for the square root; at least 1.
    required : bool
        Whether a series with values below 0 is an error, as it is where the user asked for the root.
    """

    def __init__(self, degree: float = 3.0, *, required: bool = False) -> None:
        if not degree >= 1:
            raise ConfigError("U101", f"no root of degree {degree:g}", hint="root(3)")
        self.degree = float(degree)
        self.required = required

    def fit(self, panel: Panel) -> Self:
        """Find the series that have no values below 0.

        Raises
        ------
        DataError
            D120, on values below 0 where the root is required.
        """
        self.taken_ = all_above(panel, "root" if self.required else None, zero=True)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the roots of the series that have them."""
        if self.taken_.all():
            return panel.with_values(self._roots(np.maximum(panel.values, 0.0)))
        taken = np.repeat(self.taken_, panel.lengths)
        roots = self._roots(np.where(taken, np.maximum(panel.values, 0.0), 0.0))
        return panel.with_values(np.where(taken, roots, panel.values))

    def _roots(self, values: Floats) -> Floats:
        return np.asarray(np.cbrt(values) if self.degree == 3.0 else values ** (1.0 / self.degree))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the powers of the forecasts of these series; what would be below 0 is 0."""
        return np.where(wide(self.taken_, y_hat), np.maximum(y_hat, 0.0) ** self.degree, y_hat)

    def restore(self, panel: Panel) -> Panel:
        """Return the panel on its original scale."""
        taken = np.repeat(self.taken_, panel.lengths)
        return panel.with_values(np.where(taken, np.maximum(panel.values, 0.0) ** self.degree, panel.values))

    def mean(self, y_hat: Floats, variance: Floats) -> Floats:
        """Return the mean on the original scale, to second order: ``mu^d + d (d - 1) / 2 mu^(d - 2) s2``.

        It is exact for degrees 2 and 3 where the root is normal.

        Parameters
        ----------
        y_hat, variance : ndarray [S, H]
            Mean and variance of the roots.
        """
        d, root = self.degree, np.maximum(y_hat, 1e-300)
        more = d * (d - 1.0) / 2.0 * root ** (d - 2.0) * variance
        return np.where(wide(self.taken_, y_hat), self.invert(y_hat) + more, y_hat)


class SignedLog:
    """``sign(y) log(1 + |y| / size)`` with the mean absolute value of the series as size: takes zeros and negatives.

    Gaps stay gaps; a series of zeros has the size 1.
    """

    def fit(self, panel: Panel) -> Self:
        """Measure the size of every series, [S]."""
        known = ~np.isnan(panel.values)
        series = series_of(panel)[known]
        counts = np.maximum(np.bincount(series, minlength=panel.n_series), 1)
        size = np.bincount(series, np.abs(panel.values[known]), minlength=panel.n_series) / counts
        self.size_ = np.where(size > 0, size, 1.0)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with signed logarithms."""
        x = panel.values / self.size_[series_of(panel)]
        return panel.with_values(np.sign(x) * np.log1p(np.abs(x)))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts on the original scale."""
        return np.asarray(np.sign(y_hat) * np.expm1(np.minimum(np.abs(y_hat), LARGEST)) * wide(self.size_, y_hat))

    def restore(self, panel: Panel) -> Panel:
        """Return the panel on its original scale."""
        x = panel.values
        return panel.with_values(np.sign(x) * np.expm1(np.abs(x)) * self.size_[series_of(panel)])


def all_above(panel: Panel, required_by: str | None, *, zero: bool = False) -> NDArray[np.bool_]:
    """Return which series [S] have no values below 0, and none of 0 either unless `zero` may be among them."""
    least, named = np.fmin.reduceat(panel.values, panel.offsets[:-1]), ">= 0" if zero else "> 0"
    above: NDArray[np.bool_] = least >= 0 if zero else least > 0
    if required_by is None or above.all():
        return above
    low = np.flatnonzero(panel.values < 0 if zero else panel.values <= 0)
    if not len(low):
        return above
    place = int(low[np.argmin(panel.values[low])])
    s = int(np.searchsorted(panel.offsets, place, side="right")) - 1
    where = f"min {panel.values[place]:g} in series {shown(panel.ids[s])}, value {place - int(panel.offsets[s]) + 1}"
    others = f"{len(low)} {'is' if len(low) == 1 else 'are'} {'< 0' if zero else '<= 0'}"
    raise DataError("D120", f"{required_by} needs values {named}; {others} ({where})", hint="--transform none")
