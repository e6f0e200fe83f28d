"""Header and arrays in two files, every byte of which counts."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import FileError, ModelError
from forecast.storage.archives import _hash, read_archive, write_archive

ARRAYS = {"weights": np.arange(6.0, dtype=np.float32), "last": np.array(["2020-01-01"], "datetime64[us]")}
HEADER = {"name": "mlp", "settings": {"rate": 0.1, "Größe": None}}


def written(folder):
    write_archive(folder, "m", HEADER, ARRAYS)
    return folder / "m.npz", folder / "m.json"


def refused(folder):
    with pytest.raises(ModelError) as caught:
        read_archive(folder, "m")
    assert caught.value.code == "M202"
    return caught.value


def lying(folder, **changes):
    """Change the header of a file and give it the hash that goes with it."""
    header = json.loads((folder / "m.json").read_text(encoding="utf-8"))
    del header["sha256"]
    header |= changes
    (folder / "m.json").write_text(json.dumps(header | {"sha256": _hash(header)}), encoding="utf-8")


def test_what_was_written_is_read(tmp_path):
    written(tmp_path)

    header, arrays = read_archive(tmp_path, "m")

    assert {key: header[key] for key in HEADER} == HEADER
    assert {name: array.tolist() for name, array in arrays.items()} == {k: v.tolist() for k, v in ARRAYS.items()}
    assert {name: array.dtype for name, array in arrays.items()} == {name: a.dtype for name, a in ARRAYS.items()}


def test_anyone_can_open_the_arrays_without_pickle(tmp_path):
    npz, _ = written(tmp_path)

    with np.load(npz, allow_pickle=False) as file:
        assert file["weights"].tolist() == ARRAYS["weights"].tolist()


def test_the_same_values_give_the_same_bytes(tmp_path):
    first, again = written(tmp_path / "a"), written(tmp_path / "b")

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_byte_that_was_changed_is_found(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("flip")
    files = written(folder)
    expected = read_archive(folder, "m")
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    try:
        header, arrays = read_archive(folder, "m")
    except ModelError as error:
        code = error.code
    else:
        code = "M202"
        assert header == expected[0]
        assert all(arrays[name].tobytes() == expected[1][name].tobytes() for name in ARRAYS)
    assert code == "M202"


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_is_found(tmp_path, which, share):
    path = written(tmp_path)[which]
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    assert "is damaged" in refused(tmp_path).message


def test_files_of_two_models_do_not_go_together(tmp_path):
    written(tmp_path)
    write_archive(tmp_path, "other", HEADER, {**ARRAYS, "weights": ARRAYS["weights"] + 1})
    (tmp_path / "other.npz").replace(tmp_path / "m.npz")

    assert "the hash of the arrays" in refused(tmp_path).found


def test_a_later_schema_says_what_to_install(tmp_path):
    written(tmp_path)
    lying(tmp_path, schema=3)

    error = refused(tmp_path)

    assert "/m.npz: schema 3, this is forecast 0.1.0 (schema 1)" in error.message
    assert error.hint.startswith("pip install -U forecast")


@pytest.mark.parametrize(
    "sizes",
    [
        {"dtype": "<f4", "shape": [10**15]},
        {"dtype": "<f4", "shape": [7]},
        {"dtype": "<f4", "shape": [-6]},
        {"dtype": "<f8", "shape": [3]},
        {"dtype": "|O", "shape": [3]},
        {"dtype": "<f4", "shape": "x"},
        {"dtype": "no", "shape": [6]},
    ],
)
def test_a_header_that_lies_about_shapes_is_refused(tmp_path, sizes):
    written(tmp_path)
    lying(tmp_path, arrays={"weights": sizes, "last": {"dtype": "<M8[us]", "shape": [1]}})

    refused(tmp_path)


def npy(array, shape=None):
    file = io.BytesIO()
    if shape is None:
        np.lib.format.write_array(file, array, version=(1, 0), allow_pickle=True)
    else:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        file.write(array.tobytes())
    return file.getvalue()


@pytest.mark.parametrize(
    ("entries", "how"),
    [
        ({"weights.npy": npy(ARRAYS["weights"], shape=(10**15,))}, zipfile.ZIP_STORED),
        ({"weights.npy": npy(np.zeros(10**6, np.float32))}, zipfile.ZIP_DEFLATED),
        ({"weights.npy": npy(np.array([print], dtype=object))}, zipfile.ZIP_STORED),
        ({"weights.npy": npy(ARRAYS["weights"]), "more.npy": b"x"}, zipfile.ZIP_STORED),
        ({"../weights.npy": npy(ARRAYS["weights"])}, zipfile.ZIP_STORED),
        ({"weights.npy": npy(ARRAYS["weights"]).replace(b"NUMPY\x01", b"NUMPY\x03")}, zipfile.ZIP_STORED),
    ],
    ids=["a shape", "a bomb", "objects", "another entry", "a path", "another npy"],
)
def test_an_npz_that_is_not_ours_is_refused(tmp_path, entries, how):
    write_archive(tmp_path, "m", HEADER, {"weights": ARRAYS["weights"]})
    if how == zipfile.ZIP_DEFLATED:
        lying(tmp_path, arrays={"weights": {"dtype": "<f4", "shape": [10**6]}})
    with zipfile.ZipFile(tmp_path / "m.npz", "w", how) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)

    refused(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", "{}", '{"schema": 1, "sha256": 1e999}', "x", '{"schema": NaN}'])
def test_a_header_that_is_none_is_refused(tmp_path, text):
    written(tmp_path)
    (tmp_path / "m.json").write_text(text, encoding="utf-8")

    refused(tmp_path)


def test_a_header_without_end_is_not_read_to_its_end(tmp_path):
    written(tmp_path)
    (tmp_path / "m.json").write_bytes(b" " * (2**22 + 1))

    assert "more than" in refused(tmp_path).found


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_is_not_there_is_named(tmp_path, which):
    path = written(tmp_path)[which]
    path.unlink()

    with pytest.raises(FileError, match=f"cannot read .*{path.name}") as caught:
        read_archive(tmp_path, "m")
    assert caught.value.code == "F102"
