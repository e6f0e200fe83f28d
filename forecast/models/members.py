"""What a plan becomes: the network of its members, and how it is made to learn.

The idea: hidden layers run beside a linear path, and both begin at zero, so that an untrained member returns the last
value it saw; what it learns is what is better than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from forecast.models.presets import Plan

__all__ = ["Training", "new_members"]


@dataclass(frozen=True)
class Training:
    """What all groups of an ensemble share: how the loss is made small.

    See `forecast.models.mlp.MLP` for what each setting does.
    """

    activation: str
    optimizer: str
    schedule: str
    patience: int
    weight_decay: float
    dropout: float
    input_noise: float
    missing: str
    transform: str

    def new_optimizer(self) -> nn.Optimizer:
        """Return the optimizer that `optimizer` names."""
        if self.optimizer == "adam":
            return nn.Adam(weight_decay=self.weight_decay)
        return nn.RMSprop() if self.optimizer == "rmsprop" else nn.SGD(momentum=0.9)

    def new_schedule(self, rate: float, steps: int) -> nn.Schedule:
        """Return the schedule that `schedule` names, from a rate at the first of so many steps."""
        schedules: dict[str, Callable[[], nn.Schedule]] = {
            "cosine": lambda: nn.Cosine(rate, steps, floor=rate / 20),
            "step": lambda: nn.Step(rate, every=max(1, steps // 4)),
            "constant": lambda: nn.Constant(rate),
        }
        return schedules[self.schedule]()


def new_members(
    plan: Plan,
    training: Training,
    *,
    inputs: int,
    outputs: int,
    seed: Sequence[int],
    parameters: NDArray[np.float32] | None = None,
) -> nn.Network:
    """Return the network of a plan: untrained, or with parameters [E, P].

    Parameters
    ----------
    plan : Plan
        Its layers.
    training : Training
        Activation and dropout.
    inputs, outputs : int
        Numbers that go in and come out.
    seed : sequence of int
        Where the start comes from.
    parameters : ndarray [E, P], optional
        What was learned.
    """
    activation = nn.ACTIVATIONS[training.activation]
    path: list[nn.Layer] = []
    if plan.blocks > 1 and plan.hidden_sizes:
        path.append(
            nn.DoublyResidual(
                outputs,
                units=plan.hidden_sizes[0],
                depth=len(plan.hidden_sizes),
                blocks=plan.blocks,
                activation=activation,
                head_initializer="zero",
            )
        )
    else:
        for units in plan.hidden_sizes:
            path += [nn.Linear(units), activation()]
            path += [nn.Dropout(training.dropout)] if training.dropout else []
        path.append(nn.Linear(outputs, initializer="zero"))
    skip = nn.LinearSkip(*path, initializer="zero")
    members = plan.members if parameters is None else len(parameters)
    start = np.random.SeedSequence(seed)
    return nn.Network(skip, input_size=inputs, members=members, seed=start, parameters=parameters)
