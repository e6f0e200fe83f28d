"""The same series come out of every format they were put in."""

import contextlib
import gzip
import io
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from forecast.errors import ConfigError, DataError, FileError, ForecastError
from forecast.reading import formats, sources
from forecast.series import read_series


def sales():
    times = pd.date_range("2020-01-01", periods=40)
    frames = [pd.DataFrame({"store": name, "day": times, "units": np.arange(40.0) + k}) for k, name in enumerate("ab")]
    return pd.concat(frames, ignore_index=True).drop(index=[5, 50]).reset_index(drop=True)


def text(frame=None):
    return (sales() if frame is None else frame).to_csv(index=False).encode()


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return packed.getvalue()


def lines():
    return sales().assign(day=sales()["day"].astype(str)).to_json(orient="records", lines=True).encode()


def parquet(frame=None):
    pytest.importorskip("pyarrow")
    packed = io.BytesIO()
    (sales() if frame is None else frame).to_parquet(packed)
    return packed.getvalue()


WRITTEN = {
    "sales.csv": text,
    "sales.csv.gz": lambda: gzip.compress(text()),
    "sales.zip": lambda: zipped(sales__csv=text()),
    "sales.jsonl": lines,
    "sales.jsonl.gz": lambda: gzip.compress(lines()),
    "sales.parquet": parquet,
    "no suffix": parquet,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_series_come_out_of_every_format(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(WRITTEN[name]())
    data = read_series(path, target="units")

    pd.testing.assert_frame_equal(data.frame, read_series(sales(), target="units").frame)
    assert data.name == name


@pytest.mark.parametrize("name", ["sales.csv", "sales.csv.gz", "sales.zip", "sales.jsonl", "sales.parquet"])
def test_every_format_comes_through_a_pipe(name, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRITTEN[name]())))
    data = read_series("-", target="units")

    assert len(data.frame) == 80
    assert data.name == "standard input"


def test_a_terminal_is_no_pipe(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    with pytest.raises(ConfigError, match="standard input is a terminal"):
        read_series("-")


def test_a_broken_pipe_is_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(text())[:40])))
    with pytest.raises(FileError, match="standard input"):
        read_series("-")


def test_a_folder_of_parquet_files_is_one_table_with_a_column_for_each_level(tmp_path):
    for name, own in sales().groupby("store"):
        folder = tmp_path / "sales" / f"store={name}"
        folder.mkdir(parents=True)
        (folder / "part.parquet").write_bytes(parquet(own.drop(columns="store")))
    data = read_series(tmp_path / "sales", target="units", id="store")

    pd.testing.assert_frame_equal(data.frame, read_series(sales(), target="units").frame)
    assert len(data.sha256) == 64


def test_a_folder_without_parquet_files_is_refused(tmp_path):
    with pytest.raises(FileError, match="without Parquet files"):
        read_series(tmp_path)


def test_categories_are_what_they_stand_for_and_a_missing_one_is_missing(tmp_path):
    frame = sales().astype({"store": "category"})
    path = tmp_path / "sales.parquet"
    path.write_bytes(parquet(frame))

    assert read_series(path, target="units").panel.ids == ("a", "b")
    frame.loc[3, "store"] = None
    with pytest.raises(DataError, match="without an id"):
        read_series(frame, id="store", target="units", time="day")


REFUSED = {
    "damaged.parquet": (lambda: parquet()[:-40] + b"x" * 40, "F102", "cannot read"),
    "empty.parquet": (lambda: parquet(sales().head(0)), "D101", "no rows"),
    "lists.parquet": (lambda: parquet(sales().assign(tags=[[1]] * 78)), "D107", '"tags"'),
    "two.zip": (lambda: zipped(a__csv=text(), b__csv=text()), "F102", '2 files: "a.csv", "b.csv"'),
    "book.xlsx": (lambda: zipped(**{"[Content_Types]__xml": "x"}), "F102", "cannot read"),
    "cut.zip": (lambda: zipped(sales__csv=text())[:60], "D102", "is not text"),
    "broken.jsonl": (lambda: b'{"ds": 1, "y": 2}\n{"ds": 2, "y": }\n', "D106", "line 2 of broken.jsonl"),
    "nested.jsonl": (lambda: b'{"ds": 1, "y": [2]}\n', "D106", "line 1"),
    "latin.jsonl": (lambda: b'{"ds": "K\xf6ln", "y": 2}\n', "D102", "not UTF-8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(name, tmp_path):
    write, code, words = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(write())
    with pytest.raises((DataError, FileError)) as caught:
        read_series(path)

    assert caught.value.code == code
    assert words in str(caught.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 2**20)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped(big__csv=b"0" * 2**24))
    with pytest.raises(DataError) as caught:
        read_series(path)

    assert caught.value.code == "D122"


def repeated(rows):
    """Return a Parquet file of a few bytes in which one value stands for so many rows."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    packed = io.BytesIO()
    pq.write_table(pa.table({"y": pa.array([0] * rows, pa.int64())}), packed, compression="zstd")
    return packed.getvalue()


@pytest.mark.parametrize("limit", ["MAX_CELLS", "MAX_SIZE"])
@pytest.mark.parametrize("folder", [True, False])
def test_parquet_that_unpacks_to_more_than_memory_is_refused_before(tmp_path, monkeypatch, limit, folder):
    data = repeated(50_000)
    monkeypatch.setattr(formats, limit, 50)
    path = tmp_path / "bomb.parquet"
    path.write_bytes(data)
    assert len(data) < 5_000
    with pytest.raises(DataError, match="50,000 cells") as caught:
        read_series(tmp_path if folder else path)

    assert caught.value.code == "D122"


@pytest.mark.parametrize("seed", range(3))
def test_a_parquet_file_with_a_changed_head_is_refused_or_read_and_nothing_else(tmp_path, seed):
    data, rng = parquet(), np.random.default_rng(seed)
    for _ in range(40):
        changed = bytearray(data)
        changed[-int(rng.integers(9, 2000))] = int(rng.integers(256))
        path = tmp_path / "x.parquet"
        path.write_bytes(changed)
        with contextlib.suppress(ForecastError):
            read_series(path)


def test_lines_of_json_are_named_by_their_place_in_the_file(tmp_path):
    path = tmp_path / "sales.jsonl"
    path.write_text(
        '{"ds": "2024-01-01", "y": "1"}\n\n{"ds": "2024-01-02", "y": "x"}\n{"ds": "2024-01-03", "y": "3"}\n'
    )
    with pytest.raises(DataError, match='line 3 "x"'):
        read_series(path)


def test_without_pyarrow_it_is_said_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "sales.parquet"
    path.write_bytes(b"PAR1 and more")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(FileError, match=r"forecast\[parquet\]"):
        read_series(path)


def test_a_parquet_file_is_known_by_its_first_bytes():
    assert formats.is_parquet(b"PAR1...")
    assert not formats.is_json_lines(b"ds,y\n")
