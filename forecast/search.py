"""The verb tune: better settings are searched on windows before the test windows, and written as a file for a run.

The idea: the values from the first test cutoff on are cut off before anything is tried, so that the run which is made
with what was found is as honest as one without. Everything stands in one folder, whole after every batch of trials.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from forecast.backtesting import perform
from forecast.bounds import Bounds
from forecast.config import RunConfig, environment, resolve
from forecast.defaults import TRIALS
from forecast.engine import Workers, one_thread
from forecast.errors import ConfigError, DataError, FileError
from forecast.frequency import advance
from forecast.options import RunOptions, spelled_out
from forecast.ready import factories_of, prepare
from forecast.results import Listener, Silent
from forecast.runs import new_folder, write_file
from forecast.search_journal import JOURNAL, Journal, require_optuna
from forecast.search_space import NETWORKS, SEARCHED, label, space_of
from forecast.tuning import search
from forecast.tuning_record import TunedModel, TunedTrial, TuningSection, plain
from forecast.validation import Validation, validation_split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from forecast.backtesting import Factory, Outcome, Split, Task
    from forecast.panel import Panel
    from forecast.search_space import Parameter
    from forecast.tuning import Searched

__all__ = ["Search", "tune"]

MOST_TRIALS = 1_000
"""Of a search that a budget ends."""
FILE_SECONDS = 0.5
"""What is kept of a budget of time for the files."""
SHOWN = 5
"""The best trials that the file of settings remembers."""


@dataclass(frozen=True)
class Search:
    """What a search came to, and the folder it stands in.

    Parameters
    ----------
    folder : Path
        With ``best.toml``, ``trials.csv`` and the journal by which the search can go on.
    settings : RunConfig
        The best settings that were found: what ``best.toml`` holds.
    trials : DataFrame
        A row a trial: ``model, number, state, mase``, its settings, and the `reason` where it failed.
    sentences : tuple of str
        What is to be said of each model.
    """

    folder: Path
    settings: RunConfig
    trials: pd.DataFrame
    sentences: tuple[str, ...]

    @property
    def best(self) -> Path:
        """The file of settings."""
        return self.folder / "best.toml"


@spelled_out(RunOptions)
def tune(
    data: str | Path | pd.DataFrame,
    *,
    out: str | Path | None = None,
    trials: int | None = None,
    resume: str | Path | None = None,
    config: str | Path | None = None,
    jobs: int | None = None,
    listener: Listener | None = None,
    spent: float = 0.0,
    **options: Unpack[RunOptions],
) -> Search:
    """Search better settings on windows before the test windows of a run; what comes after is never looked at.

    The network is tuned, or those of the models named in `models` that have something to search. What was named
    otherwise, in the file or as a keyword, stays as it is.

    Parameters
    ----------
    data, config, jobs, listener, spent
        As for `run`.
    {options}
    out : path, optional
        The folder of the search; by default a new one in ``reports/``.
    trials : int, optional
        How many settings are tried for each model; by default 20, or as many as the budget allows.
    resume : path, optional
        The folder of a search to go on with, in place of `out`: the same data and options as then.

    Raises
    ------
    ForecastError
        As for `run`; U111, when Optuna is not installed; U112, when nothing can be searched; D124, when no window can
        be held out before the test windows; U113 and F111, when that in `resume` is another one or damaged.

    Examples
    --------
    >>> import tempfile
    >>> found = tune("nile", models=["theta"], horizon=4, n_windows=2, out=tempfile.mkdtemp() + "/search")
    >>> found.best.name, found.trials["models.theta.method"].tolist()
    ('best.toml', ['dynamic', 'standard'])
    """
    started, listener = perf_counter() - spent, listener or Silent()
    flags: dict[str, Any] = {**options}
    settings = resolve(Path(config) if config is not None else None, flags)
    models = _models(settings, {**environment(), **flags}.get("models"))
    if resume is not None and out is not None:
        raise ConfigError("U101", "a search goes on in its own folder", hint=f"--resume {resume} without --out")
    require_optuna()
    ready = prepare(data, settings, flags={**flags, "config": config})
    plan = Plan.of(ready.panel, ready.split, settings, models, name=ready.loaded.name)
    folder = Path(resume or out or new_folder(f"{ready.loaded.name.split('.')[0]}-tuned"))
    for line in [*ready.lines, plan.sentence, f"the search is kept in {folder}"]:
        listener.say(line)
    with _opened(folder, resume=resume is not None):
        journal = Journal(folder / JOURNAL, plan.question)
        most = trials or (TRIALS if settings.seconds is None else MOST_TRIALS)
        found: dict[str, Searched] = {}
        for place, model in enumerate(models):
            seconds = _share(settings, perf_counter() - started, len(models) - place)
            with one_thread(), Workers(jobs, seconds=seconds) as workers:
                found[model] = _search(plan, model, found, most, journal, workers, listener, folder)
        result = _written(plan, found, folder)
    if settings.seconds is not None:
        tried, used = len(result.trials), perf_counter() - started
        listener.say(f"budget {settings.seconds:g} s, used {used:.1f} s: {tried} trial{'s' * (tried != 1)} finished")
    return result


@dataclass(frozen=True)
class Plan:
    """What a search will do: what may be known, the windows that judge, the settings that are sought."""

    settings: RunConfig
    panel: Panel
    validation: Validation
    spaces: dict[str, list[Parameter]]

    @classmethod
    def of(cls, panel: Panel, run: Split, settings: RunConfig, models: Sequence[str], *, name: str) -> Plan:
        """Return the plan of a search before the windows of a `run`.

        Raises
        ------
        DataError
            D124, when no window can be held out before the test windows.
        ConfigError
            U112, when all settings of the models were named.
        """
        known = panel.drop_last(run.backs[0]).until(run.reach) if run.n_windows else panel.take([])
        split = validation_split(known, run)
        if not split.n_windows:
            what = f"{run.n_windows} test windows of {run.horizon} leave nothing of {name} to tune on"
            fewer = "--n-windows 1, or a smaller --horizon"
            raise DataError("D124", what, hint="a smaller --horizon" if run.n_windows < 2 else fewer)
        chosen = settings.forecast
        bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
        validation = Validation(known, split, lambda model, found: _factory(settings, model, found), bounds=bounds)
        shortest = max(1, int(np.median(known.lengths)) - split.backs[0])
        alone = sum(getattr(settings.models, network) is not None for network in NETWORKS) == 1
        spaces = {
            model: space_of(model, settings, known, split.reach, shortest=shortest, transform=alone) for model in models
        }
        if not all(spaces.values()):
            named = next(model for model in models if not spaces[model])
            what = f"all settings of {named} that can be searched were named"
            raise ConfigError("U112", what, hint=f"forecast models {named}")
        return cls(settings, known, validation, spaces)

    @property
    def dates(self) -> dict[str, str]:
        """The first time that is learned from, the first and the last one that is judged."""
        panel, split = self.panel, self.validation.split
        longest = int(np.argmax(panel.lengths))
        until = panel.last.max()
        start = advance(panel.last[longest], 1 - int(panel.lengths[longest]), panel.frequency)
        judged = advance(until, 1 + split.gap - split.backs[0], panel.frequency)
        return {"start": plain(start), "validated_from": plain(judged), "until": plain(until)}

    @property
    def sentence(self) -> str:
        """What a person is told before the search."""
        dates, n = self.dates, self.validation.split.n_windows
        windows = f"{n} window{'' if n == 1 else 's'} from {dates['validated_from']} to {dates['until']}"
        return f"tuning {', '.join(self.spaces)} on {windows}; what comes after is not looked at"

    @property
    def question(self) -> str:
        """A fingerprint of data, settings and windows."""
        panel, covariates = self.panel, self.panel.covariates
        settings = self.settings.model_copy(update={"budget": "none"})
        text = repr((settings.to_toml(), self.validation.split, self.spaces, panel.ids, panel.frequency))
        parts = [panel.values, panel.offsets, panel.last.astype(np.int64)]
        parts += [] if covariates is None else [covariates.known, covariates.past, covariates.static]
        return sha256(b"".join([text.encode(), *(np.ascontiguousarray(part).tobytes() for part in parts)])).hexdigest()


def _models(settings: RunConfig, named: Sequence[str] | None) -> list[str]:
    """Return the models that are tuned.

    Raises
    ------
    ConfigError
        U112, when none of them has anything to search.
    """
    wanted = [name for name in SEARCHED if getattr(settings.models, name) is not None]
    found = [name for name in wanted if named is not None or name == "mlp"]
    if not found:
        models = ", ".join(named) if named else "the models that run"
        what = f"nothing to tune: {models} have no settings that can be searched"
        raise ConfigError("U112", what, hint=f"--models {','.join(wanted) or 'mlp'}")
    return found


def _factory(settings: RunConfig, model: str, found: Mapping[str, Any]) -> Factory:
    return factories_of(_with(settings, found))[model]


def _with(settings: RunConfig, found: Mapping[str, Any], **more: Any) -> RunConfig:
    """Return the settings with those that were `found`, each at its place."""
    tree = settings.model_dump(exclude_none=True) | more
    for setting, value in found.items():
        *tables, name = setting.split(".")
        place = tree
        for table in tables:
            place = place[table]
        place[name] = value
    return RunConfig.model_validate(tree)


def _share(settings: RunConfig, spent: float, models: int) -> float | None:
    """Return the seconds of a budget for the next of so many models that are left."""
    return None if settings.seconds is None else max(0.0, settings.seconds - spent - FILE_SECONDS) / models


def _search(
    plan: Plan,
    model: str,
    found: Mapping[str, Searched],
    trials: int,
    journal: Journal,
    workers: Workers,
    listener: Listener,
    folder: Path,
) -> Searched:
    """Search the settings of one model beside those `found` already, and write what is known after each batch."""
    done, total = count(), trials * len(plan.validation.split.blocks)

    def do(tasks: Sequence[Task]) -> list[Outcome | None]:
        return workers.do(perform, tasks, lambda task: listener.progress(next(done), total, task.model))

    return search(
        model,
        plan.spaces[model],
        plan.validation,
        trials=trials,
        seed=plan.settings.seed,
        journal=journal,
        do=do,
        tick=lambda searched: _written(plan, {**found, model: searched}, folder),
    )


def _written(plan: Plan, found: Mapping[str, Searched], folder: Path) -> Search:
    """Write what is known into the folder, each file whole."""
    best = {name: value for one in found.values() for name, value in one.best.settings.items()}
    record = TuningSection(
        **plan.dates,
        horizon=plan.validation.split.horizon,
        windows=plan.validation.split.n_windows,
        budget=plan.settings.budget,
        models={model: _record(one, plan.spaces[model]) for model, one in found.items()},
    )
    settings = _with(plan.settings, best, budget="none", tuning=record.model_dump())
    sentences = tuple(_sentence(one, record, plan.validation.panel.n_series) for one in found.values())
    head = [
        "Settings that forecast tune found: forecast run DATA --config best.toml",
        *sentences,
        f"Nothing after {record.until} was looked at, and there the test windows of a run begin.",
    ]
    result = Search(folder, settings, _table(plan, found), sentences)
    write_file(result.trials, folder / "trials.csv")
    _replace("".join(f"# {line}\n" for line in head) + "\n" + settings.to_toml(), result.best)
    return result


def _record(one: Searched, space: Sequence[Parameter]) -> TunedModel:
    """Return what the file of settings remembers of a search."""
    comparison, default = one.comparison, one.default
    top = [
        TunedTrial(number=t.number, mase=t.value or 0.0, settings=_changed(t.settings, space))
        for t in one.ranked[:SHOWN]
    ]
    return TunedModel(
        trials=len(one.trials),
        pruned=one.count("pruned"),
        failed=one.count("failed"),
        mase=one.best.value or 0.0,
        default_mase=default.value if default.state == "complete" else None,
        verdict=comparison.word,
        units=comparison.units,
        best=tuple(top),
    )


def _changed(settings: Mapping[str, Any], space: Sequence[Parameter]) -> dict[str, Any]:
    """Return the settings that are not at their defaults."""
    defaults = {p.setting: p.default for p in space}
    return {name: value for name, value in settings.items() if value != defaults[name]}


def _sentence(one: Searched, record: TuningSection, n_series: int) -> str:
    """Return in words what a search came to.

    The word is that of `forecast.significance`, at a level divided by the number of trials.
    """
    tuned = record.models[one.model]
    lost = [f"{number} {state}" for state in ("pruned", "failed") if (number := one.count(state))]
    of = f"{tuned.trials} trial{'' if tuned.trials == 1 else 's'}{f' ({chr(44).join(lost)})' if lost else ''}"
    units = f"{tuned.units} {'series' if n_series > 1 else 'windows'}"
    if one.best.number == 0:
        return f"{one.model}: MASE {tuned.mase:.3f} by default, the best of {of}"
    default = "the defaults failed" if tuned.default_mase is None else f"{tuned.default_mase:.3f} by default"
    return (
        f"{one.model}: MASE {tuned.mase:.3f} in trial {one.best.number} of {of}, {default}: {tuned.verdict} ({units})"
    )


def _table(plan: Plan, found: Mapping[str, Searched]) -> pd.DataFrame:
    """Return all trials as rows; a setting that a model does not have is empty."""
    names = list(dict.fromkeys(p.setting for model in found for p in plan.spaces[model]))
    rows = []
    for model, one in found.items():
        for tried in one.trials:
            row: dict[str, Any] = {"model": model, "number": tried.number, "state": tried.state, "mase": tried.value}
            row |= {name: label(tried.settings[name]) if name in tried.settings else "" for name in names}
            rows.append(row | {"reason": tried.reason})
    return pd.DataFrame(rows).astype({"mase": np.float64})


@contextmanager
def _opened(folder: Path, *, resume: bool) -> Iterator[None]:
    """Make the folder of a search, or find it; one that was made is taken away where nothing comes of it.

    Raises
    ------
    FileError
        F103, when it is there and the search shall not go on; F104, when it cannot be made or holds no search.
    """
    there = (folder / JOURNAL).is_file()
    if resume and not there:
        raise FileError(
            "F104", f"no search to go on with in {folder}: no {JOURNAL} in it", hint="--out in place of --resume"
        )
    if not resume and folder.exists():
        hint = f"--resume {folder} to go on, or another --out" if there else "another --out"
        raise FileError("F103", f"{folder} exists", hint=hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError("F104", f"cannot write {folder}: {error.strerror}", hint="another --out") from error
    try:
        yield
    finally:
        if not resume and not (folder / "best.toml").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _replace(text: str, path: Path) -> None:
    """Write a text to a file; it is there whole or as it was."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError("F104", f"cannot write {path}: {error.strerror}", hint="another --out") from error
