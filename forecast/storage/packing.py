"""What a model has learned as plain JSON values and arrays, and back again.

The idea: what many series have alike is kept by columns. A list of objects of one class becomes one column for each of
their fields, so that ten thousand fits are a few arrays. The classes stand in a table that the caller holds: a name
that is not in it is refused, and nothing else of what is read is ever called.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Node = dict[str, Any]

__all__ = ["DTYPES", "Kept", "Packer", "Unpacker", "Unreadable"]

FEW = 16
"""Up to so many numbers or texts of a column stand in the JSON values themselves."""
DTYPES = "biufM"
"""The kinds of arrays there may be: truth values, whole numbers, floating point numbers and times."""
NUMBERS: dict[str, tuple[type, type]] = {
    "bool": (bool, np.bool_),
    "int": (int, np.integer),
    "float": (float, np.floating),
}
SIZES = (np.int8, np.int16, np.int32, np.int64)


class Unreadable(ValueError):
    """What was to be unpacked was never packed like this."""


@dataclass(frozen=True)
class Kept:
    """How objects of one class are kept: by their fields, or by functions of their own.

    Of a dataclass all fields are kept, of another class its settings and what it learned (names that end in ``_``),
    never what begins with ``_``.

    Parameters
    ----------
    kind : type
        The class.
    without : tuple of str
        Names that are left out, since nothing that is asked of a loaded object needs them.
    state, restore : callable, optional
        An object as a dictionary, and back.
    """

    kind: type
    without: tuple[str, ...] = ()
    state: Callable[[Any], dict[str, Any]] | None = None
    restore: Callable[[dict[str, Any]], Any] | None = None

    def taken(self, value: Any) -> dict[str, Any]:
        """Return what is kept of an object."""
        if self.state is not None:
            return self.state(value)
        names = [field.name for field in fields(value)] if is_dataclass(value) else list(vars(value))
        return {n: getattr(value, n) for n in names if n not in self.without and not n.startswith("_")}

    def made(self, state: dict[str, Any]) -> Any:
        """Return the object of which `state` was kept."""
        if self.restore is not None:
            return self.restore(state)
        if is_dataclass(self.kind):
            return self.kind(**state)
        if any(not name.isidentifier() or name.startswith("_") for name in state):
            raise Unreadable("a name that no attribute has")
        made: Any = object.__new__(self.kind)
        vars(made).update(state)
        return made


class Packer:
    """Takes values apart.

    Parameters
    ----------
    kept : mapping of str to Kept
        The classes that may occur, by the names they have in the file.

    Examples
    --------
    >>> packer = Packer({})
    >>> node = packer.pack({"alpha": 0.5, "factors": np.array([1.0, 2.0])})
    >>> sorted(packer.arrays), Unpacker({}, packer.arrays).unpack(node)
    (['values.of1'], {'alpha': 0.5, 'factors': array([1., 2.])})
    """

    def __init__(self, kept: Mapping[str, Kept]) -> None:
        self._kept = kept
        self._names = {one.kind: name for name, one in kept.items()}
        self.arrays: dict[str, Array] = {}

    def pack(self, value: Any) -> Node:
        """Return a value as JSON values; its arrays are added to `arrays`."""
        return self._column([value], "")

    def _column(self, values: Sequence[Any], path: str) -> Node:
        """Return values of any kinds; those of different kinds stand apart."""
        kinds = [self._kind(value) for value in values]
        distinct = list(dict.fromkeys(kinds))
        if len(distinct) == 1:
            return self._alike(values, distinct[0], path)
        codes = {kind: code for code, kind in enumerate(distinct)}
        which = self._numbers([codes[kind] for kind in kinds], "int", f"{path}.which")
        parts = [[v for v, k in zip(values, kinds, strict=True) if k == kind] for kind in distinct]
        of = [self._alike(part, distinct[i], f"{path}.of{i}") for i, part in enumerate(parts)]
        return {"is": "mixed", "which": which, "of": of}

    def _kind(self, value: Any) -> tuple[Any, ...]:
        """Return what must be the same in a column."""
        if value is None:
            return ("none",)
        for name, types in NUMBERS.items():  # bool comes before int, of which it is one
            if isinstance(value, types):
                return (name,)
        if isinstance(value, np.ndarray):
            return "array", value.dtype.newbyteorder("<").str, value.ndim
        for name, kind in (("text", str), ("list", list), ("tuple", tuple), ("dict", dict)):
            if isinstance(value, kind):
                return (name,)
        if type(value) not in self._names:
            raise TypeError(f"a {type(value).__name__} is not kept in files")
        name = self._names[type(value)]
        return name, *self._kept[name].taken(value)

    def _alike(self, values: Sequence[Any], kind: tuple[Any, ...], path: str) -> Node:
        """Return a column of values of one kind."""
        name, *names = kind
        if name == "none":
            return {"is": "none", "count": self._numbers([0] * len(values), "int", path)}
        if name in NUMBERS:
            return self._numbers(values, name, path)
        if name == "text":
            return self._texts(values, path)
        if name == "array":
            dtype, ndim = names
            return self._arrays(values, dtype, ndim, path)
        if name in ("list", "tuple", "dict"):
            lengths = self._numbers([len(value) for value in values], "int", f"{path}.lengths")
            node = {"is": name, "lengths": lengths}
            if name == "dict":
                keys = [key for value in values for key in value]
                node["keys"] = self._column(keys, _joined(path, "keys"))
                return node | {"values": self._column([v for d in values for v in d.values()], _joined(path, "values"))}
            return node | {"items": self._column([item for value in values for item in value], _joined(path, "items"))}
        states = [self._kept[name].taken(value) for value in values]
        own = {field: self._column([state[field] for state in states], _joined(path, field)) for field in names}
        return {"is": name, "fields": own}

    def _numbers(self, values: Sequence[Any], name: str, path: str) -> Node:
        """Return numbers of one type; whole numbers in as few bytes as hold them."""
        if len(values) <= FEW:
            plain = [NUMBERS[name][0](value) for value in values]
            return {"is": name, "values": plain if name != "float" else [_written(value) for value in plain]}
        column: Array = np.array(values, dtype={"bool": np.bool_, "int": np.int64, "float": np.float64}[name])
        if name == "int":
            furthest = max(-int(column.min()) - 1, int(column.max()))
            column = column.astype(next(size for size in SIZES if furthest <= np.iinfo(size).max))
        return {"is": name, "at": self._put(path, column)}

    def _texts(self, values: Sequence[str], path: str) -> Node:
        """Return texts: each different one once, long columns in UTF-8."""
        distinct = list(dict.fromkeys(values))
        if len(distinct) < len(values):
            places = {text: place for place, text in enumerate(distinct)}
            codes = self._numbers([places[text] for text in values], "int", f"{path}.codes")
            return {"is": "text", "distinct": self._texts(distinct, path), "count": len(distinct), "codes": codes}
        if len(values) <= FEW:
            return {"is": "text", "values": list(values)}
        coded = [text.encode("utf-8", "surrogatepass") for text in values]
        lengths = self._numbers([len(text) for text in coded], "int", f"{path}.lengths")
        return {"is": "text", "at": self._put(path, np.frombuffer(b"".join(coded), np.uint8)), "lengths": lengths}

    def _arrays(self, values: Sequence[Array], dtype: str, ndim: int, path: str) -> Node:
        """Return arrays of one type and number of dimensions, one after another."""
        shapes = self._numbers([size for value in values for size in value.shape], "int", f"{path}.shapes")
        flat = np.concatenate([value.ravel() for value in values]).astype(dtype, copy=False)
        return {"is": "array", "ndim": ndim, "shapes": shapes, "at": self._put(path, flat)}

    def _put(self, path: str, column: Array) -> str:
        if column.dtype.kind not in DTYPES:
            raise TypeError(f"arrays of {column.dtype} are not kept in files")
        name = path.strip(".") or "value"
        while name in self.arrays:
            name += "_"
        self.arrays[name] = column
        return name


class Unpacker:
    """Puts together what a `Packer` took apart.

    Every value takes a byte of what was read at least, and every array is used once, so that what is made is in
    proportion to what was read.

    Parameters
    ----------
    kept : mapping of str to Kept
        The classes that may occur.
    arrays : mapping of str to ndarray
        The arrays; they become part of what is made.
    """

    def __init__(self, kept: Mapping[str, Kept], arrays: Mapping[str, Array]) -> None:
        self._kept = kept
        self._arrays = dict(arrays)

    def unpack(self, node: Node) -> Any:
        """Return the value.

        Raises
        ------
        Unreadable, TypeError, LookupError, ValueError
            Where `node` was not made by a `Packer`.
        """
        return self._column(node, 1)[0]

    def _column(self, node: Node, count: int) -> list[Any]:
        name = node["is"]
        if name == "mixed":
            return self._mixed(node, count)
        if name == "none":
            return [None for _ in self._numbers(node["count"], count)]
        if name in NUMBERS:
            return self._numbers(node, count)
        if name == "text":
            return self._texts(node, count)
        if name == "array":
            return self._arrayed(node, count)
        if name in ("list", "tuple", "dict"):
            return self._gathered(node, count)
        kept = self._kept[name]
        columns = {field: self._column(own, count) for field, own in node["fields"].items()}
        _require(bool(columns) or count <= FEW, "objects that take no room")
        return [kept.made({field: column[i] for field, column in columns.items()}) for i in range(count)]

    def _mixed(self, node: Node, count: int) -> list[Any]:
        which, of = self._numbers(node["which"], count), node["of"]
        parts = [iter(self._column(part, which.count(code))) for code, part in enumerate(of)]
        _require(all(0 <= code < len(of) for code in which), "a kind that is none")
        return [next(parts[code]) for code in which]

    def _numbers(self, node: Node, count: int) -> list[Any]:
        plain = NUMBERS[node["is"]][0]
        stored = "values" not in node
        values = self._take(node["at"]).tolist() if stored else [plain(value) for value in node["values"]]
        _require(len(values) == count, "a column of another length")
        _require(all(type(value) is plain for value in values), "a column of another type")
        return values

    def _texts(self, node: Node, count: int) -> list[Any]:
        if "codes" in node:
            distinct = self._texts(node["distinct"], node["count"])
            return [distinct[code] for code in self._places(node["codes"], count)]
        if "values" in node:
            _require(len(node["values"]) == count, "a column of another length")
            return [str(value) for value in node["values"]]
        lengths = self._places(node["lengths"], count)
        coded = self._take(node["at"]).tobytes()
        _require(sum(lengths) == len(coded), "texts of another length")
        ends = np.cumsum(lengths).tolist()
        parts = zip(ends, lengths, strict=True)
        return [coded[end - length : end].decode("utf-8", "surrogatepass") for end, length in parts]

    def _arrayed(self, node: Node, count: int) -> list[Any]:
        ndim, flat = int(node["ndim"]), self._take(node["at"])
        _require(0 <= ndim <= 8, "an array of many dimensions")
        sizes = self._places(node["shapes"], ndim * count)
        shapes = [tuple(sizes[i * ndim : (i + 1) * ndim]) for i in range(count)]
        ends = [0]
        for shape in shapes:
            ends.append(ends[-1] + prod(shape))
        _require(ends[-1] == len(flat), "arrays of another size")
        return [flat[ends[i] : ends[i + 1]].reshape(shape) for i, shape in enumerate(shapes)]

    def _gathered(self, node: Node, count: int) -> list[Any]:
        lengths = self._places(node["lengths"], count)
        if node["is"] == "dict":
            keys, values = (self._column(node[part], sum(lengths)) for part in ("keys", "values"))
            items: list[Any] = list(zip(keys, values, strict=True))
        else:
            items = self._column(node["items"], sum(lengths))
        ends, make = np.cumsum(lengths).tolist(), {"dict": dict, "list": list, "tuple": tuple}[node["is"]]
        return [make(items[end - length : end]) for end, length in zip(ends, lengths, strict=True)]

    def _places(self, node: Node, count: int) -> list[int]:
        """Return whole numbers that are not below 0."""
        numbers = self._numbers(node, count)
        _require(node["is"] == "int" and all(number >= 0 for number in numbers), "a length below 0")
        return numbers

    def _take(self, name: str) -> Array:
        return self._arrays.pop(name)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _written(number: float) -> float | str:
    """Return a number as JSON has it, one that is none in words."""
    return number if np.isfinite(number) else str(number)


def _require(right: bool, what: str) -> None:
    if not right:
        raise Unreadable(what)
