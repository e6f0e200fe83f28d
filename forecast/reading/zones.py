"""Local times of a zone to one line of time, on which no hour is lost or doubled.

The idea: a day of 23 or 25 hours is a matter of the clock on the wall; series run on UTC, and only whole days keep the
date of their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from forecast.errors import ConfigError, DataError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_zone", "dates_or_utc", "local_to_utc", "proposed_zone"]


def check_zone(tz: str | None) -> None:
    """Check that there is such a time zone.

    Raises
    ------
    ConfigError
        U101, when there is none.
    """
    try:
        if tz is not None:
            ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("U101", f"no time zone {shown(tz)}", hint="--tz Europe/Berlin") from error


def local_to_utc(codes: NDArray[Any], texts: NDArray[Any], tz: str) -> NDArray[Any]:
    """Return the UTC time [N] of every row from the times on the clock of `tz`.

    The hour that comes twice in autumn is taken in the order of the rows: the first one is that of summer.

    Parameters
    ----------
    codes : ndarray [N]
        Which of the times each row has.
    texts : ndarray [U]
        datetime64[us], as written.

    Raises
    ------
    DataError
        D112, times that the clock leaves out in spring.

    Examples
    --------
    >>> twice = np.array(["2024-10-27T02:30"], "datetime64[us]")
    >>> local_to_utc(np.array([0, 0]), twice, "Europe/Berlin").astype("datetime64[m]")
    array(['2024-10-27T00:30', '2024-10-27T01:30'], dtype='datetime64[m]')
    """
    index = pd.DatetimeIndex(texts)
    first, second = (
        index.tz_localize(tz, ambiguous=np.full(len(index), summer), nonexistent="NaT")
        .tz_convert("UTC")
        .tz_localize(None)
        for summer in (True, False)
    )
    missing = np.flatnonzero(first.isna())
    if len(missing):
        when = str(index[missing[0]])
        what = f"{len(missing)} times that no clock showed in {tz}, first {when}: it was put forward then"
        raise DataError("D112", what, hint="--tz UTC, if these are not local times")
    rank = pd.Series(codes).groupby(codes).cumcount().to_numpy() % 2
    both = np.stack([first.to_numpy(), second.to_numpy()]).astype("datetime64[us]")
    utc: NDArray[Any] = both[rank, codes]
    return utc


def dates_or_utc(utc: NDArray[Any], tz: str) -> tuple[NDArray[Any], str]:
    """Return the dates in `tz` where all times are its midnights, else the times in UTC; and which of the two.

    Examples
    --------
    >>> dates_or_utc(np.array(["2024-06-30T22:00"], "datetime64[us]"), "Europe/Berlin")[1]
    'dates as in Europe/Berlin'
    """
    local = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(tz).tz_localize(None)
    if (local == local.normalize()).all():
        return local.to_numpy().astype("datetime64[us]"), f"dates as in {tz}"
    return utc, f"times of {tz} turned to UTC, where no hour is missing or doubled"


def proposed_zone(times: NDArray[Any]) -> str | None:
    """Return a zone to propose where all of the repeated times can be the hour that comes twice in autumn."""
    if times.dtype.kind != "M":
        return None
    index = pd.DatetimeIndex(times)
    autumn = (index.day_of_week == 6) & (index.hour <= 3) & index.month.isin([10, 11])
    if not len(index) or not autumn.all():
        return None
    return "America/New_York" if (index.month == 11).all() else "Europe/Berlin"
