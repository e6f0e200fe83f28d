"""A large plain file read a stretch of lines at a time, so that its texts never lie in memory all at once.

The idea: a stretch looks like a file of its own, header and all, to the engine that splits it; of what it came to only
numbers and codes are kept, and these are joined when the file has gone by.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecast.reading.quoting import Quotes

__all__ = ["STRETCH", "Source", "Stretch", "read_in_stretches"]

STRETCH = 2**25
"""Bytes of a stretch, about: what an engine makes of them takes two to three times as much."""
AT_ONCE = 2**21
"""Bytes that are read at once, at most; the header and a line go into so many."""


class Source(Protocol):
    """A file that goes by once."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""


class Stretch(io.BufferedIOBase):
    """The header and the next lines of a file, `STRETCH` bytes of them or all that are left.

    Parameters
    ----------
    source : Source
        The file, of which the header has been read.
    header : bytes
        Its first line.
    begun : bytes
        What has been read of the first of these lines.
    """

    def __init__(self, source: Source, header: bytes, begun: bytes) -> None:
        self.counts: dict[str, int] = {}
        """Characters to count, of one byte each."""
        self.quotes: Quotes | None = None
        """What looks at its quotes."""
        self.left = b""
        """What has been read of the line after the last of these."""
        self._source, self._ready = source, header + begun
        self._taken, self._ended = 0, False

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(AT_ONCE), b""))
        size = min(size, AT_ONCE)
        while len(self._ready) < size and not self._ended:
            more = self._source.read(size - len(self._ready))
            self._ready, self._ended = self._ready + more, not more
        chunk, self._ready = self._ready[:size], self._ready[size:]
        self._taken += len(chunk)
        end = chunk.rfind(b"\n") + 1
        if self._taken >= STRETCH and end:
            chunk, self.left, self._ready, self._ended = chunk[:end], chunk[end:] + self._ready, b"", True
        for character in self.counts:
            self.counts[character] += chunk.count(character.encode())
        if self.quotes is not None:
            self.quotes.look(chunk)
        return chunk

    def read1(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        return self.read(size)


def read_in_stretches(source: Source, split: Callable[[Stretch], pd.DataFrame | None]) -> pd.DataFrame | None:
    """Return what `split` makes of all stretches of a file, one below another; None where it makes nothing of one.

    Parameters
    ----------
    source : Source
        At its beginning.
    split : callable
        Returns a frame of columns of numbers, texts, and categories that are texts.
    """
    parts: list[pd.DataFrame] = []
    for stretch in _stretches(source):
        frame = split(stretch)
        if frame is None:
            return None
        parts.append(frame)
    if len(parts) == 1:
        return parts[0]
    return pd.DataFrame(
        {name: _joined([part.pop(name) for part in parts]) for name in map(str, parts[0].columns)}, copy=False
    )


def _stretches(source: Source) -> Iterator[Stretch]:
    start = source.read(AT_ONCE)  # what is read by columns has short lines
    end = start.find(b"\n") + 1 or len(start)
    header, begun, more = start[:end], start[end:], True
    while more:
        stretch = Stretch(source, header, begun)
        yield stretch
        begun = stretch.left or source.read(AT_ONCE)
        more = bool(begun)


def _joined(pieces: list[pd.Series[Any]]) -> Any:
    """Return a column of which these are the pieces, which are gone then."""
    if isinstance(pieces[0].dtype, pd.CategoricalDtype):
        return _unified(pieces)
    if pieces[0].dtype.kind != "f":
        return pd.concat(pieces, ignore_index=True)
    return np.concatenate([piece.to_numpy() for piece in pieces])


def code_type(n_kinds: int) -> np.dtype[Any]:
    """Return the smallest type of signed codes for so many distinct texts, as pandas has them."""
    return np.min_scalar_type(-max(1, n_kinds))


def _unified(pieces: Sequence[pd.Series[Any]]) -> pd.Categorical:
    """Return categorical texts of which these are the pieces, with categories in the order of theirs.

    Examples
    --------
    >>> pieces = [pd.Series(pd.Categorical.from_codes(codes, list("ba"))) for codes in ([0, 1, 1], [1])]
    >>> list(_unified(pieces)), _unified([pieces[1], pieces[0]]).codes.tolist()
    (['b', 'a', 'a', 'a'], [1, 0, 1, 1])
    """
    known: dict[str, int] = {}
    own = [np.array([known.setdefault(text, len(known)) for text in piece.cat.categories]) for piece in pieces]
    size, place = code_type(len(known)), 0
    codes = np.empty(sum(map(len, pieces)), size)
    for piece, code in zip(pieces, own, strict=True):
        codes[place : place + len(piece)] = code.astype(size)[piece.cat.codes.to_numpy()]
        place += len(piece)
    return pd.Categorical.from_codes(codes, pd.Index(list(known), dtype=object), validate=False)
