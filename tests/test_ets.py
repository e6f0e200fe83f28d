import numpy as np
import pytest
from conftest import make_panel

from forecast.models import ets
from forecast.models.ets import ETS, Form


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def test_the_season_and_trend_of_airline_are_found(airline):
    model = ETS().fit(airline, horizon=12)

    assert model.choices_["form"] in ("ETS(M,A,M)", "ETS(M,Ad,M)")
    assert model.predict()["y_hat"].to_numpy()[6] > 600  # July 1961


def test_a_level_has_neither_trend_nor_season():
    form = ETS().fit(make_panel(100 + noise(80)), horizon=3).forms_[0]

    assert (form.trend, form.season) == ("N", "N")


def test_forms_with_infinite_variance_and_those_that_need_positive_values_are_left_out():
    positive, mixed = ets._forms(np.arange(1.0, 61.0), 12), ets._forms(noise(60), 12)

    assert len(positive) == 15
    assert Form("A", "N", "M") not in positive
    assert len(mixed) == 6
    assert not any("M" in (form.error, form.season) for form in mixed)


def test_a_series_gets_no_more_parameters_than_it_has_values():
    assert max(ets._count(form, 1) for form in ets._forms(np.arange(1.0, 7.0), 1)) < 6


@pytest.mark.parametrize("length", [4, 5, 8, 9, 10, 13])
def test_short_series_are_fitted(length):
    y_hat = ETS().fit(make_panel(50 + noise(length), season_length=4), horizon=3).predict()["y_hat"]

    assert np.abs(y_hat - 50).max() < 10


def test_a_long_season_is_taken_out_first():
    t = np.arange(53 * 4)
    y = 100 + 20 * np.sin(2 * np.pi * t / 52) + noise(len(t)) / 4
    y_hat = ETS().fit(make_panel(y, frequency="W-SUN", season_length=52), horizon=52).predict()["y_hat"]

    ahead = 100 + 20 * np.sin(2 * np.pi * (len(t) + np.arange(52)) / 52)
    assert np.abs(y_hat - ahead).mean() < 1.5


def test_a_fit_that_fails_is_no_candidate(monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError

    monkeypatch.setattr(Form, "model", fail)
    model = ETS().fit(make_panel(100 + noise(40)), horizon=2)

    assert [notice.code for notice in model.notices_] == ["W302"]
    assert model.predict()["y_hat"].nunique() == 1


@pytest.mark.parametrize("bad", [np.nan, 1e9])
def test_a_forecast_that_explodes_is_not_sound(bad):
    class Result:
        aicc = 1.0

        def forecast(self, horizon):
            return np.full(horizon, bad)

    assert not ets._is_sound(Result(), np.ones(5), 3)


def test_a_criterion_that_is_no_number_is_not_sound():
    class Result:
        aicc = np.nan

    assert not ets._is_sound(Result(), np.ones(5), 3)
