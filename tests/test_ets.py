from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast.errors import ModelError
from forecast.models import ets
from forecast.models.ets import ETS, Form


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def test_the_season_and_trend_of_airline_are_found(airline):
    model = ETS().fit(airline, horizon=12)

    assert model.choices_["form"] in ("ETS(M,A,M)", "ETS(M,Ad,M)")
    assert model.predict()["y_hat"].to_numpy()[6] > 600  # July 1961


def test_a_level_has_neither_trend_nor_season():
    form = ETS().fit(make_panel(100 + noise(80)), horizon=3).fits_["s0"].form

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
    assert len(set(model.predict()["y_hat"])) == 1


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


# where it stands at the end, and how sure it is

FORMS = [Form(error, trend, season) for error in "AM" for trend in ("N", "A", "Ad") for season in "NAM"]


def smoothed(form, kind=np.asarray):
    """Return statsmodels' result for a form on a series with trend and season."""
    t = np.arange(60)
    y = 1.0 + 0.01 * t + 0.1 * np.sin(2 * np.pi * t / 4) + 0.05 * noise(60)
    model = form.model(kind(y), 4, start="heuristic")
    start = model.start_params.copy()
    values = {"smoothing_level": 0.4, "smoothing_trend": 0.1, "smoothing_seasonal": 0.2, "damping_trend": 0.9}
    for i, name in enumerate(model.param_names):
        start[i] = values.get(name, start[i])
    return model.smooth(start)


def state_of(form):
    """Return our state at the end of that series."""
    return ets._state(form, smoothed(form), 4, 0.05)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_state_goes_on_like_that_of_statsmodels(form):
    np.testing.assert_allclose(state_of(form).ahead(9)[:, 0], smoothed(form).forecast(9), rtol=1e-9)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_paths_are_those_of_statsmodels(form):
    errors = 0.05 * noise(9 * 3).reshape(9, 3)

    expected = smoothed(form).simulate(9, anchor="end", repetitions=3, random_errors=errors)
    np.testing.assert_allclose(state_of(form).paths(errors), expected, rtol=1e-9)


@pytest.mark.parametrize("form", [form for form in FORMS if form.error == "A" and form.season != "M"], ids=str)
def test_ends_of_linear_forms_are_those_of_the_formulas_in_statsmodels(form):
    result = smoothed(form, pd.Series)
    sigma = float(np.sqrt((result.resid**2).mean()))
    ends = result.get_prediction(start=60, end=68).summary_frame(alpha=0.05)

    found = replace(state_of(form), sigma=sigma).ahead(9, quantiles=[0.025, 0.975])
    np.testing.assert_allclose(found[:, 1:], ends[["pi_lower", "pi_upper"]], rtol=1e-7)


def test_ends_of_forms_whose_errors_multiply_are_those_of_many_paths():
    state = state_of(Form("M", "A", "M"))
    drawn = state.paths(0.05 * noise(6 * 200_000).reshape(6, -1))

    found = state.ahead(6, quantiles=[0.025, 0.1, 0.9, 0.975])
    width = found[:, 4] - found[:, 1]
    np.testing.assert_allclose(
        found[:, 1:], np.quantile(drawn, [0.025, 0.1, 0.9, 0.975], axis=1).T, atol=0.04 * width.min()
    )


def test_own_intervals_stand_beside_the_same_forecasts(airline):
    model = ETS().fit(airline, horizon=12)
    frame = model.predict(level=[80, 95])

    assert list(frame.columns)[6:] == ["lo-95", "lo-80", "hi-80", "hi-95"]
    assert frame["y_hat"].tolist() == model.predict()["y_hat"].tolist()
    assert (np.diff(frame[["lo-95", "lo-80", "y_hat", "hi-80", "hi-95"]].to_numpy(), axis=1) > 0).all()


def test_own_intervals_of_a_walk_widen_by_the_root_of_the_steps():
    y = np.cumsum(noise(300)) + 100
    frame = ETS().fit(make_panel(y, season_length=1), horizon=9).predict(level=[95])
    width = (frame["hi-95"] - frame["lo-95"]).to_numpy()

    np.testing.assert_allclose(width, 2 * 1.96 * np.sqrt(np.arange(1, 10)), rtol=0.15)


def test_a_long_season_is_put_back_into_the_intervals():
    t = np.arange(53 * 4)
    y = 100 + 20 * np.sin(2 * np.pi * t / 52) + noise(len(t)) / 4
    frame = ETS().fit(make_panel(y, frequency="W-SUN", season_length=52), horizon=26).predict(level=[95])

    ahead = 100 + 20 * np.sin(2 * np.pi * (len(t) + np.arange(26)) / 52)
    assert ((frame["lo-95"] < ahead + 1) & (ahead - 1 < frame["hi-95"])).all()


@pytest.mark.parametrize("y", [np.full(20, 5.0), [5.0], [5.0, 5.0]])
def test_a_series_that_never_moved_says_nothing_of_what_may_come(y):
    frame = ETS().fit(make_panel(y), horizon=2).predict(level=[80])

    assert frame["y_hat"].tolist() == [5.0, 5.0]
    assert frame[["lo-80", "hi-80"]].isna().all(axis=None)


def test_few_values_spread_like_their_steps():
    frame = ETS().fit(make_panel([1.0, 3.0, 1.0]), horizon=4).predict(level=[80])

    np.testing.assert_allclose(frame["hi-80"] - 1.0, 1.2816 * 2.0 * np.sqrt([1, 2, 3, 4]), rtol=1e-3)


def test_residuals_are_the_one_step_errors(airline):
    model = ETS().fit(airline, horizon=12)
    state = model.fits_["passengers"].state

    assert model.residuals_["passengers"].shape == (144,)
    assert model.residuals_["passengers"].std() == pytest.approx(state.sigma, rel=0.1)
    assert 0.02 < state.sigma < 0.06


def test_a_limit_that_ends_a_fit_is_said(monkeypatch, airline):
    monkeypatch.setattr(ets, "MAX_ITERATIONS", 3)
    notices = ETS().fit(airline, horizon=12).notices_

    assert [notice.code for notice in notices] == ["W302"]
    assert "stopped after 3 iterations: its best parameters so far are taken" in notices[0].message


def test_a_series_that_was_not_fitted_is_refused(airline):
    with pytest.raises(ModelError, match='ets was not fitted to the series "s0"'):
        ETS().fit(airline, horizon=2).predict(make_panel(100 + noise(40)))


def test_a_panel_of_some_of_the_series_is_forecast_by_their_names():
    panel = make_panel(100 + noise(40), 1000 + noise(40, 1))
    model = ETS().fit(panel, horizon=2)

    assert model.predict(panel.take([1]))["y_hat"].min() > 900


def test_later_values_lead_on_from_where_the_fit_ended():
    flow = np.r_[np.linspace(120.0, 100.0, 40) + noise(40), np.full(12, 100.0) + noise(12)]
    panel = make_panel(flow, season_length=1)
    model = ETS().fit(panel.drop_last(12), horizon=3)
    assert "A" in model.choices_["form"].split(",")[1]  # a trend, which its starting values decide

    for back in (11, 6, 0):
        y_hat = model.predict(panel.drop_last(back) if back else panel)["y_hat"]
        assert np.abs(y_hat - 95.0).max() < 10.0


@pytest.mark.parametrize("form", ["AAN", "AAdA", "MAdM", "MNM", "MAA"])
def test_a_state_moves_as_statsmodels_smooths(form):
    error, trend, season = form[0], form[1:-1], form[-1]
    y = (10 + np.arange(48) / 10) * (1 + 0.2 * np.sin(np.arange(48) * np.pi / 2)) + noise(48) / 10
    chosen = ets.Form(error, trend, season)
    result = chosen.model(y[:40], 4, start="estimated").fit(disp=False)

    moved = ets._state(chosen, result, 4, 1.0).after(y[40:])

    whole = chosen.model(y, 4, start="estimated")
    expected = np.asarray(whole.smooth(result.params).forecast(6))
    np.testing.assert_allclose(moved.ahead(6)[:, 0], expected, rtol=1e-6)


def test_a_series_that_ends_earlier_is_smoothed_anew(airline):
    model = ETS().fit(airline, horizon=3)

    y_hat = model.predict(airline.drop_last(12))["y_hat"].to_numpy()

    came = airline.values[-12:-9]
    assert np.abs(y_hat / came - 1).max() < 0.15


def test_a_series_without_a_form_goes_on_with_its_latest_value():
    panel = make_panel(np.r_[np.full(30, 5.0), 8.0], season_length=1)
    model = ETS().fit(panel.drop_last(1), horizon=2)

    assert model.predict()["y_hat"].tolist() == [5.0, 5.0]
    assert model.predict(panel)["y_hat"].tolist() == [8.0, 8.0]
