"""How many cores there are to use, and how the linear algebra libraries are held to one.

The idea: matrices here are small, so threads of such a library cost more than they give; and one thread adds up in one
order, whatever the machine.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["WORKER", "cores", "one_thread", "threads"]

WORKER = "FORECAST_WORKER"
"""The variable that tells a process that it is a worker."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the linear algebra libraries of NumPy and SciPy to one thread within the block.

    Examples
    --------
    >>> from threadpoolctl import threadpool_info
    >>> with one_thread():
    ...     {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} <= {1}
    True
    """
    from importlib import import_module

    from threadpoolctl import threadpool_limits

    import_module("scipy.linalg")  # a library must be loaded to be held

    with threadpool_limits(1):
        yield


def threads() -> int:
    """Return how many threads a model may use: one in a worker process, for its neighbours have the other cores.

    Examples
    --------
    >>> threads() >= 1
    True
    """
    return 1 if WORKER in os.environ else cores()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
