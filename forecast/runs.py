"""The run folder: everything a run found out, read from its files.

The idea: a folder with its final name is always complete; how a run comes there is told in `underway`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.defaults import REPORTS_FOLDER
from forecast.errors import FileError, nearest, shown
from forecast.storage.files import names_as_they_were

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = [
    *("Run", "load_run", "new_folder", "refuse_existing"),
    *("require_parts", "require_whole", "scorable"),
]

_TEXTS = (
    *("unique_id", "model", "role", "ds", "cutoff", "level"),
    *("method", "by", "place", "reason", "kind", "name", "rule"),
)


_COUNTS = ("rank", "windows", "points", "failures")


@dataclass(frozen=True)
class Run:
    """A finished run, read from its folder.

    `forecasts`, `backtest`, `leaderboard`, `history` and `training` (empty without a network) are frames; `info` is
    run.json, `metrics` metrics.json, `choices` choices.json and `config` the text of config.toml.
    """

    folder: Path
    info: dict[str, Any]
    metrics: dict[str, Any]
    choices: dict[str, Any]
    config: str
    history: pd.DataFrame
    forecasts: pd.DataFrame
    backtest: pd.DataFrame
    leaderboard: pd.DataFrame
    training: pd.DataFrame

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        return str(self.metrics["verdict"]["sentence"])

    def models(self) -> dict[str, Any]:
        """Return the fitted models by name: each forecasts a panel it is given, without training.

        A combination is none of them: it forecasts nothing by itself.

        Raises
        ------
        FileError
            F102, when one of their files cannot be opened.
        ModelError
            M202, when one is damaged or of a later version.
        """
        from forecast.models.combination import COMBINATION
        from forecast.models.saving import load_model

        fitted = [name for name in dict.fromkeys(self.forecasts["model"]) if name != COMBINATION]
        files = {name: self.folder / "models" / f"{name}.npz" for name in fitted}
        return {name: load_model(path) for name, path in files.items() if path.is_file()}

    def more(self, name: str) -> pd.DataFrame:
        """Return a file that only some runs have, such as ``totals_scores.csv``; empty where this one has it not."""
        import pandas as pd

        path, safe = self.folder / name, bool(self.info.get("excel_safe"))
        return _read_frame(path, safe=safe) if path.is_file() else pd.DataFrame()

    def notes(self, name: str) -> dict[str, Any]:
        """Return what a JSON file says that only some runs have; nothing where this one has it not."""
        path = self.folder / name
        return _read_json(path) if path.is_file() else {}


def scorable(run: Run) -> pd.DataFrame:
    """Return backtest.csv of a run, of which all its scores can be computed again.

    Raises
    ------
    FileError
        F102, when a column of it, or what is needed of run.json and metrics.json, is missing.
    """
    from forecast.came import COLUMNS
    from forecast.error_sizes import KNOWN

    needed = {
        "backtest.csv": [name for name in COLUMNS if name not in ("back", *KNOWN)],
        "leaderboard.csv": ["model"],
        "metrics.json": ["metric", "models"],
        "run.json": ["failures", "horizon", "name", "sha256"],
    }
    require_parts(run, needed)
    return run.backtest


def require_parts(run: Run, needed: Mapping[str, Sequence[str]]) -> None:
    """Check that files of a run have these columns, or keys.

    Raises
    ------
    FileError
        F102, when one is missing.
    """
    about = run.info.get("data")
    there = {
        "backtest.csv": set(run.backtest.columns),
        "forecasts.csv": set(run.forecasts.columns),
        "leaderboard.csv": set(run.leaderboard.columns),
        "metrics.json": set(run.metrics),
        "run.json": {*run.info, *(about if isinstance(about, dict) else ())},
    }
    for file, names in needed.items():
        lacking = [name for name in names if name not in there[file]]
        if lacking:
            what = f"{file} in {shown(run.folder)} has no {lacking[0]}: it is damaged or of another version"
            raise FileError("F102", what, hint=str(run.info.get("command") or "forecast run DATA"))


def require_whole(folder: Path) -> None:
    """Check that a folder is that of a finished run.

    Raises
    ------
    FileError
        F104, when it is none, or that of a run that was interrupted.
    """
    if not folder.exists():
        others = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        guess = nearest(folder.name, others)
        more = f"; did you mean {shown(folder.with_name(guess))}?" if guess else ""
        what = f"{shown(folder)} is not a run folder: there is nothing of that name{more}"
        raise FileError("F104", what, hint="forecast run DATA")
    if not (folder / "run.json").is_file():
        raise FileError("F104", f"{shown(folder)} is not a run folder: no run.json in it", hint="forecast run DATA")
    if folder.name.endswith(".partial"):
        what = f"{shown(folder)} is a run that was interrupted: it is not whole"
        raise FileError("F104", what, hint=f"forecast run --resume {folder}")


def load_run(folder: str | Path) -> Run:
    """Read a run folder.

    Raises
    ------
    FileError
        F104, when `folder` is not a run folder, or that of a run that was interrupted; F102, when one of its files is
        missing or cannot be read.
    """
    import pandas as pd

    folder = Path(folder)
    require_whole(folder)
    info = _read_json(folder / "run.json")
    safe = bool(info.get("excel_safe"))
    training, choices, config = folder / "training.csv", folder / "choices.json", folder / "config.toml"
    return Run(
        folder=folder,
        info=info,
        metrics=_read_json(folder / "metrics.json"),
        choices=_read_json(choices) if choices.is_file() else {},
        config=_read_text(config) if config.is_file() else "",
        history=_read_frame(folder / "history.csv", only=["unique_id", "ds", "y"], safe=safe),
        forecasts=_read_frame(folder / "forecasts.csv", safe=safe),
        backtest=_read_frame(folder / "backtest.csv", safe=safe),
        leaderboard=_counted(_read_frame(folder / "leaderboard.csv")),
        training=_read_frame(training) if training.is_file() else pd.DataFrame(),
    )


def new_folder(name: str) -> Path:
    """Return a folder in ``reports/`` named after the data and the time, safe on every file system."""
    stem = name.split(".")[0]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem).strip("-")[:40]
    if plain != stem:
        plain = f"{plain or 'data'}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder, copies = Path(REPORTS_FOLDER) / f"{plain}-{stamp}", 1
    while folder.exists() or folder.with_name(f"{folder.name}.partial").exists():
        copies += 1
        folder = folder.with_name(f"{plain}-{stamp}-{copies}")
    return folder


def refuse_existing(folder: Path, *, overwrite: bool) -> None:
    """Check, before any work, that a run may be put there.

    Raises
    ------
    FileError
        F103, when `folder` exists; F104, when it may not be replaced.
    """
    if not folder.exists():
        return
    if not overwrite:
        raise FileError("F103", f"{folder} exists", hint="--overwrite, or another --out")
    if not (folder / "run.json").is_file():
        raise FileError("F104", f"will not overwrite {folder}: no run.json in it", hint="another --out")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_read_text(path))
    except ValueError as error:
        raise _unreadable(path, error) from error
    if not isinstance(found, dict):
        raise _unreadable(path, TypeError("no object of JSON"))
    return found


def _read_frame(path: Path, *, only: list[str] | None = None, safe: bool = False) -> pd.DataFrame:
    """Read a CSV of ours: ids stay texts (an id may be "NA"), times become dates or whole numbers, the rest numbers.

    Where names were made `safe` for spreadsheets, they are read as they were.
    """
    import pandas as pd

    def kind(name: str) -> type:
        return str if name in _TEXTS or name.startswith("judgement") else float

    try:
        columns = pd.read_csv(path, encoding="utf-8", nrows=0, usecols=only).columns
        kinds = {name: kind(name) for name in columns}
        empty = {name: [""] for name in columns if kind(name) is float}
        frame = pd.read_csv(path, encoding="utf-8", usecols=only, dtype=kinds, keep_default_na=False, na_values=empty)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if safe:
        frame = names_as_they_were(frame)
    for name in frame.columns.intersection(["ds", "cutoff"]):
        whole = frame[name].str.fullmatch(r"-?\d+").all()
        frame[name] = frame[name].astype("int64") if whole else pd.to_datetime(frame[name], format="ISO8601")
    return frame


def _counted(board: pd.DataFrame) -> pd.DataFrame:
    """Return a leaderboard in which counts are whole numbers again; in a damaged one they stay as they are."""
    names = [name for name in board if name in _COUNTS or str(name).startswith("cases-")]
    return board.astype({name: "int64" for name in names if (board[name] % 1 == 0).all()})


def _unreadable(path: Path, error: Exception) -> FileError:
    what = f"cannot read {path.name} in {shown(path.parent)}"
    return FileError("F102", what, found=str(error), hint="forecast run DATA")
