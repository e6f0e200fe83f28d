"""Whatever is given becomes a checked series frame, or an error that says what to type."""

from __future__ import annotations

import itertools
import shlex
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.defaults import BUNDLED
from forecast.errors import DataError, ForecastError
from forecast.frequency import Frequency, advance
from forecast.series import SeriesData, read_series

if TYPE_CHECKING:
    from pathlib import Path

MONTHS = tuple(f"2024-{month:02d}" for month in range(1, 13))


@pytest.fixture
def read(tmp_path: Path):
    """Return a function that writes sales.csv and reads it."""

    def written(content: str, **options: object) -> SeriesData:
        path = tmp_path / "sales.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return read_series(path, **options)

    return written


@pytest.fixture
def refused(read):
    """Return a function that writes sales.csv and gives the error of reading it."""

    def error(content: str, **options: object) -> ForecastError:
        with pytest.raises(ForecastError) as caught:
            read(content, **options)
        return caught.value

    return error


def csv(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def monthly(header: str, *values: object) -> str:
    return csv(header, *(f"{month},{value}" for month, value in zip(MONTHS, values, strict=False)))


def daily(*stamps: str) -> str:
    return csv("date,sales", *(f"{stamp},{number}" for number, stamp in enumerate(stamps)))


def stamps(data: SeriesData) -> list[str]:
    return data.frame["ds"].to_numpy().astype("datetime64[D]").astype(str).tolist()


# The bundled sets


@pytest.mark.parametrize(
    ("name", "alias", "season", "rows", "first", "last"),
    [
        ("airline", "MS", 12, 144, "1949-01-01", "1960-12-01"),
        ("co2", "W-SAT", 52, 2284, "1958-03-29", "2001-12-29"),
        ("macro", "QS-JAN", 4, 1624, "1959-01-01", "2009-07-01"),
        ("nile", "YS-JAN", 1, 100, "1871-01-01", "1970-01-01"),
        ("sunspots", "YS-JAN", 1, 309, "1700-01-01", "2008-01-01"),
    ],
)
def test_a_bundled_set_is_understood(name: str, alias: str, season: int, rows: int, first: str, last: str) -> None:
    data = read_series(name)
    assert (data.frequency.alias, data.season_length, len(data.frame)) == (alias, season, rows)
    assert (min(stamps(data)), max(stamps(data))) == (first, last)
    assert data.notices == ()


def test_what_was_understood_is_said() -> None:
    assert read_series("airline").notes == (
        'time: column "month"',
        'target: column "passengers"',
        "monthly (inferred: 143 of 143 steps are one month), season 12",
    )


def test_the_id_column_and_the_number_of_series_are_said() -> None:
    assert 'id: column "indicator" (8 series)' in read_series("macro").notes


def test_gaps_are_marked_and_said() -> None:
    data = read_series("co2")
    assert (int(data.frame["y"].isna().sum()), data.notes[-1]) == (59, "59 gaps marked")


@pytest.mark.parametrize("name", BUNDLED)
def test_the_series_frame_has_its_three_columns(name: str) -> None:
    frame = read_series(name).frame
    kinds = [frame[column].dtype for column in ("ds", "y")]
    assert list(frame.columns) == ["unique_id", "ds", "y"]
    assert kinds == [np.dtype("datetime64[us]"), np.dtype("float64")]
    assert pd.api.types.is_string_dtype(frame["unique_id"])


def test_the_foreign_names_are_kept() -> None:
    data = read_series("macro")
    assert (data.time, data.target, data.id) == ("quarter", "value", "indicator")


def test_a_single_series_is_called_like_its_target() -> None:
    assert read_series("airline").panel.ids == ("passengers",)


def test_the_panel_holds_the_series() -> None:
    data = read_series("macro")
    assert data.panel.ids == ("cpi", "infl", "m1", "realcons", "realgdp", "realinv", "tbilrate", "unemp")
    assert data.panel.values.tolist() == data.frame["y"].tolist()


# Roles


def test_capital_headings_work(read) -> None:
    data = read(monthly("Month,Passengers", 1, 2, 3))
    assert (data.time, data.target) == ("Month", "Passengers")


def test_semicolons_and_decimal_commas_work(read) -> None:
    data = read("Datum;Umsatz\n01.01.2024;1,5\n01.02.2024;2,5\n13.03.2024;3,5\n", freq="MS")
    assert data.frame["y"].tolist() == [1.5, 2.5, 3.5]
    assert data.notes[-3:] == ('separator ";"', "decimal comma", "dates within a month moved to its start")


def test_a_column_of_dates_goes_before_a_name(read) -> None:
    assert read(csv("day,when,sales", "Mon,2024-01-01,1", "Tue,2024-01-02,2", "Wed,2024-01-03,4")).time == "when"


def test_of_two_columns_of_dates_the_one_with_a_name_for_time_is_taken(read) -> None:
    rows = [f"{month}-01,{month}-02,{i}" for i, month in enumerate(MONTHS)]
    assert read(csv("shipped,date,sales", *rows)).time == "date"


def test_ds_goes_before_all(read) -> None:
    rows = [f"{month}-01,{month}-02,{i}" for i, month in enumerate(MONTHS)]
    assert read(csv("date,ds,sales", *rows)).time == "ds"


def test_two_columns_of_dates_are_refused(refused) -> None:
    error = refused(csv("ordered,shipped,sales", *(f"{month},{month},1" for month in MONTHS)))
    assert (error.code, error.found) == ("D104", '"ordered", "shipped"')


def test_whole_numbers_under_a_name_for_time_are_steps(read) -> None:
    data = read(csv("period,sales", "10,1", "20,2", "30,3"))
    assert (data.frequency, data.frame["ds"].tolist()) == (Frequency("int", 10), [10, 20, 30])
    assert data.frame["ds"].dtype == np.int64


def test_years_may_be_steps_when_asked(read) -> None:
    assert read(csv("year,sales", "2001,1", "2002,2", "2003,4"), freq="int").frame["ds"].tolist() == [2001, 2002, 2003]


def test_rows_without_a_time_are_numbered(read) -> None:
    data = read(csv("sales", "5", "7", "6"))
    assert (data.time, data.frame["ds"].tolist()) == (None, [1, 2, 3])
    assert data.notes[0] == "time: none, rows numbered 1, 2, 3, ..."


def test_rows_of_a_panel_without_a_time_are_numbered_in_each_series(read) -> None:
    data = read(csv("id,sales", "b,1", "a,2", "b,3", "a,4", "b,5", "a,7"))
    assert data.frame.values.tolist() == [["a", 1, 2], ["a", 2, 4], ["a", 3, 7], ["b", 1, 1], ["b", 2, 3], ["b", 3, 5]]


@pytest.mark.parametrize("name", ["y", "Value", "TARGET"])
def test_a_target_by_name_goes_before_other_numbers(read, name: str) -> None:
    rows = [f"{month},{i},{i + 1}" for i, month in enumerate(MONTHS)]
    assert read(csv(f"ds,units,{name}", *rows)).target == name


def test_two_columns_of_numbers_are_refused(refused) -> None:
    error = refused(csv("date,sales,units", *(f"{month},1,2" for month in MONTHS)))
    assert (error.code, error.message) == (
        "D105",
        "which column of sales.csv to forecast? numeric columns: sales, units (all of them: --layout columns)",
    )
    assert (error.hint or "").endswith("--target sales")


def test_a_column_of_row_numbers_without_name_is_no_target(read) -> None:
    assert read(csv(",ds,sales", *(f"{i},{month},{i}" for i, month in enumerate(MONTHS)))).target == "sales"


def test_an_index_of_dates_without_name_is_the_time(read) -> None:
    assert read(csv(",sales", *(f"{month},{i}" for i, month in enumerate(MONTHS)))).time == "unnamed_1"


def test_a_file_without_numbers_is_refused(refused) -> None:
    error = refused(monthly("date,weather", "sun", "rain", "sun"))
    assert (error.code, error.message) == ("D107", "sales.csv has no column of numbers to forecast")


def test_text_that_tells_repeated_times_apart_is_the_id(read) -> None:
    rows = [f"{month},{store},{weather},1" for month in MONTHS for store, weather in (("a", "sun"), ("b", "sun"))]
    assert read(csv("date,store,weather,sales", *rows)).id == "store"


def test_text_beside_times_that_do_not_repeat_is_no_id(read) -> None:
    rows = [f"{month},{'sun' if i % 2 else 'rain'},{i}" for i, month in enumerate(MONTHS)]
    assert read(csv("date,weather,sales", *rows)).id is None


def test_a_column_named_unique_id_is_the_id_even_of_one_series(read) -> None:
    assert read(csv("unique_id,ds,y", *(f"7,{m},{i}" for i, m in enumerate(MONTHS)))).panel.ids == ("7",)


def test_two_columns_that_tell_repeated_times_apart_are_refused(refused) -> None:
    rows = [f"{month},{store},{store * 2},1" for month in MONTHS for store in "ab"]
    error = refused(csv("date,store,city,sales", *rows))
    assert (error.code, error.found) == ("D111", 'columns that tell them apart: "store", "city"')
    assert (error.hint or "").endswith("--id store")


def test_series_with_numbers_for_names_are_refused_with_the_id_to_type(refused) -> None:
    error = refused(csv("date,store,y", *(f"{month},{store},1" for month in MONTHS for store in (1, 2))))
    assert (error.code, (error.hint or "").split()[-2:]) == ("D111", ["--id", "store"])


def test_columns_may_be_named(read) -> None:
    rows = [f"{month},{month},{i},{i * 2}" for i, month in enumerate(MONTHS)]
    data = read(csv("a,b,c,d", *rows), time="b", target="d")
    assert (data.time, data.target, data.frame["y"].tolist()[:3]) == ("b", "d", [0, 2, 4])


@pytest.mark.parametrize("role", ["time", "target", "id"])
def test_a_named_column_that_is_missing_is_refused(refused, role: str) -> None:
    assert refused(monthly("date,sales", 1, 2, 3), **{role: "store"}).code == "D104"


def test_a_column_cannot_have_two_roles(refused) -> None:
    error = refused(monthly("date,sales", 1, 2, 3), time="date", target="date")
    assert (error.code, error.message) == ("U101", 'column "date" cannot be both time and target')


def test_a_row_without_an_id_is_refused(refused) -> None:
    error = refused(csv("id,ds,y", "a,2024-01,1", ",2024-02,2", "a,2024-03,3", "a,2024-04,3"))
    assert error.message == '1 row of sales.csv without an id in "id": line 3'


# Times


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("2024-01-31", "2024-02-29", "2024-03-31"), ["2024-01-31", "2024-02-29", "2024-03-31"]),
        (("2024/1/1", "2024/1/2", "2024/1/3"), ["2024-01-01", "2024-01-02", "2024-01-03"]),
        (("20240101", "20240102", "20240103"), ["2024-01-01", "2024-01-02", "2024-01-03"]),
        (("202401", "202402", "202403"), ["2024-01-01", "2024-02-01", "2024-03-01"]),
        (("2024M1", "2024M2", "2024M3"), ["2024-01-01", "2024-02-01", "2024-03-01"]),
        (("01/2024", "02/2024", "03/2024"), ["2024-01-01", "2024-02-01", "2024-03-01"]),
        (("Jan 2024", "February 2024", "mar-2024"), ["2024-01-01", "2024-02-01", "2024-03-01"]),
        (("2024 Jul", "2024 August", "2024-Sept"), ["2024-07-01", "2024-08-01", "2024-09-01"]),
        (("1 Jan 2024", "2 Jan 2024", "3-Jan-2024"), ["2024-01-01", "2024-01-02", "2024-01-03"]),
        (('"Jan 1, 2024"', '"Jan 2, 2024"', '"Jan 3, 2024"'), ["2024-01-01", "2024-01-02", "2024-01-03"]),
        (("1949Q1", "1949-Q2", "1949 q3"), ["1949-01-01", "1949-04-01", "1949-07-01"]),
        (("Q1 1949", "Q2/1949", "Q3-1949"), ["1949-01-01", "1949-04-01", "1949-07-01"]),
        (("2020-W53", "2021-W01", "2021W02"), ["2020-12-28", "2021-01-04", "2021-01-11"]),
        (("1949", "1950", "1951"), ["1949-01-01", "1950-01-01", "1951-01-01"]),
        (("1949.0", "1950.0", "1951.0"), ["1949-01-01", "1950-01-01", "1951-01-01"]),
        (("1066-01-01", "1067-01-01", "1068-01-01"), ["1066-01-01", "1067-01-01", "1068-01-01"]),
        (("13.01.2024", "14.01.2024", "15.01.2024"), ["2024-01-13", "2024-01-14", "2024-01-15"]),
        (("01/13/2024", "01/14/2024", "01/15/2024"), ["2024-01-13", "2024-01-14", "2024-01-15"]),
        (("11.12.2024", "12.12.2024", "13.12.2024"), ["2024-12-11", "2024-12-12", "2024-12-13"]),
    ],
)
def test_times_are_read_as_people_write_them(read, written: tuple[str, ...], expected: list[str]) -> None:
    assert stamps(read(daily(*written))) == expected


@pytest.mark.parametrize("clock", ["T06:30", " 06:30", "T06:30:00", " 6:30:00.000", "T06:30Z", " 06:30:00+00:00"])
def test_times_of_the_day_are_read(read, clock: str) -> None:
    data = read(daily(*(f"2024-01-0{day}{clock}" for day in range(1, 6))))
    assert data.frame["ds"].iloc[0] == pd.Timestamp("2024-01-01 06:30")


def test_a_fraction_of_a_second_is_kept(read) -> None:
    data = read(daily(*(f"2024-01-01 0{hour}:00:00.25" for hour in range(1, 6))))
    assert data.frame["ds"].iloc[0] == pd.Timestamp("2024-01-01 01:00:00.25")


def test_one_utc_offset_is_said(read) -> None:
    data = read(daily(*(f"2024-01-0{day}T00:00+01:00" for day in range(1, 6))))
    assert "times as written, at UTC offset +0100" in data.notes


def test_two_utc_offsets_are_refused(refused) -> None:
    error = refused(daily("2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"))
    assert (error.code, error.message) == ("D112", 'UTC offsets +0100 and +0200 both occur in "date" of sales.csv')


def test_dates_that_do_not_exist_are_refused_with_their_lines(refused) -> None:
    error = refused(daily("01.02.2024", "31.02.2024", "15.03.2024"))
    assert (error.code, error.message) == (
        "D109",
        '1 date in "date" of sales.csv not understood: line 3 "31.02.2024"',
    )


def test_dates_with_two_digit_years_are_refused_with_a_format_that_works(refused, read) -> None:
    written = daily("01.02.24", "02.02.24", "13.02.24")
    assert (refused(written).hint or "").split()[-2:] == ["--date-format", "%d.%m.%y"]
    assert stamps(read(written, date_format="%d.%m.%y", freq="D"))[0] == "2024-02-01"


def test_a_column_that_sounds_like_time_is_refused_when_it_is_none(refused) -> None:
    error = refused(csv("OrderDate,sales", "soon,1", "later,2", "never,3"))
    assert (error.code, "line 2" in error.message) == ("D109", True)


def test_a_row_without_a_time_is_refused(refused) -> None:
    error = refused(daily("2024-01-01", "", "2024-01-03"))
    assert (error.code, error.message) == ("D109", '1 row of sales.csv without a time in "date": line 3')


def test_dates_that_can_be_read_two_ways_are_refused_with_both(refused) -> None:
    error = refused(daily("03/04/2024", "04/04/2024", "05/04/2024"))
    assert error.code == "D110"
    assert error.message == '"03/04/2024" in "date" of sales.csv can be 2024-04-03 or 2024-03-04, and no row decides'
    assert error.found == "2024-04-03 is %d/%m/%Y, 2024-03-04 is %m/%d/%Y"


@pytest.mark.parametrize(("date_format", "first"), [("%d/%m/%Y", "2024-04-03"), ("%m/%d/%Y", "2024-03-01")])
def test_a_date_format_decides(read, date_format: str, first: str) -> None:
    assert stamps(read(daily("03/04/2024", "04/04/2024", "05/04/2024"), date_format=date_format))[0] == first


def test_a_proposed_date_format_keeps_the_clock(refused, read) -> None:
    written = daily("03.04.2024 10:00", "03.04.2024 11:00", "03.04.2024 12:00")
    proposed = shlex.split(refused(written).hint or "")[-1]
    assert proposed == "%d.%m.%Y %H:%M"
    assert read(written, date_format=proposed).frequency.alias == "h"


def test_a_date_format_that_does_not_fit_is_refused(refused) -> None:
    assert refused(daily("2024-01-01", "2024-01-02", "2024-01-03"), date_format="%d.%m.%Y").code == "D109"


def test_a_date_format_that_is_none_is_refused(refused) -> None:
    assert refused(daily("2024-01-01", "2024-01-02", "2024-01-03"), date_format="%Y-%Y-%q").code == "D109"


# Values


@pytest.mark.parametrize("marker", ["", "NA", "NaN", "nan", "null", "None"])
def test_a_missing_value_is_a_gap(read, marker: str) -> None:
    data = read(monthly("date,sales", 1, marker, 3, 4))
    np.testing.assert_array_equal(data.frame["y"], [1, np.nan, 3, 4])
    assert data.notes[-1] == "1 gap marked"


def test_a_missing_row_is_a_gap(read) -> None:
    data = read(csv("date,sales", "2024-01,1", "2024-02,2", "2024-04,4", "2024-05,4", "2024-06,4", "2024-07,5"))
    np.testing.assert_array_equal(data.frame["y"], [1, 2, np.nan, 4, 4, 4, 5])


def test_missing_values_at_both_ends_are_cut(read) -> None:
    assert read(monthly("date,sales", "", "", 1, 2, "", 4, "", "")).frame["y"].tolist()[::3] == [1.0, 4.0]


@pytest.mark.parametrize(("text", "value"), [("-1.5", -1.5), ("+2", 2.0), (".5", 0.5), ("1e3", 1000.0), ("7.", 7.0)])
def test_numbers_are_read_as_people_write_them(read, text: str, value: float) -> None:
    assert read(monthly("date,sales", 1, text, 3)).frame["y"].iloc[1] == value


def test_numbers_are_exact_to_the_last_bit(read) -> None:
    assert read(monthly("date,sales", 1, 0.1 + 0.2, 3)).frame["y"].iloc[1] == 0.1 + 0.2


@pytest.mark.parametrize("text", ["n/a", "-", "1 200", "12%", "1_000", "0x10", "True", "1.2.3"])
def test_what_is_no_number_is_refused_with_its_line(refused, text: str) -> None:
    error = refused(monthly("date,sales", 1, text, 3, 4))
    assert (error.code, error.message) == ("D107", f'1 value in "sales" of sales.csv is not a number: line 3 "{text}"')


def test_many_that_are_no_numbers_are_one_message(refused) -> None:
    error = refused(monthly("date,sales", *["-"] * 6, *range(6)))
    assert error.message.startswith('6 values in "sales" of sales.csv are not numbers: line 2 "-", line 3 "-"')
    assert error.message.endswith("... and 1 more")


def test_thousands_separators_are_refused_and_named(refused) -> None:
    error = refused(monthly("date,sales", "1 200", "1 300", "1 400"))
    assert (error.code, error.hint) == ("D107", "write the numbers without thousands separators: 1200")


def test_numbers_of_the_other_decimal_mark_are_refused_with_it(refused, read) -> None:
    written = csv("date;sales", *(f"{month};1.{i}" for i, month in enumerate(MONTHS)))
    assert (refused(written, decimal=",", target="sales").hint or "").endswith("--decimal .")
    assert read(written, decimal=".").target == "sales"


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e999"])
def test_infinite_values_are_refused_with_their_line(refused, text: str) -> None:
    error = refused(monthly("date,sales", 1, text, 3))
    assert error.message == f'1 value in "sales" of sales.csv is infinite: line 3 "{text}"'


def test_an_absurd_value_is_worth_a_warning(read) -> None:
    (notice,) = read(monthly("date,sales", 1, 1, 3, 20_000)).notices
    assert str(notice) == ('warning[W201]: line 5 "20000" in "sales": 10,000 times the median of the series or more')


def test_a_large_value_among_zeros_is_not_absurd(read) -> None:
    assert read(monthly("date,sales", 0, 0, 0, 5)).notices == ()


def test_a_constant_series_is_worth_a_warning(read) -> None:
    (notice,) = read(monthly("date,sales", 5, 5, 5)).notices
    assert notice.code == "W202"
    assert notice.message == '"sales" is constant: scaled errors are undefined and shown as n/a'


def test_constant_series_of_a_panel_are_one_warning(read) -> None:
    rows = [f"{name},{month},{value}" for month, value in zip(MONTHS, itertools.count()) for name in "abc"]
    rows += [f"{name},{month},7" for month in MONTHS for name in ("d", "e")]
    (notice,) = read(csv("id,ds,y", *rows)).notices
    assert notice.message.startswith('"d", "e" are constant')
    assert notice.message.endswith("(2 of 5 series)")


# Repeated times


def test_equal_rows_are_left_out_and_counted(read) -> None:
    data = read(csv("date,sales", "2024-01,1", "2024-02,2", "2024-01,1", "2024-03,3", "2024-01,1"))
    assert (data.frame["y"].tolist(), data.notes[-1]) == ([1, 2, 3], "2 rows equal to another left out")


def test_repeated_times_are_refused_with_their_lines(refused) -> None:
    error = refused(csv("date,sales", "2024-01,1", "2024-02,2", "2024-01,5", "2024-03,3"))
    assert error.code == "D111"
    assert error.message == "1 repeated time in sales.csv, first 2024-01-01: line 2, line 4"
    assert (error.hint or "").endswith("--duplicates mean")


def test_a_repeated_time_within_a_series_names_the_series(refused) -> None:
    error = refused(csv("id,ds,y", "a,2024-01,1", "b,2024-01,2", "b,2024-01,3", "a,2024-02,1", "b,2024-02,2"))
    assert error.message == '1 repeated time in sales.csv, first 2024-01-01 of "b": line 3, line 4'


@pytest.mark.parametrize(("how", "value"), [("first", 1), ("last", 5), ("mean", 3), ("sum", 9)])
def test_repeated_times_may_be_merged(read, how: str, value: float) -> None:
    data = read(csv("date,sales", "2024-01,1", "2024-02,2", "2024-01,3", "2024-03,3", "2024-01,5"), duplicates=how)
    assert (data.frame["y"].iloc[0], data.notes[-1]) == (value, f"1 repeated time: the {how} is taken")


def test_equal_rows_count_in_a_sum(read) -> None:
    data = read(csv("date,sales", "2024-01,1", "2024-01,1", "2024-02,2", "2024-03,3"), duplicates="sum")
    assert data.frame["y"].tolist() == [2, 2, 3]


@pytest.mark.parametrize(("how", "value"), [("mean", 3), ("sum", 3), ("first", np.nan)])
def test_a_missing_value_adds_nothing_to_a_mean_or_sum(read, how: str, value: float) -> None:
    written = csv("date,sales", "2024-01,1", "2024-02,", "2024-02,3", "2024-03,3", "2024-04,4")
    np.testing.assert_array_equal(read(written, duplicates=how).frame["y"].iloc[1], value)


def test_only_missing_values_sum_up_to_a_missing_value(read) -> None:
    written = csv("date,sales", "2024-01,1", "2024-02,", "2024-02,", "2024-03,3", "2024-04,4")
    assert np.isnan(read(written, duplicates="sum").frame["y"].iloc[1])


def test_another_way_to_merge_is_refused(refused) -> None:
    assert refused(monthly("date,sales", 1, 2, 3), duplicates="means").hint == "--duplicates mean"


# Length and frequency


def test_three_values_are_a_series(read) -> None:
    assert len(read(monthly("date,sales", 1, 2, 3)).frame) == 3


@pytest.mark.parametrize("values", [(1, 2), (1, "", 2), (1,)])
def test_fewer_than_three_values_are_no_series(refused, values: tuple[object, ...]) -> None:
    assert refused(monthly("date,sales", *values)).code == "D117"


def test_a_short_series_of_a_panel_is_left_out_with_a_warning(read) -> None:
    rows = [f"a,{month},{i}" for i, month in enumerate(MONTHS)] + ["b,2024-01,1", "b,2024-02,2"]
    data = read(csv("id,ds,y", *rows))
    assert data.panel.ids == ("a",)
    assert [str(n) for n in data.notices] == ['warning[W204]: "b" has fewer than 3 values and is left out']


def test_many_short_series_are_one_warning(read) -> None:
    rows = [f"z,{month},{i}" for i, month in enumerate(MONTHS)] + [f"s{i},2024-01,1" for i in range(7)]
    (notice,) = read(csv("id,ds,y", *rows)).notices
    assert notice.message == ('"s0", "s1", "s2", "s3", "s4" and 2 more have fewer than 3 values and are left out')


def test_a_panel_of_short_series_only_is_refused(refused) -> None:
    error = refused(csv("id,ds,y", "a,2024-01,1", "a,2024-02,2", "b,2024-01,1"))
    assert (error.code, error.message) == ("D117", "the longest series of sales.csv has 2 values: a series needs 3")


def test_months_dated_on_the_15th_are_moved_to_their_start(read) -> None:
    data = read(daily(*(f"{month}-15" for month in MONTHS)))
    assert (data.frequency.alias, stamps(data)[0]) == ("MS", "2024-01-01")
    assert data.notes[-1] == "dates within a month moved to its start"


def test_months_dated_on_any_day_are_moved_when_asked(read) -> None:
    data = read(daily("2024-01-05", "2024-02-17", "2024-03-31"), freq="MS")
    assert stamps(data) == ["2024-01-01", "2024-02-01", "2024-03-01"]


def test_months_may_be_moved_to_their_ends(read) -> None:
    data = read(daily("2024-01-05", "2024-02-17", "2024-03-31"), freq="ME")
    assert stamps(data) == ["2024-01-31", "2024-02-29", "2024-03-31"]
    assert data.notes[-1] == "dates within a month moved to its end"


def test_two_days_of_one_month_are_refused_for_a_monthly_series(refused) -> None:
    error = refused(daily("2024-01-05", "2024-01-17", "2024-02-03"), freq="MS")
    assert (error.code, error.message) == ("D113", "several times of sales.csv in one month, first line 2, line 3")


def test_a_given_frequency_is_said(read) -> None:
    data = read(daily("2024-01-01", "2024-01-04", "2024-01-05", "2024-01-09"), freq="D")
    assert (len(data.frame), data.notes[2:]) == (9, ("daily (given), season 7", "5 gaps marked"))


def test_a_weekly_frequency_takes_the_weekday_of_the_data(read) -> None:
    assert read(daily("2024-01-06", "2024-01-13", "2024-01-20"), freq="W").frequency.alias == "W-SAT"


def test_times_off_the_frequency_are_refused_with_one_that_fits(refused, read) -> None:
    written = daily("2024-01-06", "2024-01-13", "2024-01-21")
    error = refused(written, freq="W")
    assert error.message == '1 time is not on the calendar of "W-SAT" in sales.csv, first line 4 2024-01-21'
    assert (error.hint or "").endswith("--freq D")
    assert read(written, freq="D").frequency.alias == "D"


def test_several_times_off_the_frequency_are_counted(refused) -> None:
    assert refused(daily("2024-01-06", "2024-01-13", "2024-01-20"), freq="W-SUN").message.startswith("3 times are not")


def test_irregular_times_are_refused(refused) -> None:
    assert refused(daily("2024-01-01", "2024-01-04", "2024-01-05", "2024-01-09", "2024-01-19")).code == "D113"


def test_a_frequency_of_dates_is_refused_for_whole_numbers(refused) -> None:
    error = refused(csv("period,sales", "1,1", "2,2", "3,3"), freq="MS")
    assert error.message == 'frequency "MS" is for dates, and the times of sales.csv are whole numbers'


def test_a_frequency_of_whole_numbers_is_refused_for_dates(refused) -> None:
    error = refused(monthly("date,sales", 1, 2, 3), freq="int")
    assert error.message == 'frequency "int" is for whole numbers, and the times of sales.csv are dates'


def test_one_time_far_from_the_others_is_refused(refused) -> None:
    stamps_of_a_minute = [f"2024-01-06 00:00:{second:02d}" for second in range(60)]
    error = refused(daily(*stamps_of_a_minute, "2099-01-01 00:00:00"))
    assert (error.code, error.hint) == ("D113", "correct the time that lies far from the others")


def test_a_step_far_too_small_is_refused_with_one_that_fits(refused) -> None:
    error = refused(monthly("date,sales", *range(12)), freq="s")
    assert (error.code, (error.hint or "").split()[-2:]) == ("D113", ["--freq", "MS"])


def test_a_season_may_be_given(read) -> None:
    data = read(monthly("date,sales", 1, 2, 3), season_length=6)
    assert (data.season_length, data.panel.season_length, data.notes[2]) == (
        6,
        6,
        "monthly (inferred: 2 of 2 steps are one month), season 6",
    )


def test_a_season_of_nothing_is_refused(refused) -> None:
    assert refused(monthly("date,sales", 1, 2, 3), season_length=0).code == "U101"


def test_series_of_one_step_may_begin_on_different_days(read) -> None:
    saturdays = [f"a,2024-01-{day:02d},{day}" for day in (6, 13, 20, 27)]
    mondays = [f"b,2024-01-{day:02d},{day}" for day in (1, 8, 15, 22)]
    data = read(csv("id,ds,y", *saturdays, *mondays))
    assert (data.frequency.alias, data.frame["y"].isna().any()) == ("7D", False)


# Frames


def test_a_frame_reads_like_its_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=5, freq="MS"), "sales": [1.5, 2, np.nan, 4, 5]})
    frame.to_csv(tmp_path / "sales.csv", index=False)
    ours, theirs = read_series(frame), read_series(tmp_path / "sales.csv")
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)
    assert ours.sha256 == theirs.sha256


@pytest.mark.parametrize(
    ("freq", "alias", "first"),
    [
        ("M", "MS", "2024-01-01"),
        ("Q", "QS-JAN", "2024-01-01"),
        ("Y", "YS-JAN", "2024-01-01"),
        ("D", "D", "2024-01-01"),
        ("W", "W-MON", "2024-01-01"),
    ],
)
def test_a_series_of_periods_is_read(freq: str, alias: str, first: str) -> None:
    index = pd.period_range("2024-01-01", periods=5, freq=freq)
    data = read_series(pd.Series(np.arange(5.0), index=index, name="sales"))
    assert (data.frequency.alias, stamps(data)[0], data.target) == (alias, first, "sales")


def test_whole_numbers_and_nullable_numbers_of_a_frame_are_read() -> None:
    frame = pd.DataFrame({"t": [1, 2, 3, 4], "y": pd.array([1, None, 3, 4], dtype="Int64")})
    np.testing.assert_array_equal(read_series(frame, time="t").frame["y"], [1, np.nan, 3, 4])


def test_dates_with_a_time_zone_stay_the_dates_they_are() -> None:
    index = pd.date_range("2024-03-29", periods=5, freq="D", tz="Europe/Berlin")
    data = read_series(pd.Series(np.arange(5.0), index=index))
    assert (stamps(data)[0], "dates as in Europe/Berlin" in data.notes) == ("2024-03-29", True)


def test_hours_with_a_time_zone_are_turned_to_utc() -> None:
    index = pd.date_range("2024-03-31", periods=5, freq="h", tz="Europe/Berlin")
    data = read_series(pd.Series(np.arange(5.0), index=index))
    assert data.frame["ds"].iloc[0] == pd.Timestamp("2024-03-30 23:00")
    assert "times turned from Europe/Berlin to UTC" in data.notes


def test_a_row_of_a_frame_is_named_by_its_number() -> None:
    frame = pd.DataFrame({"ds": list(MONTHS[:4]), "y": ["1", "2", "x", "4"]})
    with pytest.raises(ForecastError) as caught:
        read_series(frame)
    assert caught.value.message == '1 value in "y" of the frame is not a number: row 2 "x"'


def test_truth_values_are_no_target() -> None:
    frame = pd.DataFrame({"ds": list(MONTHS[:4]), "open": [True, False, True, True], "sales": [1, 2, 3, 4]})
    assert read_series(frame).target == "sales"


# Properties


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_same_frame(random) -> None:
    frame = pd.DataFrame(list(itertools.product("bac", MONTHS)), columns=["store", "month"])
    frame["sales"] = np.arange(len(frame)) / 7
    order = list(range(len(frame)))
    random.shuffle(order)
    expected = read_series(frame)
    shuffled = read_series(frame.iloc[order])
    pd.testing.assert_frame_equal(shuffled.frame, expected.frame)
    assert shuffled.notes == expected.notes


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=8), st.randoms(use_true_random=False))
def test_a_sum_is_the_same_for_rows_in_any_order(values: list[float], random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)

    def summed(parts: list[float]) -> float:
        rest = pd.DataFrame({"ds": [2, 3], "y": [0.0, 0.0]})
        frame = pd.concat([pd.DataFrame({"ds": 1, "y": parts}), rest], ignore_index=True)
        return float(read_series(frame, time="ds", duplicates="sum").frame["y"].iloc[0])

    assert summed(shuffled) == summed(values)


DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y", "%Y-%m-%dT%H:%M:%S")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-1e12, 1e12) | st.none(), min_size=15, max_size=40),
    separator=st.sampled_from(",;\t|"),
    decimal=st.sampled_from(".,"),
    date_format=st.sampled_from(DATE_FORMATS),
    alias=st.sampled_from(["MS", "ME", "W-SAT", "D", "B", "YS-JAN"]),
    start=st.dates(pd.Timestamp("1800-01-01").date(), pd.Timestamp("2200-01-01").date()),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_in_any_form_is_read_again(
    tmp_path: Path, values, separator, decimal, date_format, alias, start, encoding
) -> None:
    values[0], values[-1], values[1] = 0.5, 1.5, 2.5  # no missing ends, and a decimal mark that is plain
    index = pd.date_range(start, periods=len(values), freq=alias).to_numpy().astype("datetime64[us]")
    expected = pd.DataFrame({"unique_id": "sales", "ds": index, "y": np.array(values, dtype=float)})
    cells = ["" if value is None else repr(value).replace(".", decimal) for value in values]
    quote = '"' if decimal == separator else ""
    lines = [f"date{separator}sales"] + [
        f"{time:{date_format}}{separator}{quote}{cell}{quote}"
        for time, cell in zip(index.astype("datetime64[s]").astype(object), cells, strict=True)
    ]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(lines), encoding=encoding)
    undecided = date_format in ("%d.%m.%Y", "%m/%d/%Y") and pd.DatetimeIndex(index).day.max() <= 12
    data = read_series(path, date_format=date_format if undecided else None)
    assert data.frequency.alias == alias
    pd.testing.assert_frame_equal(data.frame, expected.astype({"unique_id": data.frame["unique_id"].dtype}))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["MS", "W-SAT", "D", "h", "QS-JAN", "B"]),
    st.lists(st.integers(0, 59), max_size=2, unique=True),
)
def test_missing_rows_are_marked_where_they_were(alias: str, missing: list[int]) -> None:
    times = advance(
        np.datetime64("2022-01-01" if alias not in ("B",) else "2022-01-03"), np.arange(60), Frequency(alias)
    )
    missing = [place for place in missing if 0 < place < 59]
    frame = pd.DataFrame({"ds": times, "y": np.arange(60.0)}).drop(index=missing)
    data = read_series(frame)
    assert np.flatnonzero(data.frame["y"].isna()).tolist() == sorted(missing)
    np.testing.assert_array_equal(data.frame["ds"].to_numpy(), times)


@pytest.mark.parametrize(
    "content",
    [
        csv("date,sales,units", *(f"{month},{i},2" for i, month in enumerate(MONTHS))),
        csv("date;a,b", *(f"{month};0,{i}" for i, month in enumerate(MONTHS))),
        csv("date;sales", *(f"{month};1,50{i % 10}" for i, month in enumerate(MONTHS))),
        daily("03/04/2024", "04/04/2024", "05/04/2024"),
        daily("13/04/24", "14/04/24", "15/04/24"),
        csv("date,sales", "2024-01,1", "2024-02,2", "2024-01,5", "2024-03,3"),
        csv("date,store,y", *(f"{month},{store},{month[-1]}" for month in MONTHS for store in (1, 2))),
    ],
)
def test_the_command_proposed_reads_the_file(refused, read, content: str) -> None:
    words = shlex.split(refused(content).hint or "")
    assert words[:2] == ["forecast", "run"]
    options = {words[i].removeprefix("--").replace("-", "_"): words[i + 1] for i in range(3, len(words), 2)}
    assert len(read(content, **options).frame) >= 3


def test_marks_of_missing_values_are_gaps_as_texts_and_as_numbers(read) -> None:
    cells = ["5", "-999", "7", "-999.0", "n/a", "9", "4", "6", *"5" * 20]
    days = pd.date_range("2024", periods=28)
    text = csv("date,sales", *(f"{day.date()},{cell}" for day, cell in zip(days, cells, strict=True)))

    data = read(text, na=["-999", "n/a"])

    assert np.flatnonzero(data.frame["y"].isna()).tolist() == [1, 3, 4]
    assert '3 cells of "sales" that say -999 or n/a are missing values' in data.notes


def test_marks_of_missing_values_are_found_in_frames_and_nowhere_else(read) -> None:
    frame = pd.DataFrame({"ds": pd.date_range("2024", periods=5), "y": [1.0, -99.0, 3.0, 4.0, 5.0]})

    assert read_series(frame, na=["-99"]).frame["y"].isna().tolist() == [False, True, False, False, False]
    assert read_series(frame, na=["-98"]).frame["y"].notna().all()


MONTHLY = [pd.DataFrame({"id": f"s{k}", "ds": pd.date_range("2018", periods=40, freq="MS"), "y": k}) for k in range(3)]
ODD = {
    "irregular": ["2018-01-05", "2018-02-17", "2018-03-02", "2018-09-09"],
    "daily": pd.date_range("2018-01-01", periods=40),
}


@pytest.mark.parametrize("times", ODD.values(), ids=list(ODD))
def test_one_series_of_another_step_is_left_out_and_said(times) -> None:
    odd = pd.DataFrame({"id": "odd", "ds": pd.to_datetime(times), "y": 1.0})
    good = read_series(pd.concat(MONTHLY), id="id")

    data = read_series(pd.concat([*MONTHLY, odd]), id="id")

    assert data.frame.equals(good.frame)
    assert any(n.code == "W204" and n.message.startswith('"odd" does not follow the step') for n in data.notices)


def test_a_series_of_the_same_step_on_another_day_of_the_month_is_moved() -> None:
    middle = MONTHLY[0].assign(id="odd", ds=lambda frame: frame["ds"] + pd.Timedelta(days=14))

    data = read_series(pd.concat([*MONTHLY, middle]), id="id")

    assert data.panel.n_series == 4
    assert "dates within a month moved to its start" in data.notes
    assert not any(notice.code == "W204" for notice in data.notices)


def test_where_no_step_is_that_of_most_series_nothing_is_left_out() -> None:
    days = [frame.assign(id=f"d{k}", ds=pd.date_range("2018", periods=40)) for k, frame in enumerate(MONTHLY)]
    for frames in ([*MONTHLY, *days], [MONTHLY[0], days[0]]):
        with pytest.raises(DataError) as caught:
            read_series(pd.concat(frames), id="id")
        assert caught.value.code == "D113"


def test_single_events_are_to_be_brought_to_a_regular_step(refused):
    rng = np.random.default_rng(0)
    for days, period in ((200, "D"), (900, "W")):
        seconds = np.sort(rng.integers(0, days * 86_400, 500))
        times = pd.Timestamp("2022-01-01") + pd.to_timedelta(seconds, unit="s")
        orders = pd.DataFrame({"order_id": range(500), "at": times, "amount": rng.gamma(2, 9, 500)})
        content = orders.to_csv(index=False)

        error = refused(content, target="amount")

        assert (error.code, error.hint.partition(";")[0]) == ("D113", f"--resample {period} --aggregate sum")
        assert refused(content).hint.endswith("--target amount")


def test_a_year_and_a_month_in_two_columns_are_to_be_made_one(refused):
    rows = [f"{year},{month},{year % 7 + month}" for year in (2019, 2020, 2021) for month in range(1, 13)]

    error = refused("\n".join(["Year,Month,sales", *rows]))

    assert error.code == "D104"
    assert error.hint == 'one column made of "Year" and "Month", such as 2024-01-31, 2024-01 or 2024-Q1'


def test_a_column_called_ts_holds_times(tmp_path):
    milliseconds = 1_700_000_000_000 + 3_600_000 * np.arange(60)
    path = tmp_path / "load.csv"
    pd.DataFrame({"ts": milliseconds, "load": np.arange(60.0)}).to_csv(path, index=False)

    data = read_series(path)

    assert (data.time, data.target, data.frequency.word) == ("ts", "load", "hourly")


@pytest.mark.parametrize(
    ("first", "last", "hint"),
    [
        ("Month,units", "Total,1234", "remove these lines if they hold totals, units or notes, else correct the dates"),
        (
            "Sales report,\nExported on 2024-05-01,\nMonth,units",
            "2024-01,5",
            "remove the lines above line 3, which seems to hold the names of the columns",
        ),
    ],
)
def test_what_a_spreadsheet_adds_around_the_rows_is_to_be_removed(refused, first, last, hint):
    rows = [f"{year}-{month:02d},{month + 1}" for year in (2021, 2022, 2023) for month in range(1, 13)]

    error = refused("\n".join([first, *rows, last]))

    assert (error.code, error.hint) == ("D109", hint)
