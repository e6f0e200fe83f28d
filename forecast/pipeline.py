"""The verbs: what the command line and the library can do, each from top to bottom on one screen.

The idea: `run` reads, checks, backtests, fits, forecasts and reports, and leaves one folder in which everything it
found out can be read again.
"""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast import report
from forecast.backtesting import Factory, choose_n_windows
from forecast.bounds import Bounds
from forecast.calendar_features import with_calendar
from forecast.checks import check_gradients
from forecast.config import RunConfig, resolve
from forecast.covariate_rows import require_ahead
from forecast.defaults import DEFAULT_DATA, REPORTS_FOLDER
from forecast.doctor import Checkup, command, examine, fillable, from_notice, placed, visit
from forecast.engine import one_thread
from forecast.errors import ConfigError, DataError, Notice
from forecast.models.arima import ARIMA
from forecast.models.classical import Drift, Mean, Naive, SeasonalNaive
from forecast.models.ets import ETS
from forecast.models.intermittent import TSB, Croston
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.models.theta import Theta
from forecast.results import Listener, Results
from forecast.runs import Run, load_run, write_aside, write_csv, write_json
from forecast.series import SeriesData, read_series
from forecast.transforms import require_transforms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecast.models.base import Forecaster
    from forecast.nn import GradientReport
    from forecast.panel import Panel

__all__ = ["Listener", "check", "gradcheck", "run"]


MODELS: dict[str, Callable[..., Forecaster]] = {
    "mlp": MLP,
    "arima": ARIMA,
    "ets": ETS,
    "theta": Theta,
    "linear": Linear,
    "drift": Drift,
    "mean": Mean,
    "croston": Croston,
    "tsb": TSB,
    "seasonal_naive": SeasonalNaive,
    "naive": Naive,
}
"""Every model by its name."""
NETWORKS = ("mlp", "linear")
"""The models that fill gaps as told and draw their start from the seed."""


class _Silent:
    """Listens and does nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Do nothing."""


def run(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    horizon: int | None = None,
    time: str | None = None,
    target: str | None = None,
    id: str | None = None,
    freq: str | None = None,
    season_length: int | Sequence[int] | None = None,
    resample: str | None = None,
    aggregate: str | None = None,
    models: Sequence[str] | None = None,
    n_windows: int | None = None,
    level: Sequence[float] | None = None,
    future: Sequence[str] | None = None,
    past: Sequence[str] | None = None,
    static: Sequence[str] | None = None,
    calendar: Sequence[str] | None = None,
    holidays: str | None = None,
    min: float | None = None,
    max: float | None = None,
    integer: bool = False,
    missing: str | None = None,
    transform: str | None = None,
    duplicates: str | None = None,
    date_format: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    tz: str | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    listener: Listener | None = None,
) -> Run:
    """Check the data, compare the models on held-out windows, forecast, and write a run folder with a report.

    Parameters
    ----------
    data : path, DataFrame or name
        A CSV of one or many series, a frame, or the name of a bundled set.
    horizon : int, optional
        Steps to forecast; by default what suits the frequency.
    time, target, id : str, optional
        The columns of times, values and series names; inferred where exactly one fits.
    freq : str, optional
        The step of the times, as a pandas alias (``MS``, ``W-SAT``, ``15min``) or ``int``.
    season_length : int or sequence of int, optional
        Periods of a season, or of several (24 and 168); 1 for none.
    resample : str, optional
        The period to which finer data or raw transactions are brought first, such as ``W`` or ``MS``.
    aggregate : {"sum", "mean", "last", "max"}, optional
        What becomes of the values of one such period.
    models : sequence of str, optional
        Which models run; the baselines are always added.
    n_windows : int, optional
        How many windows of one horizon each are held out in turn.
    level : sequence of float, optional
        Intervals to draw, in percent.
    future, past, static : sequence of str, optional
        Columns of covariates: known ahead (their future rows are in the data, with an empty target), known only in
        the past, and the same in all rows of a series.
    calendar : sequence of str, optional
        What the network sees of the calendar: ``hour``, ``weekday``, ``month``, ... (`forecast.calendar_features`).
    holidays : str, optional
        The ISO code of a country whose public holidays the network sees (extra ``calendar``).
    min, max : float, optional
        The smallest and the largest value a forecast or an end of its interval may have.
    integer : bool
        Whether forecasts are whole numbers; intervals are then rounded outwards.
    missing : {"auto", "error", "linear", "seasonal", "zero", "ffill"}, optional
        How gaps are filled before each fit.
    transform : str, optional
        What is done to the values before the network sees them: "auto", "none" or a chain such as
        "log,difference(12),standardize" of names of `forecast.transforms.TRANSFORMS`.
    duplicates : {"error", "first", "last", "mean", "sum"}, optional
        What becomes of two values for one time.
    date_format, delimiter, decimal, encoding : str, optional
        How the file is written, where that is not plain from itself.
    tz : str, optional
        The time zone of the times, such as ``Europe/Berlin``; times of the day are then turned to UTC.
    seed : int, optional
        The same seed gives the same bytes.
    out : path, optional
        The run folder; by default a new one in ``reports/``.
    overwrite : bool
        Replace `out` if it is a run folder.
    config : path, optional
        A TOML file of settings; what is given here goes before it.
    listener : Listener, optional
        Told what happens.

    Returns
    -------
    Run
        What stands in the folder: `Run.report` is the path of the page, `Run.forecasts` the forecast frame.

    Raises
    ------
    ForecastError
        `ConfigError`, `DataError`, `ModelError` or `FileError`, with a code, a message and a hint. Nothing is left
        behind then.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp() + "/nile"
    >>> result = run("nile", models=["naive"], horizon=5, out=folder)
    >>> result.report.name, len(result.forecasts)
    ('report.html', 10)
    """
    started, listener = perf_counter(), listener or _Silent()
    flags = {
        "horizon": horizon,
        "time": time,
        "target": target,
        "id": id,
        "freq": freq,
        "season_length": season_length,
        "resample": resample,
        "aggregate": aggregate,
        "models": models,
        "n_windows": n_windows,
        "level": level,
        "future": future,
        "past": past,
        "static": static,
        "calendar": calendar,
        "holidays": holidays,
        "min": min,
        "max": max,
        "integer": integer or None,
        "missing": missing,
        "transform": transform,
        "duplicates": duplicates,
        "date_format": date_format,
        "delimiter": delimiter,
        "decimal": decimal,
        "encoding": encoding,
        "tz": tz,
        "seed": seed,
    }
    settings = resolve(Path(config) if config is not None else None, flags)
    bounds = Bounds(min=settings.forecast.min, max=settings.forecast.max, integer=settings.forecast.integer)
    with placed(data, {**flags, "config": config}):
        loaded = _read(data, settings)
        panel, notices = fillable(loaded.panel, missing=settings.data.missing)
        steps = _horizon(settings, panel)
        ahead = require_ahead(panel, steps)
        require_transforms(panel, settings.data.transform)
    country = None if settings.data.holidays == "none" else settings.data.holidays
    panel = with_calendar(panel.until(steps), settings.data.calendar, horizon=steps, country=country)
    checkup = examine(loaded, missing=settings.data.missing)
    windows = settings.backtest.n_windows
    n_windows = choose_n_windows(panel, steps) if windows == "auto" else windows
    notices = [*loaded.notices, *notices, *bounds.notices(panel), *_window_notices(panel, steps, n_windows)]
    known = {notice.code for notice in notices}
    others = sum(f.severity == "warning" and f.code not in known for f in checkup.findings)
    doubts = [f"doubts about the data: {others} (forecast check lists them)"] if others else []
    plan = f"{steps} steps ahead, {n_windows} test windows"
    for line in [*loaded.notes, *doubts, *ahead, plan, *map(str, notices)]:
        listener.say(line)
    folder = Path(out) if out is not None else _new_folder(loaded.name)
    with one_thread(), write_aside(folder, overwrite=overwrite) as aside:
        results = Results(
            panel,
            _factories(settings),
            horizon=steps,
            n_windows=n_windows,
            levels=settings.forecast.level,
            bounds=bounds,
            listener=listener,
        )
        results.write(aside)
        write_csv(loaded.frame, aside / "history.csv")
        (aside / "config.toml").write_text(settings.to_toml(), encoding="utf-8", newline="\n")
        info = _info(loaded, settings, results, [*notices, *results.notices()], _command(data, flags, config))
        info |= {key: checkup.to_json()[key] for key in ("facts", "findings")}
        info["timings"] = {"models": results.final.timings, "total": perf_counter() - started}
        write_json(info, aside / "run.json")
        report.render(aside)
    return load_run(folder)


def check(
    data: str | Path | pd.DataFrame,
    *,
    time: str | None = None,
    target: str | None = None,
    id: str | None = None,
    freq: str | None = None,
    season_length: int | None = None,
    missing: str | None = None,
    duplicates: str | None = None,
    date_format: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    tz: str | None = None,
    config: str | Path | None = None,
) -> Checkup:
    """Say what is in the data, what is wrong with them and how to repair it; nothing is fitted or written.

    Parameters
    ----------
    data, time, target, id, freq, season_length, missing, duplicates, date_format, delimiter, decimal, encoding
        As for `run`.
    tz, config
        As for `run`.

    Returns
    -------
    Checkup
        Facts and findings; with at least one error among these where `run` would refuse the data.

    Raises
    ------
    ForecastError
        `ConfigError` or `FileError`: the options are wrong, or there is no such file.

    Examples
    --------
    >>> checkup = check("airline")
    >>> checkup.refused, checkup.facts["season_length"]
    (False, 12)
    """
    flags = {
        "time": time,
        "target": target,
        "id": id,
        "freq": freq,
        "season_length": season_length,
        "missing": missing,
        "duplicates": duplicates,
        "date_format": date_format,
        "delimiter": delimiter,
        "decimal": decimal,
        "encoding": encoding,
        "tz": tz,
        "config": config,
    }
    file = Path(config) if config is not None else None

    def look(options: dict[str, Any]) -> Checkup:
        settings = resolve(file, {name: value for name, value in options.items() if name != "config"})
        with placed(data, options):
            loaded = _read(data, settings)
        checkup = examine(loaded, missing=settings.data.missing)
        if checkup.refused or settings.backtest.n_windows != "auto":
            return checkup
        panel, _ = fillable(loaded.panel, missing=settings.data.missing)
        steps = _horizon(settings, panel)
        notices = _window_notices(panel, steps, choose_n_windows(panel, steps))
        return checkup.with_findings([from_notice(notice) for notice in notices])

    return visit(data, flags, look)


def gradcheck(network: str | None = None, *, seed: int = 0) -> dict[str, GradientReport]:
    """Hold analytic gradients against numeric ones: see `forecast.checks.check_gradients`."""
    return check_gradients(network, seed=seed)


def _read(data: str | Path | pd.DataFrame, settings: RunConfig) -> SeriesData:
    section = settings.data.model_dump(exclude={"missing", "transform", "calendar", "holidays"})
    given: dict[str, Any] = {
        name: None if value == "auto" or (name, value) == ("resample", "none") else value
        for name, value in section.items()
    }
    return read_series(data, **given)


def _horizon(settings: RunConfig, panel: Panel) -> int:
    length = int(panel.lengths.max())
    horizon = settings.backtest.horizon
    if horizon == "auto":
        return panel.frequency.default_horizon(length)
    if horizon > length:
        raise DataError(
            "D118", f"horizon {horizon} > {length} points", hint=f"--horizon {panel.frequency.default_horizon(length)}"
        )
    return horizon


def _window_notices(panel: Panel, horizon: int, n_windows: int) -> list[Notice]:
    """Return what is to be said of a series too short to be tested on, or raise when the user asked for too much."""
    length = int(panel.lengths.max())
    if n_windows * horizon > length - 3:
        raise ConfigError(
            "U101",
            f"{n_windows} windows of {horizon} leave nothing of {length} points to learn from",
            hint=f"--n-windows {max(1, (length - 3) // horizon // 2)}",
        )
    if n_windows:
        return []
    what = f'{length} points; horizon {horizon} leaves no window to test on: the forecast is labelled "untested"'
    shorter = next((steps for steps in range(horizon - 1, 0, -1) if choose_n_windows(panel, steps)), None)
    if shorter is None and horizon > length - 3:
        return [Notice("W203", what)]
    return [Notice("W203", f"{what}; try " + (f"--horizon {shorter}" if shorter else "--n-windows 1"))]


def _factories(settings: RunConfig) -> dict[str, Factory]:
    """Return how to make each model that runs, in the order of the configuration, the baselines last."""
    missing = "auto" if settings.data.missing == "error" else settings.data.missing
    made: dict[str, Factory] = {}
    for name, make in MODELS.items():
        section = getattr(settings.models, name)
        if section is not None:
            network = {"missing": missing, "transform": settings.data.transform, "seed": settings.seed}
            network = network if name in NETWORKS else {}
            made[name] = partial(make, **section.model_dump(), **network)
    return made


def _info(
    loaded: SeriesData, settings: RunConfig, results: Results, notices: list[Notice], command: str
) -> dict[str, Any]:
    """Return run.json but for its timings."""
    frame = loaded.frame
    failures = [failure for fit in [*results.fits, results.final] for failure in fit.failures]
    title = settings.report.title
    return {
        "schema": 1,
        "status": "complete",
        "version": version("forecast"),
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": Path(loaded.name).stem if title == "auto" else title,
        "command": command,
        "seed": settings.seed,
        "horizon": results.horizon,
        "n_windows": results.n_windows,
        "data": {
            "name": loaded.name,
            "sha256": loaded.sha256,
            "rows": int(frame["y"].notna().sum()),
            "series": int(frame["unique_id"].nunique()),
            "frequency": loaded.frequency.word,
            "season_length": loaded.season_length,
            "start": str(frame["ds"].min()).removesuffix(" 00:00:00"),
            "end": str(frame["ds"].max()).removesuffix(" 00:00:00"),
            "gaps": int(frame["y"].isna().sum()),
            "notes": list(loaded.notes),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("forecast", "numpy", "scipy", "pandas", "statsmodels", "matplotlib")},
            "system": f"{platform.system()} {platform.machine()}",
        },
        "notices": [vars(notice) for notice in notices],
        "failures": failures,
    }


def _command(data: str | Path | pd.DataFrame, flags: dict[str, Any], config: str | Path | None) -> str:
    """Return the line that makes the run again."""
    source = "DATA" if isinstance(data, pd.DataFrame) else data
    return command(source, {**flags, "config": config}, verb="run")


def _new_folder(name: str) -> Path:
    """Return a folder in ``reports/`` named after the data and the time, safe on every file system."""
    stem = name.split(".")[0]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem).strip("-")[:40]
    if plain != stem:
        plain = f"{plain or 'data'}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder, copies = Path(REPORTS_FOLDER) / f"{plain}-{stamp}", 1
    while folder.exists():
        copies += 1
        folder = folder.with_name(f"{plain}-{stamp}-{copies}")
    return folder
