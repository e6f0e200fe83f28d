"""E networks of equal shape as one object: layers in a row over one array of parameters.

The idea: `parameters [E, P]` and `gradients [E, P]` are the whole state. The layers hold views of them, so training
is arithmetic on one array, and saving a network is saving one array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.layers import Layer, bind_in_turn, initialize_in_turn

if TYPE_CHECKING:
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
    seed : int or SeedSequence
        Member e draws its start from a stream of its own, the same whatever E is.

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
        seed: int | np.random.SeedSequence = 0,
    ) -> None:
        self.layers = layers
        self.input_size = input_size
        self.members = members
        size = input_size
        for layer in layers:
            size = layer.build(size)
        self.output_size = size
        n_parameters = sum(layer.n_parameters for layer in layers)
        self.parameters: Array = np.zeros((members, n_parameters), dtype)
        self.gradients: Array = np.zeros((members, n_parameters), dtype)
        # A single member needs no axis of its own: plain matrices multiply faster than stacks of one.
        squeezed = (0,) if members == 1 else ()
        bind_in_turn(layers, self.parameters[squeezed], self.gradients[squeezed])
        self.initialize(seed)

    def initialize(self, seed: int | np.random.SeedSequence) -> None:
        """Draw all parameters anew."""
        sequence = np.random.SeedSequence(seed) if isinstance(seed, int) else seed
        for member, stream in enumerate(sequence.spawn(self.members)):
            row = None if self.members == 1 else member
            initialize_in_turn(self.layers, row, np.random.default_rng(stream))

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

    def backward(self, dy: Array, *, inward: bool = False) -> Array:
        """Write the gradients of all parameters for ``dy = dJ/d(output) [E, B, H]`` of the last `forward`.

        Returns
        -------
        ndarray [E, B, L]
            ``dJ/dx``, computed only with ``inward=True``.
        """
        dx = dy[0] if self.members == 1 else dy
        for position, layer in reversed(list(enumerate(self.layers))):
            dx = layer.backward(dx, inward=inward or position > 0)
        return dx[None] if self.members == 1 else dx
