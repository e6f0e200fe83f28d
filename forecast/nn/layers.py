"""The layers of a network: each maps ``x [E, B, n]`` to ``y [E, B, m]`` and carries derivatives back.

The idea: with a loss ``J`` at the end, `backward` is given ``dJ/dy`` and returns ``dJ/dx``, having written ``dJ/dw`` of
its own parameters on the way (the chain rule, one layer at a time; Rumelhart, Hinton & Williams 1986). Layers work on
the last two axes alone: a network of one member hands them ``[B, n]``, one of several ``[E, B, n]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.buffers import Buffered
from forecast.nn.initializers import INITIALIZERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = [
    "Dropout",
    "Layer",
    "LayerNorm",
    "Linear",
    "bind_in_turn",
    "initialize_in_turn",
]


FLIP = 4
"""So many times as many inputs as samples must there be for the factors of a product to change places."""


class Layer(Buffered):
    """What all layers share: no parameters, the size unchanged, and buffers that are made once a shape.

    A new layer overrides `forward` and `backward`, and, if it has parameters, `build`, `bind` and `initialize`; one
    that is made of layers returns them from `children`.
    """

    n_parameters = 0
    initializer = "glorot"
    """The initialisation that suits a linear layer whose output this layer receives; "" asks the layer after it."""
    training = False
    """Whether the pass is one of training; set by the network for all layers and their children."""

    def children(self) -> Sequence[Layer]:
        """Return the layers this one is made of."""
        return ()

    def build(self, size: int) -> int:
        """Take the number of inputs n and return the number of outputs m."""
        return size

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Take the views ``[E, n_parameters]`` in which parameters are kept and gradients written."""

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        """Draw the parameters of one member (None: of the only one); `following` is the layer after this one."""

    def narrow(self, rows: slice) -> None:
        """Forget all members but these; the parameters are bound anew afterwards."""
        for layer in self.children():
            layer.narrow(rows)

    def forward(self, x: Array) -> Array:
        """Return ``y [E, B, m]`` for ``x [E, B, n]``.

        x is not changed. What is returned is this layer's own and used again, or x itself: to be read only.
        """
        raise NotImplementedError

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        """Write the gradients of the parameters and return ``dJ/dx`` for ``dy = dJ/dy``.

        dy is not changed, and what is returned is to be read only. With ``inward=False`` nobody needs ``dJ/dx`` and
        what is returned is meaningless.
        """
        raise NotImplementedError


class Linear(Layer):
    """``y = x W + b`` with ``W [n, m]`` and ``b [m]``.

    Differentiating each ``y_j = sum_i x_i W_ij + b_j`` and summing over the batch gives::

        dJ/dW = x' dJ/dy        dJ/db = 1' dJ/dy        dJ/dx = dJ/dy W'

    with 1 a column of ones. So the bias is the weight of an input that is always 1, and with that input behind the
    others each way is one product instead of two::

        y = [x 1] [W; b]        dJ/d[W; b] = [x 1]' dJ/dy

    Parameters
    ----------
    units : int
        The number of outputs, m.
    initializer : str
        How W and b are drawn: a name of `INITIALIZERS`, or ``auto``: what suits the activation that follows.

    Raises
    ------
    ValueError
        When there is no initializer of that name.
    """

    def __init__(self, units: int, *, initializer: str = "auto") -> None:
        super().__init__()
        if initializer != "auto" and initializer not in INITIALIZERS:
            raise ValueError(f"unknown initializer {initializer!r}; known are auto, {', '.join(INITIALIZERS)}")
        self.units = units
        self.weight_initializer = initializer

    def build(self, size: int) -> int:
        self.size = size
        self.n_parameters = (size + 1) * self.units
        return self.units

    def bind(self, parameters: Array, gradients: Array) -> None:
        shape = (*parameters.shape[:-1], self.size + 1, self.units)
        self._both, self._gradient = parameters.reshape(shape), gradients.reshape(shape)
        self.weight, self.bias = self._both[..., :-1, :], self._both[..., -1:, :]
        # What every step needs, found once: the smallest networks are a tenth faster for it.
        self._transposed = self.weight.swapaxes(-1, -2)
        self._product: Any = np.dot if self.weight.ndim == 2 else np.matmul  # dot is quicker, matmul takes stacks
        self._rooms: dict[tuple[int, ...], tuple[Array, Array, Array, Array]] = {}
        self._ways_down: dict[tuple[int, ...], tuple[Array, Array | None]] = {}

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        kind = self.weight_initializer
        if kind == "auto":
            kind = "glorot" if following is None else following.initializer
        weight, bias = INITIALIZERS[kind](rng, self.size, self.units)
        _row(self.weight, member)[...] = weight
        _row(self.bias, member)[...] = bias

    def forward(self, x: Array) -> Array:
        found = self._rooms.get(x.shape)
        if found is None:
            found = self._rooms[x.shape] = self._make_room(x)
        values, inputs, self._turned, y = found
        np.copyto(values, x)
        self._product(inputs, self._both, out=y)
        return y

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        self._product(self._turned, dy, out=self._gradient)
        found = self._ways_down.get(dy.shape)
        if found is None:
            found = self._ways_down[dy.shape] = self._way_down(dy)
        dx, flipped = found
        if inward and flipped is None:
            self._product(dy, self._transposed, out=dx)
        elif inward:
            self._product(self.weight, dy.swapaxes(-1, -2), out=flipped)
        return dx

    def _make_room(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """Return the room for x within ``[x 1]``, the whole of it, its transpose, and the array of y."""
        inputs = np.ones((*x.shape[:-1], self.size + 1), x.dtype)
        y = np.empty((*self.weight.shape[:-2], x.shape[-2], self.units), x.dtype)
        return inputs[..., :-1], inputs, inputs.swapaxes(-1, -2), y

    def _way_down(self, dy: Array) -> tuple[Array, Array | None]:
        """Return the array of dJ/dx and, where ``(W dy')'`` is the better way to it, what is flipped.

        With few samples beside many inputs BLAS takes two thirds of the time for that order of the factors.
        """
        *members, B, _ = dy.shape
        if self.size < B * FLIP:
            return np.empty((*members, B, self.size), dy.dtype), None
        flipped = np.empty((*members, self.size, B), dy.dtype)
        return flipped.swapaxes(-1, -2), flipped


class Dropout(Layer):
    """``y = x k / (1 - rate)`` while training, with k = 0 by chance `rate` and 1 else; ``y = x`` otherwise.

    Srivastava et al. (2014). Since ``E[k] = 1 - rate``, each value keeps its mean, and nothing has to be scaled
    afterwards. k does not depend on x, so ``dJ/dx = dJ/dy k / (1 - rate)``.

    Every member draws from a stream of its own, spawned from the one its parameters are drawn from: masks do not depend
    on how many members there are, and the weights of other layers not on whether there is dropout.

    Parameters
    ----------
    rate : float
        The share of values set to zero, 0 <= rate < 1.
    """

    initializer = ""

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"the rate of dropout is at least 0 and below 1, not {rate!r}")
        self.rate = rate
        self._streams: list[np.random.Generator] = []
        self._kept: Array | None = None

    def bind(self, parameters: Array, gradients: Array) -> None:
        self._lead = parameters.shape[:-1]

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        self._streams = [*self._streams[: member or 0], rng.spawn(1)[0]]

    def narrow(self, rows: slice) -> None:
        self._streams = self._streams[rows]

    def forward(self, x: Array) -> Array:
        if not self.training or self.rate == 0.0:
            self._kept = None
            return x
        shape = (*self._lead, *x.shape[-2:])
        kept = self._kept = self._buffer("kept", shape, x)
        for rng, mask in zip(self._streams, kept if self._lead else kept[None], strict=False):
            rng.random(out=mask, dtype=mask.dtype.type)
        np.greater_equal(kept, self.rate, out=kept)
        kept *= 1.0 / (1.0 - self.rate)
        return np.multiply(x, kept, out=self._buffer("y", shape, x))

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        if self._kept is None:
            return dy
        return np.multiply(dy, self._kept, out=self._buffer("dx", dy.shape, dy))


class LayerNorm(Layer):
    """``y = g z + b`` with ``z = (x - mean) / s``, ``s = sqrt(var + epsilon)``, over the n values (Ba et al. 2016).

    Gain g and bias b are parameters, n each. With ``c = dJ/dz = g dJ/dy``, each value acts on J through its own z, and
    through the mean and the deviation of its sample::

        dz_j/dx_i = (1[i = j] - 1 / n - z_i z_j / n) / s

        dJ/dx_i = sum_j c_j dz_j/dx_i = (c_i - mean(c) - z_i mean(c z)) / s
        dJ/dg = sum over the batch of z dJ/dy        dJ/db = sum over the batch of dJ/dy

    Parameters
    ----------
    epsilon : float
        Keeps the deviation of constant samples from zero.
    """

    initializer = ""

    def __init__(self, *, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.epsilon = epsilon

    def build(self, size: int) -> int:
        self.size = size
        self.n_parameters = 2 * size
        return size

    def bind(self, parameters: Array, gradients: Array) -> None:
        pair = (*parameters.shape[:-1], 2, 1, self.size)
        split, split_gradient = parameters.reshape(pair), gradients.reshape(pair)
        self.gain, self.bias = split[..., 0, :, :], split[..., 1, :, :]
        self._gain_gradient, self._bias_gradient = split_gradient[..., 0, :, :], split_gradient[..., 1, :, :]

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        _row(self.gain, member)[...] = 1.0
        _row(self.bias, member)[...] = 0.0

    def forward(self, x: Array) -> Array:
        z = self._z = self._buffer("z", x.shape, x)
        inverse = self._inverse = self._buffer("inverse", (*x.shape[:-1], 1), x)
        self._mean(x, inverse)
        np.subtract(x, inverse, out=z)
        np.vecdot(z, z, out=inverse[..., 0])
        inverse *= 1.0 / self.size
        inverse += self.epsilon
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        z *= inverse
        y = self._buffer("y", (*self.gain.shape[:-2], *x.shape[-2:]), x)
        np.multiply(z, self.gain, out=y)
        return np.add(y, self.bias, out=y)

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        scratch = self._buffer("scratch", dy.shape, dy)
        np.multiply(dy, self._z, out=scratch)
        np.add.reduce(scratch, axis=-2, keepdims=True, out=self._gain_gradient)
        np.add.reduce(dy, axis=-2, keepdims=True, out=self._bias_gradient)
        if not inward:
            return dy
        dx = self._buffer("dx", dy.shape, dy)
        mean = self._buffer("mean", (*dy.shape[:-1], 1), dy)
        np.multiply(dy, self.gain, out=dx)
        np.multiply(dx, self._z, out=scratch)
        self._mean(scratch, mean)
        np.multiply(self._z, mean, out=scratch)
        self._mean(dx, mean)
        dx -= mean
        dx -= scratch
        dx *= self._inverse
        return dx

    def _mean(self, values: Array, out: Array) -> None:
        np.add.reduce(values, axis=-1, keepdims=True, out=out)
        out *= 1.0 / self.size


def bind_in_turn(layers: Sequence[Layer], parameters: Array, gradients: Array) -> None:
    """Give each layer its own stretch of the flat arrays ``[E, P]``, one after another."""
    start = 0
    for layer in layers:
        stop = start + layer.n_parameters
        layer.bind(parameters[..., start:stop], gradients[..., start:stop])
        start = stop


def initialize_in_turn(layers: Sequence[Layer], member: int | None, rng: np.random.Generator) -> None:
    """Draw the parameters of one member, layer by layer."""
    for position, layer in enumerate(layers, start=1):
        following = next((after for after in layers[position:] if after.initializer), None)
        layer.initialize(member, rng, following)


def _row(array: Array, member: int | None) -> Array:
    return array if member is None else array[member]
