"""A header in JSON and arrays in an npz beside it, checked to the last byte when they are read.

The idea: the header says how long every array is and has the SHA-256 of all of them and of itself. Arrays are stored
as they are, so that a file is as large as what it holds: nothing is made room for that is not there.
"""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from io import BytesIO
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.errors import FileError, ModelError, shown
from forecast.storage.packing import DTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["SCHEMA", "read_archive", "read_header", "write_archive"]

SCHEMA = 1
"""What files are written as; those of every earlier schema are read, too."""
MOST = 2**22
"""Bytes of a header: what is longer was not written by us, for what is long stands in arrays."""
UPDATE = "pip install -U forecast, or forecast run DATA anew"


def write_archive(folder: Path, name: str, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write ``name.npz`` and ``name.json`` into a folder; the same values give the same bytes.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    name : str
        Of the files.
    header : mapping
        Plain JSON values; schema, sizes and hashes are added.
    arrays : mapping of str to ndarray
        Of numbers, truth values or times.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A type spelled anew carries no notes of pandas', of which an .npy could keep none.
    stored = {key: np.ascontiguousarray(array).view(array.dtype.str) for key, array in arrays.items()}
    sizes = {key: {"dtype": _spelled(array.dtype), "shape": list(array.shape)} for key, array in stored.items()}
    whole = {"schema": SCHEMA, **header, "arrays": sizes, "arrays_sha256": _hash_of(stored)}
    text = json.dumps(whole | {"sha256": _hash(whole)}, ensure_ascii=False, allow_nan=False, indent=1)
    with zipfile.ZipFile(folder / f"{name}.npz", "w", zipfile.ZIP_STORED) as archive:
        for key, array in stored.items():
            entry = zipfile.ZipInfo(f"{key}.npy")
            entry.create_system = 3  # the same bytes on every system
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, version=(1, 0), allow_pickle=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def read_archive(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return header and arrays as they were written.

    Raises
    ------
    FileError
        F102, when a file is missing or cannot be opened.
    ModelError
        M202, when one was changed since, or is of a later schema.
    """
    header, path = read_header(folder, name), folder / f"{name}.npz"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _missing(path, error) from error
    try:
        arrays = _arrays(content, header["arrays"])
        whole = _hash_of(arrays) == header["arrays_sha256"]
    except Exception as error:  # whatever a damaged file makes of the readers of zip and npy
        raise damaged(path, str(error)) from error
    if not whole:
        raise damaged(path, "the hash of the arrays is another one")
    return header, arrays


def read_header(folder: Path, name: str) -> dict[str, Any]:
    """Return the header alone; errors as of `read_archive`."""
    path = folder / f"{name}.json"
    try:
        with path.open("rb") as file:
            content = file.read(MOST + 1)
        if len(content) > MOST:
            raise damaged(path, f"a header of more than {MOST:,} bytes")
        header = dict(json.loads(content.decode("utf-8")))
        schema, expected = header.get("schema"), header.pop("sha256", None)
        if isinstance(schema, int) and schema > SCHEMA:
            raise _later(path, schema)
        whole = schema == SCHEMA and _hash(header) == expected
    except OSError as error:
        raise _missing(path, error) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(path, str(error)) from error
    if not whole:
        raise damaged(path, "the hash of the header is another one")
    return header


def damaged(path: Path, why: str) -> ModelError:
    """Return the error of a file that is not what was written."""
    return ModelError("M202", f"{_place(path)} is damaged", found=shown(why)[1:-1], hint="forecast run DATA anew")


def _later(path: Path, schema: int) -> ModelError:
    from forecast import __version__

    ours = f"this is forecast {__version__} (schema {SCHEMA})"
    return ModelError("M202", f"{_place(path.with_suffix('.npz'))}: schema {schema}, {ours}", hint=UPDATE)


def _missing(path: Path, error: OSError) -> FileError:
    what = f"cannot read {_place(path)} in {shown(path.parent.parent)}"
    return FileError("F102", what, found=str(error.strerror), hint="forecast run DATA writes the models of a run")


def _arrays(content: bytes, sizes: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays of a file whose entries are as large as they are said to be, and stored as they are."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if set(entries) != {f"{name}.npy" for name in sizes} or len(entries) != len(archive.infolist()):
            raise ValueError("other arrays than the header says")
        arrays = {}
        for name, size in sizes.items():
            entry, dtype, shape = entries[f"{name}.npy"], np.dtype(size["dtype"]), tuple(size["shape"])
            if entry.compress_type != zipfile.ZIP_STORED or not entry.file_size == entry.compress_size <= len(content):
                raise ValueError(f"{name} is not stored as it is")
            if dtype.kind not in DTYPES or any(type(n) is not int or n < 0 for n in shape):
                raise ValueError(f"{name} is no array of numbers")
            arrays[name] = _array(archive.read(entry), dtype, shape)
    return arrays


def _array(content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Return the array of an npy file that must have this type and shape."""
    file = BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version of npy")
    found = np.lib.format.read_array_header_1_0(file)
    rest = len(content) - file.tell()
    if found != (shape, False, dtype) or rest != prod(shape) * dtype.itemsize:
        raise ValueError("an array of another size than the header says")
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape) if rest else np.empty(shape, dtype)


def _hash(header: Mapping[str, Any]) -> str:
    return sha256(json.dumps(header, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _hash_of(arrays: Mapping[str, Array]) -> str:
    found = sha256()
    for name in sorted(arrays):
        found.update(np.ascontiguousarray(arrays[name]).view(np.uint8).data if arrays[name].size else b"")
    return found.hexdigest()


def _spelled(dtype: np.dtype[Any]) -> str:
    return dtype.newbyteorder("<").str


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
