"""The frequency of given times is the coarsest calendar on which they fall, and gaps do not hide it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import ALIASES, dates, times

from forecast.errors import DataError
from forecast.frequency import Frequency, positions
from forecast.regularity import finest_frequency, infer_frequency, measure_regularity


@pytest.mark.parametrize("alias", ALIASES)
def test_regular_times_have_the_frequency_they_were_made_with(alias: str) -> None:
    assert infer_frequency([dates("2001-03-01", 40, alias)]).alias == alias


def test_a_missing_month_does_not_change_the_frequency() -> None:
    assert infer_frequency([np.delete(dates("2020-01-01", 40, "MS"), 7)]).alias == "MS"


@pytest.mark.parametrize("alias", ["MS", "ME", "W-SAT", "D", "h", "YS-JAN", "QS-JAN", "15min"])
def test_three_points_are_enough(alias: str) -> None:
    assert infer_frequency([dates("2024-01-01", 3, alias)]).alias == alias


def test_monthly_data_with_the_clock_at_noon_are_monthly() -> None:
    assert infer_frequency([dates("2024-01-01 12:00", 24, "MS")]).alias == "MS"


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


def measured(values, starts, frequency):
    moments, ticks = np.unique(values, return_inverse=True)
    return measure_regularity(moments, ticks, starts, frequency)


def with_gaps(alias: str, length: int, share: float, *, series: int = 20) -> list[np.ndarray]:
    """Return regular times of which a share is missing, anywhere."""
    rng = np.random.default_rng(0)
    every = dates("2020-01-01", length, alias)
    return [every[(rng.random(length) >= share) | (np.arange(length) % (length - 1) == 0)] for _ in range(series)]


@pytest.mark.parametrize(
    ("alias", "length", "share"),
    [("MS", 60, 0.2), ("ME", 60, 0.4), ("QS-JAN", 40, 0.2), ("YS-JAN", 30, 0.2), ("D", 300, 0.1), ("h", 400, 0.15)],
)
def test_values_missing_here_and_there_hide_no_frequency(alias: str, length: int, share: float) -> None:
    assert infer_frequency(with_gaps(alias, length, share)).alias == alias


def test_numbers_missing_here_and_there_hide_no_step() -> None:
    kept = np.random.default_rng(0).random(200) > 0.15
    assert infer_frequency([np.arange(200)[kept] * 10]) == Frequency("int", 10)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(lambda days: days.day_of_week != 6, id="six days a week"),
        pytest.param(lambda days: np.arange(len(days)) % 8 < 6, id="six days, then two without"),
    ],
)
def test_gaps_that_come_back_are_another_calendar(kept) -> None:
    days = pd.date_range("2024-01-01", periods=200)
    with pytest.raises(DataError) as caught:
        infer_frequency([days[kept(days)].to_numpy()])
    assert caught.value.code == "D113"


def test_hours_that_are_missing_every_day_are_refused() -> None:
    hours = pd.date_range("2024-01-01", periods=2000, freq="h")
    with pytest.raises(DataError):
        infer_frequency([hours[hours.hour % 12 != 3].to_numpy()])


def test_a_series_of_every_second_month_among_months_with_gaps_is_refused() -> None:
    with pytest.raises(DataError):
        infer_frequency([*with_gaps("MS", 60, 0.2), dates("2015-01-01", 30, "2MS")])


def test_one_time_far_from_others_with_gaps_is_refused() -> None:
    (days,) = with_gaps("D", 200, 0.1, series=1)
    with pytest.raises(DataError):
        infer_frequency([np.append(days, times("2029-01-01"))])


def test_quarters_that_become_months_are_refused() -> None:
    quarters, months = dates("2010-01-01", 20, "QS"), dates("2015-01-01", 30, "MS")
    with pytest.raises(DataError):
        infer_frequency([np.concatenate([quarters, months])])


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
