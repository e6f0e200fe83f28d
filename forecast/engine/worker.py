"""A worker process: takes functions and their arguments from standard input, and gives back what comes of them.

The idea: one pickle in, one pickle out, until the input ends; whatever else is printed goes to standard error. A worker
whose caller was killed takes away what the two shared, and ends.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
import threading
import warnings
from time import sleep
from typing import IO

from forecast.engine.cores import WORKER, one_thread
from forecast.engine.parcels import Library, opened
from forecast.heap import one_heap

__all__ = ["serve"]

LOOK = 0.5
"""Seconds between two looks whether the caller is still there."""


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Do every task that is read, and write whether it succeeded and its result or its error."""
    library = Library()
    while True:
        try:
            parcel, paths = pickle.load(tasks)  # noqa: S301 - from our own process
        except EOFError:
            return
        try:
            function, task = opened(parcel, [library.get(path) for path in paths])
            answer = pickle.dumps((True, function(task)), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - the other side raises it
            answer = pickle.dumps((False, error), protocol=pickle.HIGHEST_PROTOCOL)
        answers.write(answer)
        answers.flush()


def _end_with(caller: int, shelf: str) -> None:
    """Wait until the caller is gone, then take away what it left, and end."""
    while os.getppid() == caller:
        sleep(LOOK)
    shutil.rmtree(shelf, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side alone decides when to stop
    warnings.simplefilter("ignore")
    one_heap()
    _caller, _, _shelf = os.environ[WORKER].partition(" ")
    threading.Thread(target=_end_with, args=(int(_caller), _shelf), daemon=True).start()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out, one_thread():
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, out)
    shutil.rmtree(_shelf, ignore_errors=True)  # the caller ended without a word
