"""What travels to a worker: a function and its task, without the large things that many tasks have in common.

The idea: a panel is left out of the parcel wherever it stands in the task, and a key is put in its place; what the keys
stand for is sent, or written to a file that every worker maps into its memory, once.
"""

from __future__ import annotations

import io
import pickle
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Library", "Shelf", "WorkerDied", "can_travel", "opened", "packed"]

TRIES = 3
"""How often a task is begun whose worker dies, before it is given up."""
OPEN = 8
"""Panels that a worker has open: the rest of a file that was deleted goes when it is closed."""
LARGE = 100_000
"""Bytes from which on an array stands in a file of its own."""


class WorkerDied(Exception):
    """Every worker that was given a task died over it."""


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.shared: list[Panel] = []

    def persistent_id(self, value: Any) -> int | None:
        if not isinstance(value, Panel):
            return None
        if not any(value is panel for panel in self.shared):
            self.shared.append(value)
        return next(number for number, panel in enumerate(self.shared) if value is panel)


class _Opener(pickle.Unpickler):
    def __init__(self, data: bytes, shared: Sequence[Any]) -> None:
        super().__init__(io.BytesIO(data))
        self.shared = shared

    def persistent_load(self, number: Any) -> Any:
        return self.shared[number]


def packed(function: Callable[[Any], Any], task: Any) -> tuple[bytes, list[Panel]]:
    """Return a function and its task as bytes, and the panels that were left out of them, in order."""
    file = io.BytesIO()
    packer = _Packer(file)
    packer.dump((function, task))
    return file.getvalue(), packer.shared


def opened(parcel: bytes, shared: Sequence[Any]) -> tuple[Callable[[Any], Any], Any]:
    """Return the function and the task of a parcel; `shared` are the panels that were left out of it."""
    function, task = _Opener(parcel, shared).load()
    return function, task


def can_travel(function: Callable[[Any], Any], task: Any) -> bool:
    """Return whether another process can be given this: what a script or a cell defines has no name there."""
    try:
        parcel, _ = packed(function, task)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return b"__main__" not in parcel


class Shelf:
    """Panels in a folder, each written once and there as long as anybody has it; their arrays are files to be mapped.

    Parameters
    ----------
    folder : Path
        A folder that is nobody else's. It is made when the first panel comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[int, Path] = {}
        self._count = 0
        self._one_at_a_time = threading.Lock()

    def put(self, panel: Panel) -> str:
        """Return the path under which a worker finds the panel."""
        with self._one_at_a_time:
            if id(panel) not in self._written:
                self.folder.mkdir(parents=True, exist_ok=True)
                path = self.folder / f"{self._count}.panel"
                path.write_bytes(_without_arrays(panel, path))
                self._written[id(panel)], self._count = path, self._count + 1
                weakref.finalize(panel, self._take_away, id(panel)).atexit = False
            return str(self._written[id(panel)])

    def _take_away(self, gone: int) -> None:
        """Delete the files of a panel that nobody has any more, before its id can be another's."""
        path = self._written.pop(gone)
        with suppress(OSError):  # where a file that is mapped cannot be deleted, the folder goes at the end
            for file in self.folder.glob(f"{path.name}*"):
                file.unlink()


class Library:
    """The other end of a `Shelf`: every panel is opened once, and stays until `OPEN` others have come."""

    def __init__(self) -> None:
        self._open: dict[str, Any] = {}

    def get(self, path: str) -> Any:
        """Return the panel at a path, its large arrays mapped: read when used, and shared with whoever maps them."""
        if path not in self._open:
            if len(self._open) == OPEN:
                del self._open[next(iter(self._open))]
            self._open[path] = _Mapper(Path(path)).load()
        return self._open[path]


class _ArrayPacker(pickle.Pickler):
    def __init__(self, file: io.BytesIO, path: Path) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.path, self.arrays = path, 0

    def persistent_id(self, value: Any) -> str | None:
        if not isinstance(value, np.ndarray) or value.nbytes < LARGE or value.dtype.hasobject:
            return None
        name = f"{self.path.name}.{self.arrays}.npy"
        np.save(self.path.with_name(name), value, allow_pickle=False)
        self.arrays += 1
        return name


class _Mapper(pickle.Unpickler):
    def __init__(self, path: Path) -> None:
        super().__init__(io.BytesIO(path.read_bytes()))
        self.folder = path.parent

    def persistent_load(self, name: Any) -> Any:
        """Return an array as a view of the file; what is written to it is seen by nobody else."""
        return np.asarray(np.load(self.folder / str(name), mmap_mode="c", allow_pickle=False))


def _without_arrays(panel: Panel, path: Path) -> bytes:
    file = io.BytesIO()
    _ArrayPacker(file, path).dump(panel)
    return file.getvalue()
