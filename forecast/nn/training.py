"""The loop: draw a batch, forward, loss, backward, step; look at the validation block; stop in time.

The idea: members are trained together but judged apart. Each keeps the weights of its own best validation loss, and
is done when it has not improved for `patience` steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.nn.losses import Loss
    from forecast.nn.network import Network
    from forecast.nn.optimizers import Optimizer
    from forecast.nn.schedules import Schedule

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Batch", "Diverged", "History", "train"]


class Batch(NamedTuple):
    """Samples of one step: ``inputs [B, L] or [E, B, L]``, ``targets [.., B, H]``, ``weight`` like targets or None."""

    inputs: Array
    targets: Array
    weight: Array | None = None


class Diverged(RuntimeError):
    """The loss of a member is no longer a finite number."""

    def __init__(self, member: int, step: int, rate: float) -> None:
        super().__init__(f"member {member} diverged at step {step} with learning rate {rate:g}")
        self.member = member
        self.step = step
        self.rate = rate


@dataclass(frozen=True)
class History:
    """What happened, one row per look (N looks, E members).

    `steps [N]` counts from 1; `train_loss [N, E]` is the mean over the batches since the last look; `val_loss [N, E]`
    is NaN without a validation block; `rates [N]`; `best_step [E]` is the step whose weights were kept;
    `reason` says why the loop ended.
    """

    steps: Array
    train_loss: Array
    val_loss: Array
    rates: Array
    best_step: Array
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
    look_every: int = 10,
) -> History:
    """Train all members of `network` in place.

    Parameters
    ----------
    network : Network
        Goes on from the parameters it has.
    draw : callable
        Returns the batch of a step, counted from 0.
    loss, optimizer, schedule
        What is made small, by which rule, at which rate. The optimizer is reset first.
    max_steps : int
        The number of steps, if nothing stops earlier.
    validation : Batch, optional
        Samples that lie later in time than all that `draw` returns. With it, every member ends with the weights of
        its best look; without, with those of the last step.
    patience : int, optional
        A member is done when its validation loss has not improved for so many steps; when all are, the loop ends.
    look_every : int
        Steps from one look at the losses to the next.

    Raises
    ------
    Diverged
        When a member's loss is not finite; its parameters are then of no use.
    """
    keeper = _Keeper(network, loss, validation, patience)
    optimizer.reset(network.parameters)
    rows: list[tuple[int, Array, Array, float]] = []
    rows.append((0, np.full(network.members, np.nan), keeper.look(0), schedule(0)))
    running, seen = np.zeros(network.members), 0
    reason = "max_steps"
    for step in range(max_steps):
        batch, rate = draw(step), schedule(step)
        y_hat = network.forward(batch.inputs)
        losses, gradient = loss.value_and_gradient(y_hat, batch.targets, batch.weight)
        network.backward(gradient)
        optimizer.step(network.parameters, network.gradients, rate)
        running, seen = running + losses, seen + 1
        if seen < look_every and step + 1 < max_steps:
            continue
        if not np.isfinite(running).all():
            raise Diverged(int(np.flatnonzero(~np.isfinite(running))[0]), step, rate)
        rows.append((step + 1, running / seen, keeper.look(step + 1), rate))
        running, seen = np.zeros(network.members), 0
        if keeper.done.all():
            reason = "patience"
            break
    keeper.restore()
    steps, train_loss, val_loss, rates = (np.array(column) for column in zip(*rows, strict=True))
    return History(steps, train_loss, val_loss, rates, keeper.best_step, reason)


class _Keeper:
    """Keeps the best weights of each member, and knows which members are done."""

    def __init__(self, network: Network, loss: Loss, validation: Batch | None, patience: int | None) -> None:
        self.network = network
        self.loss = loss
        self.validation = validation
        self.patience = patience
        self.done = np.zeros(network.members, dtype=bool)
        self.best_step = np.zeros(network.members, dtype=np.int64)
        self.best_loss = np.full(network.members, np.inf)
        self.best = network.parameters.copy() if validation is not None else None

    def look(self, step: int) -> Array:
        """Return the validation losses [E] after `step` steps, having kept what is best so far."""
        if self.validation is None or self.best is None:
            self.best_step[:] = step
            return np.full(self.network.members, np.nan)
        inputs, targets, weight = self.validation
        losses = self.loss.value_and_gradient(self.network.forward(inputs), targets, weight)[0].astype(np.float64)
        better = (losses < self.best_loss) & ~self.done
        self.best[better] = self.network.parameters[better]
        self.best_loss[better] = losses[better]
        self.best_step[better] = step
        if self.patience is not None:
            self.done |= step - self.best_step >= self.patience
        return losses

    def restore(self) -> None:
        """Put the best weights back."""
        if self.best is not None:
            self.network.parameters[...] = self.best
