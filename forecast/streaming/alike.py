"""Series that come in chunks, read and forecast as those of a sample were.

The idea: whatever a chunk could decide for itself (its frequency, its season, the kinds in its static columns) is
decided by the sample, and nothing that is said of a series depends on those beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.bounds import Bounds
from forecast.doctor import fillable
from forecast.errors import DataError, Notice, shown
from forecast.gates import refuse_warnings
from forecast.models.base import predicted
from forecast.reading.covariate_rows import require_ahead
from forecast.ready import read, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from forecast.config import RunConfig
    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.ready import Ready
    from forecast.results import Listener
    from forecast.split import Split

__all__ = ["Alike", "predicted_alike"]

ALIKE = 512
"""Series go through a shared model in multiples of so many.

The last digit of a forecast may depend on how many rows a product of matrices has; it must not depend on the chunk.
"""


@dataclass(frozen=True)
class Alike:
    """How the series of a sample were read, for those of the chunks.

    Parameters
    ----------
    settings : RunConfig
        All settings, those of reading as they came to for the sample.
    split : Split
        How far ahead is forecast, and from which cutoffs.
    static_names : tuple of str
        What told the series of the sample apart.
    listener : Listener
        Told what is wrong.
    said : set of str
        What has been said, and is not said again.
    """

    settings: RunConfig
    split: Split
    static_names: tuple[str, ...]
    listener: Listener
    said: set[str]

    @classmethod
    def of(cls, ready: Ready, settings: RunConfig, listener: Listener) -> Alike:
        """Return how the series that are `ready` were read."""
        said = set(map(str, ready.notices))
        return cls(_as_read(settings, ready), ready.split, _static_names(ready.panel), listener, said)

    @property
    def bounds(self) -> Bounds:
        """The limits of a forecast."""
        chosen = self.settings.forecast
        return Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)

    def panel(self, table: Table) -> Panel | None:
        """Return the series of a table as models see them; None where all are too short.

        Raises
        ------
        DataError
            As for `forecast.pipeline.predict`; D125, when static columns have kinds that no series of the sample has.
        """
        try:
            loaded = read(table, self.settings)
        except DataError as error:
            if error.code != "D117":
                raise
            self.say([Notice("W204", error.message)])
            return None
        panel, notices = fillable(loaded.panel, missing=self.settings.data.missing)
        require_ahead(panel, self.split.reach)
        self.say([*loaded.notices, *notices])
        return seen(_as_sampled(panel, self.static_names), self.settings, self.split)

    def say(self, notices: Sequence[Notice]) -> None:
        """Say every warning once."""
        new = [notice for notice in notices if str(notice) not in self.said]
        if self.settings.strict:
            refuse_warnings(new)
        for notice in new:
            self.listener.say(str(notice))
        self.said.update(map(str, new))


def predicted_alike(model: Forecaster, past: Panel, levels: Sequence[float]) -> pd.DataFrame:
    """Return the forecasts of a shared model: the same to the last digit, whatever series stand beside one."""
    more = -past.n_series % ALIKE
    series = np.r_[np.arange(past.n_series), np.zeros(more, dtype=np.int64)]
    frame = predicted(model, past.take(series), level=levels)
    return frame.iloc[: len(frame) // len(series) * past.n_series].reset_index(drop=True)


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
