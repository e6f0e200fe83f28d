"""Where the work of a run is done: in this process, on one thread.

The idea: matrices here are small, so threads of the linear algebra library cost more than they give; one thread also
adds up in one order, whatever the machine, so that the same seed gives the same bytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_thread"]


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
