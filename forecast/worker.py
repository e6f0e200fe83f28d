"""A worker process: takes functions and their arguments from standard input, and gives back what comes of them.

The idea: one pickle in, one pickle out, until the input ends; whatever else is printed goes to standard error.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from typing import IO

from forecast.engine import one_thread

__all__ = ["serve"]


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Do every task that is read, and write whether it succeeded and its result or its error."""
    while True:
        try:
            function, task = pickle.load(tasks)  # noqa: S301 - from our own process
        except EOFError:
            return
        try:
            answer = True, function(task)
        except Exception as error:  # noqa: BLE001 - the other side raises it
            answer = False, error
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side alone decides when to stop
    warnings.simplefilter("ignore")
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out, one_thread():
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, out)
