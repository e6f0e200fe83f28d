"""Tasks done by an executor, in the order of the tasks and within the time there is.

The idea: whoever asks gets results and need not know where they were made, which of them were kept from a run that was
interrupted, and which took a second try because a worker died.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from forecast.defaults import ENGINES
from forecast.engine.cores import cores
from forecast.engine.dask import Dask, is_address, require_distributed
from forecast.engine.parcels import WorkerDied, can_travel
from forecast.engine.processes import Processes
from forecast.errors import ConfigError, ModelError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from types import TracebackType

__all__ = ["Kept", "Workers"]

T = TypeVar("T")
R = TypeVar("R")

WORTH = 6.0
"""Seconds of work left from which on workers are started: twice what they need to load what the models need."""
AT_LEAST = 1.0
"""Seconds of work from which the rest can be judged."""


class Kept(Protocol):
    """Who keeps results, so that they need not be made again."""

    def find(self, task: Any) -> Any:
        """Return the result of a task, None where it is not there."""

    def keep(self, task: Any, result: Any) -> None:
        """Take the result of a task as soon as it is there."""


class Workers:
    """Those who do tasks: this process, and processes beside it when `WORTH` seconds of work seem to be left.

    Parameters
    ----------
    count : int, optional
        How many processes; by default as many as there are cores. 1: everything is done in this process.
    seconds : float, optional
        When they stop, counted from now; what is unfinished then stays undone. With a limit, workers are started at
        once, for a task in this process could not be stopped.
    engine : str
        ``processes``; ``serial``, this process alone; ``dask``, a Dask cluster on this machine that is started at once,
        while this process goes on; or the address of one that runs, such as ``tcp://host:8786``.
    kept : Kept, optional
        Asked for the result of every task first, and given every result.

    Raises
    ------
    ConfigError
        U101, when there is no such engine, or it cannot be reached.

    Examples
    --------
    >>> with Workers(1) as workers:
    ...     workers.do(abs, [-1, 2])
    [1, 2]
    """

    def __init__(
        self,
        count: int | None = None,
        *,
        seconds: float | None = None,
        engine: str = "processes",
        kept: Kept | None = None,
    ) -> None:
        if engine not in ENGINES and not is_address(engine):
            what = f"no engine {shown(engine)}: {', '.join(ENGINES)}, or the address of a Dask scheduler"
            raise ConfigError("U101", what, hint="--engine processes")
        self.count = 1 if engine == "serial" else count or cores()
        self.engine, self.kept = engine, kept
        self._spent, self._finished = 0.0, 0
        self.deadline: float | None = None
        self.end_in(seconds)
        self.cut: list[Any] = []
        """The tasks that were stopped in the middle when time was up."""
        self._executor: Executor | None = None
        self._starting: Future[Dask] | None = None

    def __enter__(self) -> Self:
        if self.engine == "dask":  # it takes a second or two, in which data can be read
            require_distributed(self.engine)
            beside = ThreadPoolExecutor(1)
            self._starting = beside.submit(Dask, self.engine, self.count)
            beside.shutdown(wait=False)
        elif self.engine not in ("processes", "serial"):
            self._joined(Dask(self.engine, self.count))
        return self

    @property
    def processes(self) -> list[int]:
        """The numbers of the processes on this machine that have worked beside this one."""
        return [worker.pid for worker in self._executor.started] if isinstance(self._executor, Processes) else []

    def end_in(self, seconds: float | None) -> None:
        """Stop so many seconds from now; None: never."""
        self.deadline = None if seconds is None else perf_counter() + seconds

    def end_sooner(self, seconds: float) -> None:
        """Stop so many seconds before they would, where they have a limit."""
        self.deadline = None if self.deadline is None else self.deadline - seconds

    def _joined(self, cluster: Dask) -> None:
        self._executor, self._starting, self.count = cluster, None, max(1, cluster.count)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._starting is not None and self._starting.exception() is None:
            self._joined(self._starting.result())
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def do(
        self,
        function: Callable[[T], R],
        tasks: Sequence[T],
        tick: Callable[[T], None] = lambda _: None,
        *,
        long: bool = False,
        lost: Callable[[T, str], R] | None = None,
        sure: Callable[[T], bool] = lambda _: False,
    ) -> list[R | None]:
        """Return what `function` makes of each task, in the order of the tasks; None for what is not finished in time.

        `tick` is told of every task before it is begun (or, where workers do them, when one is finished). A function
        or task that cannot be sent to another process is done in this one.

        Parameters
        ----------
        long : bool
            Whether the tasks are known to take long, so that workers start without waiting for the first of them.
        lost : callable, optional
            What stands for a task over which every worker died, and why they did; such a result is not kept.
        sure : callable
            Whether a task is so quick that it is done in this process, before the others, however little time there is;
            asked only where there is a limit.

        Raises
        ------
        ModelError
            M105, when every worker dies over a task and there is no `lost`.
        """
        if self._starting is not None:
            self._joined(self._starting.result())
        results = [self.kept.find(task) if self.kept is not None else None for task in tasks]
        rest = [place for place, result in enumerate(results) if result is None]
        for task, result in zip(tasks, results, strict=True):
            if result is not None:
                tick(task)
        for place in [place for place in rest if self.deadline is not None and sure(tasks[place])]:
            tick(tasks[place])
            results[place] = self._made(tasks[place], function(tasks[place]))
            rest.remove(place)
        while rest and not self._sends([tasks[place] for place in rest], function, long=long):
            if self._over():
                return results
            start, place = perf_counter(), rest.pop(0)
            tick(tasks[place])
            results[place] = self._made(tasks[place], function(tasks[place]))
            self._spent, self._finished = self._spent + perf_counter() - start, self._finished + 1
        if rest and not self._over():
            shared = self._share(function, [tasks[place] for place in rest], tick, lost)
            for place, result in zip(rest, shared, strict=True):
                results[place] = result
        return results

    def try_out(self, function: Callable[[T], R], tasks: Sequence[T], seconds: float) -> list[R | None]:
        """Return the same as `do` of tasks that say what others will take: none is kept.

        Processes of ours have so many seconds for it; those of a cluster have as many as for everything.

        Examples
        --------
        >>> with Workers(1) as workers:
        ...     workers.try_out(abs, [-1, 2], 60.0)
        [1, 2]
        """
        before = self.deadline, self.kept, list(self.cut)
        self.kept = None
        if self.engine == "processes":  # which are started again where they are stopped
            end = perf_counter() + seconds
            self.deadline = end if self.deadline is None else min(end, self.deadline)
        try:
            return self.do(function, tasks)
        finally:
            self.deadline, self.kept, self.cut[:] = before

    @property
    def seconds_left(self) -> float | None:
        """How long they work on; None without a limit."""
        return None if self.deadline is None else max(0.0, self.deadline - perf_counter())

    def _over(self) -> bool:
        return self.deadline is not None and perf_counter() >= self.deadline

    def _made(self, task: T, result: R) -> R:
        if self.kept is not None:
            self.kept.keep(task, result)
        return result

    def _sends(self, rest: Sequence[Any], function: Callable[[Any], Any], *, long: bool) -> bool:
        """Whether the `rest` of the tasks is done by others: because it must be, or because it pays."""
        if self.engine == "serial":
            return False
        left = self._spent / max(1, self._finished) * len(rest)
        pays = self.count > 1 and len(rest) > 1 and (long or (self._spent > AT_LEAST and left > WORTH))
        return (self.engine != "processes" or self.deadline is not None or pays) and can_travel(function, rest[0])

    def _share(
        self,
        function: Callable[[T], R],
        tasks: Sequence[T],
        tick: Callable[[T], None],
        lost: Callable[[T, str], R] | None,
    ) -> list[R | None]:
        if self._executor is None:
            self._executor = Processes(self.count)
        done: list[R | None] = [None] * len(tasks)
        places: dict[Future[R], int] = {self._executor.submit(function, task): i for i, task in enumerate(tasks)}
        waiting = set(places)
        while waiting:
            left = None if self.deadline is None else max(0.0, self.deadline - perf_counter())
            finished, waiting = wait(waiting, timeout=left, return_when=FIRST_COMPLETED)
            for future in finished:
                place = places[future]
                done[place] = self._result(future, tasks[place], lost)
                tick(tasks[place])
            if left is not None and not finished:
                self.cut += [tasks[places[future]] for future in waiting if not future.cancel()]
                self._executor.shutdown(wait=False, cancel_futures=True)
                self._executor = None
                break
        return done

    def _result(self, future: Future[R], task: T, lost: Callable[[T, str], R] | None) -> R:
        try:
            return self._made(task, future.result())
        except WorkerDied as error:
            if lost is None:
                raise ModelError("M105", f"a task was given up: {error}", hint="--jobs 1") from error
            return lost(task, str(error))
