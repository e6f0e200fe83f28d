"""How much time a run has left, and how long a piece of work takes on this machine as it is now.

The idea: work that is still to come is counted in usual seconds, those of the machine it was measured on; what was
timed here says how long one of them is at present, so a slow or busy machine keeps its budget as a fast one does.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import perf_counter

__all__ = ["Clock", "begun"]

COMMAND_LINE = "forecast.cli"
"""The module whose `main` a process was started for, where its time counts from its start on."""
FORGOTTEN = 0.5
"""What is left of the weight of earlier timings when a new one comes: a machine may become busy."""
WAITED = 10.0
"""A process is so many times as old as its work at most, as on a machine that ten such keep busy."""
START_TIME = 19
"""Which of the fields behind the name in /proc/self/stat says when a process began, in ticks (proc(5))."""


class Clock:
    """The time of one run, and what was left out to keep to it.

    Parameters
    ----------
    budget : float, optional
        Seconds for the whole run; None: it may take as long as it takes.
    spent : float
        How many of them have gone by already.

    Examples
    --------
    >>> clock = Clock(60.0, spent=50.0)
    >>> clock.learn(took=3.0, usual=1.0)
    >>> clock.pace, clock.allows(2.0), clock.allows(4.0)
    (3.0, True, False)
    >>> Clock().allows(1e9)
    True
    """

    def __init__(self, budget: float | None = None, *, spent: float = 0.0) -> None:
        self.budget = budget
        self.left_out: Counter[str] = Counter()
        """How often something was left out, by what it is called."""
        self._start = perf_counter() - spent
        self._took = self._usual = 0.0

    @property
    def used(self) -> float:
        """The seconds that have gone by."""
        return perf_counter() - self._start

    @property
    def left(self) -> float:
        """The seconds that are left, below zero where there were too few; infinitely many without a budget."""
        return math.inf if self.budget is None else self.budget - self.used

    @property
    def pace(self) -> float:
        """How many seconds a usual one takes here."""
        return self._took / self._usual if self._usual else 1.0

    def learn(self, *, took: float, usual: float) -> None:
        """Take how many seconds something took, and how many it usually does; what is later says more."""
        self._took = FORGOTTEN * self._took + took
        self._usual = FORGOTTEN * self._usual + usual

    def allows(self, usual: float) -> bool:
        """Return whether there is time for what usually takes so many seconds."""
        return usual * self.pace <= self.left


def begun() -> float:
    """Return when a command began, on the clock of `time.perf_counter`.

    A process that was started for the command line alone began with it, and took its time to load Python and all that
    comes before the first command; anywhere else a command begins when it is called.
    """
    main = getattr(sys.modules.get("__main__"), "main", None)
    return perf_counter() - (_age() if getattr(main, "__module__", None) == COMMAND_LINE else 0.0)


def _age() -> float:
    """Return the seconds since this process began; where the system does not tell, those that it has computed.

    These count as well where it is far older than its work: it was something else before, such as the shell that became
    this command, or it waited.
    """
    least = time.process_time()
    with suppress(OSError, ValueError, IndexError, AttributeError):
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        age = since_boot - int(fields[START_TIME]) / os.sysconf("SC_CLK_TCK")
        return age if least <= age <= WAITED * least + 1.0 else least
    return least
