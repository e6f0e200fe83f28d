"""A part of the data: some of the series, and none of what lies before a date.

The idea: data are read and understood whole; what is left out afterwards is left out of everything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.covariates import stretches
from forecast.errors import ConfigError, DataError, Notice, nearest, shown
from forecast.reading.placing import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.panel import Panel
    from forecast.series import SeriesData

__all__ = ["excerpt"]


def excerpt(loaded: SeriesData, *, series: Sequence[str] = (), since: str | None = None, least: int = 3) -> SeriesData:
    """Return the data of the `series` that are named (all by default), without what lies before `since`.

    Raises
    ------
    ConfigError
        U101, when there is no such series, or `since` is no time.
    DataError
        D117, when no series has `least` values left.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> excerpt(read_series("nile"), since="1950").panel.lengths
    array([21])
    """
    panel, notes, notices = loaded.panel, list(loaded.notes), list(loaded.notices)
    if series:
        of = panel.n_series
        panel = panel.take(_places(panel, series))
        notes.append(f"{panel.n_series} of {of} series, as named")
    if since is not None:
        before, of = len(panel.values), panel.n_series
        panel = _since(panel, since, least)
        notes.append(f"{before - len(panel.values)} of {before} values lie before {since} and are left out")
        if panel.n_series < of:
            what = f"{of - panel.n_series} of {of} series left out: fewer than {least} values since {since}"
            notices.append(Notice("W204", what))
    return replace(loaded, panel=panel, notes=tuple(notes), notices=tuple(notices))


def _places(panel: Panel, names: Sequence[str]) -> list[int]:
    """Return where the named series stand, in the order of the data."""
    known = {name: place for place, name in enumerate(panel.ids)}
    for name in names:
        if name not in known:
            guess = nearest(name, panel.ids[:10_000])
            more = f"; did you mean {shown(guess)}?" if guess else ""
            first = ", ".join(map(shown, panel.ids[:5])) + (", ..." if panel.n_series > 5 else "")
            hint = f"--series {guess or panel.ids[0]}"
            raise ConfigError("U101", f"no series {shown(name)}{more}", found=first, hint=hint)
    return sorted({known[name] for name in names})


def _since(panel: Panel, text: str, least: int) -> Panel:
    """Return the panel from a time on; each series begins with a value, one with fewer than `least` is left out."""
    frame = panel.to_frame()
    wanted = (frame["ds"] >= _time(text, frame["ds"])).to_numpy() & frame["y"].notna().to_numpy()
    places = np.where(wanted, np.arange(len(wanted)), len(wanted))
    first = np.minimum.reduceat(places, panel.offsets[:-1])
    lengths = np.maximum(panel.offsets[1:] - first, 0)
    known = np.add.reduceat(wanted.astype(np.int64), panel.offsets[:-1])
    enough = known >= least
    if not enough.any():
        what = f"no series has {least} values since {text}"
        latest = frame[frame["y"].notna()].groupby("unique_id")["ds"].nth(-least)
        hint = f"--since {stamp(latest.to_numpy().max())}" if len(latest) else "an earlier --since"
        raise DataError("D117", what, hint=hint)
    dropped = np.where(enough, panel.lengths - lengths, 0)
    starts = panel.offsets[:-1] + dropped
    lengths = panel.lengths - dropped
    covariates = panel.covariates
    cut = replace(
        panel,
        values=panel.values[stretches(starts, lengths)],
        offsets=np.r_[0, np.cumsum(lengths)].astype(np.int64),
        covariates=None if covariates is None else covariates.without_first(dropped, starts, lengths),
    )
    return cut if enough.all() else cut.take(np.flatnonzero(enough))


def _time(text: str, times: pd.Series) -> pd.Timestamp | int:
    """Return a time on the axis of the data: a number where these are numbered."""
    numbered = pd.api.types.is_integer_dtype(times)
    try:
        if numbered:
            return int(text)
        time = pd.Timestamp(text)
        return time if time.tzinfo is None else time.tz_convert("UTC").tz_localize(None)
    except ValueError as error:
        kind, hint = ("whole number", "--since 100") if numbered else ("date", "--since 2020-01-31")
        raise ConfigError("U101", f"--since {shown(text)} is no {kind}", hint=hint) from error
