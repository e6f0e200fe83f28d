"""A search for better settings of one model: tries proposed by Optuna, judged on windows before the test windows.

The idea: trials are asked for in batches of fixed size and told in the order of their numbers, so that neither the
number of workers nor a stop in between changes the search. A search that goes on is the same search from its start, in
which the trials that are known already take no time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from forecast.errors import ConfigError, ModelError
from forecast.significance import compare
from forecast.tuning.journal import Tried, quiet_optuna
from forecast.tuning.space import Span, grid, label
from forecast.tuning.validation import UNDEFINED, mean_loss, unit_losses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from forecast.significance import Comparison
    from forecast.tasks import Doer
    from forecast.tuning.journal import Journal
    from forecast.tuning.space import Parameter
    from forecast.tuning.validation import Validation

__all__ = ["BATCH", "Searched", "points_of", "search"]

BATCH = 4
"""Trials that are asked for together. It is no setting: another number is another search."""
FREE_BATCHES = 2
"""The first batches are drawn at random; from then on the sampler learns from what was told."""
ALPHA = 0.05
DIGITS = 2
"""Numbers are tried as they will be written, with so many digits."""


@dataclass(frozen=True)
class Searched:
    """What a search of one model came to.

    Parameters
    ----------
    model : str
        Whose settings were sought.
    trials : list of Tried
        All that were finished, the defaults first.
    planned : int
        How many there were to be; fewer were finished where time ran out.
    overlap : int
        Units less than this apart share data.
    """

    model: str
    trials: list[Tried]
    planned: int
    overlap: int

    def count(self, state: str) -> int:
        """Return how many trials are ``complete``, ``pruned`` or ``failed``."""
        return sum(one.state == state for one in self.trials)

    @property
    def ranked(self) -> list[Tried]:
        """The complete trials, the best first; settings that were tried twice stand there once."""
        once = {repr(one.settings): one for one in reversed(self.trials) if one.state == "complete"}
        return sorted(once.values(), key=lambda one: (one.value or 0.0, one.number))

    @property
    def best(self) -> Tried:
        """The trial with the smallest value."""
        return self.ranked[0]

    @property
    def default(self) -> Tried:
        """Trial 0."""
        return self.trials[0]

    @property
    def comparison(self) -> Comparison:
        """The best trial against the defaults, in the four wordings.

        The best of many is ahead by luck already: a p-value must be below 5 % divided by how many were compared with
        the defaults (Bonferroni).
        """
        others = max(1, len(self.ranked) - 1)
        default = self.default.losses or (float("nan"),) * len(self.best.losses)
        return compare(self.best.losses, default, alpha=ALPHA / others, overlap=self.overlap)


def search(
    model: str,
    space: Sequence[Parameter],
    validation: Validation,
    *,
    trials: int,
    seed: int,
    journal: Journal,
    do: Doer,
    tick: Callable[[Searched], object] = lambda _: None,
) -> Searched:
    """Search the settings of a model: the tree-structured Parzen estimator, with pruning by the median.

    The estimator (Bergstra et al. 2011) and the pruner are Optuna's. A space with few enough points is gone through
    point by point, and settings that were tried already are not tried again. `tick` is told what is known after each
    batch.

    Parameters
    ----------
    model : str
        Its name.
    space : sequence of Parameter
        What is sought.
    validation : Validation
        The windows that judge.
    trials : int
        The most trials.
    seed : int
        The same seed gives the same search.
    journal : Journal
        Where finished trials are kept; those it has already are not made again.
    do : callable
        Does the fits, in their order; None stands for one that was not finished in time, which ends the search.

    Raises
    ------
    ConfigError
        U113, when the journal is of another search.
    ModelError
        M101, when every trial failed; M111, when not even the defaults were tried in time.
    """
    known = journal.trials(model)
    points = points_of(space, trials)
    planned = trials if points is None else len(points)
    found = Searched(model, [], planned, validation.overlap)
    with quiet_optuna() as optuna:
        pruner = optuna.pruners.MedianPruner(n_startup_trials=BATCH, n_warmup_steps=1)
        study = optuna.create_study(direction="minimize", pruner=pruner)
        distributions = {p.setting: _distribution(optuna, p) for p in space}
        for first, size in _batches(planned):
            study.sampler = _sampler(optuna, seed, model, first)
            for point in _fixed(space, points, first, size):
                study.enqueue_trial(point)
            asked = [study.ask(distributions) for _ in range(size)]
            tries = [Tried(one.number, "", None, _settings(space, one)) for one in asked]
            kept = known[first : first + size]
            _require_same(kept, tries, journal)
            judged = _judged(asked, tries, _known(tries, kept, found.trials), model, validation, do)
            for trial, one in zip(asked, judged, strict=False):
                _tell(optuna, study, trial, one)
                if one.number >= len(known):
                    journal.add(model, one, trial.params, trial.distributions)
            found = replace(found, trials=[*found.trials, *judged])
            if found.count("complete"):
                tick(found)
            if len(judged) < size:
                break
    _require_any(found)
    return found


def points_of(space: Sequence[Parameter], trials: int) -> list[dict[str, Any]] | None:
    """Return all points of a space that so many trials can go through one by one; None where it is larger."""
    points = grid(space)
    return points if points is not None and len(points) <= trials else None


def _batches(planned: int) -> list[tuple[int, int]]:
    """Return where each batch begins and its size: the defaults alone, so that they are there if time runs out.

    Examples
    --------
    >>> _batches(7)
    [(0, 1), (1, 4), (5, 2)]
    """
    return [(0, 1), *((first, min(BATCH, planned - first)) for first in range(1, planned, BATCH))]


def _known(tries: Sequence[Tried], kept: Sequence[Tried], before: Sequence[Tried]) -> list[Tried | None]:
    """Return what a batch will come out as where that is known: from the journal, or tried `before` to the letter."""
    twins = {repr(one.settings): one for one in before if one.state == "complete"}
    known: list[Tried | None] = [*kept]
    for one in tries[len(kept) :]:
        twin = twins.get(repr(one.settings))
        known.append(None if twin is None else replace(twin, number=one.number))
    return known


def _judged(
    asked: Sequence[Any],
    tries: Sequence[Tried],
    known: Sequence[Tried | None],
    model: str,
    validation: Validation,
    do: Doer,
) -> list[Tried]:
    """Return the trials of a batch as they come out: those that are `known` as they are, others rung by rung.

    Where time runs out, those are returned that come before the first unfinished one.
    """
    out = list(known)
    for trial, one in zip(asked, known, strict=True):
        for step, value in enumerate(() if one is None else one.steps):
            trial.report(value, step)
    parts: dict[int, list[pd.DataFrame]] = {i: [] for i, one in enumerate(known) if one is None}
    for rung in range(len(validation.rungs)):
        alive = [i for i in parts if out[i] is None]
        if not alive:
            break
        results = validation.losses(rung, do(validation.tasks(model, [tries[i].settings for i in alive], rung)))
        for i, result in zip(alive, results, strict=True):
            if result is None:
                return _before_the_first_gap(out)
            last = rung == len(validation.rungs) - 1
            out[i] = _after(result, asked[i], tries[i], parts[i], last=last)
    return _before_the_first_gap(out)


def _after(
    result: pd.DataFrame | str, trial: Any, tried: Tried, parts: list[pd.DataFrame], *, last: bool
) -> Tried | None:
    """Return a trial that is over after a rung, whose losses join its `parts`; None for one that goes on."""
    if isinstance(result, str):
        return replace(tried, state="failed", reason=result)
    parts.append(result)
    steps = tuple(mean_loss(parts[:rungs]) for rungs in range(1, len(parts) + 1))
    trial.report(steps[-1], len(parts) - 1)
    if last and isnan(steps[-1]):
        return replace(tried, state="failed", reason=UNDEFINED)
    if last:
        return replace(tried, state="complete", value=steps[-1], steps=steps, losses=unit_losses(parts))
    if tried.number > 0 and trial.should_prune():
        return replace(tried, state="pruned", value=steps[-1], steps=steps)
    return None


def _before_the_first_gap(out: Sequence[Tried | None]) -> list[Tried]:
    whole: list[Tried] = []
    for one in out:
        if one is None:
            break
        whole.append(one)
    return whole


def _tell(optuna: Any, study: Any, trial: Any, one: Tried) -> None:
    states = optuna.trial.TrialState
    if one.state == "complete":
        study.tell(trial, one.value)
    else:
        study.tell(trial, state=states.PRUNED if one.state == "pruned" else states.FAIL)


def _sampler(optuna: Any, seed: int, model: str, first: int) -> Any:
    """Return the sampler of a batch; it has a seed of its own, so that a search can go on from any batch."""
    state = np.random.SeedSequence((seed, crc32(model.encode()), first)).generate_state(1)
    return optuna.samplers.TPESampler(
        seed=int(state[0]), n_startup_trials=FREE_BATCHES * BATCH, constant_liar=True, multivariate=True
    )


def _distribution(optuna: Any, parameter: Parameter) -> Any:
    if isinstance(parameter, Span):
        return optuna.distributions.FloatDistribution(parameter.low, parameter.high, log=True)
    return optuna.distributions.CategoricalDistribution([label(value) for value in parameter.options])


def _fixed(
    space: Sequence[Parameter], points: Sequence[Mapping[str, Any]] | None, first: int, size: int
) -> list[dict[str, Any]]:
    """Return the trials of a batch that nobody has to propose: the defaults, or the points of a small space."""
    if points is not None:
        return [{name: label(value) for name, value in point.items()} for point in points[first : first + size]]
    defaults = {p.setting: p.at if isinstance(p, Span) else label(p.default) for p in space}
    return [defaults] if first == 0 else []


def _settings(space: Sequence[Parameter], trial: Any) -> dict[str, Any]:
    """Return what a trial of Optuna's is in our settings; trial 0 is the defaults to the letter."""
    if trial.number == 0:
        return {p.setting: p.default for p in space}
    found: dict[str, Any] = {}
    for p in space:
        value = trial.params[p.setting]
        if isinstance(p, Span):
            found[p.setting] = float(f"{value:.{DIGITS}g}")
        else:
            found[p.setting] = next(option for option in p.options if label(option) == value)
    return found


def _require_same(kept: Sequence[Tried], tries: Sequence[Tried], journal: Journal) -> None:
    for old, new in zip(kept, tries, strict=False):
        if old.settings != new.settings:
            what = f"the search in {journal.path.parent} was made by another version: its trial {old.number} differs"
            raise ConfigError("U113", what, hint="another --out, or the version of Optuna it was made by")


def _require_any(found: Searched) -> None:
    """Raise where no trial was complete."""
    if not found.trials:
        what = f"time ran out before {found.model} was tried once with its defaults"
        raise ModelError("M111", what, hint="a longer --budget, or --preset fast")
    if not found.count("complete"):
        reasons = "; ".join(list(dict.fromkeys(one.reason for one in found.trials if one.reason))[:3])
        raise ModelError("M101", f"{found.model} failed in every trial: {reasons}", hint="forecast check DATA")
