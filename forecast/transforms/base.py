"""What every transform can do, and several of them one after another.

The idea: `fit` learns from the past alone; `apply` and `restore` go there and back on that past, `invert` turns what
was forecast of the transformed series into forecasts of the series itself. A chain of transforms is a transform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Chain", "Transform"]


class Transform(Protocol):
    """The four verbs of a transform of panels."""

    def fit(self, panel: Panel) -> Self:
        """Learn from `panel` and nothing after it."""

    def apply(self, panel: Panel) -> Panel:
        """Return `panel`, whose series end where those of the fitted one did, transformed."""

    def invert(self, y_hat: Floats) -> Floats:
        """Return forecasts [S, H] or quantiles [S, H, Q] that follow the fitted panel on the original scale.

        Every transform here is increasing, so quantiles keep their order, and the median stays the median.
        """

    def restore(self, panel: Panel) -> Panel:
        """Return the fitted panel from what `apply` made of it."""


class Chain:
    """Transforms one after another; undone in the opposite order.

    Parameters
    ----------
    transforms : sequence of Transform
        The first is applied first.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> from forecast.transforms import Difference, Log
    >>> panel = read_series("airline").panel
    >>> chain = Chain([Log(), Difference(12)]).fit(panel)
    >>> chain.restore(chain.apply(panel)).values[:3].round(9).tolist()
    [112.0, 118.0, 132.0]
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = tuple(transforms)

    def fit(self, panel: Panel) -> Self:
        """Fit each transform to what those before it make of `panel`."""
        self.fit_apply(panel)
        return self

    def fit_apply(self, panel: Panel) -> Panel:
        """Fit the chain to `panel` and return it transformed, in one pass."""
        for transform in self.transforms:
            panel = transform.fit(panel).apply(panel)
        return panel

    def apply(self, panel: Panel) -> Panel:
        """Return `panel` after all transforms."""
        for transform in self.transforms:
            panel = transform.apply(panel)
        return panel

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts before all transforms."""
        for transform in reversed(self.transforms):
            y_hat = transform.invert(y_hat)
        return y_hat

    def restore(self, panel: Panel) -> Panel:
        """Return the fitted panel before all transforms."""
        for transform in reversed(self.transforms):
            panel = transform.restore(panel)
        return panel
