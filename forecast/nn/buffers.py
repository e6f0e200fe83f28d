"""Arrays that are made once and used again: what layers and losses write their results to.

The idea: a training step has the same shapes every time, so after the first one nothing needs to be allocated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Buffered"]


class Buffered:
    """Has arrays of its own, by name, shape and dtype."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, tuple[int, ...], Any], Array] = {}

    def _buffer(self, name: str, shape: tuple[int, ...], like: Array, fill: object = None) -> Array:
        """Return the array of this name and shape with the dtype of `like`.

        It is allocated at the first call (and filled with `fill`, if given) and the same one at every later call.
        """
        key = (name, shape, like.dtype.char)  # a character is hashed faster than a dtype
        found = self._buffers.get(key)
        if found is None:
            found = self._buffers[key] = np.empty(shape, like.dtype)
            if fill is not None:
                found[...] = fill
        return found

    def _mask(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return a boolean array likewise."""
        key = (name, shape, bool)
        found = self._buffers.get(key)
        if found is None:
            found = self._buffers[key] = np.empty(shape, bool)
        return found
