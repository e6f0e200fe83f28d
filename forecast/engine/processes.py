"""Worker processes as an executor: a task whose worker dies is done again by another.

The idea: a worker is this Python run on `forecast.engine.worker`. Unlike what `multiprocessing` offers everywhere, it
does not load the caller's script again, so that a script needs no guard, and it can be stopped in the middle of a task.
"""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import Executor, Future
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from forecast.engine.cores import WORKER
from forecast.engine.parcels import TRIES, Shelf, WorkerDied, packed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Here", "Processes"]

log = logging.getLogger("forecast.engine")


class Here(Executor):
    """The executor that does everything at once, in this process.

    Examples
    --------
    >>> Here().submit(abs, -2).result()
    2
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done already."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future


class Processes(Executor):
    """Up to `count` worker processes, each started when there is a task for it.

    Examples
    --------
    >>> with Processes(1) as executor:
    ...     executor.submit(abs, -2).result()
    2
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.started: list[subprocess.Popen[bytes]] = []
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[Any], Any], Any] | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._shelf = Shelf(Path(tempfile.gettempdir()) / f"forecast-{os.getpid()}-{os.urandom(4).hex()}")
        self._stopped = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a function of one argument; its exception is `WorkerDied` where three workers died."""
        (task,) = args
        future: Future[Any] = Future()
        self._jobs.put((future, fn, task))
        if len(self._threads) < self.count:
            self._threads.append(Thread(target=self._work, daemon=True))
            self._threads[-1].start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers: when all is done, or at once, in the middle of their tasks."""
        self._stopped = cancel_futures or not wait
        for worker in self.started if self._stopped else ():
            worker.kill()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self._shelf.folder, ignore_errors=True)

    def _work(self) -> None:
        """Do one job after the other by a worker process, and by a new one where it died."""
        worker: subprocess.Popen[bytes] | None = None
        while (job := self._jobs.get()) is not None:
            future, function, task = job
            if self._stopped or not future.set_running_or_notify_cancel():
                future.cancel()
                continue
            try:
                parcel, panels = packed(function, task)
                message = pickle.dumps((parcel, [self._shelf.put(panel) for panel in panels]))
                for attempt in range(TRIES):
                    worker = worker if attempt == 0 and worker is not None else self._start()
                    answer = _asked(worker, message)
                    if answer is not None or self._stopped:
                        break
                    log.warning("a worker process ended before its task, which is done again: memory may have run out")
                    _ended(worker)
                    worker = None
                _settle(future, answer)
            except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
                future.set_exception(error)
        if worker is not None:
            _ended(worker)

    def _start(self) -> subprocess.Popen[bytes]:
        here = os.pathsep.join(path for path in sys.path if path)
        worker = subprocess.Popen(
            [sys.executable, "-m", "forecast.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": here, WORKER: f"{os.getpid()} {self._shelf.folder}"},
        )
        self.started.append(worker)
        if self._stopped:  # between the two, all others were killed
            worker.kill()
        return worker


def _asked(worker: subprocess.Popen[bytes], message: bytes) -> tuple[bool, Any] | None:
    """Return whether a worker succeeded, with its result or its error; None where it died."""
    try:
        worker.stdin.write(message)  # type: ignore[union-attr]
        worker.stdin.flush()  # type: ignore[union-attr]
        succeeded, result = pickle.load(worker.stdout)  # type: ignore[arg-type]  # noqa: S301 - our own process
    except (EOFError, OSError, ValueError, pickle.UnpicklingError):
        return None
    return succeeded, result


def _settle(future: Future[Any], answer: tuple[bool, Any] | None) -> None:
    if answer is None:
        future.set_exception(WorkerDied(f"its worker process ended {TRIES} times: memory may have run out"))
    elif answer[0]:
        future.set_result(answer[1])
    else:
        future.set_exception(answer[1])


def _ended(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.communicate()
