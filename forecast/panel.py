"""Many series as a few arrays: what every model sees.

The idea: the values of all series stand one after another in one array, and `offsets` says where each begins, so
that work on a panel is work on an array, and one series is a panel of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from forecast.covariates import gathered
from forecast.frequency import Frequency, advance, future_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.covariates import Covariates

__all__ = ["Panel", "forecast_frame", "interval_names", "of_columns", "of_rows", "of_series", "with_ends"]


@dataclass(frozen=True)
class Panel:
    """S series of T_total values in all.

    Parameters
    ----------
    values : ndarray [T_total]
        The values, float64, series after series; NaN marks a gap.
    offsets : ndarray [S + 1]
        Series s is ``values[offsets[s]:offsets[s + 1]]``.
    ids : tuple of str
        The names of the series.
    last : ndarray [S]
        The time of the last value of each series: datetime64 or int64.
    frequency : Frequency
        The step from one value to the next.
    season_length : int
        Periods of the season, the shortest where there are several; 1 for none.
    longer_seasons : tuple of int
        Further seasons, such as the 168 hours of a week beside the 24 of a day.
    covariates : Covariates, optional
        What is known beside the values.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2, 3], "y": [5.0, 6.0, 7.0]})
    >>> panel = Panel.from_frame(frame, Frequency("int"), season_length=1)
    >>> panel.drop_last(1).series(0)
    array([5., 6.])
    """

    values: NDArray[np.float64]
    offsets: NDArray[np.int64]
    ids: tuple[str, ...]
    last: NDArray[np.generic]
    frequency: Frequency
    season_length: int
    longer_seasons: tuple[int, ...] = ()
    covariates: Covariates | None = None

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, frequency: Frequency, *, season_length: int, longer_seasons: tuple[int, ...] = ()
    ) -> Panel:
        """Return the panel of a checked series frame: sorted by id and time, on a regular grid."""
        ids = frame["unique_id"].to_numpy()
        starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
        offsets = np.r_[starts, len(ids)].astype(np.int64)
        return cls(
            values=frame["y"].to_numpy(np.float64, copy=True),
            offsets=offsets,
            ids=tuple(str(i) for i in ids[starts]),
            last=frame["ds"].to_numpy()[offsets[1:] - 1],
            frequency=frequency,
            season_length=season_length,
            longer_seasons=longer_seasons,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the series frame: columns ``unique_id, ds, y``.

        Examples
        --------
        >>> Panel(np.array([5.0, 6.0]), np.array([0, 2]), ("a",), np.array([8]), Frequency("int"), 1).to_frame()
          unique_id  ds    y
        0         a   7  5.0
        1         a   8  6.0
        """
        import pandas as pd

        spans = list(zip(self.last, self.lengths.tolist(), strict=True))
        times = {span: advance(span[0], np.arange(1 - span[1], 1), self.frequency) for span in set(spans)}
        ids = pd.Series(np.repeat(np.array(self.ids, dtype=object), self.lengths), dtype="str")
        ds = np.concatenate([times[span] for span in spans])
        return pd.DataFrame({"unique_id": ids, "ds": ds, "y": self.values})

    @property
    def n_series(self) -> int:
        """The number of series, S."""
        return len(self.ids)

    @property
    def season_lengths(self) -> tuple[int, ...]:
        """All seasons, the shortest first; empty for none."""
        return (self.season_length, *self.longer_seasons) if self.season_length > 1 else ()

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of values of each series, [S]."""
        return np.diff(self.offsets)

    @cached_property
    def has_gaps(self) -> bool:
        """Whether any value is missing."""
        return bool(np.isnan(self.values).any())

    def series(self, s: int) -> NDArray[np.float64]:
        """Return the values of series `s`, a view of [T]."""
        return self.values[self.offsets[s] : self.offsets[s + 1]]

    def with_values(self, values: NDArray[np.float64]) -> Panel:
        """Return the panel with other `values` [T_total] in the same places."""
        return replace(self, values=values)

    def drop_last(self, steps: int) -> Panel:
        """Return the panel without the last `steps` values of each series; a series left empty is left out."""
        if steps == 0:
            return self
        chosen = np.flatnonzero(self.lengths > steps)
        cut = self._cut(chosen, self.lengths[chosen] - steps)
        ends, end_of = np.unique(cut.last, return_inverse=True)
        earlier = np.array([advance(end, -steps, self.frequency) for end in ends], dtype=self.last.dtype)
        return replace(cut, last=earlier[end_of])

    def latest(self, steps: int) -> Panel:
        """Return the panel with the last `steps` values of each series alone."""
        dropped = np.maximum(self.lengths - steps, 0)
        if not dropped.any():
            return self
        starts, lengths = self.offsets[:-1] + dropped, self.lengths - dropped
        return replace(
            self,
            values=gathered(self.values, starts, lengths),
            offsets=np.r_[0, np.cumsum(lengths)].astype(np.int64),
            covariates=None if self.covariates is None else self.covariates.without_first(dropped, starts, lengths),
        )

    def take(self, chosen: Sequence[int] | NDArray[np.int64]) -> Panel:
        """Return the panel of the `chosen` series."""
        series = np.asarray(chosen, dtype=np.int64)
        return self._cut(series, self.lengths[series])

    def parts(self, size: int) -> Iterator[Panel]:
        """Yield the panel in parts of `size` series; itself where it has no more."""
        if self.n_series <= size:
            yield self
            return
        for first in range(0, self.n_series, size):
            yield self.take(np.arange(first, min(first + size, self.n_series)))

    def until(self, horizon: int) -> Panel:
        """Return the panel without what is known of later than `horizon` steps after the end of each series."""
        if self.covariates is None:
            return self
        return replace(self, covariates=self.covariates.until(self.lengths, horizon))

    def tail(self, steps: int) -> NDArray[np.float64]:
        """Return the last `steps` values of each series, [S, steps]; NaN stands before a shorter series."""
        wanted = self.offsets[1:, None] + np.arange(-steps, 0)
        inside = wanted >= self.offsets[:-1, None]
        return np.where(inside, self.values[np.where(inside, wanted, 0)], np.nan)

    def _cut(self, chosen: NDArray[np.int64], lengths: NDArray[np.int64]) -> Panel:
        """Return the first `lengths` values of the `chosen` series; the times of the last values stay as they were."""
        starts = self.offsets[:-1][chosen]
        return replace(
            self,
            values=gathered(self.values, starts, lengths),
            offsets=np.r_[0, np.cumsum(lengths)].astype(np.int64),
            ids=tuple(self.ids[int(s)] for s in chosen),
            last=self.last[chosen],
            covariates=None if self.covariates is None else self.covariates.cut(chosen, starts, lengths),
        )


def forecast_frame(panel: Panel, y_hat: NDArray[np.float64], *, model: str) -> pd.DataFrame:
    """Return forecasts [S, H] that follow the end of `panel` as a forecast frame.

    Returns
    -------
    DataFrame
        Columns ``unique_id, cutoff, ds, step, model, y_hat``, a row per series and step.
    """
    import pandas as pd

    n_series, horizon = y_hat.shape
    after = {last: future_index(last, panel.frequency, horizon) for last in np.unique(panel.last)}
    ds = np.concatenate([after[last] for last in panel.last]) if n_series else panel.last[:0]
    return pd.DataFrame(
        {
            "unique_id": pd.Series(np.repeat(np.array(panel.ids, dtype=object), horizon), dtype="str"),
            "cutoff": np.repeat(panel.last, horizon),
            "ds": ds,
            "step": np.tile(np.arange(1, horizon + 1), n_series),
            "model": model,
            "y_hat": y_hat.reshape(-1),
        }
    )


def interval_names(level: float) -> tuple[str, str]:
    """Return what the ends of an interval are called in a forecast frame.

    Examples
    --------
    >>> interval_names(80)
    ('lo-80', 'hi-80')
    """
    return f"lo-{level:g}", f"hi-{level:g}"


def with_ends(frame: pd.DataFrame, ends: Mapping[str, NDArray[np.float64]], levels: Sequence[float]) -> pd.DataFrame:
    """Return the frame with ``lo-95, lo-80, hi-80, hi-95`` after y_hat, in the place of any it had."""
    ordered = sorted(levels, reverse=True)
    columns = [
        *(interval_names(level)[0] for level in ordered),
        *(interval_names(level)[1] for level in reversed(ordered)),
    ]
    first = [*frame.columns[: list(frame.columns).index("y_hat") + 1]]
    rest = [name for name in frame.columns if name not in (*first, *columns)]
    return of_columns(frame, [*first, *columns, *rest], ends)


def of_columns(
    frame: pd.DataFrame, names: Sequence[str], more: Mapping[str, NDArray[np.generic]] = MappingProxyType({})
) -> pd.DataFrame:
    """Return a frame of these columns of another, or of `more` where they stand there; no value is copied.

    Examples
    --------
    >>> import pandas as pd
    >>> of_columns(pd.DataFrame({"ds": [7, 8], "step": [1, 2], "y": [5.0, 6.0]}), ["y", "ds"])
         y  ds
    0  5.0   7
    1  6.0   8
    """
    import pandas as pd

    columns = {name: more[name] if name in more else frame[name] for name in names}
    return pd.DataFrame(columns, index=frame.index, copy=False)


def of_rows(frame: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    """Return the rows of a frame that stand in these places, in their order; itself where these are all."""
    return frame if len(rows) == len(frame) else frame.iloc[rows]


def of_series(ids: pd.Series, known: Mapping[str, float], *, other: float = np.nan) -> NDArray[np.float64]:
    """Return what is known of the series of each row [N], and `other` where nothing is.

    Every name is looked up once: as a text of its own in every row, names take more memory than all numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> of_series(pd.Series(["a", "a", "b", "c"]), {"a": 1.0, "b": 2.0}).tolist()
    [1.0, 1.0, 2.0, nan]
    """
    import pandas as pd

    codes, names = pd.factorize(ids)
    return np.array([known.get(name, other) for name in names], dtype=np.float64)[codes]
