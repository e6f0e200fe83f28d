"""What a run was asked for: its data, its settings and where it goes, so that it can be gone on with later.

The idea: a request is made of arguments, or read from the folder of a run that was interrupted; from there on the two
are the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from forecast.config import RunConfig, resolve
from forecast.defaults import ASSETS, DEFAULT_DATA
from forecast.errors import ConfigError, FileError, nearest, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIX", "Request", "goes_on", "require_assets"]

SUFFIX = ".partial"
"""What the folder of a run ends in until the run is whole."""


def goes_on(partial: Path) -> bool:
    """Return whether a run can be gone on with: one that had begun, and was not in its place already when it ended."""
    return (partial / "run.json").is_file() and (partial / "run").is_dir()


def require_assets(name: str) -> None:
    """Check where the style, script and pictures of a page are to stand.

    Raises
    ------
    ConfigError
        U101, where it is none of `ASSETS`.
    """
    if name not in ASSETS:
        hint = f"--assets {nearest(name, ASSETS) or ASSETS[0]}"
        raise ConfigError("U101", f"assets should be {' or '.join(ASSETS)}, not {shown(name)}", hint=hint)


@dataclass(frozen=True)
class Request:
    """What a run was asked for.

    Parameters
    ----------
    settings : RunConfig
        All settings.
    command : str
        The line that makes the run again.
    flags : dict
        The options that were given, and the file of settings.
    data : str, optional
        The file or bundled set as it was named; None for a frame, or what came through a pipe.
    place : str
        The folder in which it was named.
    folder : Path, optional
        Where the run goes; None: a new folder, named after the data.
    overwrite : bool
        Whether a run that is there is replaced.
    audit : bool
        Whether it is proved for every window that no model looks ahead.
    excel_safe : bool
        Whether names of series that a spreadsheet would take for formulas are written as texts.
    assets : str
        Where style, script and pictures of the page stand: one of `ASSETS`.
    interactive : bool
        Whether the reader of the page can zoom into its first picture.
    sha256 : str
        Of the data, once they were read.
    """

    settings: RunConfig
    command: str
    flags: dict[str, Any]
    data: str | None
    place: str
    folder: Path | None = None
    overwrite: bool = False
    audit: bool = False
    excel_safe: bool = False
    assets: str = "inline"
    interactive: bool = False
    sha256: str = ""

    @classmethod
    def made(
        cls,
        data: str | Path | pd.DataFrame,
        flags: dict[str, Any],
        config: str | Path | None,
        *,
        command: str,
        out: str | Path | None,
        overwrite: bool,
        **asked: Any,
    ) -> Self:
        """Return the request for a new run; `asked` are the fields from `audit` on.

        Raises
        ------
        ConfigError
            U101, on a wrong setting.
        """
        require_assets(asked.get("assets", ASSETS[0]))
        settings = resolve(Path(config) if config is not None else None, flags)
        named = isinstance(data, (str, Path)) and str(data) != "-"
        given = {**flags, "config": None if config is None else str(config)}
        folder = None if out is None else Path(out)
        source, place = str(data) if named else None, str(Path.cwd())
        return cls(settings, command, given, source, place, folder, overwrite, **asked)

    @classmethod
    def resumed(cls, partial: Path, flags: dict[str, Any], *, out: str | Path | None) -> Self:
        """Return what the run in a partial folder was asked for.

        Raises
        ------
        ConfigError
            U101, where settings or another folder are given as well.
        FileError
            F104, when it is no such folder, or nothing was begun in it; F102, when what it was asked for cannot be
            read.
        """
        given = [name for name, value in {**flags, "out": out}.items() if value is not None]
        if given:
            what = f"--resume goes on with the settings of that run: no --{given[0].replace('_', '-')} beside it"
            raise ConfigError("U101", what, hint=f"forecast run --resume {partial}")
        folder = partial.with_name(partial.name.removesuffix(SUFFIX))
        if not partial.name.endswith(SUFFIX) or not goes_on(partial):
            hint = f"forecast report {folder}" if (folder / "run.json").is_file() else "forecast run DATA"
            raise FileError("F104", f"{shown(partial)} is no run that was interrupted", hint=hint)
        try:
            asked = json.loads((partial / "run.json").read_text(encoding="utf-8"))["request"]
            settings = RunConfig.model_validate(asked.pop("settings"))
            return cls(settings=settings, folder=folder, **asked)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"cannot read run.json in {shown(partial)}"
            raise FileError("F102", what, hint="delete that folder, and run again") from error

    @property
    def config(self) -> Path | None:
        """The file of settings, wherever the run goes on."""
        named = self.flags.get("config")
        return None if named is None else Path(self.place) / named

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain values, from which `resumed` makes it again."""
        values = {name: value for name, value in vars(self).items() if name not in ("settings", "folder")}
        return values | {"settings": self.settings.model_dump(mode="json", exclude_defaults=True)}

    def source(self, data: str | Path | pd.DataFrame) -> str | Path | pd.DataFrame:
        """Return the data of the run: as they were named, or, called from another folder, their path.

        `data` are those that are given now: needed where the run was given no file, else the same or none.

        Raises
        ------
        ConfigError
            U101, where they are needed and not given, or others than those of the run.
        """
        none = isinstance(data, (str, Path)) and str(data) == DEFAULT_DATA
        if self.data is None:
            if none:
                what = "the data of that run were no file: they have to be given again"
                raise ConfigError("U101", what, hint="forecast run DATA --resume FOLDER")
            return data
        if not none and not (isinstance(data, (str, Path)) and str(data) == self.data):
            what = f"--resume goes on with the data of that run, {shown(self.data)}: no others beside it"
            raise ConfigError("U101", what, hint="forecast run --resume FOLDER")
        there = Path(self.place) / self.data
        elsewhere = there.exists() and not (Path(self.data).exists() and there.samefile(self.data))
        return str(there) if elsewhere else self.data

    def about(self, sha256: str) -> Self:
        """Return the request for data that were read and have this sum.

        Raises
        ------
        FileError
            F107, when they were others when the run began.
        """
        if self.sha256 not in ("", sha256):
            raise FileError("F107", "the data are not those with which the run began", hint=self.command)
        return replace(self, sha256=sha256)
