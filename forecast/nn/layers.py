"""The layers of a network: each maps ``x [E, B, n]`` to ``y [E, B, m]`` and carries derivatives back.

The idea: with a loss ``J`` at the end, `backward` is given ``dJ/dy`` and returns ``dJ/dx``, having written ``dJ/dw`` of
its own parameters on the way (the chain rule, one layer at a time; Rumelhart, Hinton & Williams 1986). Layers work on
the last two axes alone: a network of one member hands them ``[B, n]``, one of several ``[E, B, n]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Identity", "Layer", "Linear", "LinearSkip", "ReLU", "Sigmoid", "Tanh"]


class Layer:
    """What all layers share: no parameters, the size unchanged, and buffers that are made once a shape.

    A new layer overrides `forward` and `backward`, and, if it has parameters, `build`, `bind` and `initialize`.
    """

    n_parameters = 0
    initializer = "glorot"
    """The initialisation that suits a linear layer whose output this layer receives."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, tuple[int, ...]], Array] = {}

    def build(self, size: int) -> int:
        """Take the number of inputs n and return the number of outputs m."""
        return size

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Take the views ``[E, n_parameters]`` in which parameters are kept and gradients written."""

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        """Draw the parameters of one member (None: of the only one); `following` is the layer after this one."""

    def forward(self, x: Array) -> Array:
        """Return ``y [E, B, m]`` for ``x [E, B, n]``; the array is this layer's own and used again."""
        raise NotImplementedError

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        """Write the gradients of the parameters and return ``dJ/dx`` for ``dy = dJ/dy``.

        With ``inward=False`` nobody needs ``dJ/dx`` and what is returned is meaningless.
        """
        raise NotImplementedError

    def _buffer(self, name: str, shape: tuple[int, ...], like: Array) -> Array:
        """Return an array of `shape` that is allocated at the first call and returned at every later one."""
        key = (name, shape)
        found = self._buffers.get(key)
        if found is None:
            found = self._buffers[key] = np.empty(shape, like.dtype)
        return found


class Linear(Layer):
    """``y = x W + b`` with ``W [n, m]`` and ``b [m]``.

    Differentiating each ``y_j = sum_i x_i W_ij + b_j`` and summing over the batch gives::

        dJ/dW = x' dJ/dy        dJ/db = sum over the batch of dJ/dy        dJ/dx = dJ/dy W'

    Parameters
    ----------
    units : int
        The number of outputs, m.
    initializer : {"auto", "glorot", "he", "zero"}
        How W is drawn. ``glorot``: uniform within sqrt(6 / (n + m)) (Glorot & Bengio 2010); ``he``: uniform within
        sqrt(6 / n) (He et al. 2015); ``auto``: what suits the activation that follows. b starts at zero.
    """

    def __init__(self, units: int, *, initializer: str = "auto") -> None:
        super().__init__()
        self.units = units
        self.weight_initializer = initializer

    def build(self, size: int) -> int:
        self.size = size
        self.n_parameters = (size + 1) * self.units
        return self.units

    def bind(self, parameters: Array, gradients: Array) -> None:
        self.weight, self.bias = self._views(parameters)
        self._weight_gradient, self._bias_gradient = self._views(gradients)

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        kind = self.weight_initializer
        if kind == "auto":
            kind = "glorot" if following is None else following.initializer
        fans = {"glorot": self.size + self.units, "he": self.size}
        bound = np.sqrt(6.0 / fans[kind]) if kind in fans else 0.0
        self._member(self.weight, member)[...] = rng.uniform(-bound, bound, (self.size, self.units))
        self._member(self.bias, member)[...] = 0.0

    def forward(self, x: Array) -> Array:
        self._x = x
        y = self._buffer("y", (*self.weight.shape[:-2], x.shape[-2], self.units), x)
        np.matmul(x, self.weight, out=y)
        y += self.bias
        return y

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        np.matmul(self._x.swapaxes(-1, -2), dy, out=self._weight_gradient)
        np.add.reduce(dy, axis=-2, keepdims=True, out=self._bias_gradient)
        if not inward:
            return dy
        dx = self._buffer("dx", (*dy.shape[:-1], self.size), dy)
        return np.matmul(dy, self.weight.swapaxes(-1, -2), out=dx)

    def _views(self, flat: Array) -> tuple[Array, Array]:
        members, split = flat.shape[:-1], self.size * self.units
        weight = flat[..., :split].reshape(*members, self.size, self.units)
        return weight, flat[..., split:].reshape(*members, 1, self.units)

    @staticmethod
    def _member(array: Array, member: int | None) -> Array:
        return array if member is None else array[member]


class _Activation(Layer):
    """A function of each value alone, whose derivative is known from the output ``y``: ``dJ/dx = dJ/dy f'(x)``."""

    def forward(self, x: Array) -> Array:
        self._y = self._buffer("y", x.shape, x)
        self._apply(x, self._y)
        return self._y

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        dx = self._buffer("dx", dy.shape, dy)
        self._slope(self._y, dx)
        return np.multiply(dx, dy, out=dx)

    def _apply(self, x: Array, out: Array) -> None:
        """Write f(x) to `out`."""
        raise NotImplementedError

    def _slope(self, y: Array, out: Array) -> None:
        """Write f'(x), expressed by y = f(x), to `out`."""
        raise NotImplementedError


class Identity(_Activation):
    """``y = x``."""

    def _apply(self, x: Array, out: Array) -> None:
        np.copyto(out, x)

    def _slope(self, y: Array, out: Array) -> None:
        out.fill(1.0)


class Sigmoid(_Activation):
    """``y = 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2``, so ``y' = y (1 - y)``; the second form cannot overflow."""

    def _apply(self, x: Array, out: Array) -> None:
        np.multiply(x, 0.5, out=out)
        np.tanh(out, out=out)
        out += 1.0
        out *= 0.5

    def _slope(self, y: Array, out: Array) -> None:
        np.subtract(1.0, y, out=out)
        out *= y


class Tanh(_Activation):
    """``y = tanh(x)``, so ``y' = 1 - y^2``."""

    def _apply(self, x: Array, out: Array) -> None:
        np.tanh(x, out=out)

    def _slope(self, y: Array, out: Array) -> None:
        np.multiply(y, y, out=out)
        np.subtract(1.0, out, out=out)


class ReLU(_Activation):
    """``y = max(x, 0)``, so ``y' = 1`` where y > 0 and 0 elsewhere (0 at the kink, by convention)."""

    initializer = "he"

    def _apply(self, x: Array, out: Array) -> None:
        np.maximum(x, 0.0, out=out)

    def _slope(self, y: Array, out: Array) -> None:
        np.sign(y, out=out)


class LinearSkip(Layer):
    """``y = f(x) + x W + b``: layers f with a straight linear path beside them.

    The linear path carries what a linear autoregression would find, and the layers inside learn the rest. Both paths
    receive the same ``dJ/dy``, and ``dJ/dx`` is the sum of what they return.

    Parameters
    ----------
    *layers : Layer
        The path f; its output size is that of the whole.
    initializer : str
        How the linear path starts, as in `Linear`.
    """

    def __init__(self, *layers: Layer, initializer: str = "auto") -> None:
        super().__init__()
        self.layers = layers
        self._skip_initializer = initializer

    def build(self, size: int) -> int:
        out = size
        for layer in self.layers:
            out = layer.build(out)
        self.skip = Linear(out, initializer=self._skip_initializer)
        self.skip.build(size)
        self.n_parameters = self.skip.n_parameters + sum(layer.n_parameters for layer in self.layers)
        return out

    def bind(self, parameters: Array, gradients: Array) -> None:
        bind_in_turn([*self.layers, self.skip], parameters, gradients)

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        initialize_in_turn([*self.layers, self.skip], member, rng)

    def forward(self, x: Array) -> Array:
        straight = self.skip.forward(x)
        inner = x
        for layer in self.layers:
            inner = layer.forward(inner)
        straight += inner
        return straight

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        dx = self.skip.backward(dy, inward=inward)
        inner = dy
        for position, layer in reversed(list(enumerate(self.layers))):
            inner = layer.backward(inner, inward=inward or position > 0)
        if inward:
            dx += inner
        return dx


def bind_in_turn(layers: Sequence[Layer], parameters: Array, gradients: Array) -> None:
    """Give each layer its own stretch of the flat arrays ``[E, P]``, one after another."""
    start = 0
    for layer in layers:
        stop = start + layer.n_parameters
        layer.bind(parameters[..., start:stop], gradients[..., start:stop])
        start = stop


def initialize_in_turn(layers: Sequence[Layer], member: int | None, rng: np.random.Generator) -> None:
    """Draw the parameters of one member, layer by layer."""
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        layer.initialize(member, rng, following)
