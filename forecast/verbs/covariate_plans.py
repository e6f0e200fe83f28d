"""A plan: what is known ahead, from a file of its own beside the series.

The idea: the rows of a plan are placed on the grid of their series in the same way as those of the data, and of them
only those after the last value count; the past of every covariate stays what the data say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.covariates import stretches
from forecast.errors import DataError, shown
from forecast.reading.covariate_rows import CovariateColumns, place_covariates, require_ahead
from forecast.reading.duplicates import merge_duplicates
from forecast.reading.readers import read_table
from forecast.reading.rows import Rows, some
from forecast.reading.table import coded
from forecast.reading.times import read_times
from forecast.reading.values import is_missing

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.sections import DataSection

__all__ = ["with_plan"]


def with_plan(
    panel: Panel,
    source: str | Path | pd.DataFrame,
    *,
    time: str | None,
    id: str | None,
    target: str,
    how: DataSection,
    horizon: int,
) -> tuple[Panel, str, list[str]]:
    """Return the panel with what a plan says of the future in place of what the data say, its name, and notes.

    Parameters
    ----------
    panel : Panel
        With columns known ahead.
    source : path or DataFrame
        The plan: the columns of times, of names where the data have one, and all columns known ahead. Rows of the
        past, and other columns, are not looked at.
    time, id, target : str or None
        What the columns of the data are called.
    how : DataSection
        How the data are read; the plan is read in the same way.
    horizon : int
        Steps for which the plan must be whole.

    Raises
    ------
    DataError
        D104, a column that is not there; D106, a row without a name; D107, a cell that is no number; D109, times of
        another kind; D111, two rows for one time; D113, a time off the grid of its series; D119, missing rows.
    """
    given = (how.delimiter, how.decimal, how.encoding, how.sheet)
    delimiter, decimal, encoding, sheet = (None if value == "auto" else value for value in given)
    table = read_table(source, delimiter=delimiter, decimal=decimal, encoding=encoding, sheet=sheet, careful=True)
    covariates = panel.covariates
    if covariates is None or time is None:
        raise DataError("D104", f"the rows of {table.name} have no times to be placed by", hint="data with times")
    names = covariates.known_names
    _require(table, time, id, names)
    table = replace(table, frame=table.frame.assign(**{target: ""}))
    rows = _rows(table, time, id, how, panel)
    rows, _ = merge_duplicates(rows, table, how="error", id=id, taken={time, target})
    found, _ = place_covariates(table, CovariateColumns(future=names), rows, panel, target=target)
    if found is None:
        return panel, table.name, []
    known = found.known.copy()
    lengths = panel.lengths
    known[stretches(found.offsets[:-1], lengths)] = covariates.known[stretches(covariates.offsets[:-1], lengths)]
    planned = replace(panel, covariates=replace(covariates, known=known, offsets=found.offsets))
    try:
        require_ahead(planned, horizon)
    except DataError as error:
        what = f"{table.name}: {error.message.replace(' with an empty target', '')}"
        raise DataError(error.code, what, hint=f"add these rows to {table.name}") from error
    others = sorted(set(rows.names) - set(panel.ids))
    notes = [f"{table.name} also plans for series that are not forecast: {some(others)}"] if others else []
    return planned, table.name, notes


def _require(table: Table, time: str, id: str | None, names: tuple[str, ...]) -> None:
    """Check that a plan has its columns."""
    for column in (time, *(() if id is None else (id,)), *names):
        if column not in table.frame.columns:
            found = ", ".join(shown(str(name)) for name in table.frame.columns[:20])
            hint = f"a column {column}, called as in the data"
            raise DataError("D104", f"no column {shown(column)} in {table.name}", found=found, hint=hint)


def _rows(table: Table, time: str, id: str | None, how: DataSection, panel: Panel) -> Rows:
    """Return the rows of a plan by series and time; the one series of a file without names has that of the data."""
    date_format, tz = (None if value == "auto" else value for value in (how.date_format, how.tz))
    times = read_times(table, time, date_format=date_format, integers=how.freq == "int", tz=tz)
    if times.moments.dtype.kind != panel.last.dtype.kind:
        kinds = {True: "times", False: "whole numbers"}
        ours, theirs = (kinds[kind == "M"] for kind in (panel.last.dtype.kind, times.moments.dtype.kind))
        what = f"{shown(time)} of {table.name} holds {theirs}, but that of the data {ours}"
        raise DataError("D109", what, hint="times written as in the data")
    codes: NDArray[Any] = np.zeros(len(table.frame), dtype=np.int64)
    names = [panel.ids[0]]
    if id is not None:
        missing = np.flatnonzero(is_missing(table.frame[id]))
        if len(missing):
            what = f"{len(missing)} row(s) of {table.name} without a name in {shown(id)}: {table.listed(missing)}"
            raise DataError("D106", what, hint="fill in the name, or remove the row")
        codes, names = coded(table.frame[id])
    return Rows.sorted(codes, names, times, np.full(len(codes), np.nan))
