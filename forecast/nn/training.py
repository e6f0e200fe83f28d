"""The loop: draw a batch, forward, loss, backward, step; look at the validation block; stop in time.

The idea: members are trained together but judged apart. Each keeps the weights of its own best validation loss, is done
when it has not improved for `patience` steps, and is brought back alone when its loss explodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.nn.losses import Loss
    from forecast.nn.network import Network
    from forecast.nn.optimizers import Optimizer, Rate
    from forecast.nn.schedules import Schedule

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Batch", "Diverged", "History", "train"]

EXPLODED = 1e4
"""A loss so many times the first one (or the best since) is as good as not finite."""
RESCUES = 3
"""How often a member may diverge, each time from its best weights at half the rate, before training fails."""


class Batch(NamedTuple):
    """Samples of one step: ``inputs [B, L] or [E, B, L]``, ``targets [.., B, H]``, ``weight`` like targets or None."""

    inputs: Array
    targets: Array
    weight: Array | None = None


class Diverged(RuntimeError):
    """The loss of a member exploded or is no number, and halving the rate three times did not help."""

    def __init__(self, member: int, step: int, rate: float) -> None:
        super().__init__(f"member {member} diverged at step {step} with learning rate {rate:g}")
        self.member = member
        self.step = step
        self.rate = rate

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.member, self.step, self.rate)


@dataclass(frozen=True)
class History:
    """What happened, one row per look (N looks, E members).

    Parameters
    ----------
    steps : ndarray [N]
        Steps taken before each look; the first is 0.
    train_loss : ndarray [N, E]
        Mean over the batches since the last look; NaN at step 0.
    val_loss : ndarray [N, E]
        By the same loss as `train_loss`, without noise and dropout; NaN without a validation block.
    rates : ndarray [N]
        The learning rate of the last step, before any member's own reduction.
    gradient_norms : ndarray [N, E]
        Length of the gradient of the last step, before clipping; NaN at step 0.
    best_step : ndarray [E]
        The step whose weights were kept.
    rescues : ndarray [E]
        How often a member diverged and was brought back.
    reason : {"max_steps", "patience", "budget"}
        Why the loop ended.
    """

    steps: Array
    train_loss: Array
    val_loss: Array
    rates: Array
    gradient_norms: Array
    best_step: Array
    rescues: Array
    reason: str


def train(
    network: Network,
    draw: Callable[[int], Batch],
    *,
    loss: Loss,
    optimizer: Optimizer,
    schedule: Schedule,
    max_steps: int,
    validation: Batch | None = None,
    patience: int | None = None,
    min_gain: float = 0.0,
    look_every: int = 10,
    clip: float | None = None,
    input_noise: float = 0.0,
    average: float | None = None,
    max_seconds: float | None = None,
    seed: int = 0,
) -> History:
    """Train all members of `network` in place.

    Parameters
    ----------
    network : Network
        Goes on from the parameters it has.
    draw : callable
        Returns the batch of a step, counted from 0.
    loss, optimizer, schedule
        What is made small, by which rule, at which rate. Optimizer and schedule are reset first.
    max_steps : int
        The number of steps, if nothing stops earlier.
    validation : Batch, optional
        Samples that lie later in time than all that `draw` returns. With it, every member ends with the weights of
        its best look; without, with those of the last step.
    patience : int, optional
        A member is done when its validation loss has not improved for so many steps; when all are, the loop ends.
    min_gain : float
        The share of the best validation loss by which a better one must be better.
    look_every : int
        Steps from one look at the losses to the next.
    clip : float, optional
        A member's gradient longer than this is shortened to it (Pascanu et al. 2013).
    input_noise : float
        Standard deviation of normal noise added to the inputs of every batch.
    average : float, optional
        Keep an exponential moving average of the weights with this share of the old (0.99: over about the last 100
        steps; Polyak & Juditsky 1992), which is what is validated and kept.
    max_seconds : float, optional
        Stop when the next step, with the look after it, would end later than this. How far training got then depends
        on the machine.
    seed : int
        Of the noise.

    Raises
    ------
    Diverged
        When a member's loss exploded or stopped being a number more than three times.
    """
    clock = _Clock(max_seconds)
    with network.training_mode(), np.errstate(over="ignore", invalid="ignore"):  # who diverges is seen by the loss
        run = _Run(network, loss, optimizer, schedule, clip=clip, noise=input_noise, seed=seed)
        keeper = _Keeper(network, loss, validation, patience=patience, min_gain=min_gain, average=average)
        run.record(0, keeper.look(0), schedule(0))
        clock.looked()
        reason = "max_steps"
        for step in range(max_steps):
            rate = run.step(draw(step), step)
            keeper.follow(step)
            late = clock.late()
            if (step + 1) % look_every and step + 1 < max_steps and not late:
                continue
            run.rescue(keeper, step, rate)
            run.record(step + 1, keeper.look(step + 1), rate)
            clock.looked()
            if late or keeper.done.all():
                reason = "budget" if late else "patience"
                break
        keeper.restore()
    steps, train_loss, val_loss, rates, norms = (np.array(column) for column in run.columns)
    return History(steps, train_loss, val_loss, rates, norms, keeper.best_step, run.rescues, reason)


class _Run:
    """The steps, and what is known of them: losses since the last look, and each member's share of the rate."""

    def __init__(
        self,
        network: Network,
        loss: Loss,
        optimizer: Optimizer,
        schedule: Schedule,
        *,
        clip: float | None,
        noise: float,
        seed: int,
    ) -> None:
        self.network, self.loss, self.optimizer, self.schedule = network, loss, optimizer, schedule
        self.clip, self.noise = clip, noise
        self.rng = np.random.default_rng(seed)
        self.columns: tuple[list[Any], ...] = ([], [], [], [], [])
        self.running, self.seen = np.zeros(network.members), 0
        self.first_loss = np.full(network.members, np.inf)
        self.rescues = np.zeros(network.members, dtype=np.int64)
        optimizer.reset(network.parameters)
        _tell(schedule, "reset")

    def step(self, batch: Batch, step: int) -> float:
        """Take one step downhill; return the rate of the schedule."""
        network, rate = self.network, self.schedule(step)
        inputs = batch.inputs if not self.noise else self._noisy(batch.inputs)
        losses, gradient = self.loss.value_and_gradient(network.forward(inputs), batch.targets, batch.weight)
        network.backward(gradient)
        if self.clip is not None:
            norms = self._norms()[:, None]
            network.gradients *= np.minimum(1.0, self.clip / np.maximum(norms, 1e-30)).astype(norms.dtype)
        self.optimizer.observe(losses)
        self.optimizer.step(network.parameters, network.gradients, self._reduced(rate))
        self.running += losses
        self.seen += 1
        return rate

    def record(self, step: int, val_loss: Array, rate: float) -> None:
        """Write down a look and begin the next stretch."""
        unseen = np.full(self.network.members, np.nan)
        train_loss, norms = (self.running / self.seen, self._norms()) if self.seen else (unseen, unseen)
        for column, value in zip(self.columns, (step, train_loss, val_loss, rate, norms), strict=True):
            column.append(value)
        if step and np.isfinite(val_loss).all():
            _tell(self.schedule, "observe", float(val_loss.mean()))
        self.running, self.seen = np.zeros(self.network.members), 0

    def rescue(self, keeper: _Keeper, step: int, rate: float) -> None:
        """Bring back every member whose loss exploded, at half its rate; raise `Diverged` after too many times."""
        losses = self.running / self.seen
        lost = ~(losses < EXPLODED * np.maximum(self.first_loss, 1e-8))
        self.first_loss = np.where(np.isinf(self.first_loss) & np.isfinite(losses), losses, self.first_loss)
        lost |= ~np.isfinite(self.network.parameters).all(axis=1)
        if not lost.any():
            keeper.bless()
            return
        self.rescues += lost
        for member in np.flatnonzero(self.rescues > RESCUES):
            raise Diverged(int(member), step, rate / 2.0**RESCUES)
        keeper.bring_back(lost)
        self.optimizer.forget(lost)

    def _reduced(self, rate: float) -> Rate:
        """Return the rate, by member [E, 1] where some have been rescued."""
        if not self.rescues.any():
            return rate
        return np.asarray(rate * 0.5**self.rescues, self.network.parameters.dtype)[:, None]

    def _norms(self) -> Array:
        squares: Array = np.vecdot(self.network.gradients, self.network.gradients)
        return np.sqrt(squares)

    def _noisy(self, inputs: Array) -> Array:
        noisy: Array = inputs + self.rng.normal(0.0, self.noise, size=inputs.shape)
        return noisy


class _Keeper:
    """Keeps the weights to end with and to go back to, and knows which members are done."""

    def __init__(
        self,
        network: Network,
        loss: Loss,
        validation: Batch | None,
        *,
        patience: int | None,
        min_gain: float,
        average: float | None,
    ) -> None:
        self.network, self.loss, self.validation = network, loss, validation
        self.patience, self.min_gain = patience, min_gain
        self.done = np.zeros(network.members, dtype=bool)
        self.best_step = np.zeros(network.members, dtype=np.int64)
        self.best_loss = np.full(network.members, np.inf)
        self.best = network.parameters.copy()
        self.share, self.average = average, network.parameters.copy() if average is not None else None

    def follow(self, step: int) -> None:
        """Move the average of the weights; early on it is over few steps, so that it forgets the start."""
        if self.average is not None and self.share is not None:
            share = min(self.share, (1 + step) / (10 + step))
            self.average *= share
            self.average += (1.0 - share) * self.network.parameters

    def look(self, step: int) -> Array:
        """Return the validation losses [E] after `step` steps, having kept what is best so far."""
        if self.validation is None:
            self.best_step[:] = step
            return np.full(self.network.members, np.nan)
        weights = self._weights()
        losses = self._validate(weights)
        better = (losses < self.best_loss * (1.0 - self.min_gain)) & ~self.done
        self.best[better] = weights[better]
        self.best_loss[better] = losses[better]
        self.best_step[better] = step
        if self.patience is not None:
            self.done |= step - self.best_step >= self.patience
        return losses

    def bless(self) -> None:
        """Without a validation block, weights that did not explode are what a member goes back to."""
        if self.validation is None:
            self.best[...] = self.network.parameters

    def bring_back(self, lost: Array) -> None:
        """Give the lost members their best weights."""
        self.network.parameters[lost] = self.best[lost]
        if self.average is not None:
            self.average[lost] = self.best[lost]

    def restore(self) -> None:
        """Put the weights to end with in place."""
        self.network.parameters[...] = self._weights() if self.validation is None else self.best

    def _weights(self) -> Array:
        return self.network.parameters if self.average is None else self.average

    def _validate(self, weights: Array) -> Array:
        inputs, targets, weight = self.validation or Batch(weights, weights)
        network, moving = self.network, self.network.parameters.copy()
        network.parameters[...] = weights
        with network.training_mode(on=False):
            losses = self.loss.value_and_gradient(network.predict(inputs), targets, weight)[0].astype(np.float64)
        network.parameters[...] = moving
        return losses


class _Clock:
    """Knows when the next step, and the look after it, would end too late.

    Both are expected to last as long as lately on average, so a step that a busy machine held up hardly counts.
    """

    memory = 0.8

    def __init__(self, budget: float | None) -> None:
        self.budget = budget
        self.start = self.last = perf_counter()
        self.step = self.look = 0.0

    def late(self) -> bool:
        """Say after a step whether another one would overrun the budget."""
        if self.budget is None:
            return False
        self.step = self._expected(self.step)
        return self.last - self.start + self.step + self.look > self.budget

    def looked(self) -> None:
        """Take note of the end of a look."""
        self.look = self._expected(self.look)

    def _expected(self, before: float) -> float:
        now = perf_counter()
        lasted, self.last = now - self.last, now
        return lasted + self.memory * (before - lasted) if before else lasted


def _tell(schedule: Schedule, method: str, *values: float) -> None:
    """Call a method that only schedules with a memory have."""
    if hasattr(schedule, method):
        getattr(schedule, method)(*values)
