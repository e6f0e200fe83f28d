"""What every transform can do, and several of them one after another.

The idea: `fit` learns from the past alone; `apply` and `restore` go there and back on that past, `invert` turns what
was forecast of the transformed series into forecasts of the series itself. A chain of transforms is a transform.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["PART", "Chain", "Parts", "Transform", "groups_of", "parts_of"]

PART = 2**20
"""Values that are transformed together: a large panel takes no more memory on the way than this many need."""


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


def parts_of(panel: Panel, size: int | None = None) -> list[int]:
    """Return where to cut the series of a panel into groups of up to `size` values: the first of each, and S.

    By default `PART` values go together; a series is never cut.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> parts_of(read_series("airline").panel)
    [0, 1]
    """
    bounds = [0]
    while bounds[-1] < panel.n_series:
        reach = int(np.searchsorted(panel.offsets, panel.offsets[bounds[-1]] + (size or PART), side="right")) - 1
        bounds.append(max(reach, bounds[-1] + 1))
    return bounds


def groups_of(panel: Panel, bounds: Sequence[int]) -> Iterator[Panel]:
    """Yield the groups of neighbouring series, whose values are views, one after another."""
    for first, end in pairwise(bounds):
        offsets = panel.offsets[first : end + 1]
        yield replace(
            panel,
            values=panel.values[offsets[0] : offsets[-1]],
            offsets=offsets - offsets[0],
            ids=panel.ids[first:end],
            last=panel.last[first:end],
            covariates=None,
        )


class Parts:
    """Transforms of groups of neighbouring series, one for each group.

    Every transform looks at each series on its own, so that this is the transform of all, with the memory of a group.

    Parameters
    ----------
    bounds : sequence of int
        As `parts_of` returns them.
    transforms : sequence of Transform
        One for each group.
    """

    def __init__(self, bounds: Sequence[int], transforms: Sequence[Transform]) -> None:
        self.bounds = tuple(bounds)
        self.transforms = tuple(transforms)

    def fit(self, panel: Panel) -> Self:
        """Fit each transform to its group."""
        for transform, group in zip(self.transforms, groups_of(panel, self.bounds), strict=True):
            transform.fit(group)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return `panel` transformed group by group."""
        return self._joined(panel, [transform.apply for transform in self.transforms])

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts on the original scale."""
        pairs = zip(self.transforms, pairwise(self.bounds), strict=True)
        return np.concatenate([transform.invert(y_hat[first:end]) for transform, (first, end) in pairs])

    def restore(self, panel: Panel) -> Panel:
        """Return the fitted panel from what `apply` made of it."""
        return self._joined(panel, [transform.restore for transform in self.transforms])

    def _joined(self, panel: Panel, calls: Sequence[Callable[[Panel], Panel]]) -> Panel:
        values, place = np.empty_like(panel.values), 0
        for call, group in zip(calls, groups_of(panel, self.bounds), strict=True):
            values[place : place + len(group.values)] = call(group).values
            place += len(group.values)
        return panel.with_values(values)
