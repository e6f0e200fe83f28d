"""Where the windows of a backtest lie.

The idea: cutoffs are counted from the end of each series, and one rule places them for every model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.defaults import MAX_WINDOWS, MIN_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.panel import Panel

__all__ = ["Split", "choose_n_windows"]

MORE_ORIGINS = 40
"""Further origins between the windows, at most, whose errors tell how wide intervals must be."""
MOST_FORECASTS = 2_000_000
"""Of all series from these origins together, at most: so many take 200 MB."""


@dataclass(frozen=True)
class Split:
    """Where the windows lie, counted from the end of each series.

    Parameters
    ----------
    horizon : int
        Values of a window that are forecast and scored, H.
    n_windows : int
        How many windows.
    step_size : int, optional
        From one cutoff to the next; by default a horizon, so that no value is scored twice.
    gap : int
        Values between a cutoff and its window: known too late to be of use, and not scored.
    refit : int
        Models are fitted at every so-manieth window and forecast from the others as they are; 0: at the first alone.
    window_size : int, optional
        How many of the latest values models are given (a sliding window); by default all (an expanding one).

    Examples
    --------
    >>> Split(horizon=4, n_windows=3).backs
    [12, 8, 4]
    >>> Split(horizon=4, n_windows=3, step_size=2, gap=1, refit=2).blocks
    [[9, 7], [5]]
    """

    horizon: int
    n_windows: int
    step_size: int | None = None
    gap: int = 0
    refit: int = 1
    window_size: int | None = None

    @property
    def reach(self) -> int:
        """Steps ahead that models forecast: the gap and the horizon."""
        return self.gap + self.horizon

    @property
    def backs(self) -> list[int]:
        """How many values of each series come after each cutoff, the earliest cutoff first."""
        step = self.step_size or self.horizon
        return [self.reach + w * step for w in reversed(range(self.n_windows))]

    @property
    def blocks(self) -> list[list[int]]:
        """The same, those together that one fit serves, at whose first it is made."""
        size = self.refit or max(1, self.n_windows)
        return [self.backs[w : w + size] for w in range(0, self.n_windows, size)]

    def between(self, block: Sequence[int], *, n_series: int = 1) -> list[int]:
        """Return origins that are no cutoffs, for the fit of `block`: up to the next fit, evenly spread over all.

        They are fewer where series are so many that their forecasts would fill the memory, but one at least.
        """
        if not self.n_windows:
            return []
        backs = self.backs
        others = [back for back in range(backs[0] - 1, self.gap, -1) if back not in backs]
        most = min(len(others), MORE_ORIGINS, max(1, MOST_FORECASTS // (n_series * self.horizon)))
        chosen = np.unique(np.linspace(0, len(others) - 1, most).astype(int))
        last = next((b[0] for b in self.blocks if b[0] < block[-1]), 0)
        return [others[i] for i in chosen if block[0] > others[i] > last]

    def past(self, panel: Panel, back: int) -> Panel:
        """Return what models are given `back` values before the end of each series."""
        past = panel.drop_last(back)
        return past if self.window_size is None else past.latest(self.window_size)


def choose_n_windows(panel: Panel, horizon: int, *, step_size: int | None = None, gap: int = 0) -> int:
    """Return how many windows to test on.

    As many as leave half of the typical series for the first fit, at least 4 and at most 12; fewer where 4 would
    leave less than two seasons (and at least 3 values, and a horizon) to learn from. 0: nothing can be held out.
    """
    length, step = int(np.median(panel.lengths)), step_size or horizon
    least = max(3, horizon, 2 * panel.season_length)
    wanted = min(MAX_WINDOWS, max(MIN_WINDOWS, (length // 2 - horizon) // step + 1))
    return max(0, min(wanted, (length - least - gap - horizon) // step + 1))
