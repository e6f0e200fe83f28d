"""The best linear map from the inputs of samples to their targets, in closed form.

The idea: for a long series a good linear map is most of a forecast, and it takes no search: the sums of products of
inputs and targets are added up batch by batch, and the penalty is chosen on the latest samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from forecast.samples import Cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecast.nn import Batch

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["ridge"]

MOST_SAMPLES = 2**17
"""Samples that are added up: of more, so many at equal distances."""
AT_ONCE = 2**22
"""Numbers in the inputs and targets of a batch."""
PENALTIES = tuple(10.0**k for k in range(-5, 2))
"""What is tried, in units of the mean variance of an input."""
HELD_OUT = 0.2
"""The share of the samples of each series, the latest, on which the penalty is chosen."""


def ridge(gather: Callable[[Ints], Batch], cuts: Cuts) -> tuple[Floats, Floats]:
    """Return weights [L, H] and bias [H] that make the squared error of samples small, and the weights too.

    The sum of ``w^2 |x W + b - y|^2`` over samples and of ``penalty |W|^2`` is least where
    ``(X' w^2 X + penalty I) [W b] = X' w^2 Y``, X with a column of ones that is not penalised (Hoerl & Kennard 1970). A
    sample whose targets are not all known is left out; w is the mean weight of its targets.

    Parameters
    ----------
    gather : callable
        Returns the samples at some cuts.
    cuts : Cuts
        All of them, by series, in the order of time.
    """
    early, late = (_sums(gather, part.spread(MOST_SAMPLES)) for part in _parted(cuts))
    errors = [late.error(early.solve(penalty)) for penalty in PENALTIES]
    solution = early.with_more(late).solve(PENALTIES[int(np.argmin(errors))])
    return solution[:-1], solution[-1]


@dataclass(frozen=True)
class _Sums:
    """Sums over samples: of products of inputs [L + 1, L + 1], and of inputs and targets [L + 1, H]."""

    inputs: Floats
    products: Floats

    def solve(self, penalty: float) -> Floats:
        """Return ``[W b]`` [L + 1, H] for a penalty in units of the mean variance of an input."""
        variance = max(np.trace(self.inputs) - self.inputs[-1, -1], 1e-12) / max(1, len(self.inputs) - 1)
        penalised = self.inputs + penalty * variance * np.eye(len(self.inputs))
        penalised[-1, -1] = max(self.inputs[-1, -1], 1e-12)
        return np.asarray(linalg.solve(penalised, self.products, assume_a="pos"))

    def error(self, solution: Floats) -> float:
        """Return the squared error of a solution, less what all have in common."""
        return float((solution * (self.inputs @ solution - 2 * self.products)).sum())

    def with_more(self, other: _Sums) -> _Sums:
        return _Sums(self.inputs + other.inputs, self.products + other.products)


def _parted(cuts: Cuts) -> tuple[Cuts, Cuts]:
    """Return the earlier and the latest cuts of every series."""
    counts = np.diff(cuts.upto, prepend=0)
    early = (counts * (1 - HELD_OUT)).astype(np.int64)
    return Cuts(cuts.first, np.cumsum(early)), Cuts(cuts.first + early, np.cumsum(counts - early))


def _sums(gather: Callable[[Ints], Batch], chosen: Ints) -> _Sums:
    """Return the sums over the samples at the `chosen` cuts."""
    width = sum(part.shape[-1] for part in gather(chosen[:1])[:2])
    inputs, products = np.zeros(()), np.zeros(())
    for part in np.array_split(chosen, max(1, len(chosen) * width // AT_ONCE)):
        batch = gather(part)
        weights = np.ones_like(batch.targets) if batch.weight is None else batch.weight
        whole = (weights > 0).all(axis=-1)
        x = np.hstack([batch.inputs[whole], np.ones((int(whole.sum()), 1), batch.inputs.dtype)])
        w = weights[whole].mean(axis=-1, keepdims=True)
        x, y = (x * w).astype(np.float64), (batch.targets[whole] * w).astype(np.float64)
        inputs, products = inputs + x.T @ x, products + x.T @ y
    return _Sums(inputs, products)
