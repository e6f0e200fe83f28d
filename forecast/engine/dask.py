"""A Dask cluster as an executor: a local one that is started, or one that runs already, on any machines.

The idea: Dask's own executor does the work; a panel is sent to the workers once, and the tasks refer to it.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
import weakref
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from forecast.engine.cores import WORKER, one_thread
from forecast.engine.parcels import TRIES, WorkerDied, opened, packed
from forecast.errors import ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Dask", "is_address", "require_distributed"]

log = logging.getLogger("forecast.engine")

SETTINGS = {
    "distributed.scheduler.allowed-failures": TRIES - 1,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
}
"""Of a cluster that is started here: a task is given to a worker when it has none, and nobody watches it at work."""
WAIT = 10
"""Seconds in which a scheduler has to answer."""
LOOK = 1.0
"""Seconds between two looks whether all workers are there, at least."""


def is_address(name: str) -> bool:
    """Return whether this is where a scheduler may listen, such as ``tcp://host:8786``.

    Examples
    --------
    >>> is_address("tcp://127.0.0.1:8786"), is_address("dask")
    (True, False)
    """
    return name.split("://")[0] in ("tcp", "tls", "ucx", "ws", "wss") and "://" in name


def require_distributed(name: str) -> None:
    """Raise U101 when the package that the engine `name` takes is not installed, without loading it."""
    if find_spec("distributed") is None:
        what = f"--engine {name} takes the package distributed, which is not installed"
        raise ConfigError("U101", what, hint="pip install 'forecast[dask]'")


class Dask(Executor):
    """Dask's executor for functions of one argument.

    Parameters
    ----------
    name : str
        ``dask`` starts a cluster of `count` processes here, for which a script needs the usual guard ``if __name__ ==
        "__main__"``; an address joins one that runs.
    count : int
        How many workers are started.

    Raises
    ------
    ConfigError
        U101, when the package distributed is not installed, or nobody answers at the address.
    """

    def __init__(self, name: str, count: int) -> None:
        require_distributed(name)
        distributed: Any = import_module("distributed")
        self._cluster: Any = None
        self._scratch = Path(tempfile.gettempdir()) / f"forecast-dask-{os.getpid()}"
        if name == "dask":
            with import_module("dask").config.set(SETTINGS | {"temporary-directory": str(self._scratch)}):
                self._cluster = distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    dashboard_address=":0",
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                    env={WORKER: "1"},
                )
        try:
            self._client = distributed.Client(self._cluster or name, timeout=WAIT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConfigError(
                "U101", f"no Dask scheduler answers at {shown(name)}", hint="--engine dask, or processes"
            ) from error
        self._executor = self._client.get_executor(pure=False)
        self._sent: dict[int, Any] = {}
        self._workers, self._looked, self._closed = self._addresses(), perf_counter(), False
        self._after = ThreadPoolExecutor(1)  # Dask's own thread must not wait for Dask

    @property
    def count(self) -> int:
        """How many workers there are."""
        return len(self._workers)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a function of one argument; its exception is `WorkerDied` where three workers died."""
        (task,) = args
        future: Future[Any] = Future()
        self._begin(future, *packed(fn, task), TRIES)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, and end it if it was started here; what is not done is cancelled."""
        self._closed = cancel_futures or not wait
        self._look_for_the_dead(at_once=True)
        self._executor.shutdown(wait=not self._closed)
        self._after.shutdown(wait=True)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _begin(self, future: Future[Any], parcel: bytes, panels: list[Any], tries: int) -> None:
        sent = [self._panel(panel) for panel in panels]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a parcel may be large where no panel is
            inner = self._executor.submit(_performed, parcel, *sent)
        inner.add_done_callback(lambda done: self._later(done, future, parcel, panels, tries))

    def _later(self, done: Future[Any], future: Future[Any], *again: Any) -> None:
        if not (self._closed or future.cancelled()):
            self._after.submit(self._finish, done, future, *again)

    def _finish(self, done: Future[Any], future: Future[Any], parcel: bytes, panels: list[Any], tries: int) -> None:
        """Hand on what came of a task; where the panel went down with its worker, send it and begin again."""
        killed: Any = import_module("distributed").KilledWorker
        try:
            self._look_for_the_dead()
            if not done.cancelled() and not isinstance(done.exception(), (killed, CancelledError)):
                _hand_on(done, future)
            elif tries > 1 and (done.cancelled() or isinstance(done.exception(), CancelledError)):
                for panel in panels:
                    self._sent.pop(id(panel), None)
                self._begin(future, parcel, panels, tries - 1)
            else:
                future.set_exception(WorkerDied(f"its worker process ended {TRIES} times: memory may have run out"))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)

    def _panel(self, panel: Any) -> Any:
        """Return Dask's name for a panel that every worker has, for as long as it is here."""
        if id(panel) not in self._sent:
            self._sent[id(panel)] = self._client.scatter(panel, broadcast=True, hash=False)
            weakref.finalize(panel, self._sent.pop, id(panel), None).atexit = False
        return self._sent[id(panel)]

    def _addresses(self) -> set[str]:
        return set(self._client.nthreads())

    def _look_for_the_dead(self, *, at_once: bool = False) -> None:
        if not at_once and perf_counter() < self._looked + LOOK:
            return
        now = self._addresses()
        for _ in self._workers - now:
            log.warning("a worker of the cluster ended; what it was doing is done again")
        self._workers, self._looked = now, perf_counter()


def _hand_on(done: Future[Any], future: Future[Any]) -> None:
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(error)


def _performed(parcel: bytes, *panels: Any) -> Any:
    """Do a task on a worker of the cluster."""
    os.environ.setdefault(WORKER, "1")
    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore")
        function, task = opened(parcel, panels)
        return function(task)
