"""The folder of a search: the settings that were found, all trials, and the journal by which it can go on.

The idea: the folder is whole after every batch of trials, so that whoever stops a search has what was found so far.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import FileError
from forecast.storage.files import require_writable, write_file
from forecast.tuning.journal import JOURNAL
from forecast.tuning.plan import settings_with
from forecast.tuning.space import label
from forecast.tuning_record import TunedModel, TunedTrial, TuningSection
from forecast.verdicts import METRIC_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from forecast.config import RunConfig
    from forecast.tuning.plan import Plan
    from forecast.tuning.search import Searched
    from forecast.tuning.space import Parameter

__all__ = ["Search", "opened", "require_place", "write_search"]

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
        A row a trial: ``model, number, state``, its score under the name of the metric (``mase``), its settings, and
        the `reason` where it failed.
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


def write_search(plan: Plan, found: Mapping[str, Searched], folder: Path) -> Search:
    """Write what is known into the folder, each file whole."""
    best = {name: value for one in found.values() for name, value in one.best.settings.items()}
    record = TuningSection(
        **plan.dates,
        horizon=plan.validation.split.horizon,
        windows=plan.validation.split.n_windows,
        metric=plan.validation.metric,
        budget=plan.settings.budget,
        models={model: _record(one, plan.spaces[model]) for model, one in found.items()},
    )
    settings = settings_with(plan.settings, best, budget="none", tuning=record.model_dump())
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
        TunedTrial(number=t.number, score=t.value or 0.0, settings=_changed(t.settings, space))
        for t in one.ranked[:SHOWN]
    ]
    return TunedModel(
        trials=len(one.trials),
        pruned=one.count("pruned"),
        failed=one.count("failed"),
        score=one.best.value or 0.0,
        default_score=default.value if default.state == "complete" else None,
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
    tuned, metric = record.models[one.model], METRIC_WORDS[record.metric]
    lost = [f"{number} {state}" for state in ("pruned", "failed") if (number := one.count(state))]
    beside = f" ({', '.join(lost)})" if lost else ""
    of = f"{tuned.trials} trial{'' if tuned.trials == 1 else 's'}{beside}"
    units = f"{tuned.units} {'series' if n_series > 1 else 'windows'}"
    if one.best.number == 0:
        return f"{one.model}: {metric} {tuned.score:.3f} by default, the best of {of}"
    default = "the defaults failed" if tuned.default_score is None else f"{tuned.default_score:.3f} by default"
    said = f"{one.model}: {metric} {tuned.score:.3f} in trial {one.best.number} of {of}"
    return f"{said}, {default}: {tuned.verdict} ({units})"


def _table(plan: Plan, found: Mapping[str, Searched]) -> pd.DataFrame:
    """Return all trials as rows; a setting that a model does not have is empty."""
    metric = plan.validation.metric
    names = list(dict.fromkeys(p.setting for model in found for p in plan.spaces[model]))
    rows = []
    for model, one in found.items():
        for tried in one.trials:
            row: dict[str, Any] = {"model": model, "number": tried.number, "state": tried.state, metric: tried.value}
            row |= {name: label(tried.settings[name]) if name in tried.settings else "" for name in names}
            rows.append(row | {"reason": tried.reason})
    return pd.DataFrame(rows).astype({metric: np.float64})


@contextmanager
def opened(folder: Path, *, resume: bool) -> Iterator[None]:
    """Make the folder of a search, or find it; one that was made is taken away where nothing comes of it.

    Raises
    ------
    FileError
        As `require_place`; F104, when it cannot be made.
    KeyboardInterrupt
        Saying how to go on, where a trial was finished.
    """
    require_place(folder, resume=resume)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError("F104", f"cannot write {folder}: {error.strerror}", hint="another --out") from error
    try:
        yield
    except KeyboardInterrupt as error:
        if not (folder / "best.toml").exists():
            raise
        what = f"interrupted; the trials that were finished are kept in {folder}"
        raise KeyboardInterrupt(
            f"{what}\n  try:   forecast tune DATA --resume {folder}, with the same flags"
        ) from error
    finally:
        if not resume and not (folder / "best.toml").exists():
            shutil.rmtree(folder, ignore_errors=True)


def require_place(folder: Path, *, resume: bool) -> None:
    """Check, before any work, that a search may begin in a folder, or go on there.

    Raises
    ------
    FileError
        F103, when it is there and the search shall not go on; F104, when it holds no search to go on with.
    """
    there = (folder / JOURNAL).is_file()
    if resume and not there:
        raise FileError(
            "F104", f"no search to go on with in {folder}: no {JOURNAL} in it", hint="--out in place of --resume"
        )
    if not resume and folder.exists():
        hint = f"--resume {folder} to go on, or another --out" if there else "another --out"
        raise FileError("F103", f"{folder} exists", hint=hint)
    if not resume:
        require_writable(folder, flag="--out")


def _replace(text: str, path: Path) -> None:
    """Write a text to a file; it is there whole or as it was."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError("F104", f"cannot write {path}: {error.strerror}", hint="another --out") from error
