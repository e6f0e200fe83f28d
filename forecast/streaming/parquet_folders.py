"""Folders of Parquet files in and out: which series are taken together, which are the sample, and the parts written.

The idea: what is read is known by the names of its series alone until a chunk of it is asked for; what is written
stands aside and takes its place when all of it is there.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import ConfigError, FileError
from forecast.models.bags import BAG
from forecast.reading.parts import Parts, rows_in
from forecast.reading.sources import find_file
from forecast.storage.files import FULL, no_formulas, require_free, write_file
from forecast.storage.locks import Taken, locked
from forecast.storage.request import SUFFIX
from forecast.storage.underway import put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecast.config import RunConfig
    from forecast.reading.table import Table
    from forecast.results import Listener

__all__ = [
    *("ABOUT", "CHUNK_SERIES", "MANY_ROWS", "SAMPLE_SERIES", "WINDOW_SERIES"),
    *("Drawn", "Sizes", "Written", "aside", "require_by_chunks"),
]

CHUNK_SERIES, SAMPLE_SERIES = 5_000, 5_000
"""Series that are forecast together, and those that networks and intervals learn from, where nothing is said."""
WINDOW_SERIES = 1_000
"""The latter in a backtest: what the sample was forecast in and between all windows is in memory at once."""
MANY_ROWS = 10_000_000
"""Rows from which on a folder is read by chunks without being asked for, where the forecasts go to a folder."""
ABOUT = "_about.json"
"""The file beside the parts that says how many series were learned from."""


@dataclass(frozen=True)
class Sizes:
    """How many series are forecast together, and how many are learned from."""

    chunk: int = CHUNK_SERIES
    sample: int = SAMPLE_SERIES

    @classmethod
    def of(
        cls,
        data: object,
        output: Path | None,
        *,
        chunk_series: int | None,
        sample_series: int | None,
        from_run: object = None,
        usual_sample: int = SAMPLE_SERIES,
    ) -> Sizes | None:
        """Return the sizes that were asked for, or that many rows ask for; None where data are read at once.

        `usual_sample` series are learned from where nothing is said.

        Raises
        ------
        ConfigError
            U101, when they are asked for and the data are no folder of Parquet files, or no folder is written to.
        FileError
            F101, no such folder; F102, it cannot be read.
        """
        asked = chunk_series is not None or sample_series is not None
        folder = isinstance(data, (str, Path)) and Path(data).is_dir()
        to_folder = output is not None and not output.suffix
        if not asked:
            many = folder and from_run is None and to_folder and rows_in(Path(str(data))) > MANY_ROWS
            return cls(sample=usual_sample) if many else None
        if isinstance(data, (str, Path)) and str(data) != "-":
            find_file(data)
        if not folder:
            what = "--chunk-series and --sample-series are for a folder of Parquet files"
            raise ConfigError("U101", what, hint="the folder as DATA, or without them")
        if from_run is not None:
            what = "--from has models that learned from a whole run: no sample is drawn for them"
            raise ConfigError("U101", what, hint="without --chunk-series and --sample-series, or without --from")
        if not to_folder:
            what = f"forecasts by chunks go to a folder, not to {'standard output' if output is None else output}"
            raise ConfigError("U101", what, hint="--output forecasts")
        sizes = cls(
            CHUNK_SERIES if chunk_series is None else chunk_series,
            usual_sample if sample_series is None else sample_series,
        )
        if min(sizes.chunk, sizes.sample) < 1:
            raise ConfigError("U101", "a chunk or sample has at least one series", hint="--chunk-series 1000")
        return sizes


@dataclass(frozen=True)
class Drawn:
    """A folder whose series are known, and the sample of them that is learned from.

    Parameters
    ----------
    parts : Parts
        The series.
    places : ndarray
        Which of them are the sample, ascending.
    settings : RunConfig
        All settings, with the column of series names.
    """

    parts: Parts
    places: NDArray[np.int64]
    settings: RunConfig

    @classmethod
    def of(cls, source: str | Path, settings: RunConfig, sizes: Sizes, listener: Listener) -> Drawn:
        """Return the series of a folder, a sample of them drawn by lot with the seed, and say how many there are."""
        column = None if settings.data.id == "auto" else settings.data.id
        parts = Parts.of(Path(source), source=str(source), id=column)
        places = _drawn(parts.n_series, sizes.sample, seed=settings.seed)
        told = f"{parts.n_series} series, {min(sizes.chunk, parts.n_series)} at a time"
        of = "all of them" if len(places) == parts.n_series else f"{len(places)} of them, drawn by lot"
        bags = f", each member of a network from its own {BAG:,}" if len(places) > BAG else ""
        listener.say(f"{told}; networks and intervals learn from {of}{bags}")
        named = settings.model_copy(update={"data": settings.data.model_copy(update={"id": parts.id})})
        return cls(parts, places, named)

    def sample(self) -> Table:
        """Return the rows of the sample."""
        return self.parts.read(self.places)

    def chunks(self, size: int, listener: Listener) -> Iterator[Table]:
        """Yield the rows of all series, so many series at a time, and tell how far it has come."""
        chunks = list(self.parts.chunks(size))
        for n, places in enumerate(chunks):
            listener.progress(n, len(chunks), f"chunk {n + 1}")
            yield self.parts.read(places)
        listener.progress(len(chunks), len(chunks), "done")

    def about(self, sizes: Sizes) -> dict[str, Any]:
        """Return what is to be known of parts that were made so, but for their names."""
        series, seed = {"series": self.parts.n_series, "chunk": sizes.chunk}, {"seed": self.settings.seed}
        sample = {"sample": len(self.places), "bag": min(BAG, len(self.places))}
        return {"schema": 1, **series, **sample, **seed}


class Written:
    """The parts of a frame that have been written to a folder, one after another.

    Parameters
    ----------
    folder : Path
        Where they go.
    excel_safe : bool
        Put a ``'`` before names of series that a spreadsheet would take for a formula.
    """

    def __init__(self, folder: Path, *, excel_safe: bool) -> None:
        self.folder, self.excel_safe = folder, excel_safe
        self.parts: list[dict[str, Any]] = []

    def add(self, frame: pd.DataFrame) -> None:
        """Write a part, unless it is empty."""
        if len(frame):
            self.folder.mkdir(exist_ok=True)
            name = f"part-{len(self.parts):05d}.parquet"
            write_file(no_formulas(frame) if self.excel_safe else frame, self.folder / name)
            self.parts.append({"part": name, "series": frame["unique_id"].nunique(), "rows": len(frame)})

    @property
    def account(self) -> pd.DataFrame:
        """A row a part: ``part, series, rows``."""
        return pd.DataFrame(self.parts, columns=["part", "series", "rows"])


def require_by_chunks(settings: RunConfig) -> None:
    """Refuse what is about all series at once."""
    asked = {
        "--totals": bool(settings.forecast.totals),
        "--fallback": settings.forecast.fallback,
        "--budget": settings.seconds is not None,
        "--series": bool(settings.data.series),
        f"--layout {settings.data.layout}": settings.data.layout in ("columns", "rows"),
        "hybrid": settings.models.hybrid is not None,
    }
    for what, wanted in asked.items():
        if wanted:
            hint = "--models mlp" if what == "hybrid" else f"without {what}, or without --chunk-series"
            raise ConfigError("U101", f"{what} needs all series at once, which chunks are not", hint=hint)


def _drawn(n_series: int, size: int, *, seed: int) -> NDArray[np.int64]:
    """Return the places of the sample, ascending: all, or `size` of them by lot.

    Examples
    --------
    >>> _drawn(3, 5, seed=0).tolist(), len(_drawn(100, 5, seed=0))
    ([0, 1, 2], 5)
    """
    if size >= n_series:
        return np.arange(n_series, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(n_series, size, replace=False)).astype(np.int64)


@contextmanager
def aside(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a place to write to, which becomes `folder` when the block ends well and else is taken away.

    Raises
    ------
    FileError
        F103, when `folder` exists, or another process writes it; F104, when it may not be replaced or written; F105,
        when the disk is full.
    """
    require_free(folder / "part.parquet" if folder.is_dir() else folder, overwrite=overwrite)
    if folder.exists() and not overwrite:
        raise FileError("F103", f"{folder} exists", hint="--overwrite or another --output")
    if folder.exists() and not (folder / ABOUT).is_file():
        raise FileError("F104", f"will not overwrite {folder}: no {ABOUT} in it", hint="another --output")
    partial = folder.with_name(folder.name + SUFFIX)
    foreign = [path.name for path in partial.iterdir()] if partial.is_dir() else []
    if not {*foreign} <= {"lock", "parts"}:
        raise FileError("F103", f"{partial} exists", hint="another --output, or delete that folder")
    try:
        partial.mkdir(exist_ok=True)
        with locked(partial / "lock"):
            parts = partial / "parts"
            try:
                shutil.rmtree(parts, ignore_errors=True)
                parts.mkdir()
                yield parts
                put_in_place(parts, folder, partial)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    except Taken as error:
        what = f"another forecast (process {error}) is writing {partial}"
        raise FileError("F103", what, hint="another --output, or wait for it") from error
    except FileError:
        raise
    except OSError as error:
        code, what = ("F105", "disk full while writing") if error.errno in FULL else ("F104", "cannot write")
        raise FileError(code, f"{what} {folder}", hint="another --output, or free some space") from error
    finally:
        if os.name == "nt":  # there a lock that is held cannot be taken away
            shutil.rmtree(partial, ignore_errors=True)
