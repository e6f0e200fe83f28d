"""E networks of equal shape as one object: layers in a row over one array of parameters.

The idea: `parameters [E, P]` and `gradients [E, P]` are the whole state. The layers hold views of them, so training
is arithmetic on one array, and saving a network is saving one array.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.layers import Layer, Linear, bind_in_turn, initialize_in_turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import DTypeLike

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Network"]


class Network:
    """Layers applied one after another, E times with different parameters.

    Parameters
    ----------
    *layers : Layer
        In the order of the forward pass.
    input_size : int
        The number of inputs, L.
    members : int
        The number of networks trained together, E.
    dtype : dtype
        float32 for training, float64 for checks.
    feedback : {"back", "direct"}
        How the error reaches the layers below a linear layer: ``back`` through its weights (backpropagation), or
        ``direct`` from the output through a fixed random matrix (direct feedback alignment, Nokland 2016). A layer's
        update then waits for no layer above it: only the error at the output must be known.
    seed : int or SeedSequence
        Member e draws its start from a stream of its own, the same whatever E is.
    parameters : ndarray [E, P], optional
        What was learned before: nothing is drawn then, and nothing made room for that does not fit the layers.

    Raises
    ------
    ValueError
        When there is no such feedback, or `parameters` are not those of these layers.

    Examples
    --------
    >>> from forecast.nn import Linear, ReLU
    >>> network = Network(Linear(4), ReLU(), Linear(2), input_size=3, members=5)
    >>> network.parameters.shape
    (5, 26)
    >>> network.forward(np.zeros((7, 3), dtype=np.float32)).shape
    (5, 7, 2)
    """

    def __init__(
        self,
        *layers: Layer,
        input_size: int,
        members: int = 1,
        dtype: DTypeLike = np.float32,
        feedback: str = "back",
        seed: int | np.random.SeedSequence = 0,
        parameters: Array | None = None,
    ) -> None:
        if feedback not in ("back", "direct"):
            raise ValueError(f"feedback is 'back' or 'direct', not {feedback!r}")
        self.layers = layers
        self.input_size = input_size
        self.members = members
        self.training = False
        self.feedback = feedback
        size = input_size
        for layer in layers:
            size = layer.build(size)
        self.output_size = size
        self._shortcuts: dict[int, Array] = {}
        n_parameters = sum(layer.n_parameters for layer in layers)
        if parameters is not None and (parameters.shape != (members, n_parameters) or feedback == "direct"):
            raise ValueError(f"parameters {parameters.shape} for {members} networks of {n_parameters}")
        self.parameters: Array = np.zeros((members, n_parameters), dtype) if parameters is None else parameters
        self.gradients: Array = np.zeros_like(self.parameters)
        self._bind()
        if parameters is None:
            self.initialize(seed)

    def initialize(self, seed: int | np.random.SeedSequence) -> None:
        """Draw all parameters anew."""
        sequence = np.random.SeedSequence(seed) if isinstance(seed, int) else seed
        for member, stream in enumerate(sequence.spawn(self.members)):
            row = None if self.members == 1 else member
            initialize_in_turn(self.layers, row, np.random.default_rng(stream))
        if self.feedback == "direct":
            self._shortcuts = self._draw_shortcuts(sequence)
            self._route()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was copied or unpickled, in which the layers' views have become arrays of their own."""
        self.__dict__.update(state)
        self._bind()

    def part(self, rows: slice) -> Network:
        """Return some of the members as a network of their own, over the same parameters and gradients."""
        other = copy(self)
        other.layers = deepcopy(self.layers)
        other.parameters, other.gradients = self.parameters[rows], self.gradients[rows]
        other.members = len(other.parameters)
        for layer in other.layers:
            layer.narrow(rows)
        other._bind()
        return other

    @contextmanager
    def training_mode(self, *, on: bool = True) -> Iterator[None]:
        """Switch on (or off), within the block, what layers do while training alone, such as dropout."""
        before, self.training = self.training, on
        _switch(self.layers, on=on)
        try:
            yield
        finally:
            self.training = before
            _switch(self.layers, on=before)

    def forward(self, x: Array) -> Array:
        """Return the outputs for the inputs of a batch.

        Parameters
        ----------
        x : ndarray [B, L] or [E, B, L]
            The same inputs for every member, or each member's own.

        Returns
        -------
        ndarray [E, B, H]
            The network's own buffer: copy what must outlive the next call.
        """
        y = x.astype(self.parameters.dtype, copy=False)
        if self.members == 1 and y.ndim == 3:
            y = y[0]
        for layer in self.layers:
            y = layer.forward(y)
        return y[None] if self.members == 1 else y

    def predict(self, x: Array, *, at_once: int = 256) -> Array:
        """Return the outputs for any number of inputs, `at_once` of them at a time, which bounds the memory.

        Parameters
        ----------
        x : ndarray [B, L] or [E, B, L]
            The same inputs for every member, or each member's own.
        at_once : int
            Inputs of one forward pass: few enough for what the layers make of them to stay in the cache.

        Returns
        -------
        ndarray [E, B, H]
            An array of its own.

        Examples
        --------
        >>> from forecast.nn import Linear
        >>> Network(Linear(2), input_size=3, members=5).predict(np.zeros((7, 3)), at_once=4).shape
        (5, 7, 2)
        """
        parts = [x[..., first : first + at_once, :] for first in range(0, x.shape[-2], at_once)] or [x]
        return np.concatenate([self.forward(part).copy() for part in parts], axis=1)

    def backward(self, dy: Array, *, inward: bool = False) -> Array:
        """Write the gradients of all parameters for ``dy = dJ/d(output) [E, B, H]`` of the last `forward`.

        Returns
        -------
        ndarray [E, B, L]
            ``dJ/dx``, computed only with ``inward=True``.
        """
        error = dx = dy[0] if self.members == 1 else dy
        for layer, shortcut, is_first in self._downwards:
            dx = layer.backward(dx, inward=(inward or not is_first) and shortcut is None)
            if shortcut is not None:
                dx = np.matmul(error, shortcut)
        return dx[None] if self.members == 1 else dx

    def _bind(self) -> None:
        # A single member needs no axis of its own: plain matrices multiply faster than stacks of one.
        squeezed = (0,) if self.members == 1 else ()
        bind_in_turn(self.layers, self.parameters[squeezed], self.gradients[squeezed])
        self._route()

    def _route(self) -> None:
        """Lay down the way back: the layers from the last to the first, with the shortcut below each, if any."""
        steps = [(layer, self._shortcuts.get(i), i == 0) for i, layer in enumerate(self.layers)]
        self._downwards: list[tuple[Layer, Array | None, bool]] = steps[::-1]

    def _draw_shortcuts(self, sequence: np.random.SeedSequence) -> dict[int, Array]:
        """Return, for each linear layer but the first, the matrix [H, n] that brings the error to its n inputs."""
        sizes = {position: layer.size for position, layer in enumerate(self.layers) if isinstance(layer, Linear)}
        rng, bound, H = np.random.default_rng(sequence), np.sqrt(3.0 / self.output_size), self.output_size
        drawn = {position: rng.uniform(-bound, bound, (H, size)) for position, size in list(sizes.items())[1:]}
        return {position: matrix.astype(self.parameters.dtype) for position, matrix in drawn.items()}


def _switch(layers: Iterable[Layer], *, on: bool) -> None:
    for layer in layers:
        layer.training = on
        _switch(layer.children(), on=on)
