"""How a budget of time is shared out: what was spent already, what must follow the models, and what is theirs.

The idea: nothing is known of this machine beforehand, so a picture is painted before the models begin, and all that
comes after them is counted in how long that took.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING

from forecast.errors import ConfigError
from forecast.report.pace import answer_seconds, page_seconds, rest_seconds, try_out

if TYPE_CHECKING:
    from forecast.clock import Clock
    from forecast.ready import Ready

__all__ = ["Allotment", "after_seconds", "allotted", "for_table"]

FILES, ROW = 0.6, 30e-6
"""Usual seconds of the files of a run, and of a row of its windows: the interval, the scores and the files it is in."""
VALUE = 17e-6
"""Usual seconds that a value takes in the check of one window: changed in the raw file, and looked at again."""
TABLE, TABLE_ROW, MOST_KEPT = 0.8, 15e-6, 0.4
"""Usual seconds that a table of forecasts takes after the models, and each of its rows and those of the windows; and
the part of a budget that is kept for it at most."""
BEGIN = 2.0
"""Usual seconds in which worker processes begin."""
PICTURES, ANSWER, CHECK = 0.25, 0.4, 0.1
"""The parts of what is left of a budget that are kept at most for all pictures, for that of the forecast, and for the
check of one window."""


@dataclass(frozen=True)
class Allotment:
    """What a budget leaves for the models.

    Parameters
    ----------
    fits : float or None
        Seconds until the last fit and window must be done; None: as many as they take.
    rows : float
        Seconds that all windows would take afterwards; those that are finished have so much less.
    """

    fits: float | None = None
    rows: float = 0.0


def after_seconds(n_series: int, rows: int) -> float:
    """Return the usual seconds of what follows the models of a run, given how many rows its windows have.

    Examples
    --------
    >>> after_seconds(1, 500) < after_seconds(1000, 500) < after_seconds(1000, 500_000)
    True
    """
    return FILES + ROW * rows + rest_seconds(n_series, 0) + page_seconds(n_series)


def allotted(clock: Clock, ready: Ready, n_models: int, *, resumed: bool = False) -> Allotment:
    """Return what a budget leaves for so many models; a run that was `resumed` cannot be given another.

    Raises
    ------
    ConfigError
        U103, when it leaves nothing.
    """
    if clock.budget is None:
        return Allotment()
    try_out(clock)
    n_series, split = ready.panel.n_series, ready.split
    must = clock.pace * (FILES + rest_seconds(n_series, 0))
    if clock.left < must:
        least = clock.used + must + clock.pace * BEGIN
        what = f"a budget of {clock.budget:g} s is too short: the smallest run of these data takes about {least:.0f} s"
        longer = f"--budget {math.ceil(1.25 * least)}s"
        raise ConfigError("U103", what, hint=f"forecast run anew, with {longer}" if resumed else longer)
    rows = clock.pace * ROW * n_series * split.horizon * split.n_windows * n_models
    free = clock.left - must
    check = min(clock.pace * VALUE * ready.panel.values.size, CHECK * free)
    pictures = min(clock.pace * page_seconds(n_series), PICTURES * free)
    answer = min(clock.pace * answer_seconds(n_series), ANSWER * free)
    return Allotment(free - check - max(pictures, answer), rows)


def for_table(clock: Clock, ready: Ready, n_models: int) -> float | None:
    """Return the seconds that a budget leaves for so many models whose forecasts become a table; None without one.

    Nothing is painted, so what came before the models, beside its work, says how busy the machine is.
    """
    if clock.budget is None:
        return None
    rows = ready.panel.n_series * ready.split.horizon * (ready.split.n_windows + 1) * n_models
    busy = max(1.0, clock.used / process_time())
    return max(0.0, clock.left - min(busy * (TABLE + TABLE_ROW * rows), MOST_KEPT * clock.budget))
