"""Wide tables, one column or one row a series, are the same data as long ones."""

import numpy as np
import pandas as pd
import pytest

from forecast.errors import ConfigError, DataError
from forecast.series import read_series

MONTHS = [str(month) for month in pd.period_range("2019-01", periods=30, freq="M")]
NAMES = ["north", "south", "west"]


def long():
    rng = np.random.default_rng(0)
    values = rng.integers(10, 99, (3, 30))
    rows = [
        (name, month, value)
        for name, own in zip(NAMES, values, strict=True)
        for month, value in zip(MONTHS, own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["shop", "month", "sales"])


def by_columns(names=None):
    wide = long().pivot(index="month", columns="shop", values="sales").reset_index().rename_axis(columns=None)
    return wide.rename(columns=dict(zip(NAMES, names or NAMES, strict=True)))


def by_rows(headers=None):
    wide = long().pivot(index="shop", columns="month", values="sales").reset_index().rename_axis(columns=None)
    return wide.rename(columns=dict(zip(MONTHS, headers or MONTHS, strict=True)))


def written(frame, tmp_path):
    path = tmp_path / "x.csv"
    frame.to_csv(path, index=False)
    return path


def refused(*args, **options):
    with pytest.raises((DataError, ConfigError)) as caught:
        read_series(*args, **options)
    return caught.value


def test_columns_with_names_of_their_own_are_asked_about_and_taken_apart_when_told(tmp_path):
    path = written(by_columns(), tmp_path)

    assert "--layout columns" in str(refused(path))
    assert read_series(path, layout="columns").frame.equals(read_series(long(), id="shop").frame)


def test_one_column_is_taken_where_a_target_is_named(tmp_path):
    data = read_series(written(by_columns(), tmp_path), target="south")

    assert data.panel.ids == ("south",)


def test_numbered_columns_are_series_without_being_told(tmp_path):
    data = read_series(written(by_columns(["shop_1", "shop_2", "shop_3"]), tmp_path))

    assert data.panel.ids == ("shop_1", "shop_2", "shop_3")
    assert data.frame["y"].tolist() == read_series(long(), id="shop").frame["y"].tolist()
    assert "layout: one column a series, 3 of them" in data.notes


def test_rows_under_dates_are_series(tmp_path):
    data = read_series(written(by_rows(), tmp_path))

    assert data.frame.equals(read_series(long(), id="shop").frame)
    assert "layout: one row a series, 3 of them, timed by the headers" in data.notes


@pytest.mark.parametrize("headers", [[f"V{i + 2}" for i in range(30)], [str(i + 1) for i in range(30)]])
def test_rows_under_numbers_are_series_of_numbered_values(tmp_path, headers):
    data = read_series(written(by_rows(headers), tmp_path))

    assert data.panel.ids == tuple(NAMES)
    assert data.frame["ds"].tolist() == [*range(1, 31)] * 3
    assert data.frame["y"].tolist() == read_series(long(), id="shop").frame["y"].tolist()


def test_rows_of_unequal_length_end_at_their_last_value(tmp_path):
    wide = by_rows([f"V{i + 2}" for i in range(30)]).astype({f"V{i + 2}": "Int64" for i in range(30)})
    wide.loc[1, ["V30", "V31"]] = pd.NA
    wide.loc[2, "V10"] = pd.NA

    data = read_series(written(wide, tmp_path))

    assert data.panel.lengths.tolist() == [30, 28, 30]
    assert np.flatnonzero(np.isnan(data.panel.series(2))).tolist() == [8]
    assert not any("left out" in note for note in data.notes)


def test_rows_under_any_headers_are_series_when_told(tmp_path):
    headers = [f"{'abc'[i % 3]}{i}" for i in range(30)]

    assert read_series(written(by_rows(headers), tmp_path), layout="rows").panel.n_series == 3


def test_frames_are_taken_apart_too():
    assert read_series(by_rows()).frame.equals(read_series(long(), id="shop").frame)
    assert read_series(by_columns(), layout="columns").frame.equals(read_series(long(), id="shop").frame)


def test_an_empty_column_is_no_series(tmp_path):
    wide = by_columns(["shop_1", "shop_2", "shop_3"]).assign(shop_4="")

    assert read_series(written(wide, tmp_path), layout="columns").panel.n_series == 3


def test_a_wrong_cell_is_told_by_its_line(tmp_path):
    wide = by_columns(["shop_1", "shop_2", "shop_3"]).astype(str)
    wide.loc[4, "shop_2"] = "oops"

    error = refused(written(wide, tmp_path))

    assert error.code == "D107"
    assert 'line 6 "oops"' in str(error)


@pytest.mark.parametrize("layout", ["columns", "rows"])
def test_a_large_file_is_taken_apart_as_a_small_one(tmp_path, monkeypatch, layout):
    wide = by_columns(["shop_1", "shop_2", "shop_3"]) if layout == "columns" else by_rows()
    path = written(wide, tmp_path)
    small = read_series(path)
    monkeypatch.setattr("forecast.reading.readers.ENOUGH", 1)
    monkeypatch.setattr("forecast.reading.bulk.HEAD", 2)

    large = read_series(path)

    assert large.frame.equals(small.frame)
    assert large.notes == small.notes


def test_a_long_table_stays_long_when_told():
    wide = by_columns(["shop_1", "shop_2", "shop_3"])

    assert refused(wide, layout="long").code == "D105"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"layout": "wide"}, "not a layout"),
        ({"layout": "columns", "target": "north"}, "leaves no column"),
        ({"layout": "columns", "id": "north"}, "leaves no column"),
        ({"layout": "rows", "time": "month"}, "leaves no column"),
        ({"layout": "rows", "future": ["north"]}, "leaves no column"),
    ],
)
def test_a_layout_that_does_not_go_with_the_columns_is_refused(options, what):
    error = refused(by_columns(), **options)

    assert error.code == "U101"
    assert what in str(error)


def test_a_wide_table_without_values_is_refused():
    assert refused(pd.DataFrame({"month": MONTHS}), layout="rows").code == "D107"
    assert refused(pd.DataFrame({"month": MONTHS, "a": [None] * 30}), layout="columns").code == "D107"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"month": MONTHS, "y1": range(30), "y2": "text"}),
        pd.DataFrame({"k": range(30), "y1": range(30), "y2": range(30)}),
        pd.DataFrame({"name": ["a", "a"], "V1": [1, 2], "V2": [3, 4]}),
        pd.DataFrame({"name": ["a", "b"], "V1": [1, 2], "W2": [3, 4]}),
        pd.DataFrame({"name": ["a", "b"], "V1": ["", ""], "V2": ["", ""]}),
    ],
    ids=["a text column", "no times", "names twice", "two families", "no values"],
)
def test_what_is_not_plainly_wide_is_left_as_it_is(frame):
    from forecast.reading.layouts import Roles, made_long
    from forecast.reading.table import Table

    table = Table(frame, "x", "")

    assert made_long(table, Roles())[0] is table
