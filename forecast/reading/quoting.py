"""Quotes in a large file: whether they stand around whole cells, so that every reader splits its lines alike.

The idea: quotes take turns, one that opens a cell and one that closes it, and what stands beside each says whether it
may; two side by side are one within a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["QUOTE", "Quotes", "odd_so_far"]

QUOTE = b'"'


class Quotes:
    r"""What was seen of the quotes of a file that goes by in chunks.

    Parameters
    ----------
    separator : str
        Between the cells of a row, of one byte.

    Examples
    --------
    >>> Quotes(",").look(b'"a","b ""c"" d"\n1,2\n')
    >>> Quotes(",").look(b'a "b" c\n')
    Traceback (most recent call last):
    ValueError: quotes within a cell
    """

    def __init__(self, separator: str) -> None:
        self._separator = separator.encode()
        self._before, self._behind = (np.zeros(256, dtype=np.bool_) for _ in range(2))
        self._before[list(self._separator + QUOTE + b"\n")] = True
        self._behind[list(self._separator + QUOTE + b"\r\n")] = True
        self.seen, self.separators = False, 0
        """Whether there was one, and how many separators stood between two."""
        self._last, self._open = b"\n", False

    def look(self, chunk: bytes) -> None:
        """Look at the next bytes; nothing is the end of the file.

        Raises
        ------
        ValueError
            A quote stands within a cell, or a line ends between two.
        """
        if not self._open and (not chunk or (QUOTE not in chunk and self._last != QUOTE)):
            self._last = chunk[-1:]
            return
        if not chunk:
            raise ValueError("a quote is not closed")
        self.seen = True
        text = np.frombuffer(self._last + chunk, np.uint8)
        quotes = text == QUOTE[0]
        quotes[0] = False  # it has been counted
        within = odd_so_far(quotes) ^ self._open
        opening, closes = np.flatnonzero(quotes & within), quotes & ~within
        closes[0] = self._last == QUOTE and not self._open
        behind = np.flatnonzero(closes[:-1]) + 1
        if not (self._before[text[opening - 1]].all() and self._behind[text[behind]].all()):
            raise ValueError("quotes within a cell")
        if (within & (text == ord("\n"))).any():
            raise ValueError("a line ends within quotes")
        self.separators += int(np.count_nonzero(within[1:] & (text[1:] == self._separator[0])))
        self._last, self._open = chunk[-1:], bool(within[-1])


def odd_so_far(marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return at which places [N] the number of marks up to there is odd.

    Places are the bits of words; after shifts by 1, 2, 4, ... and 32 every bit is the sum of all before it in its word
    (Langdale & Lemire 2019, section 3.1.1), to which the sum of the words before is added.

    Examples
    --------
    >>> odd_so_far(np.array([False, True, False, False, True, False])).tolist()
    [False, True, True, True, False, False]
    """
    packed = np.packbits(marks, bitorder="little")
    words = np.zeros(-(-len(packed) // 8), dtype="<u8")
    words.view(np.uint8)[: len(packed)] = packed
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << shift
    whole = words >> 63
    words ^= (np.bitwise_xor.accumulate(whole) ^ whole) * np.uint64(2**64 - 1)
    return np.unpackbits(words.view(np.uint8), count=len(marks), bitorder="little").view(np.bool_)
