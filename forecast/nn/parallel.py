"""Training on several cores: the members of a network are split into parts, and each part is trained by a thread.

The idea: members never meet while they learn, so a part is a network of its own over its rows of the same arrays, and
the weights come out the same to the bit however many parts there are. Threads are enough, since NumPy lets go of
Python's lock inside products and ufuncs; that pays once a step is long (see ``benchmarks/training_speed.py``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.training import Batch, History, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.nn.losses import Loss
    from forecast.nn.network import Network
    from forecast.nn.optimizers import Optimizer
    from forecast.nn.schedules import Schedule

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["train_parallel"]


def train_parallel(
    network: Network,
    draw: Callable[[int], Batch],
    *,
    workers: int,
    loss: Loss,
    optimizer: Optimizer,
    schedule: Schedule,
    max_steps: int,
    validation: Batch | None = None,
    **settings: Any,
) -> History:
    """Train all members of `network` in place, as `train` does, on `workers` cores.

    Parameters
    ----------
    network, loss, optimizer, schedule, max_steps, validation, **settings
        As for `train`. Noise on the inputs is drawn anew by every part, so with it the parts do matter.
    draw : callable
        As for `train`, but called by every worker: it must depend on nothing but the step.
    workers : int
        Threads. The linear algebra library should be held to one thread of its own.

    Returns
    -------
    History
        Of all members; after a part has ended by patience, its losses are NaN.

    Raises
    ------
    Diverged
        As `train`; the member is counted within its part.

    Examples
    --------
    >>> from forecast import nn
    >>> x = np.linspace(-2, 2, 64).reshape(-1, 1)
    >>> network = nn.Network(nn.Linear(8), nn.Tanh(), nn.Linear(1), input_size=1, members=4)
    >>> history = train_parallel(
    ...     network, lambda step: nn.Batch(x, np.sin(x)), workers=2, loss=nn.MSE(), optimizer=nn.Adam(),
    ...     schedule=nn.Constant(0.01), max_steps=20,
    ... )
    >>> history.train_loss.shape
    (3, 4)
    """
    bounds = np.linspace(0, network.members, min(workers, network.members) + 1).astype(int)
    parts = [slice(int(a), int(b)) for a, b in pairwise(bounds)]

    def train_part(rows: slice) -> History:
        return train(
            network.part(rows),
            lambda step: _rows_of(draw(step), rows),
            loss=deepcopy(loss),
            optimizer=deepcopy(optimizer),
            schedule=deepcopy(schedule),
            max_steps=max_steps,
            validation=None if validation is None else _rows_of(validation, rows),
            **settings,
        )

    with ThreadPoolExecutor(len(parts)) as pool:
        return _joined(list(pool.map(train_part, parts)))


def _rows_of(batch: Batch, rows: slice) -> Batch:
    """Return what a part of the members sees of a batch."""

    def own(array: Array) -> Array:
        return array[rows] if array.ndim == 3 else array

    return Batch(own(batch.inputs), own(batch.targets), None if batch.weight is None else own(batch.weight))


def _joined(histories: list[History]) -> History:
    """Return the histories of parts as one, member beside member."""
    longest = max(histories, key=lambda history: len(history.steps))

    def beside(name: str) -> Array:
        columns = [getattr(history, name) for history in histories]
        padded = [np.pad(c, ((0, len(longest.steps) - len(c)), (0, 0)), constant_values=np.nan) for c in columns]
        return np.concatenate(padded, axis=1)

    return History(
        longest.steps,
        beside("train_loss"),
        beside("val_loss"),
        longest.rates,
        beside("gradient_norms"),
        best_step=np.concatenate([history.best_step for history in histories]),
        rescues=np.concatenate([history.rescues for history in histories]),
        reason=longest.reason,
    )
