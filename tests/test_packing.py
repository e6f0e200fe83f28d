"""Values taken apart into JSON and arrays, and put together again."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.storage.packing import Kept, Packer, Unpacker, Unreadable


@dataclass(frozen=True)
class Fit:
    alpha: float
    name: str | None = None
    trace: tuple[int, ...] = ()


class Learner:
    def __init__(self, rate):
        self.rate = rate
        self.weights_ = np.arange(3.0)
        self._buffer = "left out"


KEPT = {"Fit": Kept(Fit, without=("trace",)), "Learner": Kept(Learner)}


def there_and_back(value, kept=KEPT):
    packer = Packer(kept)
    node = packer.pack(value)
    return Unpacker(kept, packer.arrays).unpack(json.loads(json.dumps(node, allow_nan=False)))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.builds(Fit, st.floats(allow_nan=False), st.none() | st.text()),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(-3, 300), inner, max_size=5)
    ),
    max_leaves=60,
)


@given(plain)
def test_what_was_packed_comes_back(value):
    found = there_and_back(value)

    assert found == value
    assert repr(found) == repr(value)  # 1 and True and 1.0 are equal, and not the same


@pytest.mark.parametrize("kind", [float, int, bool, str, lambda i: None if i % 2 else i, lambda i: [i] * (i % 3)])
def test_long_columns_come_back(kind):
    values = [kind(i) for i in range(500)]

    assert there_and_back(values) == values


def test_no_number_comes_back_as_none():
    assert repr(there_and_back([np.nan, np.inf, -np.inf])) == "[nan, inf, -inf]"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.zeros((0, 4), np.float32),
        np.array(["2020-01-01", "NaT"], "datetime64[us]"),
        np.array([True, False]),
        np.array(7),
    ],
)
def test_arrays_come_back_as_they_were(array):
    (found,) = there_and_back([array])

    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


def test_many_fits_are_a_few_arrays():
    packer = Packer(KEPT)
    fits = {f"s{i}": Fit(i / 7, "log" if i % 3 else None) for i in range(10_000)}

    node = packer.pack(fits)

    assert Unpacker(KEPT, packer.arrays).unpack(node) == fits
    assert len(json.dumps(node)) < 1_000
    assert sum(array.nbytes for array in packer.arrays.values()) < 20 * len(fits)


def test_an_object_is_its_settings_and_what_it_learned():
    found = there_and_back(Learner(0.1))

    assert sorted(vars(found)) == ["rate", "weights_"]
    assert found.weights_.tolist() == [0.0, 1.0, 2.0]


def test_what_is_left_out_has_its_default():
    assert there_and_back(Fit(0.5, trace=(1, 2))) == Fit(0.5)


def test_a_class_that_is_not_in_the_table_is_neither_written_nor_made():
    with pytest.raises(TypeError, match="Path is not kept"):
        Packer({}).pack({"where": __import__("pathlib").Path()})
    with pytest.raises(LookupError):
        Unpacker({}, {}).unpack({"is": "Fit", "fields": {}})


def test_objects_are_not_written_as_arrays():
    with pytest.raises(TypeError, match="object"):
        Packer({}).pack(np.array([object()]))


MANY = 10**12
LIES = {
    "numbers": {"is": "list", "lengths": {"is": "int", "values": [MANY]}, "items": {"is": "int", "values": []}},
    "nothing": {
        "is": "list",
        "lengths": {"is": "int", "values": [MANY]},
        "items": {"is": "none", "count": {"is": "int", "values": []}},
    },
    "texts": {"is": "text", "codes": {"is": "int", "values": [5]}, "count": 1, "distinct": {"values": ["a"]}},
    "a length below 0": {"is": "list", "lengths": {"is": "int", "values": [-1]}, "items": {"is": "int", "values": []}},
    "shapes": {"is": "array", "ndim": 2, "shapes": {"is": "int", "values": [MANY, MANY]}, "at": "a"},
    "dimensions": {"is": "array", "ndim": MANY, "shapes": {"is": "int", "values": []}, "at": "a"},
    "another type": {"is": "float", "at": "b"},
    "objects": {
        "is": "list",
        "lengths": {"is": "int", "values": [MANY]},
        "items": {"is": "Nothing", "fields": {}},
    },
    "an array used twice": {
        "is": "list",
        "lengths": {"is": "int", "values": [2]},
        "items": {"is": "mixed", "which": {"is": "int", "values": [0, 1]}, "of": [{"is": "float", "at": "a"}] * 2},
    },
    "a method": {"is": "Learner", "fields": {"__class__": {"is": "int", "values": [1]}}},
    "a kind that is none": {
        "is": "mixed",
        "which": {"is": "int", "values": [3]},
        "of": [{"is": "int", "values": []}],
    },
}


@dataclass(frozen=True)
class Nothing:
    pass


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_before_room_is_made_for_it(lie):
    arrays = {"a": np.zeros(1), "b": np.zeros(1, np.int8)}

    with pytest.raises((Unreadable, LookupError, StopIteration, ValueError)):
        Unpacker({**KEPT, "Nothing": Kept(Nothing)}, arrays).unpack(LIES[lie])


@dataclass
class Bag:
    things: list[int] = field(default_factory=list)


def test_a_class_may_say_itself_what_is_kept():
    kept = {"Bag": Kept(Bag, state=lambda bag: {"n": len(bag.things)}, restore=lambda s: Bag([0] * s["n"]))}

    assert there_and_back(Bag([5, 6]), kept) == Bag([0, 0])
