"""What the outputs of a network say of each target: one number, quantiles, or a histogram.

The idea: a head knows how many outputs speak of one target, which loss they are trained by, and how quantiles are read
off them. The network itself does not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import ndtri

from forecast import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["HEADS", "Head", "Histogram", "Point", "Quantiles", "new_head"]

LEVELS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
"""The quantiles of a quantile head."""
EDGES = tuple(float(edge) for edge in 30.0 * np.sinh(np.linspace(-4.0, 4.0, 49)) / np.sinh(4.0))
"""The borders of a histogram's bins in typical changes: narrow near the last value, wide far from it."""


class Head(Protocol):
    """How outputs are trained and read."""

    outputs: int

    def loss(self) -> nn.Loss:
        """Return a loss of these outputs, with buffers of its own."""

    def middle(self, raw: Floats) -> Floats:
        """Return the forecasts [.., H] that outputs [.., H * outputs] stand for."""

    def quantiles(self, raw: Floats, wanted: Sequence[float]) -> Floats:
        """Return the quantiles [.., H, Q]; NaN where outputs say nothing of them."""


class Point:
    """One output a target: a middle in the sense of its loss.

    Parameters
    ----------
    loss : str
        A name of `forecast.nn.LOSSES`.
    """

    outputs = 1

    def __init__(self, loss: str) -> None:
        self.name = loss

    def loss(self) -> nn.Loss:
        """Return the loss of that name."""
        return nn.LOSSES[self.name]()

    def middle(self, raw: Floats) -> Floats:
        """Return the outputs as they are."""
        return raw

    def quantiles(self, raw: Floats, wanted: Sequence[float]) -> Floats:
        """Return NaN: a point says nothing of how far it may be off."""
        return np.full((*raw.shape, len(wanted)), np.nan)


class Quantiles:
    """The quantiles `LEVELS` of each target, by the pinball loss.

    Others are read between them, linearly in the quantiles of a normal distribution; beyond them they are not known.

    Examples
    --------
    >>> raw = ndtri(np.array(LEVELS)) * 2.0 + 5.0
    >>> Quantiles().quantiles(raw, [0.5, 0.8, 0.999]).round(2).tolist()
    [[5.0, 6.68, nan]]
    """

    outputs = len(LEVELS)

    def loss(self) -> nn.Loss:
        """Return the pinball loss of all quantiles."""
        return nn.Pinball(LEVELS)

    def middle(self, raw: Floats) -> Floats:
        """Return the medians."""
        return self.quantiles(raw, (0.5,))[..., 0]

    def quantiles(self, raw: Floats, wanted: Sequence[float]) -> Floats:
        """Return the quantiles that are wanted; NaN outside of the outermost known ones."""
        known, levels = nn.Pinball(LEVELS).predict(raw), np.array(LEVELS)
        found = []
        for level in wanted:
            above = int(np.clip(np.searchsorted(levels, level), 1, len(levels) - 1))
            first, last = ndtri(levels[above - 1]), ndtri(levels[above])
            share = (ndtri(level) - first) / (last - first) if levels[0] <= level <= levels[-1] else np.nan
            found.append(known[..., above - 1] + share * (known[..., above] - known[..., above - 1]))
        return np.stack(found, axis=-1)


class Histogram:
    """The probabilities of bins of each target, by the cross-entropy.

    Examples
    --------
    >>> flat = np.zeros(len(EDGES) - 1)
    >>> Histogram().quantiles(flat, [0.5]).round(6).tolist()
    [[0.0]]
    """

    outputs = len(EDGES) - 1

    def loss(self) -> nn.Loss:
        """Return the cross-entropy over the bins."""
        return nn.CrossEntropy(EDGES)

    def middle(self, raw: Floats) -> Floats:
        """Return the medians."""
        return self.quantiles(raw, (0.5,))[..., 0]

    def quantiles(self, raw: Floats, wanted: Sequence[float]) -> Floats:
        """Return the quantiles that are wanted, each bin taken as uniform."""
        read = nn.CrossEntropy(EDGES)
        return read.quantiles(read.predict(raw), wanted)


HEADS = ("point", "quantiles", "histogram")
"""All heads by name."""


def new_head(name: str, loss: str) -> Head:
    """Return the head of that name; a point is trained by `loss`."""
    return Point(loss) if name == "point" else Quantiles() if name == "quantiles" else Histogram()
