"""Is the written-out derivative the derivative? Analytic against numeric, for any layer, network and loss.

The idea: along a random direction v, ``(J(w + h v) - J(w - h v)) / 2h`` must equal ``dJ/dw . v``; a handful of
directions touches every parameter and every input, at the cost of a few forward passes.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.layers import Layer
from forecast.nn.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from forecast.nn.losses import Loss

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["GradientReport", "gradcheck"]

STEPS = (1e-5, 1e-6, 1e-7)
"""Lengths of the step h, tried in turn until no kink lies within."""


@dataclass(frozen=True)
class GradientReport:
    """Directional derivatives, layer by layer and then by the inputs: one row for each of D directions.

    Parameters
    ----------
    names : tuple of str
        What the direction moved.
    analytic, numeric : ndarray [D]
        The derivative as the network has it, and as differences have it.
    size : ndarray [D]
        The length of the gradient a direction was held against: what a derivative along a random direction is
        typically as large as. At least a thousandth of the whole gradient, below which differences are noise.
    tolerance : float
        The error that passes.
    kinks : int
        Directions left out because the loss has a kink at this very point.
    """

    names: tuple[str, ...]
    analytic: Array
    numeric: Array
    size: Array
    tolerance: float
    kinks: int = 0

    @property
    def errors(self) -> Array:
        """The difference along each direction, relative to the length of the gradient."""
        errors: Array = np.abs(self.analytic - self.numeric) / np.maximum(self.size, 1e-12)
        return errors

    @property
    def error(self) -> float:
        """The largest difference, relative to the length of the gradient; NaN where nothing could be compared."""
        return float(np.max(self.errors)) if len(self.names) else float("nan")

    @property
    def passed(self) -> bool:
        """Whether the error is below the tolerance."""
        return self.error < self.tolerance

    def __str__(self) -> str:
        width = max(map(len, ("direction", *self.names)))
        rows = [f"{'direction':{width}}  {'analytic':>14}  {'numeric':>14}  {'error':>8}"]
        for name, *numbers in zip(self.names, self.analytic, self.numeric, self.errors, strict=True):
            rows += ["{:{width}}  {:14.7e}  {:14.7e}  {:8.1e}".format(name, *numbers, width=width)]
        verdict = "passed" if self.passed else "FAILED"
        left_out = f"; {self.kinks} directions left out at a kink" if self.kinks else ""
        return "\n".join([*rows, f"{verdict}: error {self.error:.1e}, tolerance {self.tolerance:.1e}{left_out}"])


def gradcheck(
    network: Network | Layer,
    loss: Loss,
    x: Array,
    y: Array,
    weight: Array | None = None,
    *,
    directions: int = 4,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradients of `network` under `loss` with central differences.

    A kink within a step would spoil the difference, so steps get shorter until they meet none. Layers that behave
    otherwise while training, such as dropout, are checked as they are outside it.

    Parameters
    ----------
    network : Network or Layer
        Left as it was, and checked in float64 whatever its dtype. A layer is checked as a network of its own, with as
        many members as x has.
    loss : Loss
        Any loss.
    x, y, weight : ndarray
        A batch as for training; use B > 1, H > 1 and E > 1: errors of a factor hide at 1.
    directions : int
        Random directions for the parameters of each layer, and as many for the inputs.
    tolerance : float
        The relative error that passes.
    seed : int
        Of the directions.

    Examples
    --------
    >>> from forecast import nn
    >>> rng = np.random.default_rng(0)
    >>> network = nn.Network(nn.Linear(5), nn.Tanh(), nn.Linear(2), input_size=3, members=2)
    >>> report = gradcheck(network, nn.MSE(), rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), directions=1)
    >>> report.passed
    True
    >>> report.names
    ('0 Linear', '2 Linear', 'inputs')
    """
    rng = np.random.default_rng(seed)
    twin = _in_double(network, x)
    inputs = np.broadcast_to(x, (twin.members, *x.shape[-2:])).astype(np.float64)

    def total() -> float:
        return float(loss.value_and_gradient(twin.forward(inputs), y, weight)[0].sum())

    with twin.training_mode(on=False):
        _, gradient = loss.value_and_gradient(twin.forward(inputs), y, weight)
        by_input = twin.backward(gradient, inward=True).copy()
        places = [*_by_layer(twin), ("inputs", inputs, by_input)]
        least = 1e-3 * float(np.sqrt(sum(np.sum(derivative**2) for _, _, derivative in places)))
        rows, kinks = [], 0
        for name, point, derivative in places:
            size = max(float(np.sqrt(np.sum(derivative**2))), least)
            for _ in range(directions):
                v = rng.normal(size=point.shape)
                numeric = _derivative(total, point, v, tolerance * size)
                kinks += numeric is None
                if numeric is not None:
                    rows.append((name, float(np.sum(derivative * v)), numeric, size))
    names = tuple(row[0] for row in rows)
    analytic, numbers, sizes = np.array([row[1:] for row in rows]).reshape(-1, 3).T
    return GradientReport(names, analytic, numbers, sizes, tolerance, kinks)


def _in_double(network: Network | Layer, x: Array) -> Network:
    """Return a copy of the network, or a network of a copy of the layer, of dtype float64."""
    if isinstance(network, Layer):
        members = x.shape[0] if x.ndim == 3 else 1
        return Network(deepcopy(network), input_size=x.shape[-1], members=members, dtype=np.float64)
    twin = deepcopy(network)
    twin.parameters = network.parameters.astype(np.float64)
    twin.gradients = np.zeros_like(twin.parameters)
    twin._bind()
    return twin


def _by_layer(network: Network) -> Iterator[tuple[str, Array, Array]]:
    """Yield the name, the parameters and a copy of the gradients of each layer that has any."""
    start = 0
    for position, layer in enumerate(network.layers):
        own = slice(start, start + layer.n_parameters)
        if layer.n_parameters:
            name = f"{position} {type(layer).__name__}"
            yield name, network.parameters[:, own], network.gradients[:, own].copy()
        start = own.stop


def _derivative(total: Callable[[], float], point: Array, v: Array, tolerance: float) -> float | None:
    """Return dJ/dt at t = 0 of J(point + t v); None at a kink. `point` is moved and put back.

    Of a smooth J, central differences over h and h / 2 agree, and second differences, ``(J(h) - 2 J(0) + J(-h)) / h``,
    halve with the step. A kink at distance d < h that changes the slope by s adds ``s (1 - d / h)`` to the second
    difference and half of it to the first; so one of the two gives it away wherever it lies.
    """
    start, middle = point.copy(), total()

    def at(t: float) -> float:
        point[...] = start + t * v
        value = total()
        point[...] = start
        return value

    for h in STEPS:
        up, down, near_up, near_down = at(h), at(-h), at(h / 2.0), at(-h / 2.0)
        noise = 50.0 * np.finfo(np.float64).eps * max(abs(up), abs(middle), abs(down)) / h
        numeric, nearer = (up - down) / (2.0 * h), (near_up - near_down) / h
        bend, nearer_bend = (up - 2.0 * middle + down) / h, (near_up - 2.0 * middle + near_down) * 2.0 / h
        if max(abs(numeric - nearer), abs(bend - 2.0 * nearer_bend)) <= 0.5 * tolerance + noise:
            return numeric
    return None
