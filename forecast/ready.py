"""Everything a run needs before anything is fitted: data that are fit for it, its windows, its models.

The idea: what was asked for meets the data here, once; whatever stands against it is said before time is spent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.audit import separator
from forecast.bounds import Bounds
from forecast.calendar_features import with_calendar
from forecast.defaults import METRIC
from forecast.doctor import Checkup, examine, fillable, placed
from forecast.errors import ConfigError, DataError, Notice
from forecast.excerpts import excerpt
from forecast.frequency import future_index
from forecast.gates import refuse_warnings
from forecast.hierarchy import Hierarchy
from forecast.intervals import ENOUGH, errors_needed
from forecast.models.arima import ARIMA
from forecast.models.classical import Drift, Mean, Naive, SeasonalNaive
from forecast.models.ets import ETS
from forecast.models.hybrid import Hybrid
from forecast.models.intermittent import TSB, Croston
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.models.prior import Prior
from forecast.models.theta import Theta
from forecast.orders import FixedOrders
from forecast.reading.covariate_rows import require_ahead
from forecast.reading.layouts import Roles, made_long
from forecast.reading.placing import MIN_VALUES, stamp
from forecast.reading.readers import read_table
from forecast.series import SeriesData, read_series
from forecast.split import Split, choose_n_windows
from forecast.transforms import require_transforms
from forecast.tuning_record import seen_notices

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from forecast.config import RunConfig
    from forecast.models.base import Forecaster
    from forecast.panel import Panel
    from forecast.reading.table import Table
    from forecast.tasks import Factory

__all__ = [
    "MODELS",
    "Ready",
    "changeable",
    "factories_of",
    "for_intervals",
    "named_factories",
    "panel_of",
    "prepare",
    "raw_table",
    "read",
    "seen",
    "split_of",
    "times_written",
    "window_notices",
]

MODELS: dict[str, Callable[..., Forecaster]] = {
    "mlp": MLP,
    "arima": ARIMA,
    "ets": ETS,
    "theta": Theta,
    "hybrid": Hybrid,
    "linear": Linear,
    "prior": Prior,
    "drift": Drift,
    "mean": Mean,
    "croston": Croston,
    "tsb": TSB,
    "seasonal_naive": SeasonalNaive,
    "naive": Naive,
}
"""Every model that is fitted, by its name."""
NETWORKS = ("mlp", "linear", "hybrid")
"""The models that fill gaps as told, take a preset and draw their start from the seed."""
COLUMNS = ("time: ", "target: ", "id: ")
"""How the notes about columns begin, which stand before all others."""
LAST_TIME = np.datetime64("9999-12-31T23:59:59")
"""Later ones cannot be written with four digits of the year, as files and pictures have it."""


Planner = Callable[[SeriesData, "Panel", Split], "Panel"]
"""From the data as they were read, a panel of them and its windows to that panel with another future."""


@dataclass(frozen=True)
class Ready:
    """Data that were read, checked and found fit for a run, and what that run will do."""

    loaded: SeriesData
    panel: Panel
    checkup: Checkup
    split: Split
    ahead: tuple[str, ...]
    notices: list[Notice]

    @property
    def lines(self) -> list[str]:
        """What a person is told before anything is fitted."""
        said = {notice.code for notice in self.notices}
        others = sum(f.severity == "warning" and f.code not in said for f in self.checkup.findings)
        doubts = [f"doubts about the data: {others} (forecast check lists them)"] if others else []
        steps, windows = self.split.horizon, self.split.n_windows
        plan = f"{steps} step{'s' * (steps != 1)} ahead, {windows} test window{'s' * (windows != 1)}"
        columns = [note for note in self.loaded.notes if note.startswith(COLUMNS)]
        frequency, *further = self.loaded.notes[len(columns) :]
        notes = filter(None, ["; ".join(columns), frequency, "; ".join(further)])
        return [*notes, *doubts, *self.ahead, plan, *map(str, self.notices)]


def prepare(
    data: str | Path | pd.DataFrame | Table,
    settings: RunConfig,
    *,
    flags: dict[str, Any],
    planned: Planner | None = None,
    facts: bool = True,
) -> Ready:
    """Return the data ready to be run, or raise what stands against it.

    What is known ahead stands in the data, or `planned` brings it in. `facts` about the data are for a page.
    """
    chosen = settings.forecast
    if chosen.quantile != "none" and settings.backtest.metric != METRIC:
        what = f"a quantile is compared by its own loss, not by {settings.backtest.metric}"
        raise ConfigError("U101", what, hint="--quantile without --metric")
    bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
    with placed(data, flags):
        loaded = read(data, settings)
        panel, notices = fillable(loaded.panel, missing=settings.data.missing)
        split = split_of(settings, panel)
        ahead = require_ahead(panel, split.reach) if planned is None else []
        require_transforms(panel, settings.data.transform)
        if chosen.totals:
            Hierarchy.of(panel, chosen.totals)
    if planned is not None:
        panel = planned(loaded, panel, split)
    panel = seen(panel, settings, split)
    notices = [*loaded.notices, *notices, *bounds.notices(panel), *window_notices(panel, split)]
    first = panel.drop_last(split.backs[0]).last if split.n_windows else panel.last[:0]
    notices += seen_notices(settings.tuning, first)
    checkup = examine(loaded, missing=settings.data.missing, facts=facts)
    if settings.strict:
        said = {notice.code for notice in notices}
        found = [one for one in checkup.findings if one.severity == "warning" and one.code not in said]
        refuse_warnings([*notices, *(Notice(one.code, one.message) for one in found)])
    return Ready(loaded, panel, checkup, split, tuple(ahead), notices)


def panel_of(data: str | Path | pd.DataFrame, settings: RunConfig, split: Split) -> Panel:
    """Return what the models of a run are given, without looking at whether they should be."""
    panel, _ = fillable(read(data, settings).panel, missing=settings.data.missing)
    return seen(panel, settings, split)


def changeable(
    data: str | Path | pd.DataFrame, settings: RunConfig, ready: Ready
) -> tuple[Table, Callable[[Path], Panel]]:
    """Return the raw cells of a run, and what makes a panel of a file with other cells in their place."""
    table, loaded = raw_table(data, settings), ready.loaded
    columns = {"time": loaded.time, "target": loaded.target, "id": loaded.id}
    named = {name: column for name, column in columns.items() if column is not None}
    written = {**named, "layout": "long", "decimal": table.decimal, "delimiter": separator(table)}
    plain = {**written, "encoding": "auto", "sheet": "auto"}
    again = settings.model_copy(update={"data": settings.data.model_copy(update=plain)})
    return table, lambda path: panel_of(path, again, ready.split)


def times_written(settings: RunConfig) -> dict[str, str | None]:
    """Return how the user said that times are written, in the words of `forecast.reading.times.read_times`."""
    said = {"date_format": settings.data.date_format, "tz": settings.data.tz}
    return {name: None if value == "auto" else value for name, value in said.items()}


def seen(panel: Panel, settings: RunConfig, split: Split) -> Panel:
    """Return the panel with what the calendar says, and of the future nothing beyond the last step."""
    country = None if settings.data.holidays == "none" else settings.data.holidays
    return with_calendar(panel.until(split.reach), settings.data.calendar, horizon=split.reach, country=country)


def read(data: str | Path | pd.DataFrame | Table, settings: RunConfig, *, least: int = MIN_VALUES) -> SeriesData:
    """Return the series of a file or frame, read as the settings say; `least` as for `read_series`."""
    section = settings.data.model_dump(exclude={"missing", "transform", "calendar", "holidays", "series", "since"})
    given: dict[str, Any] = {
        name: None if value == "auto" or (name, value) == ("resample", "none") else value
        for name, value in section.items()
    }
    loaded = read_series(data, least=least, totals=settings.forecast.totals, **given)
    since = None if settings.data.since == "all" else settings.data.since
    return excerpt(loaded, series=settings.data.series, since=since, least=least)


def raw_table(data: str | Path | pd.DataFrame, settings: RunConfig) -> Table:
    """Return the cells that `read` makes series of, a row for each value, before anything is understood of them."""
    chosen = settings.data
    given = (chosen.delimiter, chosen.decimal, chosen.encoding, chosen.sheet)
    delimiter, decimal, encoding, sheet = (None if value == "auto" else value for value in given)
    table = read_table(data, delimiter=delimiter, decimal=decimal, encoding=encoding, sheet=sheet, careful=True)
    roles = Roles(*(None if name == "auto" else name for name in (chosen.time, chosen.target, chosen.id)))
    table, _ = made_long(table, roles, layout=chosen.layout, beside=(*chosen.future, *chosen.past, *chosen.static))
    return table


def split_of(settings: RunConfig, panel: Panel) -> Split:
    """Return where the windows lie."""
    chosen, horizon = settings.backtest, _horizon(settings, panel)
    step = None if chosen.step_size == "auto" else chosen.step_size
    n_windows = chosen.n_windows
    if n_windows == "auto":
        n_windows = choose_n_windows(panel, horizon, step_size=step, gap=chosen.gap)
    size = None if chosen.window_size == "auto" else chosen.window_size
    split = Split(horizon, n_windows, step, chosen.gap, chosen.refit, size)
    if chosen.sliding and size is None and n_windows:
        return replace(split, window_size=max(MIN_VALUES, int(panel.lengths.max()) - split.backs[0]))
    return split


def _horizon(settings: RunConfig, panel: Panel) -> int:
    length = int(panel.lengths.max())
    horizon = settings.backtest.horizon
    usual = panel.frequency.default_horizon(length)
    if horizon != "auto" and horizon > length:
        raise DataError("D118", f"horizon {horizon} > {length} points", hint=f"--horizon {usual}")
    steps = usual if horizon == "auto" else horizon
    last = panel.last.max()
    if panel.last.dtype.kind == "M":
        within = int((future_index(last, panel.frequency, steps) <= LAST_TIME).sum())
        if within < steps:
            hint = f"--horizon {within}" if within else "times of other years, or numbers instead of times"
            raise DataError("D118", f"{steps} steps after {stamp(last)} reach beyond the year 9999", hint=hint)
    return steps


def window_notices(panel: Panel, split: Split) -> list[Notice]:
    """Return what is to be said of a series too short to be tested on, or raise when the user asked for too much."""
    length, horizon = int(panel.lengths.max()), split.horizon
    if split.n_windows and split.backs[0] > length - 3:
        step = split.step_size or horizon
        fewer = max(1, ((length - 3 - split.reach) // step + 1) // 2)
        raise ConfigError(
            "U101",
            f"{split.n_windows} windows of {horizon} leave nothing of {length} points to learn from",
            hint=f"--n-windows {fewer}",
        )
    if split.n_windows:
        return []
    what = f'{length} points; horizon {horizon} leaves no window to test on: the forecast is labelled "untested"'
    shorter = next((h for h in range(horizon - 1, 0, -1) if choose_n_windows(panel, h, gap=split.gap)), None)
    if shorter is None and split.reach > length - 3:
        return [Notice("W203", what)]
    return [Notice("W203", f"{what}; try " + (f"--horizon {shorter}" if shorter else "--n-windows 1"))]


def for_intervals(ready: Ready, settings: RunConfig) -> Ready:
    """Return the same with as many windows as intervals need: errors enough at each step for every level."""
    if settings.backtest.n_windows != "auto":
        return ready
    needed = max(ENOUGH, *(errors_needed(level) for level in settings.forecast.level))
    n_windows = min(ready.split.n_windows, -(-needed // ready.panel.n_series))
    return replace(ready, split=replace(ready.split, n_windows=n_windows))


def factories_of(settings: RunConfig) -> dict[str, Factory]:
    """Return how to make each model that runs, in the order of the configuration, the baselines last."""
    missing = "auto" if settings.data.missing == "error" else settings.data.missing
    made: dict[str, Factory] = {}
    for name, make in MODELS.items():
        section = getattr(settings.models, name)
        if section is not None:
            network = {
                "missing": missing,
                "transform": settings.data.transform,
                "preset": settings.preset,
                "seed": settings.seed,
            }
            network = network if name in NETWORKS else {}
            made[name] = partial(make, **section.model_dump(), **network)
        if name == "arima":
            for fixed, chosen in settings.models.fixed.items():
                made[fixed] = partial(ARIMA, **FixedOrders.read(fixed).settings, **chosen.model_dump())
    return made


def named_factories(settings: RunConfig) -> dict[str, Factory]:
    """Return how to make each model that was named, without the baselines that run beside them."""
    return {name: make for name, make in factories_of(settings).items() if name in settings.models.model_fields_set}
