"""Where the work of a run is done: in this process, and, once that has taken a while, in worker processes beside it.

The idea: every task is a function of its argument alone, so where it is done and in which order changes no bit of the
result. Matrices here are small: threads of the linear algebra library cost more than they give, and one thread also
adds up in one order, whatever the machine.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from queue import SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, TypeVar

from forecast.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

__all__ = ["Workers", "one_thread", "threads"]

T = TypeVar("T")
R = TypeVar("R")

WORTH = 6.0
"""Seconds of work left from which on workers are started: twice what they need to load what the models need."""

WORKER = "FORECAST_WORKER"
"""The variable that tells a process that it is a worker."""
AT_LEAST = 1.0
"""Seconds of work from which the rest can be judged."""


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
    return 1 if WORKER in os.environ else _cores()


class Workers:
    """Processes that do tasks, started only when `WORTH` seconds of work seem to be left.

    A worker is this Python run on `forecast.worker`: unlike what `multiprocessing` offers everywhere, it does not load
    the caller's script again, so that a script needs no guard, and it can be stopped in the middle of a task.

    Parameters
    ----------
    count : int, optional
        How many; by default as many as there are cores. 1: everything is done in this process.
    seconds : float, optional
        When they stop, counted from now; what is unfinished then stays undone. With a limit, workers are started at
        once, for a task in this process could not be stopped.

    Examples
    --------
    >>> with Workers(1) as workers:
    ...     workers.do(abs, [-1, 2])
    [1, 2]
    """

    def __init__(self, count: int | None = None, *, seconds: float | None = None) -> None:
        self.count = count or _cores()
        self._spent, self._finished = 0.0, 0
        self.deadline = None if seconds is None else perf_counter() + seconds
        self.cut: list[Any] = []
        """The tasks that were stopped in the middle when time was up."""
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._started:
            worker.kill()
            worker.communicate()

    def do(
        self, function: Callable[[T], R], tasks: Sequence[T], tick: Callable[[T], None] = lambda _: None
    ) -> list[R | None]:
        """Return what `function` makes of each task, in the order of the tasks; None for what is not finished in time.

        `tick` is told of every task before it is begun (or, where workers do them, when one is finished). A function
        or task that cannot be sent to another process is done in this one.
        """
        results: list[R | None] = []
        while len(results) < len(tasks) and not self._worth_it(tasks[len(results) :]):
            start = perf_counter()
            tick(tasks[len(results)])
            results.append(function(tasks[len(results)]))
            self._spent, self._finished = self._spent + perf_counter() - start, self._finished + 1
        rest = tasks[len(results) :]
        if self.deadline is not None and perf_counter() >= self.deadline:
            return results + [None] * len(rest)
        return results + self._share(function, rest, tick) if rest else results

    def _worth_it(self, rest: Sequence[Any]) -> bool:
        left = self._spent / max(1, self._finished) * len(rest)
        long = self._spent > AT_LEAST and left > WORTH
        wanted = self.deadline is not None or (self.count > 1 and len(rest) > 1 and long)
        return wanted and _can_travel(rest[0])

    def _share(self, function: Callable[[T], R], tasks: Sequence[T], tick: Callable[[T], None]) -> list[R | None]:
        for _ in range(min(self.count, len(tasks)) - len(self._started)):
            self._started.append(_start())
            self._idle.put(self._started[-1])
        done: list[R | None] = [None] * len(tasks)
        with ThreadPoolExecutor(max(1, len(self._started))) as threads:
            places = {threads.submit(self._ask, function, task): i for i, task in enumerate(tasks)}
            waiting = set(places)
            while waiting:
                left = None if self.deadline is None else max(0.0, self.deadline - perf_counter())
                finished, waiting = wait(waiting, timeout=left, return_when=FIRST_COMPLETED)
                for future in finished:
                    done[places[future]] = future.result()
                    tick(tasks[places[future]])
                if left is not None and not finished:
                    self.cut += [tasks[places[future]] for future in waiting if not future.cancel()]
                    for worker in self._started:
                        worker.kill()
                    break
        return done

    def _ask(self, function: Callable[[T], R], task: T) -> R:
        worker = self._idle.get()
        if worker.stdin is None or worker.stdout is None or worker.poll() is not None:
            self._idle.put(worker)
            raise _lost()
        try:
            pickle.dump((function, task), worker.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            worker.stdin.flush()
            succeeded, result = pickle.load(worker.stdout)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise _lost() from error
        finally:
            self._idle.put(worker)
        if not succeeded:
            raise result
        return result  # type: ignore[no-any-return]


def _start() -> subprocess.Popen[bytes]:
    here = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-m", "forecast.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": here, WORKER: "1"},
    )


def _can_travel(task: Any) -> bool:
    """Whether another process can be given the task: what a script or a cell defines has no name there."""
    try:
        sent = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return b"__main__" not in sent


def _lost() -> ModelError:
    return ModelError("M105", "a worker process ended before its task: memory may have run out", hint="--jobs 1")


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
