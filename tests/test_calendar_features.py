"""What the calendar says of a time, as numbers."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from math import cos, pi, sin

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel
from hypothesis import given
from hypothesis import strategies as st

from forecast.calendar_features import CALENDAR_FEATURES, calendar_columns, calendar_features, with_calendar
from forecast.covariates import Covariates
from forecast.errors import ConfigError
from forecast.models.mlp import MLP

needs_holidays = pytest.mark.skipif(find_spec("holidays") is None, reason="takes the package holidays")


def places(time):
    """Where a time stands in each cycle, as a person would count."""
    return {
        "hour": time.hour / 24,
        "weekday": time.weekday() / 7,
        "day_of_month": (time.day - 1) / time.days_in_month,
        "day_of_year": (time.day_of_year - 1) / (366 if time.is_leap_year else 365),
        "week": (time.day_of_year - 1) // 7 / (365.2425 / 7),
        "month": (time.month - 1) / 12,
        "quarter": (time.quarter - 1) / 4,
    }


@given(st.integers(-8_000_000_000, 7_000_000_000))
def test_every_feature_is_what_a_person_counts(seconds):
    time, expected = pd.Timestamp(np.datetime64(seconds, "s")), []
    for name in CALENDAR_FEATURES:
        if name == "is_weekend":
            expected.append(float(time.weekday() >= 5))
        else:
            angle = 2 * pi * places(time)[name]
            expected += [sin(angle), cos(angle)]
    got = calendar_features(np.array([seconds], "datetime64[s]"), CALENDAR_FEATURES)
    np.testing.assert_allclose(got[0], expected, atol=1e-12)


def test_a_row_a_time_and_a_column_a_name():
    times = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")
    assert calendar_features(times, CALENDAR_FEATURES).shape == (10, len(calendar_columns(CALENDAR_FEATURES)))
    assert calendar_features(times, []).shape == (10, 0)


def test_the_end_of_a_cycle_is_near_its_begin():
    times = np.array(["2024-01-01", "2024-12-01", "2024-06-01"], "datetime64[D]")
    january, december, june = calendar_features(times, ["month"])
    assert np.linalg.norm(january - december) < 0.6 < np.linalg.norm(january - june)


@needs_holidays
def test_holidays_are_those_of_the_country():
    times = np.array(["2024-12-25T08:00", "2024-12-24", "2025-10-03", "2024-07-04"], "datetime64[us]")
    assert calendar_features(times, [], country="DE")[:, 0].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert calendar_features(times, ["month"], country="US")[:, 2].tolist() == [1.0, 0.0, 0.0, 1.0]


@needs_holidays
@pytest.mark.parametrize(
    ("names", "country", "hint"),
    [
        (["weekdy"], None, "--calendar weekday"),
        (["xyz"], None, "--calendar month"),
        (["month", "hour", "month"], None, "--calendar month,hour"),
        ([], "DEX", "--holidays DE"),
        ([], "de", "--holidays DE"),
        ([], "??", "--holidays DE"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(names, country, hint):
    with pytest.raises(ConfigError) as caught:
        calendar_features(np.array(["2024-01-01"], "datetime64[D]"), names, country=country)
    assert (caught.value.code, caught.value.hint) == ("U101", hint)


def test_whole_numbers_have_no_calendar():
    with pytest.raises(ConfigError, match="calendar features need dates, and the times are whole numbers"):
        calendar_features(np.arange(3), ["month"])


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ConfigError) as caught:
        calendar_features(np.array(["2024-01-01"], "datetime64[D]"), [], country="DE")
    assert caught.value.hint == 'pip install "forecast[calendar]"'


def test_features_follow_each_series_and_reach_over_the_horizon():
    panel = make_panel(np.ones(5), np.ones(3), frequency="D")
    covariates = with_calendar(panel, ["is_weekend"], horizon=4).covariates
    days = [pd.date_range(end="2020-01-05", periods=n + 4) for n in (5, 3)]

    assert covariates.offsets.tolist() == [0, 9, 16]
    assert covariates.known[:, 0].tolist() == [float(day.day_of_week >= 5) for own in days for day in own]
    assert covariates.known_names == ("is_weekend",)


def test_features_stand_beside_other_covariates():
    known = Covariates.of_known(np.arange(7.0)[:, None], np.array([0, 7]), ("price",), values=5)
    panel = replace(make_panel(np.ones(5), frequency="D"), covariates=known)
    joined = with_calendar(panel, ["weekday"], horizon=3).covariates

    assert joined.known_names == ("price", "weekday_sin", "weekday_cos")
    assert joined.known[:7, 0].tolist() == list(range(7))
    assert np.isnan(joined.known[7, 0])
    assert not np.isnan(joined.known[:, 1:]).any()


def test_without_features_a_panel_stays_as_it_is():
    panel = make_panel(np.ones(5))

    assert with_calendar(panel, [], horizon=3) is panel


def test_the_network_learns_a_weekday_from_the_calendar():
    days = np.arange(147)
    y = 100 + 20 * np.sin(2 * np.pi * days / 7) + np.random.default_rng(0).normal(0, 5, 147)
    panel = make_panel(y, frequency="D", season_length=1)
    network = MLP(preset="fast", input_size=3)

    errors = []
    for features in ([], ["weekday"]):
        early = with_calendar(panel.drop_last(14), features, horizon=14)
        y_hat = network.fit(early, horizon=14).predict()["y_hat"]
        errors.append(np.abs(y_hat - y[-14:]).mean())

    assert errors[1] < 0.6 * errors[0]
