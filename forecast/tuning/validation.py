"""Settings judged on windows that lie before the test windows of a run.

The idea: the values from the first test cutoff on were cut off before anybody comes here, so nothing that is learned on
these windows can know them. Windows come in rungs, each spread over all of the time, so that a poor try can be given up
after the first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.came import truth
from forecast.defaults import METRIC
from forecast.scoring import losses_of
from forecast.significance import MIN_UNITS
from forecast.split import Split, choose_n_windows
from forecast.tasks import Outcome, Task, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from forecast.bounds import Bounds
    from forecast.panel import Panel
    from forecast.tasks import Factory

__all__ = ["Validation", "mean_loss", "unit_losses", "validation_split"]

PER_RUNG = 2
"""Fits of a rung, at least."""
UNDEFINED = "scaled errors are undefined, for no series changes before its window"


def validation_split(panel: Panel, run: Split) -> Split:
    """Return where the validation windows lie in what is left before the test windows.

    As many as a run on that part would have. Of a single series at least as many as a verdict takes, where their time
    allows it: then they begin less than a horizon apart. The split has no windows where nothing can be held out.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> validation_split(read_series("airline").panel.drop_last(72), Split(12, 6)).backs
    [47, 42, 37, 32, 27, 22, 17, 12]
    """
    n_windows = choose_n_windows(panel, run.horizon, step_size=run.step_size, gap=run.gap) if panel.n_series else 0
    if run.step_size is None and panel.n_series == 1 and n_windows < MIN_UNITS:
        closer = (n_windows - 1) * run.horizon // (MIN_UNITS - 1)
        if closer > 0:
            return replace(run, n_windows=MIN_UNITS, step_size=closer)
    return replace(run, n_windows=n_windows)


class Validation:
    """The windows on which settings are judged.

    Parameters
    ----------
    panel : Panel
        What may be known: it ends before the first test window.
    split : Split
        Where the windows lie in it.
    make : callable
        From the name of a model and some of its settings to what makes it.
    bounds : Bounds
        Which forecasts must keep.
    metric : str
        What is to become small: ``mase``, ``mae`` or ``smape``.
    """

    def __init__(
        self,
        panel: Panel,
        split: Split,
        make: Callable[[str, Mapping[str, Any]], Factory],
        *,
        bounds: Bounds,
        metric: str = METRIC,
    ) -> None:
        self.panel, self.split, self.make, self.bounds, self.metric = panel, split, make, bounds, metric
        self._truths = {window.back: truth(panel, window, split) for window in windows(panel, split)}
        blocks = split.blocks
        count = max(1, len(blocks) // PER_RUNG)
        self.rungs = [blocks[r::count] for r in range(count)]
        """The fits that are judged together, each with the windows it serves."""
        self.overlap = -(-split.reach // (split.step_size or split.horizon)) if panel.n_series == 1 else 1
        """Units less than this apart share data."""

    def tasks(self, model: str, settings: Sequence[Mapping[str, Any]], rung: int) -> list[Task]:
        """Return the fits of a rung, for each of the settings in turn."""
        factories = [self.make(model, chosen) for chosen in settings]
        return [
            Task(model, make, self.panel, self.split, tuple(block), self.bounds)
            for make in factories
            for block in self.rungs[rung]
        ]

    def losses(self, rung: int, done: Iterable[Outcome | None]) -> list[pd.DataFrame | str | None]:
        """Return for each of the settings what its fits of a rung came to.

        Returns
        -------
        list
            A frame of ``unit, loss`` with a row a value (a unit is a window of the one series, or a series of the
            panel); the reason where a fit failed; None where one was not finished in time.
        """
        outcomes, size = list(done), len(self.rungs[rung])
        return [self._losses(rung, outcomes[at : at + size]) for at in range(0, len(outcomes), size)]

    def _losses(self, rung: int, outcomes: list[Outcome | None]) -> pd.DataFrame | str | None:
        if None in outcomes:
            return None
        parts = [pd.DataFrame({"unit": [], "loss": []})]
        for block, outcome in zip(self.rungs[rung], outcomes, strict=True):
            if outcome is None or outcome.failure is not None:
                return "" if outcome is None else str(outcome.failure)
            for back, frame in zip(block, outcome.frames, strict=False):
                rows = frame.merge(self._truths[back], on=["unique_id", "step"], how="left", sort=False)
                unit = rows["unique_id"] if self.panel.n_series > 1 else -back
                parts.append(pd.DataFrame({"unit": unit, "loss": losses_of(rows, self.metric)}))
        return pd.concat(parts[1:], ignore_index=True) if len(parts) > 1 else parts[0]


def mean_loss(parts: Sequence[pd.DataFrame]) -> float:
    """Return the metric over all rows; NaN where it is undefined everywhere.

    Examples
    --------
    >>> mean_loss([pd.DataFrame({"unit": [1, 1], "loss": [0.5, 1.5]}), pd.DataFrame({"unit": [2], "loss": [np.nan]})])
    1.0
    """
    losses = np.concatenate([part["loss"].to_numpy(np.float64) for part in parts])
    known = losses[np.isfinite(losses)]
    return float(known.mean()) if len(known) else float("nan")


def unit_losses(parts: Sequence[pd.DataFrame]) -> tuple[float, ...]:
    """Return the mean loss of each unit, in the order of time or id.

    Examples
    --------
    >>> unit_losses([pd.DataFrame({"unit": [2, 1, 1], "loss": [3.0, 0.5, 1.5]})])
    (1.0, 3.0)
    """
    together = pd.concat(parts, ignore_index=True)
    return tuple(float(value) for value in together.groupby("unit")["loss"].mean())
