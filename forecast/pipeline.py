"""The verbs: what the command line and the library can do, each from top to bottom on one screen.

The idea: `run` reads, checks, backtests, fits, forecasts and reports, and leaves one folder in which everything it
found out can be read again.
"""

from __future__ import annotations

import hashlib
import itertools
import platform
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from forecast import report
from forecast.backtesting import Factory, Split, choose_n_windows, perform
from forecast.bounds import Bounds
from forecast.calendar_features import with_calendar
from forecast.checks import check_gradients
from forecast.config import RunConfig, resolve
from forecast.covariate_rows import require_ahead
from forecast.defaults import DEFAULT_DATA, REPORTS_FOLDER
from forecast.doctor import Checkup, command, examine, fillable, from_notice, placed, visit
from forecast.engine import Workers, one_thread
from forecast.errors import ConfigError, DataError, Notice
from forecast.frequency import future_index
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
from forecast.options import DataOptions, RunOptions, declared, spelled_out
from forecast.placing import stamp
from forecast.results import Listener, Results
from forecast.runs import Run, load_run, require_free, write_aside, write_csv, write_file, write_json
from forecast.series import SeriesData, read_series
from forecast.totals import Totals
from forecast.transforms import require_transforms

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.models.base import Forecaster
    from forecast.nn import GradientReport
    from forecast.panel import Panel

__all__ = ["Listener", "check", "gradcheck", "predict", "run"]


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
REPORT_SECONDS = 4.0
"""What a report takes at most, of a budget of time."""
NETWORKS = ("mlp", "linear", "hybrid")
"""The models that fill gaps as told and draw their start from the seed."""


LAST_TIME = np.datetime64("9999-12-31T23:59:59")
"""Later ones cannot be written with four digits of the year, as files and pictures have it."""


class _Silent:
    """Listens and does nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Do nothing."""


@spelled_out(RunOptions)
def run(
    data: str | Path | pd.DataFrame = DEFAULT_DATA,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    listener: Listener | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """Check the data, compare the models on held-out windows, forecast, and write a run folder with a report.

    Parameters
    ----------
    data : path, DataFrame or name
        A CSV of one or many series, a frame, or the name of a bundled set.
    {options}
    out : path, optional
        The run folder; by default a new one in ``reports/``.
    overwrite : bool
        Replace `out` if it is a run folder.
    config : path, optional
        A TOML file of settings; what is given here goes before it.
    jobs : int, optional
        Processes that work at once; by default one a core. The result does not depend on it.
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
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags)
    ready = _prepare(data, settings, flags={**flags, "config": config})
    for line in ready.lines:
        listener.say(line)
    folder = Path(out) if out is not None else _new_folder(ready.loaded.name)
    with (
        one_thread(),
        write_aside(folder, overwrite=overwrite) as aside,
        Workers(jobs, seconds=_for_models(settings, perf_counter() - started)) as workers,
    ):
        results = Results(
            ready.panel,
            _factories(settings),
            ready.split,
            settings.forecast,
            combination=settings.models.combination,
            seed=settings.seed,
            workers=workers,
            listener=listener,
        )
        results.write(aside)
        if settings.forecast.totals:
            _totals(ready, settings, results, workers, listener).write(aside)
        write_csv(ready.loaded.frame, aside / "history.csv")
        text = settings.to_toml({"data.transform": _came_to(ready.checkup, settings.data.transform)})
        (aside / "config.toml").write_text(text, encoding="utf-8", newline="\n")
        info = _info(ready, settings, results) | {"command": _command(data, flags, config)}
        info["timings"] = {"models": results.final.timings, "total": perf_counter() - started}
        write_json(info, aside / "run.json")
        report.render(aside)
    return load_run(folder)


@spelled_out(RunOptions)
def predict(
    data: str | Path | pd.DataFrame,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | None = None,
    jobs: int | None = None,
    listener: Listener | None = None,
    **options: Unpack[RunOptions],
) -> pd.DataFrame:
    """Forecast, and nothing else: no report, no comparison; windows are held out only to learn how wide the bands are.

    Parameters
    ----------
    data, config, jobs, listener
        As for `run`.
    {options}
    output : path, optional
        A CSV to write to.
    overwrite : bool
        Replace `output` if it is there.

    Returns
    -------
    DataFrame
        Columns ``unique_id, ds, model, y_hat``, then the ends of the intervals; for the models that were named (the
        network where none was), without baselines.

    Raises
    ------
    ForecastError
        As for `run`.

    Examples
    --------
    >>> predict("nile", models=["naive"], horizon=2)[["ds", "y_hat"]]
              ds  y_hat
    0 1971-01-01  740.0
    1 1972-01-01  740.0
    """
    listener = listener or _Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags, default_models=("mlp",))
    target = None if output is None else Path(output)
    if target is not None:
        require_free(target, overwrite=overwrite)
    ready = _prepare(data, settings, flags={**flags, "config": config})
    ready = replace(ready, split=replace(ready.split, n_windows=_enough_windows(ready, settings)))
    for line in ready.lines:
        listener.say(line)
    named = settings.models.model_fields_set
    factories = {name: make for name, make in _factories(settings).items() if name in named}
    with one_thread(), Workers(jobs, seconds=_for_models(settings, 0.0)) as workers:
        results = Results(
            ready.panel,
            factories,
            ready.split,
            settings.forecast,
            combination=settings.models.combination,
            seed=settings.seed,
            workers=workers,
            listener=listener,
        )
    for notice in results.notices():
        listener.say(str(notice))
    frame = results.forecasts.drop(columns=["cutoff", "step"])
    if target is not None:
        write_file(frame, target)
    return frame


@spelled_out(DataOptions)
def check(
    data: str | Path | pd.DataFrame,
    *,
    config: str | Path | None = None,
    **options: Unpack[DataOptions],
) -> Checkup:
    """Say what is in the data, what is wrong with them and how to repair it; nothing is fitted or written.

    Parameters
    ----------
    data, config
        As for `run`.
    {options}

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
    file = Path(config) if config is not None else None

    def look(given: dict[str, Any]) -> Checkup:
        settings = resolve(file, {name: value for name, value in given.items() if name != "config"})
        with placed(data, given):
            loaded = _read(data, settings)
        checkup = examine(loaded, missing=settings.data.missing)
        if checkup.refused:
            return checkup
        with placed(data, given):
            panel, _ = fillable(loaded.panel, missing=settings.data.missing)
            split = _split(settings, panel)
            require_ahead(panel, split.reach)
            require_transforms(panel, settings.data.transform)
        windows = settings.backtest.n_windows
        notices = _window_notices(panel, split) if windows == "auto" else []
        return checkup.with_findings([from_notice(notice) for notice in notices])

    flags = {**dict.fromkeys(declared(DataOptions)), **options, "config": config}
    return visit(data, flags, look)


def gradcheck(network: str | None = None, *, seed: int = 0) -> dict[str, GradientReport]:
    """Hold analytic gradients against numeric ones: see `forecast.checks.check_gradients`."""
    return check_gradients(network, seed=seed)


@dataclass(frozen=True)
class _Ready:
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
        plan = f"{self.split.horizon} steps ahead, {self.split.n_windows} test windows"
        return [*self.loaded.notes, *doubts, *self.ahead, plan, *map(str, self.notices)]


def _prepare(data: str | Path | pd.DataFrame, settings: RunConfig, *, flags: dict[str, Any]) -> _Ready:
    """Return the data ready to be run, or raise what stands against it."""
    chosen = settings.forecast
    bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
    with placed(data, flags):
        loaded = _read(data, settings)
        panel, notices = fillable(loaded.panel, missing=settings.data.missing)
        split = _split(settings, panel)
        ahead = require_ahead(panel, split.reach)
        require_transforms(panel, settings.data.transform)
        if chosen.totals:
            Hierarchy.of(panel, chosen.totals)
    country = None if settings.data.holidays == "none" else settings.data.holidays
    panel = with_calendar(panel.until(split.reach), settings.data.calendar, horizon=split.reach, country=country)
    notices = [*loaded.notices, *notices, *bounds.notices(panel), *_window_notices(panel, split)]
    checkup = examine(loaded, missing=settings.data.missing)
    return _Ready(loaded, panel, checkup, split, tuple(ahead), notices)


def _came_to(checkup: Checkup, transform: str) -> list[str]:
    """Return what ``auto`` came to on all data and why, to stand beside the setting."""
    if transform != "auto":
        return []
    every = checkup.facts["series"]
    return [
        "what auto came to on all data; each cutoff chooses anew from its own past: see choices.json",
        *(
            f"{entry['name']}: {entry['series']} of {every} series, {entry['why']}"
            for entry in checkup.facts["transforms"]
        ),
    ]


def _read(data: str | Path | pd.DataFrame, settings: RunConfig) -> SeriesData:
    section = settings.data.model_dump(exclude={"missing", "transform", "calendar", "holidays"})
    given: dict[str, Any] = {
        name: None if value == "auto" or (name, value) == ("resample", "none") else value
        for name, value in section.items()
    }
    given["static"] = (*settings.data.static, *(c for c in settings.forecast.totals if c not in settings.data.static))
    return read_series(data, **given)


def _split(settings: RunConfig, panel: Panel) -> Split:
    """Return where the windows lie."""
    chosen, horizon = settings.backtest, _horizon(settings, panel)
    step = None if chosen.step_size == "auto" else chosen.step_size
    n_windows = chosen.n_windows
    if n_windows == "auto":
        n_windows = choose_n_windows(panel, horizon, step_size=step, gap=chosen.gap)
    size = None if chosen.window_size == "auto" else chosen.window_size
    return Split(horizon, n_windows, step, chosen.gap, chosen.refit, size)


def _for_models(settings: RunConfig, spent: float) -> float | None:
    """Return the seconds that are left for the models of a run with a budget, for it has pictures to draw as well."""
    if settings.seconds is None:
        return None
    return max(0.0, settings.seconds - spent - min(REPORT_SECONDS, 0.4 * settings.seconds))


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


def _window_notices(panel: Panel, split: Split) -> list[Notice]:
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


def _enough_windows(ready: _Ready, settings: RunConfig) -> int:
    """Return how many windows give each step errors enough for every level, at most those of a run."""
    if settings.backtest.n_windows != "auto":
        return ready.split.n_windows
    needed = max(ENOUGH, *(errors_needed(level) for level in settings.forecast.level))
    return min(ready.split.n_windows, -(-needed // ready.panel.n_series))


def _totals(ready: _Ready, settings: RunConfig, results: Results, workers: Workers, listener: Listener) -> Totals:
    """Return what the models forecast of sums of the series."""
    factories = _factories(settings)
    done, total = itertools.count(), (len(ready.split.blocks) + 1) * len(factories)
    return Totals(
        ready.panel,
        settings.forecast.totals,
        factories,
        backtested=results.backtest,
        forecasts=results.forecasts,
        split=ready.split,
        do=lambda tasks: workers.do(
            perform, tasks, lambda task: listener.progress(next(done), total, f"totals: {task.model}")
        ),
    )


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


def _info(ready: _Ready, settings: RunConfig, results: Results) -> dict[str, Any]:
    """Return run.json but for its command and timings."""
    loaded, checkup = ready.loaded, ready.checkup.to_json()
    frame = loaded.frame
    failures = [failure for fit in [*results.fits, results.final] for failure in fit.failures]
    title = settings.report.title
    return {
        "schema": 1,
        "status": "complete",
        "version": version("forecast"),
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": Path(loaded.name).stem if title == "auto" else title,
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
        "notices": [vars(notice) for notice in (*ready.notices, *results.notices())],
        "failures": failures,
        "facts": checkup["facts"],
        "findings": checkup["findings"],
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
