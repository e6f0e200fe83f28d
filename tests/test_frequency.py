"""A frequency is the coarsest regular calendar on which all times fall."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import ConfigError, DataError
from forecast.frequency import (
    Frequency,
    advance,
    finest_frequency,
    future_index,
    grid,
    infer_frequency,
    measure_regularity,
    parse_frequency,
    positions,
)


def times(*stamps: str) -> np.ndarray:
    return np.array(stamps, dtype="datetime64[us]")


def dates(start: str, periods: int, freq: str) -> np.ndarray:
    return pd.date_range(start, periods=periods, freq=freq).to_numpy().astype("datetime64[us]")


ALIASES = (
    *("YS-JAN", "YS-APR", "YE-DEC", "YE-JUN", "QS-JAN", "QS-FEB", "QE-DEC", "QE-OCT", "MS", "ME", "W-SUN", "W-WED"),
    *("B", "D", "h", "min", "s", "2D", "10D", "2W-SUN", "3h", "15min", "30s", "2MS", "2YS-JAN"),
)


@pytest.mark.parametrize("alias", ALIASES)
def test_regular_times_have_the_frequency_they_were_made_with(alias: str) -> None:
    assert infer_frequency([dates("2001-03-01", 40, alias)]).alias == alias


@pytest.mark.parametrize("alias", ALIASES)
def test_the_times_that_follow_are_those_of_pandas(alias: str) -> None:
    both = dates("2019-11-01", 30, alias)
    np.testing.assert_array_equal(future_index(both[9], Frequency(alias), 20), both[10:])


@pytest.mark.parametrize("alias", ALIASES)
def test_the_grid_from_first_to_last_is_that_of_pandas(alias: str) -> None:
    expected = dates("2019-11-01", 30, alias)
    np.testing.assert_array_equal(grid(expected[0], expected[-1], Frequency(alias)), expected)


@pytest.mark.parametrize("alias", ALIASES)
def test_walking_forward_and_back_ends_where_it_began(alias: str) -> None:
    start = dates("2019-11-01", 1, alias)[0]
    there = advance(start, 7, Frequency(alias))
    assert advance(there, -7, Frequency(alias)) == start


@given(st.integers(0, 2_900), st.lists(st.integers(0, 60), min_size=3, max_size=20, unique=True))
def test_places_on_the_grid_are_where_the_times_were_taken_from(first: int, chosen: list[int]) -> None:
    chosen = sorted(chosen)
    whole = grid(*(np.datetime64("1950-01-31") + np.array([first, first + 4_000])), Frequency("W-TUE"))
    taken = whole[chosen]
    assert positions(taken, parse_frequency("W", first=taken[0])).tolist() == [c - chosen[0] for c in chosen]


def test_a_time_off_the_grid_has_no_place() -> None:
    assert positions(times("2024-01-01", "2024-02-15", "2024-03-01"), Frequency("MS")).tolist() == [0, -1, 2]


def test_a_whole_number_off_the_grid_has_no_place() -> None:
    assert positions(np.array([10, 15, 30]), Frequency("int", 10)).tolist() == [0, -1, 2]


@pytest.mark.parametrize(("alias", "start"), [("W-SUN", "2024-01-06"), ("YS-JAN", "2024-02-01"), ("B", "2024-01-06")])
def test_a_first_time_off_the_calendar_leaves_no_place_at_all(alias: str, start: str) -> None:
    assert positions(times(start), Frequency(alias)).tolist() == [-1]


def test_a_missing_month_does_not_change_the_frequency() -> None:
    assert infer_frequency([np.delete(dates("2020-01-01", 40, "MS"), 7)]).alias == "MS"


@pytest.mark.parametrize("alias", ["MS", "ME", "W-SAT", "D", "h", "YS-JAN", "QS-JAN", "15min"])
def test_three_points_are_enough(alias: str) -> None:
    assert infer_frequency([dates("2024-01-01", 3, alias)]).alias == alias


def test_monthly_data_with_the_clock_at_noon_are_monthly() -> None:
    assert infer_frequency([dates("2024-01-01 12:00", 24, "MS")]).alias == "MS"


def test_the_clock_goes_on_in_the_future() -> None:
    assert future_index(np.datetime64("2024-01-31T12:00"), Frequency("ME"), 1)[0] == np.datetime64("2024-02-29T12:00")


def test_business_days_with_holidays_are_business_days() -> None:
    business = dates("2023-01-02", 300, "B")
    holidays = times("2023-04-07", "2023-04-10", "2023-05-01", "2023-12-25", "2023-12-26", "2024-01-01")
    assert infer_frequency([np.setdiff1d(business, holidays)]).alias == "B"


def test_two_holidays_in_six_weeks_are_still_business_days() -> None:
    assert infer_frequency([np.delete(dates("2023-12-04", 30, "B"), [15, 16])]).alias == "B"


def test_one_working_week_is_daily() -> None:
    assert infer_frequency([dates("2024-01-01", 5, "D")]).alias == "D"


def test_years_before_nanoseconds_begin_are_years() -> None:
    years = np.arange("1500", "1700", dtype="datetime64[Y]").astype("datetime64[us]")
    assert infer_frequency([years]).alias == "YS-JAN"


def test_years_go_on_past_the_last_one_that_python_knows() -> None:
    assert future_index(np.datetime64("9999-01-01"), Frequency("YS-JAN"), 1)[0] == np.datetime64("10000-01-01")


def test_every_tenth_year_is_a_step_of_ten_years() -> None:
    assert infer_frequency([times("1900-01-01", "1910-01-01", "1920-01-01")]).word == "every 10 years"


def test_weekly_series_on_different_weekdays_step_by_seven_days() -> None:
    groups = [dates("2024-01-06", 30, "7D"), dates("2024-01-08", 30, "7D")]
    assert infer_frequency(groups) == Frequency("7D")


def test_whole_numbers_have_their_own_step() -> None:
    assert infer_frequency([np.array([10, 20, 30, 40])]) == Frequency("int", 10)


def test_a_series_of_one_time_does_not_count() -> None:
    assert infer_frequency([times("2024-05-17"), dates("2024-01-01", 5, "MS")]).alias == "MS"


def test_times_without_a_step_are_refused_with_a_frequency_that_holds_them() -> None:
    irregular = times("2024-01-01", "2024-01-04", "2024-01-05", "2024-01-09", "2024-01-20")
    with pytest.raises(DataError) as caught:
        infer_frequency([irregular])
    assert caught.value.code == "D113"
    assert caught.value.found == "steps: 1 day 25%, 3 days 25%, 4 days 25%"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("--freq D")


def test_irregular_times_of_the_day_are_named_in_hours_and_minutes() -> None:
    irregular = times("2024-01-01T00:00", "2024-01-01T02:00", "2024-01-01T02:30", "2024-01-01T02:30:20")
    with pytest.raises(DataError) as caught:
        infer_frequency([irregular])
    assert caught.value.found == "steps: 20 seconds 33%, 30 minutes 33%, 2 hours 33%"


def test_irregular_whole_numbers_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        infer_frequency([np.array([1, 2, 4, 7, 20])])
    assert caught.value.found == "steps: 1 25%, 2 25%, 3 25%"


def test_one_date_in_each_month_is_refused_with_the_monthly_frequency() -> None:
    with pytest.raises(DataError) as caught:
        infer_frequency([times("2024-01-05", "2024-02-03", "2024-03-09", "2024-04-28", "2024-05-01")])
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("--freq MS")


def test_a_panel_of_monthly_and_yearly_series_is_refused() -> None:
    groups = [dates("1990-01-01", 400, "MS"), dates("1990-01-01", 20, "YS")]
    with pytest.raises(DataError) as caught:
        infer_frequency(groups)
    assert caught.value.code == "D113"


def test_fractions_of_a_second_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        infer_frequency([times("2024-01-01T00:00:00.0", "2024-01-01T00:00:00.5", "2024-01-01T00:00:01.0")])
    assert (caught.value.code, caught.value.found) == ("D113", "a step of 0.5 seconds")


def test_whole_steps_that_begin_at_a_fraction_of_a_second_are_fine() -> None:
    assert infer_frequency([dates("2024-01-01 00:00:00.25", 5, "h")]).alias == "h"


def test_one_time_has_no_frequency() -> None:
    with pytest.raises(DataError) as caught:
        infer_frequency([times("2024-01-01")])
    assert caught.value.code == "D117"


def test_the_finest_frequency_holds_even_irregular_times() -> None:
    irregular = times("2024-01-01", "2024-01-04", "2024-01-05", "2024-01-20")
    assert (positions(irregular, finest_frequency([irregular])) >= 0).all()


@pytest.mark.parametrize(
    ("typed", "alias"),
    [("MS", "MS"), ("W", "W-SUN"), ("W-SAT", "W-SAT"), ("QS", "QS-JAN"), ("QS-OCT", "QS-JAN"), ("QE-MAR", "QE-DEC"),
     ("15min", "15min"), ("1D", "D"), ("2W", "2W-SUN"), ("int", "int"), ("YE", "YE-DEC")],
)  # fmt: skip
def test_a_typed_frequency_is_read_as_pandas_reads_it(typed: str, alias: str) -> None:
    assert parse_frequency(typed).alias == alias


@pytest.mark.parametrize(
    ("typed", "first", "alias"),
    [("W", "2024-06-01", "W-SAT"), ("2W", "2024-06-03", "2W-MON"), ("YS", "2024-04-01", "YS-APR"),
     ("QE", "2024-01-31", "QE-OCT"), ("W-SUN", "2024-06-01", "W-SUN"), ("MS", "2024-06-01", "MS")],
)  # fmt: skip
def test_a_frequency_without_a_day_takes_that_of_the_data(typed: str, first: str, alias: str) -> None:
    assert parse_frequency(typed, first=np.datetime64(first)).alias == alias


@pytest.mark.parametrize("typed", ["M", "H", "foo", "", "0D", "-1D", "ms", "SMS", "d", "Q", "1.5h"])
def test_what_is_no_frequency_here_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_frequency(typed)
    assert caught.value.code == "U101"


@pytest.mark.parametrize(
    ("frequency", "word", "season", "horizon"),
    [
        (Frequency("YS-JAN"), "yearly", 1, 6),
        (Frequency("QS-JAN"), "quarterly", 4, 8),
        (Frequency("ME"), "monthly", 12, 12),
        (Frequency("W-SAT"), "weekly", 52, 13),
        (Frequency("B"), "business-daily", 5, 14),
        (Frequency("D"), "daily", 7, 14),
        (Frequency("h"), "hourly", 24, 48),
        (Frequency("15min"), "every 15 minutes", 96, 60),
        (Frequency("min"), "by the minute", 60, 60),
        (Frequency("s"), "by the second", 60, 60),
        (Frequency("5s"), "every 5 seconds", 12, 60),
        (Frequency("7h"), "every 7 hours", 1, 48),
        (Frequency("2D"), "every 2 days", 1, 14),
        (Frequency("7D"), "every 7 days", 52, 14),
        (Frequency("3MS"), "every 3 months", 4, 12),
        (Frequency("5MS"), "every 5 months", 1, 12),
        (Frequency("10YS-JAN"), "every 10 years", 1, 6),
        (Frequency("int"), "numbered", 1, 10),
        (Frequency("int", 10), "numbered in steps of 10", 1, 10),
    ],
)
def test_a_frequency_has_a_word_a_season_and_a_horizon(
    frequency: Frequency, word: str, season: int, horizon: int
) -> None:
    assert (frequency.word, frequency.season_length, frequency.default_horizon(1000)) == (word, season, horizon)


def test_the_horizon_of_a_short_series_is_a_fifth_of_it() -> None:
    assert Frequency("MS").default_horizon(20) == 4


def test_the_horizon_is_one_step_at_least() -> None:
    assert Frequency("MS").default_horizon(3) == 1


def test_whole_numbers_go_on_in_their_step() -> None:
    assert future_index(np.int64(30), Frequency("int", 10), 2).tolist() == [40, 50]


def test_the_grid_of_whole_numbers_has_their_step() -> None:
    assert grid(10, 40, Frequency("int", 10)).tolist() == [10, 20, 30, 40]


def measured(values, starts, frequency):
    moments, ticks = np.unique(values, return_inverse=True)
    return measure_regularity(moments, ticks, starts, frequency)


@pytest.mark.parametrize("alias", [alias for alias in ALIASES if alias != "B"])
def test_regular_times_are_regular_in_every_step(alias: str) -> None:
    both = np.concatenate([dates("2001-03-01", 12, alias), dates("1991-03-02", 9, alias)])
    assert measured(both, np.array([0, 12]), Frequency(alias)).share == 1.0


@pytest.mark.parametrize(
    ("alias", "reason"),
    [
        ("MS", "3 of 4 steps are one month"),
        ("W-SAT", "3 of 4 steps are one week, on a Saturday"),
        ("15min", "3 of 4 steps are 15 minutes"),
        ("2W-SUN", "3 of 4 steps are 2 weeks, on a Sunday"),
        ("B", "3 of 4 steps are one business day"),
        ("QE-DEC", "3 of 4 steps are one quarter"),
    ],
)
def test_the_confidence_is_said_in_words(alias: str, reason: str) -> None:
    found = measured(np.delete(dates("2001-03-02", 6, alias), 2), np.array([0]), Frequency(alias))
    assert (found.reason, found.share) == (reason, 0.75)


def test_the_confidence_of_whole_numbers_counts_their_steps() -> None:
    found = measured(np.array([10, 20, 40, 0, 10]), np.array([0, 3]), Frequency("int", 10))
    assert (found.reason, found.share) == ("2 of 3 steps are 10", 2 / 3)


def test_without_a_step_nothing_speaks_against_a_frequency() -> None:
    assert measured(times("2024-01-01"), np.array([0]), Frequency("D")).share == 1.0


@pytest.mark.parametrize(
    ("frequency", "lengths"),
    [
        (Frequency("h"), (24, 168)),
        (Frequency("15min"), (96, 672)),
        (Frequency("5min"), (288, 2016)),
        (Frequency("min"), (60, 1440)),
        (Frequency("s"), (60,)),
        (Frequency("2h"), (12, 84)),
        (Frequency("12h"), (2, 14)),
        (Frequency("7h"), ()),
        (Frequency("D"), (7,)),
        (Frequency("B"), (5,)),
        (Frequency("W-SUN"), (52,)),
        (Frequency("MS"), (12,)),
        (Frequency("2MS"), (6,)),
        (Frequency("QE-DEC"), (4,)),
        (Frequency("YS-JAN"), ()),
        (Frequency("int"), ()),
    ],
)
def test_the_seasons_that_go_with_a_frequency(frequency: Frequency, lengths: tuple[int, ...]) -> None:
    assert frequency.season_lengths == lengths
    assert frequency.season_length == (lengths[0] if lengths else 1)
