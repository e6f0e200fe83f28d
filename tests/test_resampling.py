"""Raw transactions or finer data become one value a period, and half periods are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from forecast.errors import ConfigError, DataError
from forecast.reading.resampling import AGGREGATES, Calendar, resample_rows
from forecast.series import read_series


def stamps(*texts):
    return np.array(texts, dtype="datetime64[us]")


def dates(start, periods, freq="D"):
    return pd.date_range(start, periods=periods, freq=freq).to_numpy().astype("datetime64[us]")


def one(times, values=None, **settings):
    values = np.ones(len(times)) if values is None else np.asarray(values, dtype=np.float64)
    return resample_rows(times, values, np.zeros(len(times), dtype=np.int64), **settings)


def days(times):
    return times.astype("datetime64[D]").astype(str).tolist()


RULES = (
    "W-SUN",
    "W-WED",
    "MS",
    "ME",
    "QS-JAN",
    "QS-FEB",
    "QE-DEC",
    "QE-OCT",
    "YS-JAN",
    "YS-APR",
    "YE-DEC",
    "YE-JUN",
    "D",
)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_whole_periods_are_those_of_pandas(rule, aggregate):
    times = dates("2019-11-13", 1500)
    values = np.random.default_rng(0).normal(size=1500)
    got = one(times, values, rule=rule, aggregate=aggregate)
    expected = getattr(pd.Series(values, index=times).resample(rule), aggregate)()
    assert np.isin(got.times, expected.index.to_numpy()).all()
    assert len(expected) - len(got.times) == sum("left out" in note for note in got.notes)
    np.testing.assert_allclose(got.values, expected.loc[got.times].to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("rule", ["h", "2h", "15min", "30s", "3D", "2W-SUN", "2MS"])
def test_every_moment_lies_in_its_period(rule):
    times = dates("2024-02-27 10:20", 2000, "7min")
    calendar = Calendar(rule, times[0])
    numbers = calendar.number(times)
    assert numbers[0] >= 0
    assert (calendar.begin(numbers) <= times).all()
    assert (times < calendar.begin(numbers + 1)).all()


@given(st.data())
def test_transactions_give_what_loops_give(data):
    rows = data.draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(-5, 5) | st.just(None)),
            min_size=3, max_size=60,
        )
    )  # fmt: skip
    rows = sorted(rows, key=lambda row: row[:2])
    codes, when = (
        np.array([r[0] for r in rows]),
        stamps("2024-01-01") + np.array([r[1] for r in rows]) * np.timedelta64(1, "D"),
    )
    codes = np.unique(codes, return_inverse=True)[1]
    values = np.array([np.nan if r[2] is None else r[2] for r in rows], dtype=np.float64)
    how = data.draw(st.sampled_from(AGGREGATES))
    try:
        got = resample_rows(when, values, codes, rule="W", aggregate=how)
    except DataError as error:
        assume(error.code != "D117")
        raise
    for code, time, value in zip(got.codes, got.times, got.values, strict=True):
        inside = [
            v
            for c, t, v in zip(codes, when, values, strict=True)
            if c == code and 0 <= (time - t) // np.timedelta64(1, "D") < 7
        ]
        known = [v for v in inside if not np.isnan(v)]
        if not inside:
            expected = 0.0
            assert how == "sum"
        elif not known:
            expected = np.nan
        else:
            expected = {"sum": sum(known), "mean": sum(known) / len(known), "last": known[-1], "max": max(known)}[how]
        assert value == pytest.approx(expected, nan_ok=True)
    for code in np.unique(got.codes):
        own = got.times[got.codes == code]
        assert (np.diff(own) > np.timedelta64(0)).all()
        if how == "sum":
            assert (np.diff(own) == np.timedelta64(7, "D")).all()


def test_half_a_week_at_each_end_is_left_out_and_said():
    got = one(dates("2024-05-08", 22), rule="W")
    assert days(got.times) == ["2024-05-19", "2024-05-26"]
    assert got.notes == (
        "resampled to weekly by sum: 2 values of 14 rows",
        "the first week, from 2024-05-06, has 5 of 7 days: left out",
        "the last week, from 2024-05-27, has 3 of 7 days: left out",
    )


def test_whole_weeks_are_all_kept():
    assert one(dates("2024-05-06", 14), rule="W").values.tolist() == [7.0, 7.0]


@pytest.mark.parametrize("edge", ["MS", "ME"])
def test_months_make_quarters_and_half_a_quarter_is_left_out(edge):
    got = one(dates("2023-02-01", 13, edge), rule="QS")
    assert days(got.times) == ["2023-04-01", "2023-07-01", "2023-10-01"]
    assert got.notes[1:] == (
        "the first quarter, from 2023-01-01, has 2 of 3 months: left out",
        "the last quarter, from 2024-01-01, has 2 of 3 months: left out",
    )


def test_hours_make_days():
    got = one(dates("2024-03-01 00:00", 60, "h"), rule="D")
    assert got.values.tolist() == [24.0, 24.0]
    assert got.notes[1] == "the last day, from 2024-03-03, has 12 of 24 hours: left out"


def test_business_days_make_weeks_that_end_on_friday():
    assert one(dates("2024-05-06", 10, "B"), rule="W").values.tolist() == [5.0, 5.0]


def test_weeks_make_months_by_the_day_that_names_them():
    got = one(dates("2024-01-07", 12, "W-SUN"), rule="MS")
    assert got.values.tolist() == [4.0, 4.0]
    assert got.notes[1].startswith("the last month, from 2024-03-01, has ")


def test_transactions_with_a_clock_cover_a_week_by_their_days():
    times = np.sort(
        stamps("2024-05-06T09:15", "2024-05-08T11:00", "2024-05-08T11:00", "2024-05-15", "2024-05-19T18:01")
    )
    got = one(times, [1, 2, 4, 8, 16], rule="W")
    assert got.values.tolist() == [7.0, 24.0]
    assert got.notes == ("resampled to weekly by sum: 2 values of 5 rows",)


def test_transactions_that_end_before_the_end_of_the_week_lose_it():
    times = np.sort(stamps("2024-05-06T09:15", "2024-05-08T11:00", "2024-05-08T11:00", "2024-05-15"))
    got = one(times, rule="W")
    assert got.values.tolist() == [3.0]
    assert got.notes[1] == "the last week, from 2024-05-13, has 3 of 7 days: left out"


def test_a_day_of_transactions_is_measured_in_hours():
    times = stamps("2024-05-06T00:10", "2024-05-06T00:10", "2024-05-06T23:50", "2024-05-07T13:30")
    got = one(times, rule="D")
    assert got.values.tolist() == [3.0]
    assert got.notes[1] == "the last day, from 2024-05-07, has 14 of 24 hours: left out"


def test_an_hour_of_transactions_is_measured_in_minutes():
    times = stamps("2024-05-06T08:00:10", "2024-05-06T08:00:10", "2024-05-06T08:59:30", "2024-05-06T09:10")
    got = one(times, rule="h")
    assert got.values.tolist() == [3.0]
    assert got.notes[1] == "the last hour, from 2024-05-06T09:00, has 11 of 60 minutes: left out"


def test_dates_that_repeat_make_whole_days():
    assert one(stamps("2024-05-06", "2024-05-06", "2024-05-07"), rule="D").values.tolist() == [2.0, 1.0]


def test_a_series_that_ended_early_keeps_its_last_week():
    times = np.r_[stamps("2024-05-06", "2024-05-06", "2024-05-07"), stamps("2024-05-07", "2024-05-19")]
    got = resample_rows(times, np.ones(5), np.array([0, 0, 0, 1, 1]), rule="W", names=("a", "b"))
    assert (got.codes.tolist(), got.values.tolist()) == ([0, 1, 1], [3.0, 1.0, 1.0])


def test_regular_series_are_judged_one_by_one():
    times = np.r_[dates("2024-05-06", 14), dates("2024-05-06", 17), dates("2024-05-06", 18)]
    codes = np.repeat([0, 1, 2], [14, 17, 18])
    got = resample_rows(times, np.ones(49), codes, rule="W", names=("a", "b", "c"))
    assert got.codes.tolist() == [0, 0, 1, 1, 2, 2]
    assert got.notes[1] == (
        'the last week of "b", from 2024-05-20, has 3 of 7 days (and that of 1 other series): left out'
    )


def test_a_week_without_a_row_is_zero_for_sums_and_missing_for_others():
    times = np.r_[stamps("2024-05-06", "2024-05-06"), stamps("2024-05-26")]
    assert one(times, rule="W").values.tolist() == [2.0, 0.0, 1.0]
    assert one(times, rule="W").notes[1] == "1 period without a row is 0"
    mean = one(times, rule="W", aggregate="mean")
    assert (days(mean.times), mean.values.tolist()) == (["2024-05-12", "2024-05-26"], [1.0, 1.0])


def test_missing_values_are_passed_over_and_a_period_of_them_is_missing():
    times = dates("2024-05-06", 14)
    values = np.r_[[np.nan] * 7, [np.nan, 1, 5, 3, np.nan, 2, np.nan]]
    got = {how: one(times, values, rule="W", aggregate=how).values for how in AGGREGATES}
    assert all(np.isnan(result[0]) for result in got.values())
    assert {how: result[1] for how, result in got.items()} == {"sum": 11.0, "mean": 2.75, "last": 2.0, "max": 5.0}


def test_the_order_of_rows_at_one_time_does_not_change_a_sum():
    times = np.repeat(dates("2024-05-06", 7), 3)
    values = np.tile([1e16, 1.0, -1e16], 7)
    forward, back = one(times, values, rule="W"), one(times, values.reshape(7, 3)[:, ::-1].ravel(), rule="W")
    assert forward.values.tobytes() == back.values.tobytes()


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        (
            {"rule": "W", "aggregate": "men"},
            '"men" is not a way to put values together (sum, mean, last, max)',
            "--aggregate mean",
        ),
        ({"rule": "week"}, '"week" is not a period', "--resample W, MS, QS, D, h or 15min"),
        ({"rule": "int"}, '"int" is not a period that rows can be put into', "--resample D"),
        ({"rule": "B"}, '"B" is not a period that rows can be put into', "--resample D"),
        ({"rule": "h"}, 'the data are daily, and "h" is finer', "--resample with a longer period, or leave it out"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(settings, message, hint):
    with pytest.raises(ConfigError) as caught:
        one(dates("2024-05-06", 28), **settings)
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("U101", message, hint)


def test_whole_numbers_have_no_weeks():
    with pytest.raises(ConfigError, match="the times are whole numbers"):
        one(np.arange(10), rule="W")


def test_no_whole_period_is_an_error():
    with pytest.raises(DataError, match='the data cover no whole period of "MS"') as caught:
        one(dates("2024-05-06", 14), rule="MS")
    assert caught.value.code == "D117"


def test_a_time_far_away_is_an_error_and_fills_no_memory():
    with pytest.raises(DataError, match="periods from 3 rows") as caught:
        one(stamps("0001-01-01", "2024-01-01", "2024-01-01"), rule="h")
    assert caught.value.code == "D113"


def test_transactions_in_a_frame_become_a_series():
    rng = np.random.default_rng(0)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 70 * 24 * 60, 3000), unit="min")
    frame = pd.DataFrame({"when": when, "sales": rng.integers(1, 9, 3000), "shop": rng.choice(["a", "b"], 3000)})
    data = read_series(frame, resample="W", id="shop", target="sales")
    assert (data.frequency.alias, data.season_length) == ("W-SUN", 52)
    assert data.frame["y"].sum() == frame["sales"].sum()
    assert data.frame["unique_id"].tolist() == ["a"] * 10 + ["b"] * 10
    assert "weekly (resampled), season 52" in data.notes
    shuffled = read_series(frame.sample(frac=1, random_state=1), resample="W", id="shop", target="sales")
    pd.testing.assert_frame_equal(shuffled.frame, data.frame)


def test_a_shop_without_a_whole_period_is_left_out():
    frame = pd.DataFrame(
        {
            "ds": np.r_[dates("2024-01-01", 70), dates("2024-01-03", 70)[-3:]],
            "y": 1.0,
            "unique_id": ["a"] * 70 + ["b"] * 3,
        }
    )
    data = read_series(frame, resample="W")
    assert data.panel.ids == ("a",)


def test_an_aggregate_without_a_period_is_refused():
    with pytest.raises(ConfigError, match="--resample, which is missing") as caught:
        read_series("airline", aggregate="mean")
    assert caught.value.hint == "--resample W --aggregate mean"
