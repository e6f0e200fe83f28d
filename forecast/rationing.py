"""Slow models under a budget of time: tried on some of the series, where all of them would take too long.

The idea: models that are fitted to every series are timed on a few of them; where the budget does not last for all,
they are given the same stratified sample. Scores are of the points that all models forecast, so every model is compared
on these series, and whoever reads a score is told so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from forecast.defaults import BASELINES
from forecast.strata import drawn_by_strata
from forecast.tasks import Task, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.engine import Workers
    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Factory

__all__ = ["Ration", "kept_for_rows", "rationed", "timed"]

FEW = 8
"""Series on which the slow models are timed."""
LEAST = 40
"""Series of a sample at least, however short the budget; so many or fewer are not sampled."""
TRIAL = 0.2
"""The part of a budget in which they must be done with it."""
SHARE, ALONE = 0.5, 0.8
"""The part of a budget for the slow models, beside others and where they are all there is."""


@dataclass(frozen=True)
class Ration:
    """The series that slow models are given.

    Parameters
    ----------
    models : tuple of str
        The slow models.
    panel : Panel
        Those of the series that they are given.
    of : int
        How many series there are.
    """

    models: tuple[str, ...]
    panel: Panel
    of: int

    @property
    def panels(self) -> dict[str, Panel]:
        """By the name of each slow model, what it is given."""
        return dict.fromkeys(self.models, self.panel)

    @property
    def account(self) -> dict[str, Any]:
        """What run.json says: ``models``, and how many ``series`` ``of`` how many."""
        return {"models": list(self.models), "series": self.panel.n_series, "of": self.of}


def rationed(
    factories: Mapping[str, Factory], panel: Panel, split: Split, workers: Workers, *, seed: int, last: bool = True
) -> Ration | None:
    """Return the ration that a budget allows for; None without a budget, and where it lasts for all series.

    Parameters
    ----------
    factories : mapping of name to callable
        How to make each model.
    panel, split
        The data, and where the windows lie. The strata know nothing that follows the first cutoff.
    workers : Workers
        Whose time is limited.
    seed : int
        Of the draw.
    last : bool
        Whether there is a fit to all data as well.
    """
    slow = tuple(name for name, make in factories.items() if hasattr(getattr(make, "func", make), "joined"))
    seconds = workers.seconds_left
    if seconds is None or not slow or panel.n_series <= LEAST:
        return None
    past = split.past(panel, split.backs[0]) if split.n_windows else panel
    fits = len(split.blocks) + last
    makers = {name: factories[name] for name in slow}
    cost = fits * sum(_seconds(makers, _named(panel, past, FEW, seed), split, workers)) / FEW
    seconds = workers.seconds_left or 0.0
    share = ALONE if set(factories) <= {*slow, *BASELINES} else SHARE
    lasts_for = int(share * seconds * workers.count / max(cost, 1e-9))
    if lasts_for >= panel.n_series:
        return None
    return Ration(slow, _named(panel, past, max(LEAST, lasts_for), seed), panel.n_series)


def kept_for_rows(seconds: float, fits: int, *, once: float, left: float | None) -> float:
    """Return what those windows will need afterwards that are likely to be finished, of the seconds for all of them.

    Parameters
    ----------
    seconds : float
        What follows of all windows.
    fits : int
        How often all models are fitted for them.
    once : float
        Seconds of one such fit, as long as the fits to all data took.
    left : float or None
        Seconds that are left; None: there is no limit.

    Examples
    --------
    >>> kept_for_rows(6.0, 12, once=2.0, left=10.0)  # four, and the one that is begun then
    2.5
    >>> kept_for_rows(6.0, 12, once=2.0, left=1000.0), kept_for_rows(6.0, 12, once=2.0, left=None)
    (6.0, 0.0)
    """
    if left is None or not fits:
        return 0.0
    each = seconds / fits
    return min(seconds, (left // max(once + each, 1e-9) + 1) * each)


def _named(panel: Panel, past: Panel, size: int, seed: int) -> Panel:
    """Return all of the series that are drawn by their pasts."""
    drawn = {past.ids[s] for s in drawn_by_strata(past, size, seed=seed)}
    return panel.take([s for s, name in enumerate(panel.ids) if name in drawn])


def _seconds(factories: Mapping[str, Factory], few: Panel, split: Split, workers: Workers) -> list[float]:
    """Return how long each model takes for one fit to a few series and its forecasts: at least, where it is stopped."""
    backs = (*split.blocks[-1], *split.between(split.blocks[-1])) if split.n_windows else (0,)
    limit = TRIAL * (workers.seconds_left or 0.0)
    found = workers.try_out(timed, [Task(name, make, few, split, backs) for name, make in factories.items()], limit)
    return [limit if seconds is None else seconds for seconds in found]


def timed(task: Task) -> float:
    """Return how long a task takes, without loading what its model needs."""
    perform(replace(task, panel=task.panel.take([0])))
    start = perf_counter()
    perform(task)
    return perf_counter() - start
