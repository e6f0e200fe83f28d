"""Layers made of layers: paths side by side, around each other and one after another.

The idea: derivatives follow the paths backwards, and where paths meet they add up. So each class says only how its
paths are joined; what happens along a path is the layers' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.activations import ReLU
from forecast.nn.layers import (
    Layer,
    Linear,
    bind_in_turn,
    initialize_in_turn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Composite", "DoublyResidual", "LinearSkip", "Residual"]


class Composite(Layer):
    """A layer made of others, whose parameters are theirs; they are what `children` returns once it is built."""

    def bind(self, parameters: Array, gradients: Array) -> None:
        bind_in_turn(self.children(), parameters, gradients)

    def initialize(self, member: int | None, rng: np.random.Generator, following: Layer | None) -> None:
        initialize_in_turn(self.children(), member, rng)

    def _count(self) -> None:
        self.n_parameters = sum(layer.n_parameters for layer in self.children())


class LinearSkip(Composite):
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
        self.skip = Linear(0, initializer=initializer)

    def children(self) -> Sequence[Layer]:
        return (*self.layers, self.skip)

    def build(self, size: int) -> int:
        out = size
        for layer in self.layers:
            out = layer.build(out)
        self.skip.units = out
        self.skip.build(size)
        self._count()
        return out

    def forward(self, x: Array) -> Array:
        straight = self.skip.forward(x)
        straight += _forward(self.layers, x)
        return straight

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        dx = self.skip.backward(dy, inward=inward)
        inner = _backward(self.layers, dy, inward=inward)
        if inward:
            dx += inner
        return dx


class Residual(Composite):
    """``y = x + f(x)``: the layers f learn what is to be added to their input (He et al. 2016).

    ``dJ/dx = dJ/dy + f'(x)' dJ/dy``: whatever f does, the derivative arrives undiminished by the first path.

    Parameters
    ----------
    *layers : Layer
        The path f, which returns as many values as it is given.

    Raises
    ------
    ValueError
        When built with an f that returns another number of values.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers = layers

    def children(self) -> Sequence[Layer]:
        return self.layers

    def build(self, size: int) -> int:
        out = size
        for layer in self.layers:
            out = layer.build(out)
        if out != size:
            raise ValueError(f"the layers of a residual return as many values as they are given: {size}, not {out}")
        self._count()
        return out

    def forward(self, x: Array) -> Array:
        inner = _forward(self.layers, x)
        return np.add(x, inner, out=self._buffer("y", inner.shape, x))

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        inner = _backward(self.layers, dy, inward=inward)
        if not inward:
            return dy
        return np.add(dy, inner, out=self._buffer("dx", dy.shape, dy))


class DoublyResidual(Composite):
    """Blocks that each explain a part of the input and forecast with it: N-BEATS (Oreshkin et al. 2020).

    Block k maps what is left of the input to a backcast, its own account of it, and a forecast::

        (b_k, f_k) = block_k(x_k)        x_(k+1) = x_k - b_k        y = sum of the f_k

    Each block is `depth` hidden layers under one linear head with the outputs ``[b_k, f_k]``. Backwards, every head is
    given ``dJ/df_k = dJ/dy`` and ``dJ/db_k = -dJ/dx_(k+1)``, and both ways from x_k add up::

        dJ/dx_k = dJ/dx_(k+1) + block_k'(x_k)' [-dJ/dx_(k+1), dJ/dy]

    Nobody sees what the last block leaves, so it has no backcast, and ``dJ/dx`` behind it is zero.

    Parameters
    ----------
    horizon : int
        The number of outputs, H.
    units, depth, blocks : int
        The size of the hidden layers, their number in a block, and the number of blocks.
    activation : callable
        Returns the activation that follows a hidden layer.
    initializer, head_initializer : str
        How hidden layers and heads start, as in `Linear`.
    """

    def __init__(
        self,
        horizon: int,
        *,
        units: int = 128,
        depth: int = 2,
        blocks: int = 3,
        activation: Callable[[], Layer] = ReLU,
        initializer: str = "auto",
        head_initializer: str = "auto",
    ) -> None:
        super().__init__()
        self.horizon = horizon
        self.blocks: list[list[Layer]] = []
        for _ in range(blocks):
            hidden = [(Linear(units, initializer=initializer), activation()) for _ in range(depth)]
            self.blocks.append([layer for pair in hidden for layer in pair])
        self.heads = [Linear(horizon, initializer=head_initializer) for _ in range(blocks)]

    def children(self) -> Sequence[Layer]:
        return [layer for block, head in zip(self.blocks, self.heads, strict=True) for layer in (*block, head)]

    def build(self, size: int) -> int:
        self.size = size
        for block, head in zip(self.blocks, self.heads, strict=True):
            head.units = self.horizon if head is self.heads[-1] else size + self.horizon
            out = size
            for layer in (*block, head):
                out = layer.build(out)
        self._count()
        return self.horizon

    def forward(self, x: Array) -> Array:
        n, rest = self.size, x
        *inner, last = [(*block, head) for block, head in zip(self.blocks, self.heads, strict=True)]
        forecasts = []
        for number, block in enumerate(inner):
            out = _forward(block, rest)
            forecasts.append(out[..., n:])
            rest = np.subtract(rest, out[..., :n], out=self._buffer(f"rest {number}", (*out.shape[:-1], n), x))
        final = _forward(last, rest)
        y = self._buffer("y", final.shape, x)
        np.copyto(y, final)
        for forecast in forecasts:
            y += forecast
        return y

    def backward(self, dy: Array, *, inward: bool = True) -> Array:
        n = self.size
        inner = [(*block, head) for block, head in zip(self.blocks, self.heads, strict=True)]
        last = inner.pop()
        d_rest = _backward(last, dy, inward=inward or bool(inner))
        d_out = self._buffer("d_out", (*dy.shape[:-1], n + self.horizon), dy)
        d_out[..., n:] = dy
        while inner:
            np.negative(d_rest, out=d_out[..., :n])
            through = _backward(inner.pop(), d_out, inward=inward or bool(inner))
            if inward or inner:
                d_rest = np.add(d_rest, through, out=self._buffer("d_rest", through.shape, dy))
        return d_rest


def _forward(layers: Sequence[Layer], x: Array) -> Array:
    """Return the output of the last layer for the input of the first."""
    for layer in layers:
        x = layer.forward(x)
    return x


def _backward(layers: Sequence[Layer], dy: Array, *, inward: bool) -> Array:
    """Return ``dJ/dx`` of the first layer for ``dJ/dy`` of the last, each having written its gradients."""
    for position in range(len(layers) - 1, -1, -1):
        dy = layers[position].backward(dy, inward=inward or position > 0)
    return dy
