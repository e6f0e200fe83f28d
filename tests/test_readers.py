"""A file is read where exactly one reading fits, and refused with the option that decides where not."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import forecast.reading.sources
from forecast.defaults import BUNDLED
from forecast.errors import ConfigError, DataError, FileError, ForecastError
from forecast.reading.readers import bundled_path, read_table
from forecast.reading.table import Table
from forecast.series import read_series

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def write(tmp_path: Path):
    """Return a function that writes sales.csv and gives its path."""

    def written(content: str | bytes, name: str = "sales.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def refused(path: object, **options: str) -> ForecastError:
    with pytest.raises(ForecastError) as caught:
        read_table(path, **options)
    return caught.value


def cells(table: Table) -> dict[str, list[str]]:
    return {name: table.frame[name].tolist() for name in table.frame.columns}


def test_a_plain_csv_needs_no_note(write) -> None:
    table = read_table(write("date,sales\n2024-01,1\n2024-02,2\n"))
    assert (cells(table), table.notes) == ({"date": ["2024-01", "2024-02"], "sales": ["1", "2"]}, ())


def test_the_name_is_that_of_the_file(write) -> None:
    assert read_table(write("date,sales\n2024-01,1\n")).name == "sales.csv"


def test_the_hash_is_that_of_the_bytes(write) -> None:
    content = b"date,sales\r\n2024-01,1\r\n"
    assert read_table(write(content)).sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("separator", "note"), [(";", 'separator ";"'), ("\t", "separator tab"), ("|", 'separator "|"')]
)
def test_another_separator_is_used_and_said(write, separator: str, note: str) -> None:
    table = read_table(write(f"date{separator}sales\n2024-01{separator}1\n"))
    assert (list(table.frame.columns), table.notes) == (["date", "sales"], (note,))


@pytest.mark.parametrize("named", ["tab", "\\t", "\t"])
def test_a_separator_may_be_named(write, named: str) -> None:
    table = read_table(write("date\tsales\n2024-01\t1\n"), delimiter=named)
    assert (list(table.frame.columns), table.notes) == (["date", "sales"], ())


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_what_cannot_separate_is_refused(write, delimiter: str) -> None:
    assert refused(write("a,b\n1,2\n"), delimiter=delimiter).code == "U101"


def test_two_separators_that_fit_are_refused(write) -> None:
    error = refused(write("date;a,b\n2024-01;0,5\n"))
    assert (error.code, error.found) == ("D103", '"," (2 columns), ";" (2 columns)')


def test_no_separator_that_fits_is_refused(write) -> None:
    error = refused(write("a,b;c\n1,2\n1;2\n"))
    assert error.code == "D103"


def test_the_proposed_separator_reads_the_file(write) -> None:
    path = write("date;a,b\n2024-01;0,5\n")
    hint = refused(path).hint or ""
    assert hint.endswith("--delimiter ';'")
    assert cells(read_table(path, delimiter=";")) == {"date": ["2024-01"], "a,b": ["0,5"]}


def test_the_wrong_separator_is_refused_with_the_right_one(write) -> None:
    path = write("date;sales\n2024-01;1\n")
    error = refused(path, delimiter=",")
    assert error.explain() == (
        'error[D103]: only one column in sales.csv, "date;sales". The separator looks like ";"\n'
        f"  try:   forecast run {path} --delimiter ';'"
    )


def test_separators_in_quotes_separate_nothing(write) -> None:
    table = read_table(write('date,"sales, net"\n2024-01,"1"\n'))
    assert list(table.frame.columns) == ["date", "sales, net"]


def test_spaces_around_cells_are_cut(write) -> None:
    assert cells(read_table(write('date , "sales"\n 2024-01 , 1 \n'))) == {"date": ["2024-01"], "sales": ["1"]}


def test_decimal_commas_are_used_and_said(write) -> None:
    table = read_table(write("date;sales\n2024-01;1,5\n2024-02;\n2024-03;-2\n"))
    assert (table.decimal, table.notes) == (",", ('separator ";"', "decimal comma"))


def test_decimal_commas_are_found_beside_a_cell_that_is_no_number(write) -> None:
    assert read_table(write("date;sales\n2024-01;1,5\n2024-02;n/a\n2024-03;2,5\n")).decimal == ","


def test_decimal_commas_in_a_single_column_are_no_separators(write) -> None:
    table = read_table(write("sales\n1,5\n2,5\n"))
    assert (cells(table), table.decimal) == ({"sales": ["1,5", "2,5"]}, ",")


def test_commas_that_can_be_decimal_or_thousands_are_refused(write) -> None:
    path = write("date;sales\n2024-01;1,500\n2024-02;2,500\n")
    error = refused(path)
    assert error.explain() == (
        'error[D108]: the comma of "1,500" in "sales" of sales.csv can be a decimal or a thousands separator, '
        f"and no row decides\n  try:   forecast run {path} --decimal ,"
    )


@pytest.mark.parametrize("deciding", ["0,500", "1,5", "1234,500"])
def test_one_row_can_decide_that_commas_are_decimal(write, deciding: str) -> None:
    assert read_table(write(f"date;sales\n2024-01;1,500\n2024-02;{deciding}\n")).decimal == ","


def test_decimal_commas_beside_decimal_points_are_refused(write) -> None:
    error = refused(write("date;sales;price\n2024-01;1,5;2.5\n"))
    assert (
        error.message
        == 'decimal points ("2.5" in "price") and decimal commas ("1,5" in "sales") both occur in sales.csv'
    )


def test_a_given_decimal_mark_is_not_questioned(write) -> None:
    assert read_table(write("date;sales\n2024-01;1,500\n"), decimal=",").decimal == ","


def test_another_decimal_mark_is_refused(write) -> None:
    assert refused(write("a,b\n1,2\n"), decimal="'").code == "U101"


def test_a_byte_order_mark_is_not_part_of_a_name(write) -> None:
    assert list(read_table(write("\ufeffds,y\n2024-01,1\n")).frame.columns) == ["ds", "y"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_another_encoding_is_used_and_said(write, encoding: str) -> None:
    name = "Verkäufe €" if encoding == "cp1252" else "Verkäufe"
    table = read_table(write(f"date,{name}\n2024-01,1\n".encode(encoding)))
    assert (list(table.frame.columns), table.notes) == (["date", name], (f"encoding {encoding}",))


def test_a_given_encoding_is_used(write) -> None:
    table = read_table(write("date,Účet\n2024-01,1\n".encode("cp1250")), encoding="cp1250")
    assert (list(table.frame.columns), table.notes) == (["date", "Účet"], ())


def test_a_file_in_two_encodings_is_refused_with_the_line(write) -> None:
    path = write("ds,y\n2024-01,é\n".encode() + b"2024-02,\xe9\n")
    expected = (
        f"error[D102]: line 3 of sales.csv, byte 0xE9 is not UTF-8\n  try:   forecast run {path} --encoding latin-1"
    )
    assert refused(path).explain() == expected


def test_a_byte_that_no_western_encoding_has_is_refused(write) -> None:
    assert refused(write(b"ds,y\n2024-01,\x81\n")).code == "D102"


def test_the_wrong_encoding_is_refused(write) -> None:
    error = refused(write(b"ds,y\n2024-01,\xe9\n"), encoding="ascii")
    assert (error.code, error.message) == ("D102", "line 2 of sales.csv, byte 0xE9 is not ascii")


def test_an_unknown_encoding_is_refused(write) -> None:
    assert refused(write("ds,y\n2024-01,1\n"), encoding="latin-99").code == "U101"


def test_a_file_that_is_no_text_is_refused(write) -> None:
    assert refused(write(b"PK\x03\x04\x00\x00")).code == "D102"


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "ds,y\n", "ds,y\n,\n", "y\n\n\n"])
def test_a_file_without_rows_is_refused(write, content: str) -> None:
    assert refused(write(content)).code == "D101"


@pytest.mark.parametrize("content", ["2024-01,1\n2024-02,2\n", "a,2024-01,1\na,2024-02,2\n", "1\n2\n3\n"])
def test_a_file_without_a_header_is_refused(write, content: str) -> None:
    error = refused(write(content))
    assert (error.code, error.message) == ("D101", "sales.csv has no header line")


def test_a_row_that_is_too_long_is_refused_with_its_line(write) -> None:
    error = refused(write("a,b\n2024-01,1\n2024-02,1,2\n"))
    assert (error.code, error.message) == ("D106", "line 3 of sales.csv has 3 fields, header has 2 (unquoted comma?)")


def test_a_row_that_is_too_short_is_refused_with_its_line(write) -> None:
    assert refused(write("a,b\n2024-01,1\n2024-02\n")).message == "line 3 of sales.csv has 1 field, header has 2"


def test_many_ragged_rows_are_one_message(write) -> None:
    error = refused(write("a,b\n" + "1,2,3\n" * 20))
    assert error.message.endswith("likewise line 3, line 4, line 5, line 6, line 7, ... and 14 more")


def test_a_header_that_is_too_short_is_refused(write) -> None:
    assert refused(write("y\n2024-01,5\n2024-02,6\n")).code == "D106"


def test_an_open_quote_is_refused_with_the_line_where_it_opens(write) -> None:
    error = refused(write('ds,y\n2024-01,1\n2024-02,"2\n2024-03,3\n'))
    assert (error.code, error.message.split(":")[0]) == ("D106", "line 3 of sales.csv cannot be split into fields")


def test_two_columns_of_one_name_are_refused(write) -> None:
    assert refused(write("ds,a,a\n2024-01,1,2\n")).message == 'several columns of sales.csv are named "a"'


def test_lines_are_counted_over_empty_lines_and_quoted_line_breaks(write) -> None:
    table = read_table(write('\nds,"y\n"\n"2024-01\n",1\n\n,\n2024-02,2\n'))
    assert [table.place(row) for row in range(len(table.frame))] == ["line 4", "line 8"]


def test_a_column_without_name_and_cells_is_left_out(write) -> None:
    assert list(read_table(write("ds,y,\n2024-01,1,\n")).frame.columns) == ["ds", "y"]


def test_a_column_without_name_is_called_by_its_place(write) -> None:
    assert list(read_table(write(",y\n2024-01,1\n")).frame.columns) == ["unnamed_1", "y"]


def test_an_empty_line_of_a_single_column_is_a_missing_value(write) -> None:
    assert cells(read_table(write("y\n1\n\n3\n"))) == {"y": ["1", "", "3"]}


def test_a_gzipped_file_reads_like_the_file(write) -> None:
    content = b"ds;y\n2024-01;1,5\n"
    packed, plain = read_table(write(gzip.compress(content), "sales.csv.gz")), read_table(write(content))
    assert (cells(packed), packed.notes) == (cells(plain), plain.notes)


def test_a_damaged_gzip_is_refused(write) -> None:
    assert refused(write(gzip.compress(b"ds,y\n2024-01,1\n")[:-6], "sales.csv.gz")).code == "F102"


def test_a_file_too_large_unpacked_is_refused(write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast.reading.sources, "MAX_BYTES", 2**20)
    assert refused(write(gzip.compress(b"0" * 2**23), "sales.csv.gz")).code == "D122"


def test_a_missing_file_is_refused_with_its_neighbour(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("ds,y\n2024-01,1\n")
    monkeypatch.chdir(tmp_path)
    expected = 'error[F101]: no file "slaes.csv"; did you mean "sales.csv"?\n  try:   forecast run sales.csv'
    assert refused("slaes.csv").explain() == expected


def test_a_missing_file_is_refused_with_the_bundled_set_it_resembles() -> None:
    error = refused("airlin")
    assert (error.message, error.hint) == ('no file "airlin"; did you mean "airline"?', "forecast run airline")


def test_a_missing_folder_is_a_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none" / "sales.csv").code == "F101"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert (error.code, error.message.endswith("is a folder without Parquet files")) == ("F102", True)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert refused("x" * 5000).code in ("F101", "F102")


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_set_is_read_by_its_name(name: str) -> None:
    assert read_table(name).name == f"{name}.csv"


def test_a_file_called_like_a_bundled_set_goes_first(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("ds,y\n2024-01,1\n", "nile")
    monkeypatch.chdir(tmp_path)
    assert read_table("nile").name == "nile"


def test_a_folder_called_like_a_bundled_set_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nile").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_table("nile").name == "nile.csv"


def test_an_installed_package_brings_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nile.csv").write_text("year,flow\n1871,1120\n")
    monkeypatch.setattr(forecast.reading.sources, "files", lambda _: tmp_path)
    assert bundled_path("nile") == tmp_path / "data" / "nile.csv"


@pytest.mark.parametrize("name", ["passengers", "../data/nile", ""])
def test_only_bundled_sets_have_a_bundled_path(name: str) -> None:
    with pytest.raises(FileError, match="no bundled set"):
        bundled_path(name)


def test_a_frame_is_read_as_it_is() -> None:
    frame = pd.DataFrame({"ds": pd.to_datetime(["2024-01-01", "2024-02-01"]), "y": [1.0, 2.0]})
    table = read_table(frame)
    pd.testing.assert_frame_equal(table.frame, frame)
    assert (table.name, table.place(1)) == ("the frame", "row 1")


def test_the_hash_of_a_frame_is_that_of_its_csv() -> None:
    frame = pd.DataFrame({"t": [1, 2], "y": [1.5, 2.5]})
    assert read_table(frame).sha256 == hashlib.sha256(b"t,y\n1,1.5\n2,2.5\n").hexdigest()


@pytest.mark.parametrize("name", [None, "when"])
def test_the_times_in_an_index_become_a_column(name: str | None) -> None:
    index = pd.date_range("2024-01-01", periods=2, freq="MS", name=name)
    assert list(read_table(pd.Series([1.0, 2.0], index=index)).frame.columns) == [name or "ds", "y"]


def test_an_index_of_row_numbers_is_no_column() -> None:
    frame = pd.DataFrame({"t": [1, 2], "y": [1.0, 2.0]}, index=[7, 3])
    assert list(read_table(frame).frame.columns) == ["t", "y"]


def test_the_index_of_a_frame_that_has_a_ds_column_is_kept_apart() -> None:
    frame = pd.DataFrame({"ds": [1, 2]}, index=pd.period_range("2024-01", periods=2, freq="M"))
    assert list(read_table(frame).frame.columns) == ["index", "ds"]


def test_reading_leaves_a_frame_as_it_was() -> None:
    frame = pd.DataFrame({2020: [1, 2]})
    read_table(frame)
    assert list(frame.columns) == [2020]


def test_an_empty_frame_is_refused() -> None:
    assert refused(pd.DataFrame({"y": []})).code == "D101"


def test_a_frame_with_two_columns_of_one_name_is_refused() -> None:
    assert refused(pd.DataFrame([[1, 2]], columns=["a", "a"])).code == "D105"


def test_a_command_to_try_quotes_what_the_shell_would_split() -> None:
    table = Table(pd.DataFrame({"a": ["1"]}), "my sales.csv", "", source="my sales.csv")
    assert table.retry(date_format="%d %m %Y") == "forecast run 'my sales.csv' --date-format '%d %m %Y'"


def test_a_frame_is_told_arguments_and_not_flags() -> None:
    assert read_table(pd.DataFrame({"a": [1]})).retry(time="a", freq="D") == 'time="a", freq="D"'


@pytest.mark.parametrize(
    ("typed", "role", "hint"),
    [("Sales", "target", "sales"), ("sale", "target", "sales"), ("ds", "time", "when"), ("xyz", "target", "sales")],
)
def test_a_missing_column_is_refused_with_the_likely_one(write, typed: str, role: str, hint: str) -> None:
    path = write("when,sales\n2024-01,1\n")
    with pytest.raises(DataError) as caught:
        read_table(path).require(typed, role)
    assert caught.value.explain() == (
        f'error[D104]: no column "{typed}" in sales.csv\n  found: when, sales\n'
        f"  try:   forecast run {path} --{role} {hint}"
    )


def test_terminal_escapes_in_a_header_are_not_shown(write) -> None:
    with pytest.raises(DataError) as caught:
        read_table(write("wh\x1b[31men,sales\n2024-01,1\n")).require("x", "target")
    assert caught.value.found == "wh[31men, sales"


def test_a_config_error_is_raised_for_options_and_not_for_data() -> None:
    assert isinstance(refused("airline", decimal=";"), ConfigError)


@pytest.mark.parametrize(
    ("there", "guess"), [("one.csv", None), ("sales.txt", "sales.txt"), ("salesdata.csv", "salesdata.csv")]
)
def test_a_file_is_proposed_for_its_name_and_not_for_its_suffix(tmp_path, monkeypatch, there, guess):
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).write_text("y\n1\n", encoding="utf-8")

    with pytest.raises(FileError) as caught:
        read_table("sales.csv")

    more = f'; did you mean "{guess}"?' if guess else ""
    assert caught.value.message == f'no file "sales.csv"{more}'


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["950,50", "1.234,50", "12.345.678,25"], [950.5, 1234.5, 12345678.25]),
        (["950.50", "1,234.50", "-12,345,678.25"], [950.5, 1234.5, -12345678.25]),
        (["1.200", "1.234,5", "980"], [1200.0, 1234.5, 980.0]),
        (["1,200", "1,234.5", ""], [1200.0, 1234.5, float("nan")]),
    ],
)
def test_marks_between_thousands_are_left_out_where_one_reading_fits(tmp_path, cells, expected):
    rows = [f"200{i};{cell}" for i, cell in enumerate([*cells, *cells[:1] * 3])]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["year;sales", *rows]), encoding="utf-8")

    data = read_series(path)

    assert data.panel.values[: len(expected)].tolist() == pytest.approx(expected, nan_ok=True)
    assert any("has marks between thousands, as in " in note for note in data.notes)


@pytest.mark.parametrize("cells", [["1,5", "2,7", "1.234", "3,1"], ["1.234,5", "12.34,5", "1,5", "2,5"]])
def test_a_mark_that_can_be_a_slip_of_the_pen_is_no_mark_between_thousands(tmp_path, cells):
    rows = [f"200{i};{cell}" for i, cell in enumerate(cells)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["year;sales", *rows]), encoding="utf-8")

    with pytest.raises(DataError) as caught:
        read_series(path)

    assert caught.value.code in ("D107", "D108")
