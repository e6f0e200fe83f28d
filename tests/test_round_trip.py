"""What is written is read back: random series, in every form a file may have."""

import csv
import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from forecast.series import read_series
from forecast.storage.files import write_file

NAMES = st.text(st.characters(codec="cp1252", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8).map(
    str.strip
)
STEPS = {"D": "%Y-%m-%d", "MS": "%Y-%m", "h": "%Y-%m-%d %H:%M", "YS": "%Y", "QS": "quarter"}
SEVERAL = {"D": ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d"]}


@st.composite
def series(draw, freqs=tuple(STEPS)):
    """Draw a series frame: names, a frequency (one of `freqs`), lengths and values."""
    names = draw(st.lists(NAMES.filter(plain), min_size=1, max_size=3, unique_by=str.casefold))
    freq = draw(st.sampled_from(freqs))
    start = pd.Timestamp(draw(st.integers(1975, 2030)), 1, 1)
    frames = []
    for name in names:
        values = draw(st.lists(st.integers(-9_999, 99_999), min_size=26, max_size=30))
        times = pd.date_range(start, periods=len(values), freq=freq)
        frames.append(pd.DataFrame({"unique_id": name, "ds": times, "y": np.array(values) / 4}))
    return freq, pd.concat(frames, ignore_index=True)


def plain(name):
    """Whether a name is a name: not what stands for a missing value, a number or a date."""
    return (
        name not in ("", "NA", "NaN", "nan", "null", "None")
        and any(c.isalpha() for c in name)
        and not name[0].isdigit()
    )


def worded(frame, freq, form=None):
    """Return the frame with its times as texts."""
    form = form or STEPS[freq]
    quarters = frame["ds"].dt.year.astype(str) + "Q" + frame["ds"].dt.quarter.astype(str)
    return frame.assign(ds=quarters if form == "quarter" else frame["ds"].dt.strftime(form))


def expected(frame):
    frame = frame.sort_values(["unique_id", "ds"], ignore_index=True)
    return frame["unique_id"].tolist(), frame["ds"].tolist(), frame["y"].tolist()


def found(source, **options):
    frame = read_series(source, id="unique_id", time="ds", target="y", **options).frame
    return frame["unique_id"].tolist(), frame["ds"].tolist(), frame["y"].tolist()


def as_csv(frame, *, separator=",", decimal=".", line_end="\n", quoting=csv.QUOTE_MINIMAL):
    return frame.to_csv(index=False, sep=separator, decimal=decimal, lineterminator=line_end, quoting=quoting)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    drawn=series(),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    comma=st.booleans(),
    packed=st.sampled_from(["", ".gz", ".zip"]),
    order=st.randoms(use_true_random=False),
)
def test_a_csv_of_any_form_is_read_back(folder, drawn, separator, encoding, line_end, quoting, comma, packed, order):
    freq, frame = drawn
    decimal = "," if comma and separator == ";" else "."
    rows = order.sample(range(len(frame)), len(frame))
    text = as_csv(
        worded(frame, freq).iloc[rows], separator=separator, decimal=decimal, line_end=line_end, quoting=quoting
    )
    data = text.encode(encoding)
    if packed == ".zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("x.csv", data)
        data = archive.getvalue()
    path = folder / f"x.csv{packed}"
    path.write_bytes(gzip.compress(data) if packed == ".gz" else data)

    assert found(path, delimiter=separator, decimal=decimal, encoding=encoding) == expected(frame)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=series(freqs=("D",)), form=st.sampled_from(SEVERAL["D"]))
def test_dates_of_any_form_are_read_back(folder, drawn, form):
    freq, frame = drawn
    path = folder / "d.csv"
    path.write_text(as_csv(worded(frame, freq, form)), encoding="utf-8")

    assert found(path) == expected(frame)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=series())
def test_lines_of_json_and_frames_are_read_back(folder, drawn):
    freq, frame = drawn
    path = folder / "x.jsonl"
    worded(frame, freq).to_json(path, orient="records", lines=True)

    assert found(path) == expected(frame)
    assert found(frame) == expected(frame)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=series())
def test_parquet_and_excel_are_read_back(folder, drawn):
    pytest.importorskip("pyarrow")
    _, frame = drawn
    frame.to_parquet(folder / "x.parquet")
    write_file(frame, folder / "x.xlsx")

    assert found(folder / "x.parquet") == expected(frame)
    assert found(folder / "x.xlsx") == expected(frame)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=series(), layout=st.sampled_from(["columns", "rows"]))
def test_wide_tables_are_read_back(folder, drawn, layout):
    freq, frame = drawn
    assume(not {"ds", "series"} & {name.casefold() for name in frame["unique_id"]})
    texts = worded(frame, freq)
    path = folder / "w.csv"
    index, columns = ("ds", "unique_id") if layout == "columns" else ("unique_id", "ds")
    wide = texts.pivot(index=index, columns=columns, values="y").reset_index()
    path.write_text(as_csv(wide), encoding="utf-8")
    assume(layout == "columns" or freq != "YS")

    data = read_series(path, layout=layout, time="ds" if layout == "columns" else None)

    got = data.frame["unique_id"].tolist(), data.frame["ds"].tolist(), data.frame["y"].tolist()
    assert got == expected(frame)
