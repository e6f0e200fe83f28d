"""The covariate columns of a table, placed beside the series they belong to.

The idea: a row with an empty target is not lost when it says what is known of its time: rows after the last value of a
series are the future of its covariates.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.covariates import Covariates, stretches
from forecast.errors import ConfigError, DataError, shown
from forecast.frequency import advance, future_index, positions
from forecast.reading.placing import on_month_edges, stamp
from forecast.reading.values import is_missing, meant_as_numbers, read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.frequency import Frequency
    from forecast.panel import Panel
    from forecast.reading.rows import Rows
    from forecast.reading.table import Table

    Floats = NDArray[np.float64]

__all__ = ["CovariateColumns", "place_covariates", "require_ahead"]

MAX_KINDS = 50
"""A static column of texts may name so many kinds: each becomes an input of its own."""


@dataclass(frozen=True)
class CovariateColumns:
    """The columns that a user named: known ahead, known only in the past, the same for all of a series.

    Over those of the static ones that are `totals` sums will be taken.
    """

    future: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.future, *self.past, *self.static)

    def check(self, table: Table, taken: set[str | None]) -> None:
        """Check that the columns are there and have no other role.

        Raises
        ------
        DataError
            D104, a column that is not there.
        ConfigError
            U101, one column for two roles.
        """
        static = tuple(column for column in self.static if column not in self.totals)
        roles = {"future": self.future, "past": self.past, "static": static, "totals": self.totals}
        for role, columns in roles.items():
            for column in columns:
                table.require(column, role, beside=columns)
        twice = [name for name in self.names if name in taken or self.names.count(name) > 1]
        if twice:
            raise ConfigError("U101", f"column {shown(twice[0])} has two roles", hint="another column, or one role")


def place_covariates(
    table: Table, columns: CovariateColumns, rows: Rows, panel: Panel, *, target: str
) -> tuple[Covariates | None, list[str]]:
    """Return the covariates of the series in `panel`, None where no column was named, and what is missing in them.

    Parameters
    ----------
    table : Table
        Where the columns stand.
    columns : CovariateColumns
        Which they are.
    rows : Rows
        All rows by series and time, also those without a value.
    panel : Panel
        What was made of them.
    target : str
        The column that is forecast.

    Raises
    ------
    DataError
        D107, cells that are no numbers; D113, a time off the grid of its series; D119, a static column that changes
        within a series; D121, a column known ahead that is the target itself.
    """
    if not columns.names:
        return None, []
    for name in columns.future:
        _check_leak(table, name, target)
    lengths = panel.lengths
    rows = on_month_edges(rows, panel.frequency)
    series = pd.Index(panel.ids).get_indexer(pd.Index(rows.names))[rows.codes]
    spans = zip(panel.last, lengths, strict=True)
    firsts = [advance(last, 1 - length, panel.frequency) for last, length in spans]
    place = _places(table, rows, series, firsts, panel.frequency)
    counts = lengths.copy()
    used = (series >= 0) & (place >= 0)
    np.maximum.at(counts, series[used], place[used] + 1)
    offsets = np.r_[0, np.cumsum(counts)].astype(np.int64)

    def placed(names: Sequence[str]) -> Floats:
        out = np.full((offsets[-1], len(names)), np.nan)
        for i, name in enumerate(names):
            out[offsets[series[used]] + place[used], i] = read_numbers(table, name)[rows.rows[used]]
        return out

    static, static_names = _static(table, columns.static, rows, series, panel.n_series)
    known, before = placed(columns.future), stretches(offsets[:-1], lengths)
    past = placed(columns.past)[before]
    gaps = np.isnan(np.hstack([known[before], past])).sum(axis=0)
    notes = [
        f"{shown(name)}: {count} missing beside a value, the last one known is taken"
        for name, count in zip((*columns.future, *columns.past), gaps, strict=True)
        if count
    ]
    return Covariates(known, offsets, past, static, columns.future, columns.past, static_names), notes


def require_ahead(panel: Panel, horizon: int) -> list[str]:
    """Return in words which rows of the future are used of which covariate.

    Raises
    ------
    DataError
        D119, rows that are missing, by series and time.
    """
    covariates = panel.covariates
    if covariates is None or not covariates.known_names:
        return []
    missing = np.isnan(covariates.ahead(panel.lengths, horizon))
    names = ", ".join(covariates.known_names)
    if not missing.any():
        return [f"known ahead: {names}; used are the {horizon} rows after the last value of each series"]
    s = int(np.flatnonzero(missing.any(axis=(1, 2)))[0])
    times = [stamp(time) for time in future_index(panel.last[s], panel.frequency, horizon)]
    absent = np.flatnonzero(missing[s].any(axis=1))
    lacking = ",".join(name for i, name in enumerate(covariates.known_names) if missing[s, :, i].any())
    others = int(missing.any(axis=(1, 2)).sum()) - 1
    shorter = f"--horizon {absent[0]}, or " if absent[0] > 0 and not others else ""
    raise DataError(
        "D119",
        f"{shown(panel.ids[s])} needs {lacking} in {horizon} rows with an empty target, {times[0]} to {times[-1]}: "
        f"{len(absent)} missing, first {times[absent[0]]}" + (f"; likewise {others} other series" if others else ""),
        hint=f"add these rows, or {shorter}--past {lacking} where it is not known ahead",
    )


def _places(
    table: Table, rows: Rows, series: NDArray[Any], firsts: Sequence[Any], frequency: Frequency
) -> NDArray[np.int64]:
    """Return the place of every row on the grid of its series, -1 before its first value."""
    times = rows.times
    place = np.full(len(times), -1, dtype=np.int64)
    bounds = np.r_[rows.starts, len(times)]
    for code, (start, stop) in enumerate(pairwise(bounds)):
        s = series[start] if start < stop else -1
        if s < 0:
            continue
        own = slice(int(np.searchsorted(times[start:stop], firsts[s]) + start), stop)
        place[own] = positions(np.r_[firsts[s], times[own]], frequency)[1:]
        off = np.flatnonzero(place[own] < 0)
        if len(off):
            where = table.place(int(rows.rows[own][off[0]]))
            what = f"{where} of {table.name}, {stamp(times[own][off[0]])}, is not on the grid of"
            raise DataError("D113", f"{what} {shown(rows.names[code])}: {frequency.word}", hint="correct that time")
    return place


def _static(
    table: Table, names: Sequence[str], rows: Rows, series: NDArray[Any], n_series: int
) -> tuple[Floats, tuple[str, ...]]:
    """Return the static columns [S, C], texts as 0 and 1 for each kind, and what they are called."""
    columns: list[Floats] = [np.empty((n_series, 0))]
    labels: list[str] = []
    for name in names:
        cells = table.frame[name]
        if meant_as_numbers(cells, table.decimal):
            numbers = read_numbers(table, name)[rows.rows]
            columns.append(_one_each(table, name, rows, series, numbers, n_series)[:, None])
            labels.append(name)
            continue
        texts = cells.astype(str).mask(is_missing(cells), "")
        codes, kinds = pd.factorize(texts.to_numpy(object)[rows.rows], sort=True)
        if len(kinds) > MAX_KINDS:
            what = f"{shown(name)} of {table.name} has {len(kinds)} kinds, more than {MAX_KINDS}"
            raise DataError("D119", what, hint=f"leave {name} out of --static")
        own = _one_each(table, name, rows, series, codes, n_series)
        columns.append((own[:, None] == np.arange(len(kinds))).astype(np.float64))
        labels += [f"{name}={kind}" for kind in kinds]
    return np.hstack(columns), tuple(labels)


def _one_each(table: Table, name: str, rows: Rows, series: NDArray[Any], values: NDArray[Any], n_series: int) -> Floats:
    """Return the one value of each series."""
    used = (series >= 0) & ~np.isnan(values.astype(np.float64))
    own = np.full(n_series, np.nan)
    own[series[used][::-1]] = values[used][::-1]
    different = used & (own[series] != values)
    if different.any():
        at = int(np.flatnonzero(different)[0])
        what = f"{shown(name)} changes within {shown(rows.names[rows.codes[at]])}"
        where = table.listed([int(rows.rows[at])], name)
        raise DataError(
            "D119", f"{what} of {table.name}: {where}", hint=f"leave {name} out of --static, or correct these cells"
        )
    return own


def _check_leak(table: Table, name: str, target: str) -> None:
    """Refuse a column known ahead that equals the target wherever there is one."""
    y, x = read_numbers(table, target), read_numbers(table, name)
    both = ~np.isnan(y)
    if both.sum() >= 3 and np.array_equal(x[both], y[both]):
        what = f"{shown(name)} of {table.name} equals the target {shown(target)} at every row: that is leakage"
        raise DataError("D121", what, hint=f"leave {name} out of --future")
