"""Excel workbooks are read as they stand and written as they are asked for."""

import io
import sys
import zipfile

import openpyxl
import pandas as pd
import pytest

from forecast import pipeline
from forecast.errors import ConfigError, DataError, FileError
from forecast.reading.workbooks import OLE, is_workbook
from forecast.series import read_series
from forecast.storage.files import write_file

DAYS = pd.date_range("2024-01-01", periods=40)


def book(path, *rows, **more):
    """Write a workbook with the rows in its first sheet, and further sheets by name."""
    made = openpyxl.Workbook()
    sheets = [(made.active, rows), *((made.create_sheet(title), lines) for title, lines in more.items())]
    for sheet, lines in sheets:
        for line in lines:
            sheet.append(line)
    made.save(path)
    return path


def daily(values=range(40), header=("day", "units")):
    return [header, *((day.to_pydatetime(), value) for day, value in zip(DAYS, values, strict=True))]


def refused(path, **options):
    with pytest.raises((DataError, FileError, ConfigError)) as caught:
        read_series(path, **options)
    return caught.value


def test_dates_and_numbers_are_taken_as_they_are(tmp_path):
    data = read_series(book(tmp_path / "x.xlsx", *daily()))

    assert data.frame["ds"].tolist() == DAYS.tolist()
    assert data.frame["y"].tolist() == list(range(40))
    assert (data.time, data.target) == ("day", "units")


def test_an_empty_cell_is_a_gap_and_empty_rows_are_nothing(tmp_path):
    rows = daily([*range(10), None, *range(11, 40)])
    data = read_series(book(tmp_path / "x.xlsx", (), rows[0], (None, None), *rows[1:], (), ("", "")))

    assert data.frame["y"].isna().tolist() == [i == 10 for i in range(40)]


def test_dates_as_texts_and_ids_as_numbers_are_read_too(tmp_path):
    rows = [("when", "shop", "units"), *((str(day.date()), float(s), i) for s in (7, 8) for i, day in enumerate(DAYS))]
    data = read_series(book(tmp_path / "x.xlsx", *rows), id="shop")

    assert data.panel.ids == ("7", "8")


def test_a_wide_sheet_with_dates_as_headers_is_taken_apart(tmp_path):
    header = ("shop", *(day.to_pydatetime() for day in DAYS))
    data = read_series(book(tmp_path / "x.xlsx", header, ("a", *range(40)), ("b", *range(40))))

    assert data.panel.ids == ("a", "b")
    assert data.frame["ds"].tolist() == DAYS.tolist() * 2


def test_the_first_sheet_with_cells_is_read_and_said(tmp_path):
    path = book(tmp_path / "x.xlsx", Sales=daily(), Costs=daily(range(40, 80)))

    first = read_series(path)
    assert 'sheet "Sales" of 2 (--sheet for another)' in first.notes
    assert read_series(path, sheet="Costs").frame["y"].iloc[0] == 40


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path):
    error = refused(book(tmp_path / "x.xlsx", *daily(), Costs=daily()), sheet="Cost")

    assert error.code == "U101"
    assert error.found == '"Sheet", "Costs"'
    assert error.hint == '--sheet "Costs"'


def test_a_sheet_of_a_csv_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("ds,y\n1,2\n", encoding="utf-8")

    assert refused(tmp_path / "x.csv", sheet="a").code == "U101"


def test_a_wrong_cell_is_told_by_its_row(tmp_path):
    error = refused(book(tmp_path / "x.xlsx", *daily([*range(10), "oops", *range(11, 40)])))

    assert error.code == "D107"
    assert 'line 12 "oops"' in error.message


@pytest.mark.parametrize(
    ("rows", "code"),
    [([], "D101"), ([("day", "units")], "D101"), ([("day", "day"), (DAYS[0].to_pydatetime(), 1)], "D105")],
    ids=["nothing", "a header", "one name twice"],
)
def test_a_sheet_without_a_table_is_refused(tmp_path, rows, code):
    assert refused(book(tmp_path / "x.xlsx", *rows)).code == code


def test_a_workbook_with_a_password_or_of_an_old_format_is_said_to_be_one(tmp_path):
    (tmp_path / "x.xls").write_bytes(OLE + bytes(600))

    error = refused(tmp_path / "x.xls")

    assert error.code == "F102"
    assert "a password, or one from before 2007" in error.message


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
def test_a_workbook_that_was_cut_off_is_refused(tmp_path, kept):
    whole = book(tmp_path / "x.xlsx", *daily()).read_bytes()
    (tmp_path / "x.xlsx").write_bytes(whole[: int(kept * len(whole))])

    assert refused(tmp_path / "x.xlsx").code in ("F102", "D102")


def test_a_workbook_with_a_damaged_sheet_is_refused(tmp_path):
    whole = zipfile.ZipFile(book(tmp_path / "x.xlsx", *daily()))
    with zipfile.ZipFile(tmp_path / "y.xlsx", "w") as made:
        for name in whole.namelist():
            content = whole.read(name)
            made.writestr(name, content[:200] if "sheet1" in name else content)

    assert refused(tmp_path / "y.xlsx").code == "F102"


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.reading.workbooks.MAX_BYTES", 1000)

    assert refused(book(tmp_path / "x.xlsx", *daily())).code == "D122"


def test_what_only_looks_packed_is_no_workbook():
    assert not is_workbook(b"PK\x03\x04 but not so")


def test_texts_numbers_and_truths_are_shown_as_one_sees_them(tmp_path):
    rows = [("day", "shop", "units"), *((day.to_pydatetime(), s, 1.5) for s in (True, "x", 3.0) for day in DAYS)]

    assert read_series(book(tmp_path / "x.xlsx", *rows), id="shop").panel.ids == ("3", "True", "x")


def test_without_the_package_it_is_said_what_to_install(tmp_path, monkeypatch):
    path = book(tmp_path / "x.xlsx", *daily())
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    assert "forecast[excel]" in str(refused(path).hint)
    with pytest.raises(FileError, match="writing y.xlsx takes openpyxl"):
        pipeline.predict("nile", models=["naive"], output=tmp_path / "y.xlsx")
    assert not (tmp_path / "y.xlsx").exists()


def test_forecasts_are_written_as_a_workbook_that_reads_back(tmp_path):
    frame = pipeline.predict("nile", models=["naive"], horizon=3, output=tmp_path / "y.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "y.xlsx").active

    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == tuple(frame.columns)
    assert rows[1][:4] == ("flow", DAYS[0].replace(year=1971).to_pydatetime(), "naive", 740)
    assert pd.read_excel(io.BytesIO((tmp_path / "y.xlsx").read_bytes()))["lo-95"].notna().all()
    assert [path.name for path in tmp_path.iterdir()] == ["y.xlsx"]


def test_a_name_that_looks_like_a_formula_is_written_as_a_text(tmp_path):
    frame = pd.DataFrame({"unique_id": ["=1+1", "=A1", "a\x01b"], "=y": [1.0, 2.0, 3.0]})
    write_file(frame, tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active

    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["unique_id", "=y"],
        ["=1+1", 1],
        ["=A1", 2],
        ["ab", 3],
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}


def test_forecasts_without_a_band_have_empty_cells(tmp_path):
    frame = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [4, 4, 4, 4]})
    pipeline.predict(frame, models=["naive"], horizon=1, output=tmp_path / "y.xlsx")

    rows = list(openpyxl.load_workbook(tmp_path / "y.xlsx").active.iter_rows(values_only=True))
    assert rows[1][-1] is None


def test_forecasts_are_written_as_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pipeline.predict("nile", models=["naive"], horizon=3, output=tmp_path / "y.parquet")

    assert pd.read_parquet(tmp_path / "y.parquet")["y_hat"].tolist() == frame["y_hat"].tolist()
