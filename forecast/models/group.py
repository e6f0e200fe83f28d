"""Members of equal shape that are trained together: what a plan becomes once it has met a panel.

The idea: transforms make the series easy, samples are cut around every time, brought to a common level and size, and
`forecast.nn` does the rest. How long to train is read off the latest block of the past where the plan says so; then the
members start anew and train on all of it.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast import nn
from forecast.models.bags import Bags
from forecast.models.examined import Examined
from forecast.models.heads import new_head
from forecast.models.inputs import CovariateInputs
from forecast.models.members import new_members
from forecast.models.prepared import learned_lifts, prepare
from forecast.models.ridge import ridge
from forecast.samples import Cuts, Samples, last_inputs, lots
from forecast.transforms import (
    Choice,
    SampleScale,
    Standardize,
    StepScale,
    choices_of,
    volatility,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from forecast.models.lifts import Lifts
    from forecast.models.members import Training
    from forecast.models.prepared import Prepared
    from forecast.models.presets import Plan
    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Group"]

LEAST_CUTS = 4
"""With fewer training samples than this before the latest block, there is nothing to read the steps off."""
MOST_LOOKED_AT = 2**16
"""Samples of the latest block that are looked at: of more, so many at equal distances, which bounds the memory."""
MOST_OUTPUTS = 2**22
"""Outputs that are looked at, at most: fewer samples where the horizon is long."""
BLIND_STEPS = 50
"""Steps of training where nothing can be held out: a nudge away from the naive forecast that the network starts as."""
AT_ONCE = 2**24
"""Outputs that are read at once, at most, which bounds the memory."""
MANY = 100
"""Series from which on a copy of the network forecasts them: the buffers that so many rows take are then freed."""
FURTHEST = 50.0
"""A forecast further than so many sizes of its sample from the last value is moved to there."""


class Group:
    """Members that follow one plan.

    Parameters
    ----------
    plan : Plan
        Their shape and how far they look back.
    training : Training
        What they share with all other groups.
    seed : sequence of int
        Where all chance comes from.
    """

    def __init__(self, plan: Plan, training: Training, *, seed: tuple[int, ...]) -> None:
        self.plan = plan
        self.training = training
        self.seed = seed
        self.head = new_head(plan.head, plan.loss)

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Train the members on `panel` to forecast `horizon` steps.

        A member whose training grows without bounds is left out, and the others begin anew, the same as with it.

        Raises
        ------
        Diverged
            When that leaves fewer than half of the members.
        """
        self.lost_: list[nn.Diverged] = []
        self.kept_ = list(range(self.plan.members))
        while True:
            try:
                return self._fit(panel, horizon=horizon)
            except nn.Diverged as error:
                lost = nn.Diverged(self.kept_.pop(error.member), error.step, error.rate)
                if 2 * len(self.kept_) < self.plan.members:
                    raise lost from error
                self.lost_.append(lost)

    def _fit(self, panel: Panel, *, horizon: int) -> Self:
        """Train those members that are kept."""
        plan, self.horizon_ = self.plan, horizon
        self.bags_ = Bags.drawn(panel.n_series, plan.members, seed=self.seed)
        panel = panel if len(self.bags_.series) == panel.n_series else panel.take(self.bags_.series)
        self.lifts_ = learned_lifts(panel, plan, self.training)
        prepared = prepare(panel, plan, self.training, lifts=self.lifts_)
        self.choices_ = prepared.choices
        self.counts_ = _counts(panel, plan.unit)
        samples = self._samples(prepared)
        self.beside_ = CovariateInputs(input_size=plan.input_size, horizon=horizon).fit(panel).see(panel)
        self.search_history_: nn.History | None = None
        self.searched_: nn.Network | None = None
        self.searched_lifts_: Lifts | None = None
        typical = int(np.median(panel.lengths))
        self.block_ = max(2, min(horizon if not plan.ridge else max(horizon, typical // 5), typical // 4))
        cuts = samples.cuts()
        self.steps_ = (self._search(panel, samples) if plan.search else plan.max_steps) if len(cuts) else 0
        self.network_ = self._started(samples, cuts)
        self.history_ = self._train(self.network_, samples, cuts, max_steps=self.steps_)
        return self

    def state(self) -> dict[str, Any]:
        """Return what forecasts need of the group, to be kept in a file."""
        names = ("training", "seed", "horizon_", "beside_", "lifts_", "block_", "steps_", "choices_")
        plan, parameters = replace(self.plan, members=self.network_.members), self.network_.parameters
        return {"plan": plan} | {name: getattr(self, name) for name in names} | {"parameters": parameters}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the group of which `state` was kept; it forecasts, and is not told apart by what it searched.

        Raises
        ------
        ValueError
            When the parameters are not those of the plan.
        """
        group = cls(state.pop("plan"), state.pop("training"), seed=state.pop("seed"))
        parameters = np.array(state.pop("parameters"), np.float32)
        unsearched = {"searched_": None, "searched_lifts_": None, "search_history_": None}
        vars(group).update({"lifts_": None} | state | unsearched)  # files without lifts: none were taken out
        if group.plan.blocks > parameters.shape[1] or group.plan.members != len(parameters):
            raise ValueError("a plan with more blocks or other members than parameters")
        group.network_ = group._network(parameters)
        return group

    @property
    def steps_why(self) -> str:
        """Why training took so many steps."""
        if not self.plan.search:
            return "the rule for many series"
        return "too few samples to search" if self.search_history_ is None else "best on the latest block"

    def ahead(self, panel: Panel, *, searched: bool = False) -> Floats:
        """Return what each member forecasts after the end of `panel`, [E, S, H].

        Transforms are learned anew from the panel; the weights stay. `searched` asks the members that were trained
        without the latest block.
        """
        return self._read(panel, self.head.middle, searched=searched)

    def quantiles(self, panel: Panel, wanted: Sequence[float]) -> Floats:
        """Return the quantiles [E, S, H, Q] after the end of `panel`; NaN where the head is a point."""
        return self._read(panel, lambda raw: self.head.quantiles(raw, wanted))

    def examined(self, panel: Panel, most: int, *, deals: int, rng: np.random.Generator) -> Examined | None:
        """Return members, and at most so many samples of `panel`, to look at what they use; None without samples.

        `panel` is the fitted one or some series of it. The samples are those of the latest block and the members those
        trained without it, where the fit held one back; else what the members learned from. Each of the `deals` has the
        inputs of as many samples, as far apart, but of another time.
        """
        lifts, hidden = (self.lifts_, 0) if self.searched_ is None else (self.searched_lifts_, self.block_)
        prepared = prepare(panel, self.plan, self.training, lifts=lifts, hidden=hidden)
        samples = self._samples(prepared)
        looked = copy(self)
        looked.beside_, looked.counts_ = copy(self.beside_).see(panel), _counts(panel, self.plan.unit)
        whole = samples.cuts()
        cuts = (whole if self.searched_ is None else samples.cuts(latest=self.block_)).spread(most)
        if not len(whole) or not len(cuts):
            return None
        moved = (rng.integers(0, len(whole), (deals, 1)) + (cuts - cuts[0])) % len(whole)
        _, size = SampleScale(self.plan.scale).measure(samples.gather(cuts)[0])
        around = {"before": self.plan.input_size, "after": self.horizon_}
        return Examined(
            network=self.network_ if self.searched_ is None else self.searched_,
            head=self.head,
            scale=SampleScale(self.plan.scale),
            batch=looked._batch(samples, cuts),
            others=np.stack([looked._batch(samples, whole[numbers]).inputs for numbers in moved]),
            added=prepared.added(cuts, cuts, **around) / size[..., None],
            others_added=np.stack([prepared.added(cuts, whole[n], **around) / size[..., None] for n in moved]),
        )

    def _read(self, panel: Panel, read: Callable[[Floats], Floats], *, searched: bool = False) -> Floats:
        """Return what `read` makes of the outputs [E, S, H * outputs], in the unit of the series, [E, S, H, ..]."""
        learned, lifts = self.network_, self.lifts_
        if searched and self.searched_ is not None:
            learned, lifts = self.searched_, self.searched_lifts_
        prepared = prepare(panel, self.plan, self.training, lifts=lifts)
        inputs = last_inputs(prepared.panel.values, panel.offsets, self.plan.input_size)
        level, size = SampleScale(self.plan.scale).measure(inputs)
        seen = np.hstack([(inputs - level) / size, self.beside_.see(panel).last()])
        network = learned if len(seen) < MANY else self._network(learned.parameters)  # whose buffers go with it
        at_once = max(1, AT_ONCE // (network.members * network.output_size))
        parts = [
            read(network.predict(seen[first : first + at_once]).astype(np.float64))
            for first in range(0, len(seen), at_once)
        ]
        found = np.clip(np.concatenate(parts, axis=1), -FURTHEST, FURTHEST)
        more = (1,) * (found.ndim - 3)
        size, level = (np.reshape(part, (*part.shape, *more)) for part in (size, level))
        return prepared.invert(found * size + level)

    def choices(self, panel: Panel) -> list[Choice]:
        """Return what the transforms do to which series of `panel`."""
        training, season = self.training, self.plan.season
        return choices_of(panel, training.transform, missing=training.missing, season=season, power=self.plan.power)

    def _samples(self, prepared: Prepared) -> Samples:
        values, offsets, L, H = prepared.panel.values, prepared.panel.offsets, self.plan.input_size, self.horizon_
        return Samples(values, offsets, prepared.observed, input_size=L, horizon=H)

    def _search(self, panel: Panel, samples: Samples) -> int:
        """Return the steps that were best on the latest block, the median over members."""
        if self.lifts_ is not None:
            self.searched_lifts_ = learned_lifts(panel, self.plan, self.training, hidden=self.block_)
            samples = self._samples(
                prepare(panel, self.plan, self.training, lifts=self.searched_lifts_, hidden=self.block_)
            )
        early = samples.before(self.block_)
        cuts = early.cuts()
        if len(cuts) < LEAST_CUTS:
            return min(BLIND_STEPS, self.plan.max_steps)
        most = min(MOST_LOOKED_AT, max(1, MOST_OUTPUTS // self.horizon_))
        validation = self._batch(samples, samples.cuts(latest=self.block_).spread(most))
        self.searched_ = self._started(early, cuts)
        self.search_history_ = self._train(
            self.searched_, early, cuts, max_steps=self.plan.max_steps, validation=validation
        )
        return int(np.median(self.search_history_.best_step))

    def _network(self, parameters: NDArray[np.float32] | None = None) -> nn.Network:
        """Return the members: untrained, their output the last value of the sample, or with what they learned."""
        return new_members(
            self.plan,
            self.training,
            inputs=self.plan.input_size + self.beside_.size,
            outputs=self.horizon_ * self.head.outputs,
            seed=self.seed,
            parameters=parameters,
        )

    def _started(self, samples: Samples, cuts: Cuts) -> nn.Network:
        """Return untrained members whose output is the last value of the sample, or that of a ridge regression."""
        network = self._network()
        if self.lost_:
            network = self._network(network.parameters[self.kept_])
        skip = network.layers[0]
        if self.plan.ridge and self.plan.head != "histogram" and isinstance(skip, nn.LinearSkip):
            weight, bias = ridge(lambda chosen: self._batch(samples, chosen), cuts)
            skip.skip.weight[...] = np.repeat(weight, self.head.outputs, axis=-1)
            skip.skip.bias[...] = np.repeat(bias, self.head.outputs, axis=-1)
        return network

    def _train(
        self, network: nn.Network, samples: Samples, cuts: Cuts, *, max_steps: int, validation: nn.Batch | None = None
    ) -> nn.History:
        seeds = np.random.SeedSequence((*self.seed, 1)).spawn(self.plan.members)
        streams = [np.random.default_rng(seeds[member]) for member in self.kept_]

        own = self.bags_.cuts(cuts)
        drawn = lots([own[member] for member in self.kept_], streams, self.plan.batch_size)

        def draw(_step: int) -> nn.Batch:
            return self._batch(samples, next(drawn))

        return nn.train(
            network,
            draw,
            loss=self.head.loss(),
            optimizer=self.training.new_optimizer(),
            schedule=self.training.new_schedule(self.plan.learning_rate, self.plan.max_steps),
            max_steps=max_steps,
            validation=validation,
            patience=self.training.patience if validation else None,
            input_noise=self.training.input_noise,
            seed=self.seed[0],
        )

    def _batch(self, samples: Samples, cuts: Ints) -> nn.Batch:
        """Return the samples at `cuts`, scaled; a sample weighs as much as its size, so errors count in one unit."""
        inputs, targets, mask = samples.gather(cuts)
        level, size = SampleScale(self.plan.scale).measure(inputs)
        series = np.searchsorted(samples.offsets, cuts, side="right") - 1
        weight = mask * size * self.counts_[series][..., None]
        single, beside = np.float32, self.beside_.gather(cuts, samples.offsets)
        return nn.Batch(
            np.concatenate([(inputs - level) / size, beside], axis=-1, dtype=single),
            ((targets - level) / size * mask).astype(single),
            weight.astype(single),
        )


def _counts(panel: Panel, unit: str) -> Floats:
    """Return how much a typical step of every series is in the unit that errors are counted in, [S]."""
    if unit == "level":
        return volatility(panel)
    steps = StepScale().fit(panel).size_
    return steps / Standardize().fit(panel).size_ if unit == "deviation" else np.ones_like(steps)
