"""What a sample of series teaches at every cutoff of a backtest, put to work on the windows of all the others.

The idea: at each cutoff the networks know the sample's past and no more, and so do intervals and combinations; then the
windows of a chunk are forecast one after another, so that no more than one of them is in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from forecast.backtesting import backtest
from forecast.calibration import Calibration
from forecast.came import beside_truth
from forecast.chunks import doer
from forecast.errors import Notice
from forecast.models.combination import COMBINATION, Combination
from forecast.ready import factories_of, prepare
from forecast.streaming.alike import Alike
from forecast.streaming.taught import Taught, is_own
from forecast.tasks import Window, given
from forecast.verbs.trials import combine, notices_of, require_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from forecast.backtesting import Backtest
    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.margins import Margins
    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.ready import Ready
    from forecast.results import Listener

__all__ = ["ChunkWindow", "LearnedWindows"]


@dataclass(frozen=True)
class ChunkWindow:
    """A window of the series of a chunk: the rows of all models, and those models that failed in it with the reason."""

    back: int
    rows: pd.DataFrame
    failed: dict[str, str]


@dataclass(frozen=True)
class LearnedWindows:
    """What was learned from a sample at each cutoff.

    Parameters
    ----------
    alike : Alike
        How its series were read.
    names : list of str
        All models that were tried, in their order.
    tested : list of str
        Those of them that came to something.
    models : list of Taught
        Those of each block of windows that one fit serves, as ``split.blocks`` has them.
    margins : dict
        How wide intervals are at each cutoff, by the number of values after it.
    combinations : dict
        The same of combinations, where one was asked for.
    n_windows : int
        In how many windows of the sample models were tried.
    failed : list of tuple
        Where a model failed that is trained on the sample, or came to nothing there: its name, the values after the
        cutoff, and the reason.
    """

    alike: Alike
    names: list[str]
    tested: list[str]
    models: list[Taught]
    margins: dict[int, Margins]
    combinations: dict[int, Combination]
    n_windows: int
    failed: list[tuple[str, int, str]]

    @classmethod
    def of(
        cls, table: Table, settings: RunConfig, *, flags: Mapping[str, Any], workers: Workers, listener: Listener
    ) -> Self:
        """Return what the series in a table teach; raises what `forecast.pipeline.backtest` does."""
        ready = prepare(table, settings, flags=dict(flags), facts=False)
        require_windows(ready)
        for line in ready.lines:
            listener.say(line)
        alike, factories, chosen = Alike.of(ready, settings, listener), factories_of(settings), settings.forecast
        shared = [name for name, make in factories.items() if not is_own(make)]
        tested = backtest(
            factories,
            ready.panel,
            ready.split,
            bounds=alike.bounds,
            levels=chosen.level,
            keep=shared,
            do=doer(workers, lambda task: listener.progress(0, 1, f"sample: {task.model}")),
        )
        names, single, came = list(factories), tested.frame, set(tested.frame["model"])
        own = {name: make for name, make in factories.items() if name in came and name not in shared}
        fits = {fit.back: fit.models for fit in tested.fits}
        models = [Taught(alike, workers, fits.get(block[0], {}), own) for block in ready.split.blocks]
        combinations: dict[int, Combination] = {}
        if members := combine(tested, settings, names, alike.bounds, reach=ready.split.reach):
            names.append(COMBINATION)
            combinations = _combinations(single, members, settings, ready)
        failed = [
            (failure["model"], fit.back, failure["reason"])
            for fit in tested.fits
            for failure in fit.failures
            if failure["model"] not in own
        ]
        alike.say([*notices_of(tested.fits), *(Notice("W310", f"{name} failed: {why}") for name, _, why in failed)])
        able = [name for name in names if name in set(tested.frame["model"])]
        margins = _margins(tested, ready, settings, able)
        return cls(alike, names, able, models, margins, combinations, len(tested.fits), failed)

    def windows(self, table: Table) -> Iterator[ChunkWindow]:
        """Yield the windows of the series in a table, as the backtest frame has them, the earliest cutoff first.

        Raises
        ------
        DataError
            As for `forecast.pipeline.backtest`; D125, when static columns have kinds that no series of the sample has.
        ModelError
            M101, when every model fails.
        """
        panel = self.alike.panel(table)
        if panel is None:
            return
        for block, models in zip(self.alike.split.blocks, self.models, strict=True):
            told = models.forecasts(panel, block)
            for back, frames in zip(block, told.frames, strict=True):
                found = [frames[name] for name in self.names if name in frames]
                past = given(panel, back, self.alike.split)
                if found and past is not None:
                    rows = self._with_intervals(found, panel, Window(past, back))
                    yield ChunkWindow(back, rows, told.failed if back == block[0] else {})

    def _with_intervals(self, found: list[pd.DataFrame], panel: Panel, window: Window) -> pd.DataFrame:
        """Return the forecasts of a window with what came, the combination and the intervals that could be given."""
        bounds = self.alike.bounds
        frame = beside_truth(found, panel, window, self.alike.split)
        if window.back in self.combinations:
            rows = self.combinations[window.back].ahead(frame)
            frame = pd.concat([frame, bounds.apply(rows)], ignore_index=True) if len(rows) else frame
        margins, levels = self.margins[window.back], self.alike.settings.forecast.level
        return bounds.apply(margins.around(frame, levels, sure_alone=True)).drop(columns="back")


def _combinations(frame: pd.DataFrame, members: list[str], settings: RunConfig, ready: Ready) -> dict[int, Combination]:
    """Return the combination that could be made at each cutoff of what the sample had been forecast by then."""
    section, reach = settings.models.combination, ready.split.reach
    method = "mean" if section is None else section.method
    return {back: Combination.of(members, method, frame, reach=reach, back=back) for back in ready.split.backs}


def _margins(tested: Backtest, ready: Ready, settings: RunConfig, models: list[str]) -> dict[int, Margins]:
    """Return how wide intervals are at each cutoff by the errors of the sample that were known by then."""
    chosen = settings.forecast
    calibration = Calibration(ready.panel, ready.split, tested, chosen.level, adaptive=chosen.adaptive)
    if chosen.quantile == "none":
        return {back: calibration.margins(models, back=back) for back in ready.split.backs}
    quantile, moved = chosen.quantile, calibration.at_quantile(chosen.quantile)
    return {
        back: moved.margins(
            models, back=back, shifts=calibration.shifts(models, quantile, back=back), quantile=quantile
        )
        for back in ready.split.backs
    }
