"""What a sample of series teaches of the future: models, intervals and a combination, put to work on all the others.

The idea: a sample is forecast as if it were all data; what came of that forecasts the series of every chunk, of which
nothing more is learned. The same at the cutoffs of a backtest is `forecast.streaming.learned_windows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from forecast.errors import Notice
from forecast.ready import for_intervals, named_factories, prepare
from forecast.results import Results
from forecast.streaming.alike import Alike
from forecast.streaming.taught import Taught, is_own

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.margins import Margins
    from forecast.models.combination import Combination
    from forecast.reading.table import Table
    from forecast.results import Listener

__all__ = ["Learned"]


@dataclass(frozen=True)
class Learned:
    """What was learned from a sample.

    Parameters
    ----------
    alike : Alike
        How its series were read.
    names : list of str
        The models, in their order.
    models : Taught
        The same, at work.
    margins : Margins
        How wide intervals are.
    combination : Combination, optional
        Of the models, where one was asked for.
    """

    alike: Alike
    names: list[str]
    models: Taught
    margins: Margins
    combination: Combination | None

    @classmethod
    def of(
        cls, table: Table, settings: RunConfig, *, flags: Mapping[str, Any], workers: Workers, listener: Listener
    ) -> Self:
        """Return what the series in a table teach; raises what `forecast.pipeline.predict` does."""
        ready = for_intervals(prepare(table, settings, flags=dict(flags), facts=False), settings)
        for line in ready.lines:
            listener.say(line)
        factories = named_factories(settings)
        results = Results.of(settings, ready.panel, ready.split, factories, workers=workers, listener=listener)
        failed = [Notice("W310", f"{one['model']} failed: {one['reason']}") for one in results.final.failures]
        alike = Alike.of(ready, settings, listener)
        alike.say([*results.notices(), *failed])
        models = results.final.models
        own = {name: factories[name] for name in models if is_own(factories[name])}
        shared = {name: model for name, model in models.items() if name not in own}
        return cls(alike, list(models), Taught(alike, workers, shared, own), results.margins, results.combination)

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
        panel, bounds = self.alike.panel(table), self.alike.bounds
        if panel is None:
            return pd.DataFrame()
        frames = self.models.forecasts(panel).frames[0]
        frame = pd.concat([frames[name] for name in self.names if name in frames], ignore_index=True)
        if self.combination is not None:
            frame = pd.concat([frame, bounds.apply(self.combination.ahead(frame))], ignore_index=True)
        past = self.alike.split.past(panel, 0)
        frame = bounds.apply(self.margins.ahead(frame, past, self.alike.settings.forecast.level))
        return frame.drop(columns=["cutoff", "step"])
