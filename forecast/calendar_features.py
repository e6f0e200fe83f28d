"""What the calendar says of a time, as numbers a network can use: its hour, weekday, month, holidays.

The idea: a place in a cycle is a point on a circle, so that December is as near to January as to November; it becomes
two columns, sine and cosine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.calendars import weekdays
from forecast.covariates import Covariates, stretches
from forecast.errors import ConfigError, nearest, shown
from forecast.frequency import advance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel

__all__ = ["CALENDAR_FEATURES", "calendar_columns", "calendar_features", "with_calendar"]

CALENDAR_FEATURES = (
    "hour", "weekday", "day_of_month", "day_of_year", "week", "month", "quarter", "is_weekend"
)  # fmt: skip
"""What may be named: all are cycles of two columns but ``is_weekend``, which is 0 or 1."""

WEEKS_IN_YEAR = 365.2425 / 7


def calendar_features(times: NDArray[Any], names: Sequence[str], *, country: str | None = None) -> NDArray[np.float64]:
    """Return the calendar features of T times, which are known as far into the future as one likes.

    Parameters
    ----------
    times : ndarray [T]
        datetime64; local time, as it stands in the data.
    names : sequence of str
        Which of `CALENDAR_FEATURES`, each once. Every cycle is a sine and a cosine of ``2 pi place / length``, with
        the place counted from 0: hour of 24, weekday of 7 from Monday on, day of month of the days in that month, day
        of year of the days in that year, week (of seven days from 1 January on) of 52.1775, month of 12, quarter of 4.
    country : str, optional
        The ISO code of a country, such as ``DE``: adds a last column that is 1 on its public holidays.

    Returns
    -------
    ndarray [T, F]
        In the order of `calendar_columns`.

    Raises
    ------
    ConfigError
        U101, on an unknown name or country, on times that are whole numbers, and where the package for holidays is
        not installed.

    Examples
    --------
    >>> calendar_features(np.array(["2024-01-01", "2024-04-06"], "datetime64[D]"), ["month", "is_weekend"]).round(2)
    array([[0., 1., 0.],
           [1., 0., 1.]])
    """
    calendar_columns(names, country=country)
    if times.dtype.kind != "M":
        raise ConfigError(
            "U101",
            "calendar features need dates, and the times are whole numbers",
            hint="--time with a column of dates, or leave --calendar and --holidays out",
        )
    columns: list[NDArray[np.float64]] = []
    for name in names:
        if name == "is_weekend":
            columns.append((weekdays(times) >= 5).astype(np.float64))
        else:
            angle = 2 * np.pi * _share_of_cycle(times, name)
            columns += [np.sin(angle), np.cos(angle)]
    if country is not None:
        columns.append(_holidays(times, country))
    return np.stack(columns, axis=1) if columns else np.zeros((len(times), 0))


def calendar_columns(names: Sequence[str], *, country: str | None = None) -> tuple[str, ...]:
    """Return what the columns of `calendar_features` are called.

    Raises
    ------
    ConfigError
        U101, on a name that is unknown or stands twice.

    Examples
    --------
    >>> calendar_columns(["month", "is_weekend"], country="DE")
    ('month_sin', 'month_cos', 'is_weekend', 'holiday_DE')
    """
    columns: list[str] = []
    for name in names:
        if name not in CALENDAR_FEATURES:
            what = f"{shown(name)} is not a calendar feature"
            raise ConfigError(
                "U101",
                what,
                found=f"known: {', '.join(CALENDAR_FEATURES)}",
                hint=f"--calendar {nearest(name, CALENDAR_FEATURES) or 'month'}",
            )
        columns += [name] if name == "is_weekend" else [f"{name}_sin", f"{name}_cos"]
    if len(set(columns)) < len(columns):
        raise ConfigError(
            "U101", "a calendar feature is named twice", hint=f"--calendar {','.join(dict.fromkeys(names))}"
        )
    return (*columns, *([] if country is None else [f"holiday_{country}"]))


def with_calendar(panel: Panel, names: Sequence[str], *, horizon: int, country: str | None = None) -> Panel:
    """Return the panel with calendar features as covariates known ahead, up to `horizon` steps after every series.

    Parameters
    ----------
    panel : Panel
        Of dates; what its own covariates lack of the horizon is NaN.
    names : sequence of str
        Which features: see `calendar_features`.
    horizon : int
        H.
    country : str, optional
        Whose public holidays are a feature.

    Raises
    ------
    ConfigError
        U101, as `calendar_features`.

    Examples
    --------
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> friday = np.array(["2024-05-31"], "datetime64[us]")
    >>> panel = Panel(np.ones(2), np.array([0, 2]), ("a",), friday, Frequency("D"), 7)
    >>> with_calendar(panel, ["is_weekend"], horizon=2).covariates.known[:, 0].tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    if not names and country is None:
        return panel
    columns = calendar_columns(names, country=country)
    spans = list(zip(panel.last, panel.lengths.tolist(), strict=True))
    of_span = {
        span: calendar_features(
            advance(span[0], np.arange(1 - span[1], horizon + 1), panel.frequency), names, country=country
        )
        for span in set(spans)
    }
    features = np.concatenate([of_span[span] for span in spans])
    counts = panel.lengths + horizon
    offsets = np.r_[0, np.cumsum(counts)].astype(np.int64)
    own = panel.covariates or Covariates.of_known(
        np.empty((0, 0)), np.zeros(panel.n_series + 1, dtype=np.int64), (), values=len(panel.values)
    )
    kept = own.until(panel.lengths, horizon)
    known = np.full((len(features), own.known.shape[1]), np.nan)
    known[stretches(offsets[:-1], np.diff(kept.offsets))] = kept.known
    joined = replace(own, known=np.hstack([known, features]), offsets=offsets, known_names=(*own.known_names, *columns))
    return replace(panel, covariates=joined)


def _share_of_cycle(times: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return the place of each time in the cycle `name`: 0 at its beginning, below 1 at its end."""
    days, months, years = (times.astype(f"datetime64[{unit}]") for unit in ("D", "M", "Y"))
    month = months.astype(np.int64) % 12
    in_year = (days - years.astype("datetime64[D]")).astype(np.int64)
    if name == "hour":
        return np.asarray((times.astype("datetime64[h]").astype(np.int64) % 24) / 24)
    if name == "weekday":
        return np.asarray(weekdays(times) / 7)
    if name == "day_of_month":
        return _share(days, months)
    if name == "day_of_year":
        return _share(days, years)
    if name == "week":
        return np.asarray(in_year // 7 / WEEKS_IN_YEAR)
    return np.asarray(month / 12 if name == "month" else month // 3 / 4)


def _share(days: NDArray[Any], periods: NDArray[Any]) -> NDArray[np.float64]:
    """Return how much of its month or year is over at the beginning of each day."""
    first, after = periods.astype("datetime64[D]"), (periods + 1).astype("datetime64[D]")
    return np.asarray((days - first) / (after - first))


def _holidays(times: NDArray[Any], country: str) -> NDArray[np.float64]:
    """Return 1 for the times on a public holiday of `country`, else 0."""
    try:
        import holidays
    except ImportError as error:
        raise ConfigError(
            "U101", "holidays need the package holidays", hint='pip install "forecast[calendar]"'
        ) from error
    supported = holidays.list_supported_countries()
    if country not in supported:
        close = nearest(country.upper(), supported) or "DE"
        what = f"no holidays are known of the country {shown(country)}"
        raise ConfigError("U101", what, hint=f"--holidays {close}")
    days = times.astype("datetime64[D]")
    years = np.unique(days.astype("datetime64[Y]").astype(np.int64) + 1970)
    known = holidays.country_holidays(country, years=[int(year) for year in years if 0 < year < 10_000])
    return np.isin(days, np.array(sorted(known), dtype="datetime64[D]")).astype(np.float64)
