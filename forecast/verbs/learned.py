"""What a sample of series teaches, put to work on the others: shared models, intervals, and how the data are read.

The idea: models that were trained over all series of the sample forecast any series; those that look at each on its
own are fitted to every series that is forecast. Nothing that is said of a series depends on those beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from forecast.backtesting import FAILURES, NOT_FINISHED, Outcome, Task, ahead
from forecast.bounds import Bounds
from forecast.chunks import doer
from forecast.doctor import fillable
from forecast.errors import DataError, ModelError, Notice, shown
from forecast.gates import refuse_warnings
from forecast.models.base import predicted
from forecast.reading.covariate_rows import require_ahead
from forecast.ready import for_intervals, named_factories, prepare, read, seen
from forecast.results import Results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecast.backtesting import Factory
    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.margins import Margins
    from forecast.models.base import Forecaster
    from forecast.models.combination import Combination
    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.ready import Ready
    from forecast.results import Listener
    from forecast.split import Split

__all__ = ["Learned"]

ALIKE = 512
"""Series go through a shared model in multiples of so many.

The last digit of a forecast may depend on how many rows a product of matrices has; it must not depend on the chunk.
"""


@dataclass(frozen=True)
class Learned:
    """What was learned from a sample.

    Parameters
    ----------
    settings : RunConfig
        All settings, those of reading as they came to for the sample.
    split : Split
        How far ahead is forecast.
    static_names : tuple of str
        What told its series apart.
    names : list of str
        The models, in their order.
    shared, own : dict
        By name: the models that were trained on the sample, and how to make those that are fitted to each series.
    margins : Margins
        How wide intervals are.
    combination : Combination, optional
        Of the models, where one was asked for.
    workers, listener
        Who does the work, and who is told of it; what was `said` is not said again.
    """

    settings: RunConfig
    split: Split
    static_names: tuple[str, ...]
    names: list[str]
    shared: dict[str, Forecaster]
    own: dict[str, Factory]
    margins: Margins
    combination: Combination | None
    workers: Workers
    listener: Listener
    said: set[str]

    @classmethod
    def of(
        cls, table: Table, settings: RunConfig, *, flags: Mapping[str, Any], workers: Workers, listener: Listener
    ) -> Self:
        """Return what the series in a table teach; raises what `forecast.pipeline.predict` does."""
        ready = for_intervals(prepare(table, settings, flags=dict(flags)), settings)
        for line in ready.lines:
            listener.say(line)
        factories = named_factories(settings)
        results = Results.of(settings, ready.panel, ready.split, factories, workers=workers, listener=listener)
        failed = [Notice("W310", f"{one['model']} failed: {one['reason']}") for one in results.final.failures]
        notices = [*results.notices(), *failed]
        if settings.strict:
            refuse_warnings(notices)
        for notice in notices:
            listener.say(str(notice))
        models = results.final.models
        own = {name: factories[name] for name in models if _is_own(factories[name])}
        return cls(
            _as_read(settings, ready),
            ready.split,
            _static_names(ready.panel),
            list(models),
            {name: model for name, model in models.items() if name not in own},
            own,
            results.margins,
            results.combination,
            workers,
            listener,
            said=set(map(str, [*ready.notices, *notices])),
        )

    def forecast(self, table: Table) -> pd.DataFrame:
        """Return the forecasts of the series in a table, those of one model after those of another.

        Columns ``unique_id, ds, model, y_hat``, then the ends of the intervals; none where all series are too short.

        Raises
        ------
        DataError
            As for `forecast.pipeline.predict`; D125, when static columns have kinds that no series of the sample has.
        ModelError
            M101, when every model fails.
        """
        panel = self._panel(table)
        if panel is None:
            return pd.DataFrame()
        chosen = self.settings.forecast
        bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
        past = self.split.past(panel, 0).until(self.split.reach)
        frames = self._by_shared(past, bounds) | self._by_own(panel, bounds)
        if not frames:
            what = f"every model failed on the series {shown(panel.ids[0])} to {shown(panel.ids[-1])}"
            raise ModelError("M101", what, hint="--models naive")
        frame = pd.concat([frames[name] for name in self.names if name in frames], ignore_index=True)
        if self.combination is not None:
            frame = pd.concat([frame, bounds.apply(self.combination.ahead(frame))], ignore_index=True)
        frame = bounds.apply(self.margins.ahead(frame, past, chosen.level))
        return frame.drop(columns=["cutoff", "step"])

    def _panel(self, table: Table) -> Panel | None:
        """Return the series of a table as models see them; None where all are too short."""
        try:
            loaded = read(table, self.settings)
        except DataError as error:
            if error.code != "D117":
                raise
            self._say([Notice("W204", error.message)])
            return None
        panel, notices = fillable(loaded.panel, missing=self.settings.data.missing)
        require_ahead(panel, self.split.reach)
        self._say([*loaded.notices, *notices])
        return seen(_as_sampled(panel, self.static_names), self.settings, self.split)

    def _by_shared(self, past: Panel, bounds: Bounds) -> dict[str, pd.DataFrame]:
        """Return the forecasts of the models that were trained on the sample, by their names."""
        frames = {}
        for name, model in self.shared.items():
            try:
                found = _predicted(model, past, self.settings.forecast.level)
                frames[name] = ahead(found, name, self.split, bounds)
            except FAILURES as error:
                self._say([Notice("W310", f"{name} failed: {error}")])
        return frames

    def _by_own(self, panel: Panel, bounds: Bounds) -> dict[str, pd.DataFrame]:
        """Return the forecasts of the models that are fitted to each series, by their names."""
        levels = tuple(self.settings.forecast.level)
        tasks = [Task(name, make, panel, self.split, bounds=bounds, levels=levels) for name, make in self.own.items()]
        frames = {}
        for task, done in zip(tasks, doer(self.workers)(tasks), strict=True):
            outcome = done or Outcome(failure=NOT_FINISHED)
            trouble = outcome.failure or outcome.lost
            failed = [] if trouble is None else [Notice("W310", f"{task.model} failed: {trouble}")]
            self._say([*outcome.notices, *failed])
            if outcome.frames:
                frames[task.model] = outcome.frames[0]
        return frames

    def _say(self, notices: Sequence[Notice]) -> None:
        """Say every warning once."""
        new = [notice for notice in notices if str(notice) not in self.said]
        if self.settings.strict:
            refuse_warnings(new)
        for notice in new:
            self.listener.say(str(notice))
        self.said.update(map(str, new))


def _is_own(make: Factory) -> bool:
    """Whether a model makes of parts of the series what it makes of all: see `forecast.chunks`."""
    return hasattr(getattr(make, "func", make), "joined")


def _as_read(settings: RunConfig, ready: Ready) -> RunConfig:
    """Return the settings with what was inferred of the sample, so that it is not inferred again."""
    loaded, found = ready.loaded, {"target": ready.loaded.target, "layout": "long"}
    found |= {} if loaded.time is None else {"time": loaded.time}
    if settings.data.resample == "none":
        found["freq"] = loaded.frequency.alias
    update = {**found, "season_length": loaded.panel.season_lengths or 1}
    return settings.model_copy(update={"data": settings.data.model_copy(update=update)})


def _static_names(panel: Panel) -> tuple[str, ...]:
    return () if panel.covariates is None else panel.covariates.static_names


def _as_sampled(panel: Panel, names: tuple[str, ...]) -> Panel:
    """Return the panel with the static columns of the sample: a kind of a text that no series here has is 0 in all.

    Raises
    ------
    DataError
        D125, on a kind that no series of the sample has.
    """
    beside = panel.covariates
    if beside is None or beside.static_names == names:
        return panel
    new = [name for name in beside.static_names if name not in names]
    if new:
        what = (
            f"no series of the sample has {shown(new[0])}, one of the chunk that begins with {shown(panel.ids[0])} has"
        )
        raise DataError("D125", what, hint="a larger --sample-series, or without that --static")
    static = np.zeros((panel.n_series, len(names)))
    static[:, [names.index(name) for name in beside.static_names]] = beside.static
    return replace(panel, covariates=replace(beside, static=static, static_names=names))


def _predicted(model: Forecaster, past: Panel, levels: Sequence[float]) -> pd.DataFrame:
    """Return the forecasts of a shared model: the same to the last digit, whatever series stand beside one."""
    more = -past.n_series % ALIKE
    series = np.r_[np.arange(past.n_series), np.zeros(more, dtype=np.int64)]
    frame = predicted(model, past.take(series), level=levels)
    return frame.iloc[: len(frame) // len(series) * past.n_series].reset_index(drop=True)
