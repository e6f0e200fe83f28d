"""A folder of Parquet files that together are more than memory holds, read some series at a time.

The idea: of every file only the names of its series are kept, so that any of them can be read from the one file they
stand in; nothing else is in memory until it is asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.errors import DataError, FileError, shown
from forecast.reading.formats import from_arrow, parquet_files, pyarrow_part
from forecast.reading.table import ID_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from forecast.reading.table import Table

__all__ = ["Parts", "rows_in"]

AT_ONCE = 2**16
"""Rows of a file that are looked at together."""


def rows_in(folder: Path) -> int:
    """Return how many rows the Parquet files below a folder say that they have.

    Raises
    ------
    FileError
        F102, when there is no such file, one is damaged, or pyarrow is not installed.
    """
    read_metadata = pyarrow_part("parquet", folder.name).read_metadata
    files = parquet_files(folder, source=str(folder))
    return sum(_readable(file.name, read_metadata, file).num_rows for file in files)


@dataclass(frozen=True)
class Parts:
    """The series of a folder of Parquet files, each in one of them.

    Parameters
    ----------
    folder : Path
        Where the files stand; folders such as ``store=3`` in it become a column.
    source : str
        The folder as the user named it.
    id : str
        The column of series names.
    dataset : pyarrow.dataset.FileSystemDataset
        The files.
    names : tuple of lists
        For each file its series, sorted, as values of that column.
    """

    folder: Path
    source: str
    id: str
    dataset: Any
    names: tuple[list[Any], ...]

    @classmethod
    def of(cls, folder: Path, *, source: str, id: str | None = None) -> Parts:
        """Return the series of a folder, of which no more than the column `id` is read.

        Raises
        ------
        FileError
            F102, when there is no Parquet file, one is damaged, or pyarrow is not installed.
        DataError
            D104, when there is no column of series names; D125, when files have other columns, or a series stands in
            two of them; D106, when a row has no name.
        """
        files = parquet_files(folder, source=source)
        datasets = pyarrow_part("dataset", folder.name)
        dataset = _readable(
            folder.name,
            datasets.dataset,
            [str(file) for file in files],
            format="parquet",
            partitioning="hive",
            partition_base_dir=str(folder),
        )
        fragments = list(dataset.get_fragments())
        _require_same_columns(fragments, folder)
        column = _id_column(dataset.schema.names, id, source)
        names = tuple(_readable(one.path, _names, one, dataset.schema, column) for one in fragments)
        _require_whole(fragments, names, folder)
        return cls(folder, source, column, dataset, names)

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """How many series stand in all files up to and with each."""
        return np.cumsum([len(own) for own in self.names])

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return int(self.ends[-1])

    def chunks(self, size: int) -> Iterator[range]:
        """Yield the places of all series, file after file, at most `size` at once."""
        for first in range(0, self.n_series, size):
            yield range(first, min(first + size, self.n_series))

    def read(self, places: Sequence[int] | NDArray[np.int64]) -> Table:
        """Return all rows of some series, given their places in ascending order.

        Raises
        ------
        FileError
            F102, when a file is damaged.
        DataError
            As `forecast.reading.formats.read_parquet`.
        """
        arrow, datasets = pyarrow_part("", self.folder.name), pyarrow_part("dataset", self.folder.name)
        of = np.searchsorted(self.ends, np.asarray(places), side="right")
        starts = self.ends - [len(own) for own in self.names]
        wanted = [self.names[file][place - starts[file]] for file, place in zip(of, places, strict=True)]
        fragments = [f for n, f in enumerate(self.dataset.get_fragments()) if n in set(of.tolist())]
        some = datasets.FileSystemDataset(fragments, self.dataset.schema, self.dataset.format, self.dataset.filesystem)
        chosen = datasets.field(self.id).isin(arrow.array(wanted, self._type))
        digest = hashlib.sha256("\0".join(map(str, wanted)).encode()).hexdigest()

        def read() -> Any:
            return some.to_table(filter=chosen, batch_size=AT_ONCE, batch_readahead=1, fragment_readahead=1)

        return from_arrow(read, self.folder.name, self.source, digest)

    @property
    def _type(self) -> Any:
        own = self.dataset.schema.field(self.id).type
        return getattr(own, "value_type", own)


def _names(fragment: Any, schema: Any, id: str) -> list[Any]:
    """Return the series of a file, a batch of its rows at a time."""
    found: set[Any] = set()
    for batch in fragment.to_batches(schema=schema, columns=[id], batch_size=AT_ONCE):
        found.update(batch.column(0).unique().to_pylist())
    if None in found:
        what = f"rows of {shown(fragment.path)} without an id in {shown(id)}"
        raise DataError("D106", what, hint="fill in the id, or remove the row")
    return sorted(found)


def _require_same_columns(fragments: Sequence[Any], folder: Path) -> None:
    first = _columns(fragments[0])
    for fragment in fragments:
        other = first ^ _columns(fragment)
        if other:
            pair = " and ".join(_relative(one, folder) for one in (fragments[0], fragment))
            what = f"{pair} do not have the same columns: {', '.join(map(shown, sorted(other)))} in one alone"
            raise DataError("D125", what, hint="files with the same columns")


def _columns(fragment: Any) -> set[str]:
    return set(_readable(fragment.path, getattr, fragment, "physical_schema").names)


def _require_whole(fragments: Sequence[Any], names: Sequence[list[Any]], folder: Path) -> None:
    stands: dict[str, int] = {}
    for n, own in enumerate(names):
        for name in map(str, own):
            if name in stands:
                pair = " and ".join(_relative(fragments[m], folder) for m in (stands[name], n))
                what = f"the series {shown(name)} is split over two files: {pair}"
                raise DataError("D125", what, hint="files partitioned by series, or without --chunk-series")
            stands[name] = n


def _id_column(columns: Sequence[str], id: str | None, source: str) -> str:
    found = [name for name in columns if (name == id if id is not None else name.casefold() in ID_NAMES)]
    if found:
        return found[0]
    what = f"no column {shown(id)} in {source}" if id is not None else f"no column of series names in {source}"
    listed = ", ".join(columns[:20])
    raise DataError("D104", what, found=listed, hint=f"forecast predict {source} --id {columns[0]}")


def _relative(fragment: Any, folder: Path) -> str:
    path = str(fragment.path)
    return shown(path.removeprefix(folder.as_posix()).removeprefix("/"))


def _readable(name: str, read: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Return what `read` does, or say that a file is damaged."""
    arrow = pyarrow_part("", name)
    try:
        return read(*given, **named)
    except (DataError, FileError):
        raise
    except (OSError, ValueError, TypeError, arrow.ArrowException) as error:
        reason = str(error).splitlines()[0][:100]
        raise FileError("F102", f"cannot read {shown(name)}: {reason}", hint="a whole Parquet file") from error
