"""Finished trials of a search, kept in a journal of Optuna's, so that a search that was stopped can go on.

The idea: a trial is added once it is finished, in the order of its number, and is never changed; what was under way
when a search was stopped leaves no trace. Other tools of Optuna (its dashboard) read the same file.
"""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from forecast.errors import ConfigError, FileError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["JOURNAL", "Journal", "Tried", "quiet_optuna", "require_optuna"]

JOURNAL = "search.journal"
"""What the file is called."""
DAMAGED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError)
"""What Optuna raises on a file that is no journal of its own."""


@dataclass(frozen=True)
class Tried:
    """One trial: settings that were tried, and what they came to.

    Parameters
    ----------
    number : int
        Its place in the search, from 0: the defaults.
    state : {"complete", "pruned", "failed"}
        Pruned: given up, because it was worse than the median of the trials before it.
    value : float or None
        The metric over the validation windows, of a pruned one over those it saw; None where it failed.
    settings : dict
        By their place, such as ``models.mlp.learning_rate``.
    steps : tuple of float
        The value after each rung of windows.
    losses : tuple of float
        The mean loss of each unit (window, or series of a panel); of a complete trial alone.
    reason : str
        Why it failed.
    """

    number: int
    state: str
    value: float | None
    settings: dict[str, Any]
    steps: tuple[float, ...] = ()
    losses: tuple[float, ...] = field(default=(), repr=False)
    reason: str = ""


def require_optuna() -> Any:
    """Return the package optuna.

    Raises
    ------
    ConfigError
        U111, when it is not installed.
    """
    try:
        return import_module("optuna")
    except ImportError as error:
        what = "a search takes the package optuna, which is not installed"
        raise ConfigError("U111", what, hint='pip install "forecast[tune]"') from error


@contextmanager
def quiet_optuna() -> Iterator[Any]:
    """Give the package optuna, silent within the block: what it tells of its experimental parts is for developers."""
    optuna = require_optuna()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield optuna
    finally:
        optuna.logging.set_verbosity(before)


class Journal:
    """The trials of each model, in a file.

    Parameters
    ----------
    path : Path
        The file; it is made where it is not there.
    question : str
        A fingerprint of what is asked: data, settings and windows.

    Raises
    ------
    FileError
        F111, when the file is no whole journal.
    """

    def __init__(self, path: Path, question: str) -> None:
        self.path, self.question = path, question
        if path.exists():
            _drop_half_a_line(path)
        with self._whole() as optuna:
            journal = optuna.storages.journal
            lock = journal.JournalFileOpenLock(str(path))
            self._storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock_obj=lock))

    def trials(self, model: str) -> list[Tried]:
        """Return the trials of a model so far.

        Raises
        ------
        ConfigError
            U113, when they answer another question.
        FileError
            F111, when the file is damaged.
        """
        with self._whole():
            study = self._study(model)
            asked = study.user_attrs.setdefault("question", self.question)
            found = [_tried(trial) for trial in study.get_trials(deepcopy=False)]
        if asked != self.question:
            what = f"the search in {shown(self.path.parent)} was made of other data or with other settings"
            raise ConfigError("U113", what, hint="the same data and flags as then, or another --out")
        return found

    def add(self, model: str, tried: Tried, params: dict[str, Any], distributions: dict[str, Any]) -> None:
        """Add a finished trial, with the numbers that Optuna knows it by.

        Raises
        ------
        FileError
            F104, when it cannot be written.
        """
        more = {"settings": tried.settings, "losses": tried.losses, "reason": tried.reason, "state": tried.state}
        with quiet_optuna() as optuna:
            states = optuna.trial.TrialState
            state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[tried.state]
            trial = optuna.trial.create_trial(
                state=state,
                value=tried.value if tried.state == "complete" else None,
                params=params,
                distributions=distributions,
                intermediate_values=dict(enumerate(tried.steps)),
                user_attrs={"tried": json.dumps(more)},
            )
            try:
                self._study(model).add_trial(trial)
            except OSError as error:
                what = f"cannot write {self.path}: {error.strerror}"
                raise FileError("F104", what, hint="free some space, then --resume") from error

    def _study(self, model: str) -> Any:
        with quiet_optuna() as optuna:
            study = optuna.create_study(
                storage=self._storage, study_name=model, direction="minimize", load_if_exists=True
            )
            if "question" not in study.user_attrs:
                study.set_user_attr("question", self.question)
            return study

    @contextmanager
    def _whole(self) -> Iterator[Any]:
        try:
            with quiet_optuna() as optuna:
                yield optuna
        except (*DAMAGED, OSError) as error:
            what = f"{shown(self.path)} is damaged, or not the journal of a search"
            raise FileError("F111", what, found=str(error) or None, hint="another --out") from error


def _tried(trial: Any) -> Tried:
    """Return a trial of Optuna's as ours."""
    more = json.loads(trial.user_attrs["tried"])
    steps = tuple(trial.intermediate_values[step] for step in sorted(trial.intermediate_values))
    value = trial.value if more["state"] == "complete" else steps[-1] if more["state"] == "pruned" else None
    settings = {name: tuple(one) if isinstance(one, list) else one for name, one in more["settings"].items()}
    return Tried(trial.number, more["state"], value, settings, steps, tuple(more["losses"]), more["reason"])


def _drop_half_a_line(path: Path) -> None:
    """Take away what was being written when a search was killed: after it nothing more could be read."""
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
