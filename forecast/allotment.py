"""How a budget of time is shared out: what was spent already, what must follow the models, and what is theirs.

The idea: nothing is known of this machine beforehand, so a picture is painted before the models begin, and all that comes
after them is counted in how long that took.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecast.errors import ConfigError
from forecast.report.pace import page_seconds, rest_seconds, try_out

if TYPE_CHECKING:
    from forecast.clock import Clock
    from forecast.ready import Ready

__all__ = ["allotted"]

FILES, ROW = 0.9, 30e-6
"""Usual seconds of the files and checks of a run, and of each row of the windows: its interval, scores and place there."""
BEGIN = 2.0
"""Usual seconds in which worker processes begin, before which no model is there."""
PICTURES, FOR_ROWS = 0.25, 0.25
"""The parts of what is left of a budget that pictures and rows of windows may take at most."""


def allotted(clock: Clock, ready: Ready, n_models: int) -> float | None:
    """Return the seconds that a budget leaves for so many models; None without a budget.

    Raises
    ------
    ConfigError
        U103, when it leaves none.
    """
    if clock.budget is None:
        return None
    try_out(clock)
    n_series, split = ready.panel.n_series, ready.split
    rows = n_series * split.horizon * split.n_windows * n_models
    must = clock.pace * (FILES + rest_seconds(n_series, 0))
    if clock.left < must:
        least = clock.used + must + clock.pace * BEGIN
        what = f"a budget of {clock.budget:g} s is too short: the smallest run of these data takes about {least:.0f} s here"
        raise ConfigError("U103", what, hint=f"--budget {math.ceil(1.25 * least)}s")
    for_rows = min(clock.pace * ROW * rows, FOR_ROWS * clock.left)
    for_pictures = min(clock.pace * page_seconds(n_series), PICTURES * clock.left)
    return max(min(clock.pace * BEGIN, clock.left - must), clock.left - must - for_rows - for_pictures)
