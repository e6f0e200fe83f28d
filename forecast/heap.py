"""The heap of a process that is ours: one for all threads.

The idea: glibc gives every thread a heap of its own and keeps what was freed in each of them. The threads here take
large arrays and seldom, so they do not wait for one another, and what one has freed the next can have.
"""

from __future__ import annotations

import sys

__all__ = ["one_heap"]

ARENA_MAX = -8
"""What glibc calls the greatest number of heaps (malloc.h: M_ARENA_MAX)."""


def one_heap() -> bool:
    """Let all threads of this process share a heap; return whether the C library can be told so.

    Threads that have a heap keep it.

    Examples
    --------
    >>> one_heap() in (True, False)
    True
    """
    if sys.platform != "linux":
        return False
    from ctypes import CDLL

    tell = getattr(CDLL(None), "mallopt", None)  # other C libraries have none
    return tell is not None and tell(ARENA_MAX, 1) == 1
