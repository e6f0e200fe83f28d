"""Outcomes of tasks in a folder, a file each, written as soon as they are there.

The idea: a task is found again by what it is, so that a run which was interrupted does not do it twice; numbers stand
in arrays as they are, to the bit, and opening a file runs no code.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import asdict, fields
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import Notice
from forecast.origins import Origin
from forecast.tasks import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecast.panel import Panel
    from forecast.tasks import Task

__all__ = ["Outcomes", "read_outcome", "write_outcome"]

VERSIONS = ("forecast", "numpy", "scipy", "pandas", "statsmodels")
"""What a result may depend on beside the task: with another version it is made again."""
DEAR = 1.0
"""Seconds of work from which on the disk itself is waited for: what is lost with the power is known to be damaged."""
DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile)
"""What reading a file raises that is cut, changed or none of ours."""


class Outcomes:
    """What has been done of a run, in `folder`.

    Fits that are asked for their model are not kept: it is too much of a thing to be a file of numbers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stamp = " ".join(version(name) for name in VERSIONS)
        self._panels: dict[int, tuple[Panel, str]] = {}  # the panel is held, so that its id stays its own
        self._open: dict[tuple[str, tuple[int, ...]], int] = {}
        self._windows = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(list(self.folder.glob("*.npz")))

    @property
    def place(self) -> str:
        """Where the work is: in the last fits, in which window, or after them.

        Examples
        --------
        >>> from pathlib import Path
        >>> Outcomes(Path("nowhere")).place
        'the fits to all data'
        """
        begun = {backs for backs, left in self._open.items() if left}
        if not self._windows or not self._open:
            return "the fits to all data"
        finished = self._windows - sum(len(backs) for _, backs in begun)
        return f"window {finished + 1} of {self._windows}" if begun else "the report"

    def find(self, task: Task) -> Outcome | None:
        """Return the outcome of a task; None where there is none, or its file is damaged."""
        if task.keep:
            return None
        panel, windows = self._named(task.panel), tuple(back for back in task.backs if back in task.split.backs)
        if not any(self._open.values()) and all(panel != other for other, _ in self._open):
            self._open.clear()  # other data, and nothing is left to do of those before
        self._windows = task.split.n_windows
        self._open.setdefault((panel, windows), 0)
        try:
            return read_outcome(self._path(task))
        except DAMAGED:
            self._open[panel, windows] += 1
            return None

    def keep(self, task: Task, result: Outcome) -> None:
        """Write the outcome of a task; a file is there whole or not at all."""
        if task.keep:
            return
        self.folder.mkdir(exist_ok=True)
        write_outcome(result, self._path(task))
        self._open[self._named(task.panel), tuple(back for back in task.backs if back in task.split.backs)] -= 1

    def _path(self, task: Task) -> Path:
        parts = {one.name: repr(getattr(task, one.name)) for one in fields(task) if one.name not in ("panel", "keep")}
        text = json.dumps([self._stamp, self._named(task.panel), parts], sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npz"

    def _named(self, panel: Panel) -> str:
        """Return what tells the panels of a run apart."""
        if id(panel) not in self._panels:
            digest = hashlib.sha256(panel.values.tobytes() + panel.offsets.tobytes())
            digest.update(json.dumps(panel.ids).encode())
            self._panels[id(panel)] = panel, digest.hexdigest()
        return self._panels[id(panel)][1]


def write_outcome(outcome: Outcome, path: Path) -> None:
    """Write an outcome without its model to a file that appears whole."""
    frames = pd.concat(outcome.frames, ignore_index=True) if outcome.frames else pd.DataFrame()
    header: dict[str, Any] = {
        "frames": [len(frame) for frame in outcome.frames],
        "columns": {str(name): str(frames[name].dtype) for name in frames},
        "names": {},
        "choices": outcome.choices,
        "notices": [asdict(notice) for notice in outcome.notices],
        "timing": outcome.timing,
        "failure": outcome.failure,
    }
    arrays: dict[str, Any] = {}
    for place, name in enumerate(frames):
        values = frames[name].to_numpy()
        if values.dtype.kind not in "fiM":
            values, texts = pd.factorize(frames[name])
            header["names"][name] = texts.tolist()
        arrays[f"column{place}"] = values.view(values.dtype.str)  # times that were sent may have notes on their type
    for place, origin in enumerate(outcome.between):
        arrays[f"between{place}"] = origin.values
    named = [name for origin in outcome.between for name in origin.ids]
    arrays["series"], kinds = pd.factorize(np.array(named, dtype=object))
    header["between"] = {"series": kinds.tolist(), "columns": [list(origin.columns) for origin in outcome.between]}
    text = json.dumps(header, default=_plain)
    begun = path.with_suffix(".begun")
    try:
        with begun.open("wb") as file:
            np.savez(file, header=np.frombuffer(text.encode(), np.uint8), **arrays)
            if sum(outcome.timing.values()) > DEAR:
                file.flush()
                os.fsync(file.fileno())
        begun.replace(path)
    except OSError:
        begun.unlink(missing_ok=True)
        raise


def read_outcome(path: Path) -> Outcome:
    """Return the outcome that a file holds, or raise one of `DAMAGED`."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        header = json.loads(stored["header"].tobytes())
        between = _between(stored, **header["between"])
        columns = {}
        for place, (name, kind) in enumerate(header["columns"].items()):
            values = stored[f"column{place}"]
            if name in header["names"]:
                values = np.array(header["names"][name], dtype=object)[values]
            columns[name] = pd.Series(values, dtype=kind)
    whole, ends = pd.DataFrame(columns), np.cumsum([0, *header["frames"]])
    return Outcome(
        between=between,
        frames=[whole.iloc[a:b].reset_index(drop=True) for a, b in pairwise(ends.tolist())],
        choices=header["choices"],
        notices=[Notice(**notice) for notice in header["notices"]],
        timing=header["timing"],
        failure=header["failure"],
    )


def _between(stored: Mapping[str, Any], series: list[str], columns: list[list[str]]) -> list[Origin]:
    """Return the forecasts from origins that are no cutoffs."""
    names = np.array(series, dtype=object)[stored["series"]].tolist()
    arrays = [stored[f"between{place}"] for place in range(len(columns))]
    ends = np.cumsum([0, *(array.shape[1] for array in arrays)]).tolist()
    return [
        Origin(tuple(names[a:b]), tuple(named), array)
        for array, named, (a, b) in zip(arrays, columns, pairwise(ends), strict=True)
    ]


def _plain(value: Any) -> Any:
    """Return a number or array of NumPy as JSON has it."""
    return value.tolist()
