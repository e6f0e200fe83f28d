"""A frequency is a step of a calendar: it has a name, a season and times that come next."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import ALIASES, dates, times
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import ConfigError
from forecast.frequency import Frequency, advance, future_index, grid, parse_frequency, positions


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


def test_the_clock_goes_on_in_the_future() -> None:
    assert future_index(np.datetime64("2024-01-31T12:00"), Frequency("ME"), 1)[0] == np.datetime64("2024-02-29T12:00")


def test_years_go_on_past_the_last_one_that_python_knows() -> None:
    assert future_index(np.datetime64("9999-01-01"), Frequency("YS-JAN"), 1)[0] == np.datetime64("10000-01-01")


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
