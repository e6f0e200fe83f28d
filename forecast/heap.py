"""The heap of a process: one for all threads where it is ours, and given back where a large piece of work is done.

The idea: glibc gives every thread a heap of its own, and keeps in each of them what was freed. The threads here take
large arrays and seldom, so they do not wait for one another, and what one has freed the next can have.
"""

from __future__ import annotations

import os
import sys
from typing import Any

__all__ = ["give_back", "one_heap"]

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""What glibc calls the greatest number of heaps, and the size from which on memory lies outside of them (malloc.h)."""
LARGE = 2**23
"""Bytes from which on an array is no part of the heap: a column of a million numbers leaves no hole there."""


def one_heap() -> bool:
    """Let all threads of this process share a heap; return whether the C library can be told so.

    Threads that have a heap keep it. Large arrays lie outside, and pyarrow, if it is not there yet, takes its memory
    from the same library.

    Examples
    --------
    >>> one_heap() in (True, False)
    True
    """
    tell = _of_library("mallopt")
    if tell is None or tell(ARENA_MAX, 1) != 1 or tell(MMAP_THRESHOLD, LARGE) != 1:
        return False
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    return True


def give_back() -> bool:
    """Give memory that was freed back to the system; return whether the C library had any, and a way to give it.

    Where pyarrow is at work it keeps what texts have left free, and is asked for that, too.

    Examples
    --------
    >>> give_back() in (True, False)
    True
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = _of_library("malloc_trim")
    return trim is not None and trim(0) == 1


def _of_library(name: str) -> Any:
    """Return a function of the C library; None where it has none of this name."""
    if sys.platform != "linux":
        return None
    from ctypes import CDLL

    return getattr(CDLL(None), name, None)
