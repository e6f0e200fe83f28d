"""A forecast is never what it may not be."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel
from hypothesis import given
from hypothesis import strategies as st

from forecast.backtesting import backtest, fit_all
from forecast.bounds import Bounds
from forecast.config import ForecastSection
from forecast.engine import Workers
from forecast.errors import ConfigError
from forecast.models.classical import Naive, SeasonalNaive
from forecast.results import Results
from forecast.split import Split


def frame(y_hat, low, high):
    return pd.DataFrame({"unique_id": "a", "y_hat": y_hat, "lo-80": low, "hi-80": high})


numbers = st.floats(-1e6, 1e6)


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=2, max_size=2), st.booleans())
def test_every_column_is_within_the_bounds_and_in_order(three, ends, integer):
    low, y_hat, high = sorted(three)
    smallest, largest = min(ends), max(ends) + 1
    got = Bounds(min=smallest, max=largest, integer=integer).apply(frame([y_hat], [low], [high]))
    a, b, c = got[["lo-80", "y_hat", "hi-80"]].iloc[0]
    assert smallest <= a <= b <= c <= largest
    if integer:
        assert all(float(v).is_integer() for v in (a, b, c))


def test_intervals_are_rounded_outwards_and_points_to_the_nearest():
    got = Bounds(integer=True).apply(frame([2.5, 3.5, -0.2], [1.9, 3.0, -0.2], [3.1, 4.0, 0.2]))
    assert got["y_hat"].tolist() == [2.0, 4.0, 0.0]
    assert got["lo-80"].tolist() == [1.0, 3.0, -1.0]
    assert got["hi-80"].tolist() == [4.0, 4.0, 1.0]


def test_whole_numbers_stay_within_broken_bounds():
    assert Bounds(min=0.5, max=3.5, integer=True).point([0.2, 9.0]).tolist() == [1.0, 3.0]


def test_there_is_no_negative_zero():
    assert str(Bounds(integer=True).point([-0.3])[0]) == "0.0"


def test_paths_of_any_shape_are_bounded():
    assert Bounds(max=1).point(np.full((2, 3, 4), 5.0)).max() == 1.0


def test_a_missing_band_stays_missing():
    assert np.isnan(Bounds(min=0, integer=True).lower([nan])).all()


def test_without_bounds_the_frame_is_the_same():
    given_frame = frame([1.5], [1.0], [2.0])
    assert Bounds().apply(given_frame) is given_frame


def test_the_given_frame_is_not_changed():
    given_frame = frame([-1.5], [-2.0], [2.0])
    Bounds(min=0).apply(given_frame)
    assert given_frame["y_hat"].tolist() == [-1.5]


@pytest.mark.parametrize(
    ("bounds", "message", "hint"),
    [
        ({"min": 5, "max": 1}, "the smallest forecast, 5, is larger than the largest, 1", "--min 1 --max 5"),
        ({"min": 0.2, "max": 0.8, "integer": True}, "there is no whole number from 0.2 to 0.8", "--min 0 --max 1"),
        ({"min": nan}, "a smallest forecast of nan and a largest of inf", "--min 0 --max 100, or leave them out"),
        ({"max": -inf}, "a smallest forecast of -inf and a largest of -inf", "--min 0 --max 100, or leave them out"),
    ],
)
def test_bounds_that_allow_nothing_are_refused(bounds, message, hint):
    with pytest.raises(ConfigError) as caught:
        Bounds(**bounds)
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("U101", message, hint)


def test_a_past_outside_the_bounds_is_said():
    (notice,) = Bounds(min=0, max=4, integer=True).notices(make_panel([-1.0, 2.5, 9.0, nan]))
    assert notice.code == "W214"
    assert notice.message == (
        "1 of 3 values are below --min 0 (smallest -1); 1 of 3 values are above --max 4 (largest 9); "
        "1 of 3 values are no whole numbers, and forecasts will be"
    )


def test_a_past_within_the_bounds_is_not_mentioned():
    assert Bounds(min=0, integer=True).notices(make_panel([0.0, 2.0])) == []


def test_what_is_scored_is_what_is_forecast():
    panel = make_panel(np.arange(30.0) / 4)
    bounds = Bounds(max=5, integer=True)
    scored = backtest({"naive": Naive}, panel, Split(2, 3), bounds=bounds).frame
    free = backtest({"naive": Naive}, panel, Split(2, 3)).frame
    assert scored["y_hat"].tolist() == bounds.point(free["y_hat"]).tolist()
    assert scored["y"].tolist() == free["y"].tolist()
    assert fit_all({"naive": Naive}, panel, Split(2, 0), bounds=bounds).forecasts["y_hat"].tolist() == [5.0, 5.0]


class Silent:
    def say(self, line):
        pass

    def progress(self, done, total, what):
        pass


def test_the_bands_of_a_run_keep_to_the_bounds():
    y = np.abs(np.random.default_rng(0).normal(size=80))
    factories = {"seasonal_naive": SeasonalNaive, "naive": Naive}
    chosen = ForecastSection(level=(80,), min=0, max=2)
    results = Results(make_panel(y), factories, Split(4, 6), chosen, seed=0, workers=Workers(1), listener=Silent())
    bands = results.forecasts[["lo-80", "y_hat", "hi-80"]].to_numpy()
    assert bands.min() == 0.0
    assert bands.max() <= 2.0
