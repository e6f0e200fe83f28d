"""What a search leaves in the file of settings it writes: the table ``[tuning]``, which travels with every run of them.

The idea: whoever reads a score of tuned settings wants to know how long they were sought and on which dates. The table
changes nothing of a run; it is shown on its page, and held against its test windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from forecast.defaults import METRIC
from forecast.errors import Notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TunedModel", "TunedTrial", "TuningSection", "plain", "seen_notices"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TunedTrial(_Record):
    """One of the best trials: its number in the search, its score on the validation windows and its settings."""

    number: NonNegativeInt
    score: float
    settings: dict[str, Any]


class TunedModel(_Record):
    """What a search tried for one model, and whether that was better than its defaults."""

    trials: PositiveInt
    pruned: NonNegativeInt = 0
    failed: NonNegativeInt = 0
    score: float
    default_score: float | None = None
    verdict: str
    units: NonNegativeInt = 0
    best: tuple[TunedTrial, ...] = ()


class TuningSection(_Record):
    """A search: the dates it saw, the windows and the metric it was judged by, and what came of it for each model."""

    start: str
    validated_from: str
    until: str
    horizon: PositiveInt
    windows: PositiveInt
    metric: str = METRIC
    budget: str = "none"
    models: dict[str, TunedModel]


def plain(time: Any) -> str:
    """Return a time as it is written, without a clock that says nothing.

    Examples
    --------
    >>> plain(np.datetime64("2024-05-01T00:00:00.000000")), plain(np.int64(7))
    ('2024-05-01', '7')
    """
    return str(time).removesuffix(".000000").removesuffix("T00:00:00")


def seen_notices(tuning: TuningSection | None, cutoffs: NDArray[Any]) -> list[Notice]:
    """Return W311 where settings were sought on values that a run tests on.

    Parameters
    ----------
    tuning : TuningSection, optional
        Of the settings of the run.
    cutoffs : ndarray [S]
        The first cutoff of each series: datetime64 or int64; empty where nothing is tested.
    """
    if tuning is None or len(cutoffs) == 0:
        return []
    first = cutoffs.max()
    try:
        until: Any = np.datetime64(tuning.until) if cutoffs.dtype.kind == "M" else int(tuning.until)
    except ValueError:  # times of another kind: other data
        return []
    if until <= first:
        return []
    what = f"the settings were tuned on values up to {tuning.until}, and the first test window begins after"
    return [Notice("W311", f"{what} {plain(first)}: scores of {', '.join(tuning.models)} are too good")]
