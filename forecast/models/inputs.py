"""What a network sees beside the values of a sample: covariates around the cut, on a common scale.

The idea: a sample is cut at one position, and so are its covariates: those known ahead from the first value seen to the
last step to forecast, those of the past up to the cut, and those of the series itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.covariates import Covariates, stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["CovariateInputs", "carried", "known_before", "no_covariates", "scale_of"]


class CovariateInputs:
    """The covariates of a panel as inputs of a network.

    Every column is standardised by its mean and standard deviation over the past of all series; a missing value is the
    last one known before it, and the mean where there is none.

    Parameters
    ----------
    input_size, horizon : int
        L values before a cut, H after it.

    Examples
    --------
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> promo = Covariates.of_known(np.array([[0.0], [1], [0], [1], [0]]), np.array([0, 5]), ("promo",), values=4)
    >>> panel = Panel(np.ones(4), np.array([0, 4]), ("a",), np.array([4]), Frequency("int"), 1, covariates=promo)
    >>> inputs = CovariateInputs(input_size=2, horizon=1).fit(panel).see(panel)
    >>> inputs.size, inputs.gather(np.array([3]), panel.offsets).tolist()
    (3, [[1.0, -1.0, 1.0]])
    """

    def __init__(self, *, input_size: int, horizon: int) -> None:
        self.input_size = input_size
        self.horizon = horizon

    def fit(self, panel: Panel) -> Self:
        """Learn the scale of every column from what lies before the end of each series."""
        covariates = panel.covariates or no_covariates(panel)
        before = known_before(panel, covariates)
        self.scales_ = [scale_of(columns) for columns in (before, covariates.past, covariates.static)]
        return self

    def see(self, panel: Panel) -> Self:
        """Take the covariates of `panel`, to be gathered from."""
        covariates = panel.covariates or no_covariates(panel)
        scaled = (covariates.known, covariates.past, covariates.static)
        known, past, static = ((x - mean) / sd for x, (mean, sd) in zip(scaled, self.scales_, strict=True))
        self._known, self._known_offsets = carried(known, covariates.offsets), covariates.offsets
        self._past, self._past_offsets = carried(past, panel.offsets), panel.offsets
        self._static = np.nan_to_num(static)
        return self

    @property
    def size(self) -> int:
        """The number of inputs."""
        F, G, C = (len(mean) for mean, _ in self.scales_)
        return F * (self.input_size + self.horizon) + G * self.input_size + C

    def gather(self, cuts: Ints, offsets: Ints) -> Floats:
        """Return the inputs [.., size] of the samples cut at `cuts`, positions in values that begin at `offsets`."""
        if not self.size:
            return np.empty((*cuts.shape, 0))
        series = np.searchsorted(offsets, cuts, side="right") - 1
        return self._around(series, cuts - offsets[series])

    def last(self) -> Floats:
        """Return the inputs [S, size] for forecasts that follow the end of every series."""
        return self._around(np.arange(len(self._past_offsets) - 1), np.diff(self._past_offsets))

    def _around(self, series: Ints, position: Ints) -> Floats:
        """Return the inputs of cuts before the value at `position`, counted from 0, of `series`."""
        around = np.arange(-self.input_size, self.horizon)
        parts = [
            _rows(self._known, self._known_offsets, series, position[..., None] + around),
            _rows(self._past, self._past_offsets, series, position[..., None] + around[: self.input_size]),
            self._static[series],
        ]
        return np.concatenate(parts, axis=-1)


def _rows(values: Floats, offsets: Ints, series: Ints, positions: Ints) -> Floats:
    """Return the rows at `positions` of `series`, one beside the other; the first and last stand for those outside."""
    if values.shape[1] == 0:
        return np.empty((*series.shape, 0))
    last = np.diff(offsets)[series][..., None] - 1
    found = values[offsets[series][..., None] + np.clip(positions, 0, last)]
    return found.reshape(*series.shape, -1)


def known_before(panel: Panel, covariates: Covariates) -> Floats:
    """Return the columns known ahead without what lies after the end of each series."""
    lengths = np.minimum(panel.lengths, np.diff(covariates.offsets))
    return covariates.known[stretches(covariates.offsets[:-1], lengths)]


def scale_of(columns: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of every column; 1 for one that does not vary."""
    known = ~np.isnan(columns)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0.0).sum(axis=0) / count
    sd = np.sqrt(np.where(known, (columns - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(sd > 1e-12 * (1.0 + np.abs(mean)), sd, 1.0)


def carried(columns: Floats, offsets: Ints) -> Floats:
    """Return the columns with each NaN replaced by the last value of its series before it, or 0, the mean."""
    if not np.isnan(columns).any():
        return columns
    places = np.arange(len(columns))[:, None]
    starts = np.repeat(offsets[:-1], np.diff(offsets))[:, None]
    seen = np.maximum.accumulate(np.where(np.isnan(columns), 0, places), axis=0)
    carried = np.where(seen >= starts, np.take_along_axis(columns, np.maximum(seen, starts), axis=0), 0.0)
    return np.nan_to_num(carried)


def no_covariates(panel: Panel) -> Covariates:
    """Return no covariates."""
    nothing = np.zeros(panel.n_series + 1, dtype=np.int64)
    return Covariates.of_known(np.empty((0, 0)), nothing, (), values=len(panel.values))
