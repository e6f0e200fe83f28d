"""The models of one cutoff at work on the series of a chunk: shared ones as they are, the others fitted to each series.

The idea: a model that was trained over all series of a sample forecasts any series; one that looks at each on its own
learns nothing from the sample, so it is fitted in the chunk, as it is where all series are in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecast.backtesting import NOT_FINISHED
from forecast.chunks import doer
from forecast.errors import ModelError, Notice, shown
from forecast.streaming.alike import predicted_alike
from forecast.tasks import FAILURES, Outcome, Task, ahead, given

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from forecast.engine import Workers
    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.streaming.alike import Alike
    from forecast.tasks import Factory

__all__ = ["Foretold", "Taught", "is_own"]


@dataclass(frozen=True)
class Foretold:
    """What models forecast from some cutoffs: a frame a model, for each of them; and why those failed that did."""

    frames: list[dict[str, pd.DataFrame]]
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taught:
    """Models that forecast series of which they may have seen none.

    Parameters
    ----------
    alike : Alike
        How the series are read, how far ahead is forecast, and who is told what fails.
    workers : Workers
        Who fits what is fitted to each series.
    shared, own : dict
        By name: the models that were trained on the sample, and how to make those that are fitted to each series.
    """

    alike: Alike
    workers: Workers
    shared: dict[str, Forecaster]
    own: dict[str, Factory]

    def forecasts(self, panel: Panel, backs: Sequence[int] = (0,)) -> Foretold:
        """Return the forecasts from so many values before the end of each series, by fits before the first of these.

        Raises
        ------
        ModelError
            M101, when every model fails.
        """
        split, past = self.alike.split, given(panel, backs[0], self.alike.split)
        if past is None:
            return Foretold([{} for _ in backs])
        fitted, pasts = set(past.ids), [past]
        for back in backs[1:]:
            later = split.past(panel, back)
            pasts.append(later.take([s for s, name in enumerate(later.ids) if name in fitted]).until(split.reach))
        shared, own = self._by_shared(pasts), self._by_own(panel, backs)
        failed = shared.failed | own.failed
        if not (shared.frames[0] or own.frames[0]):
            what = f"every model failed on the series {shown(panel.ids[0])} to {shown(panel.ids[-1])}"
            raise ModelError("M101", what, hint="--models naive")
        return Foretold([one | other for one, other in zip(shared.frames, own.frames, strict=True)], failed)

    def _by_shared(self, pasts: Sequence[Panel]) -> Foretold:
        """Return the forecasts of the models that were trained on the sample."""
        told = Foretold([{} for _ in pasts])
        for name, model in self.shared.items():
            try:
                found = [predicted_alike(model, past, self._levels) for past in pasts]
                frames = [ahead(frame, name, self.alike.split, self.alike.bounds) for frame in found]
            except FAILURES as error:
                self._fails(told, name, str(error))
                continue
            for place, frame in zip(told.frames, frames, strict=True):
                place[name] = frame
        return told

    def _by_own(self, panel: Panel, backs: Sequence[int]) -> Foretold:
        """Return the forecasts of the models that are fitted to each series."""
        told = Foretold([{} for _ in backs])
        split, bounds = self.alike.split, self.alike.bounds
        tasks = [Task(name, make, panel, split, tuple(backs), bounds, self._levels) for name, make in self.own.items()]
        for task, done in zip(tasks, doer(self.workers)(tasks), strict=True):
            outcome = done or Outcome(failure=NOT_FINISHED)
            self.alike.say(outcome.notices)
            if (trouble := outcome.failure or outcome.lost) is not None:
                self._fails(told, task.model, trouble)
            for place, frame in zip(told.frames, outcome.frames, strict=False):
                place[task.model] = frame
        return told

    @property
    def _levels(self) -> tuple[float, ...]:
        return tuple(self.alike.settings.forecast.level)

    def _fails(self, told: Foretold, name: str, reason: str) -> None:
        self.alike.say([Notice("W310", f"{name} failed: {reason}")])
        told.failed[name] = reason


def is_own(make: Factory) -> bool:
    """Whether a model makes of parts of the series what it makes of all: see `forecast.chunks`."""
    return hasattr(getattr(make, "func", make), "joined")
