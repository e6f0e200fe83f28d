"""Automatic ARIMA: the fast filters against slow loops, the choices it makes, and series that must not break it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.errors import ConfigError, DataError, ModelError
from forecast.frequency import Frequency
from forecast.models import arima_exact
from forecast.models.arima import ARIMA
from forecast.models.arima_css import (
    Candidate,
    Orders,
    Problem,
    fit_css,
    forecast_css,
    regressors,
    residuals,
    residuals_and_jacobian,
    stable,
)
from forecast.models.arima_exact import fit_exact
from forecast.models.arima_search import Space, choose_differences, seasonal_strength
from forecast.panel import Panel
from forecast.unit_roots import kpss

DATA = Path(__file__).parents[1] / "data"
SEASONAL = Orders(2, 1, 1, 1, 1, 2, m=4)
PARAMS = np.array([0.3, 0.2, 0.4, 0.5, -0.3, 0.2])


def series(*values, season_length=1, frequency="int", start="2000-01-01"):
    """Return a panel of the given series, named a, b, ..."""
    frames = []
    for name, y in zip("abcdef", values, strict=False):
        ds = np.arange(len(y)) if frequency == "int" else pd.date_range(start, periods=len(y), freq=frequency)
        frames.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": np.asarray(y, dtype=float)}))
    return Panel.from_frame(pd.concat(frames), Frequency(frequency), season_length=season_length)


def forecasts(y, *, horizon=4, season_length=1, **settings):
    return ARIMA(**settings).fit(series(y, season_length=season_length), horizon=horizon).predict()["y_hat"].to_numpy()


def choice(y, *, season_length=1, **settings):
    return ARIMA(**settings).fit(series(y, season_length=season_length), horizon=4).choices_["a"]


def airline():
    return pd.read_csv(DATA / "airline.csv")["passengers"].to_numpy(float)


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def autoregression(n, phi=0.7, seed=0):
    y = noise(n, seed)
    for t in range(1, n):
        y[t] += phi * y[t - 1]
    return y


def seasonal_walk(n, m, seed=0):
    """An airline model: (0,1,1)(0,1,1)m with theta = -0.4 and Theta = -0.6."""
    e = noise(n, seed)
    w = e.copy()
    w[1:] -= 0.4 * e[:-1]
    w[m:] -= 0.6 * e[:-m]
    w[m + 1 :] += 0.24 * e[: -m - 1]
    for t in range(m, n):
        w[t] += w[t - m]
    return np.cumsum(w)


def slow_residuals(params, o, w, Z):
    """The recursion with its polynomials multiplied out by hand, one value after the other."""
    k = Z.shape[1]
    beta, ar, ma, sar, sma = np.split(params, np.cumsum([k, o.p, o.q, o.P]))
    over = {0: 1.0}
    for i, phi in [(0, -1.0), *((i + 1, c) for i, c in enumerate(ar))]:
        for j, Phi in [(0, -1.0), *((o.m * (j + 1), c) for j, c in enumerate(sar))]:
            over[i + j] = over.get(i + j, 0.0) + phi * Phi if i + j else 1.0
    under = {}
    for i, theta in [(0, 1.0), *((i + 1, c) for i, c in enumerate(ma))]:
        for j, Theta in [(0, 1.0), *((o.m * (j + 1), c) for j, c in enumerate(sma))]:
            under[i + j] = under.get(i + j, 0.0) + theta * Theta
    u = w - Z @ beta
    e = np.zeros(len(u))
    for t in range(len(u)):
        past = sum(c * u[t - lag] for lag, c in over.items() if lag <= t)
        e[t] = past - sum(c * e[t - lag] for lag, c in under.items() if 0 < lag <= t)
    return e


# the fast parts against slow ones


def test_residuals_equal_a_loop_over_time():
    w, Z = noise(60), noise(120, seed=1).reshape(60, 2)
    params = np.r_[0.5, -0.2, PARAMS]
    np.testing.assert_allclose(
        residuals(params, SEASONAL, w, Z), slow_residuals(params, SEASONAL, w, Z), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize(
    ("orders", "params"),
    [
        (SEASONAL, np.r_[0.5, -0.2, PARAMS]),
        (Orders(p=1, q=2), np.array([0.1, 0.2, 0.5, 0.3, 0.1])),
        (Orders(Q=1, m=12), np.array([0.1, 0.2, 0.4])),
    ],
)
def test_jacobian_equals_differences(orders, params):
    w, Z = noise(60), noise(120, seed=1).reshape(60, 2)
    e, J = residuals_and_jacobian(params, orders, w, Z)
    step = 1e-6
    for i in range(len(params)):
        up, down = params.copy(), params.copy()
        up[i] += step
        down[i] -= step
        expected = (residuals(up, orders, w, Z) - residuals(down, orders, w, Z)) / (2 * step)
        np.testing.assert_allclose(J[:, i], expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(e, residuals(params, orders, w, Z))


def test_a_model_without_parameters_has_an_empty_jacobian():
    assert residuals_and_jacobian(np.empty(0), Orders(d=1), noise(9), np.empty((9, 0)))[1].shape == (9, 0)


def test_stable_agrees_with_the_roots():
    rng = np.random.default_rng(3)
    for _ in range(200):
        phi = rng.normal(size=rng.integers(1, 6)) * 0.6
        roots = np.abs(np.roots(np.r_[-phi[::-1], 1.0]))
        assert stable(phi, margin=1.05) == bool((roots > 1.05).all())


def test_conditional_fit_is_a_minimum():
    problem = Problem(seasonal_walk(120, 4), np.ones(120, bool), Orders(d=1, D=1, m=4))
    orders = Orders(1, 1, 1, 0, 1, 1, m=4)
    fit = fit_css(problem, orders)
    Z = problem.design_of(orders)

    def sse(params):
        return float((residuals(params, orders, problem.w, Z)[problem.counted()] ** 2).sum())

    best = sse(fit.params)
    assert fit.converged
    assert all(sse(fit.params + move) >= best * (1 - 1e-8) for move in 0.01 * np.vstack([np.eye(3), -np.eye(3)]))


def test_conditional_fit_finds_the_parameters_of_a_long_simulation():
    y = seasonal_walk(4000, 4)
    fit = fit_css(Problem(y, np.ones(4000, bool), Orders(d=1, D=1, m=4)), Orders(0, 1, 1, 0, 1, 1, m=4))
    np.testing.assert_allclose(fit.params, [-0.4, -0.6], atol=0.04)


def test_exact_fit_is_the_one_of_statsmodels():
    z = seasonal_walk(100, 4)
    orders = Orders(0, 1, 1, 0, 1, 1, m=4)
    problem = Problem(z, np.ones(100, bool), Orders(d=1, D=1, m=4))
    fit = fit_exact(problem, fit_css(problem, orders))
    with warnings.catch_warnings():
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        warnings.simplefilter("ignore")
        model = SARIMAX(z, order=(0, 1, 1), seasonal_order=(0, 1, 1, 4), simple_differencing=True)
        expected = model.fit(disp=0, cov_type="none")
    np.testing.assert_allclose(fit.params, expected.params[:2], atol=2e-3)
    assert fit.aicc == pytest.approx(expected.aicc, abs=1e-3)


def test_own_forecast_equals_the_recursion_by_hand():
    z = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 6.0])
    orders, t = Orders(p=1, d=1, constant=True), np.arange(-5, 3)
    X = regressors(t, orders, fourier=0, period=1.0)
    actual = forecast_css(np.array([0.5, 0.4]), orders, z, X[:6], X[6:])
    first = 6.0 + 0.5 + 0.4 * (1.0 - 0.5)
    second = first + 0.5 + 0.4 * (first - 6.0 - 0.5)
    np.testing.assert_allclose(actual, [first, second])


# choices


def test_strength_of_a_season_is_high_and_of_noise_low():
    assert seasonal_strength(np.tile([0.0, 3, 1, 5], 20) + 0.1 * noise(80), 4) > 0.95
    assert seasonal_strength(noise(400), 4) < 0.3
    assert seasonal_strength(np.arange(40.0), 4) == 0.0
    assert seasonal_strength(noise(11), 4) == 0.0


def test_differences_are_those_of_the_simulation():
    assert choose_differences(noise(200), 1) == (0, 0)
    assert choose_differences(np.cumsum(noise(200)), 1) == (1, 0)
    assert choose_differences(np.cumsum(np.cumsum(noise(200))), 1) == (2, 0)
    assert choose_differences(seasonal_walk(200, 4), 4) == (1, 1)


def test_neighbours_are_one_step_away_and_allowed_ones_are_kept():
    space = Space((0, 1), (0,), (0,), (0,), (False,))
    allowed = [o for o in space.neighbours(Orders()) if o in space]
    assert allowed == [Orders(p=1)]


def test_first_order_autoregression_is_recovered():
    chosen = choice(autoregression(400))
    assert (chosen["order"][1], chosen["mean"], chosen["transform"]) == (0, True, "none")
    y = autoregression(400)
    expected = y.mean() + 0.7 ** np.arange(1, 5) * (y[-1] - y.mean())
    np.testing.assert_allclose(forecasts(y), expected, atol=0.35)


def test_airline_simulation_is_forecast_like_the_model_it_came_from():
    y = seasonal_walk(200, 4)
    known = forecasts(y, order=(0, 1, 1), seasonal_order=(0, 1, 1), season_length=4, horizon=8)
    found = forecasts(y, season_length=4, horizon=8)
    np.testing.assert_allclose(found, known, atol=1.0)


def test_logarithm_is_chosen_for_airline():
    chosen = choice(airline(), season_length=12)
    assert chosen["transform"] == "log"
    assert chosen["order"][1] + chosen["seasonal_order"][1] > 0
    assert chosen["seasonal_order"][1:] == [1, 1, 12]


def test_airline_forecasts_beat_the_seasonal_naive_by_far():
    y = airline()
    error = np.abs(forecasts(y[:132], season_length=12, horizon=12) - y[132:]).mean()
    assert error / np.abs(y[12:132] - y[:120]).mean() < 0.6


def test_no_logarithm_where_a_value_is_not_positive():
    assert choice(np.r_[0.0, airline()], season_length=12)["transform"] == "none"


def test_exponential_growth_is_continued_exactly_through_the_logarithm():
    np.testing.assert_allclose(forecasts(1.1 ** np.arange(30)), 1.1 ** np.arange(30, 34), rtol=1e-6)


def test_aicc_is_in_units_of_the_series():
    y = 50.0 + autoregression(100)
    small, large = choice(y, order=(1, 0, 0)), choice(1000.0 * y, order=(1, 0, 0))
    assert large["aicc"] - small["aicc"] == pytest.approx(2 * 100 * np.log(1000.0), abs=0.01)


def test_aicc_of_the_airline_model_is_that_of_statsmodels_and_the_jacobian():
    chosen = choice(airline(), season_length=12, order=(0, 1, 1), seasonal_order=(0, 1, 1), transform="log")
    llf, n = 244.6965, 131  # Box & Jenkins' series G; R's arima prints 244.7
    expected = -2 * llf + 6 * n / (n - 4) + 2 * np.log(airline()[13:]).sum()
    assert chosen["aicc"] == pytest.approx(expected, abs=0.01)


def test_fixed_orders_are_honoured():
    chosen = choice(airline(), season_length=12, order=(2, 1, 0), seasonal_order=(1, 1, 0), transform="none")
    assert (chosen["order"], chosen["seasonal_order"]) == ([2, 1, 0], [1, 1, 0, 12])
    assert (chosen["transform"], chosen["models_tried"]) == ("none", 1)


def test_fixed_order_leaves_the_season_to_the_search():
    chosen = choice(airline(), season_length=12, order=(0, 1, 1))
    assert chosen["order"] == [0, 1, 1]
    assert chosen["seasonal_order"][1] == 1


def test_choices_are_plain_json_and_say_why():
    chosen = choice(airline(), season_length=12)
    assert json.loads(json.dumps(chosen, allow_nan=False)) == chosen
    assert "AICc" in chosen["why"]
    assert 1 < len(chosen["search"]) <= 5
    assert [row["aicc"] for row in chosen["search"]] == sorted(row["aicc"] for row in chosen["search"])


def test_season_of_a_year_of_weeks_is_fourier_with_its_true_length():
    t = np.arange(260)
    y = 10 + 3 * np.sin(2 * np.pi * t / (365.25 / 7)) + 0.1 * noise(260)
    model = ARIMA().fit(series(y, season_length=52, frequency="W-SUN"), horizon=26)
    chosen = model.choices_["a"]
    assert chosen["fourier"] >= 1
    assert chosen["seasonal_order"] == [0, 0, 0, 52]
    assert "52.18" in chosen["why"]
    truth = 10 + 3 * np.sin(2 * np.pi * np.arange(260, 286) / (365.25 / 7))
    np.testing.assert_allclose(model.predict()["y_hat"], truth, atol=0.3)


def test_no_season_asked_for_is_no_fourier():
    y = np.sin(2 * np.pi * np.arange(260) / 52) + 0.1 * noise(260)
    assert choice(y, season_length=52, seasonal_order=(0, 0, 0))["fourier"] == 0


def test_season_longer_than_half_the_series_is_left_out():
    assert choice(noise(80), season_length=52)["fourier"] == 0


def test_co2_fits_with_its_gaps():
    frame = pd.read_csv(DATA / "co2.csv", parse_dates=["week"]).set_index("week")["co2"].asfreq("W-SAT")
    model = ARIMA().fit(series(frame, season_length=52, frequency="W-SAT", start="1958-03-29"), horizon=13)
    chosen = model.choices_["a"]
    assert chosen["fourier"] >= 2
    assert chosen["method"] == "conditional"
    assert np.abs(model.predict()["y_hat"] - 372.0).max() < 4.0


def test_long_seasonal_series_keeps_its_conditional_parameters():
    assert choice(seasonal_walk(700, 24), season_length=24)["method"] == "conditional"


# series that must not break it


def test_constant_series_stays_constant():
    np.testing.assert_allclose(forecasts(np.full(30, 7.0)), np.full(4, 7.0))


def test_straight_line_goes_on():
    np.testing.assert_allclose(forecasts(5.0 - 2.0 * np.arange(30)), 5.0 - 2.0 * np.arange(30, 34))


def test_pure_season_goes_on():
    np.testing.assert_allclose(forecasts(np.tile([1.0, 5, 2, 9], 6), season_length=4), [1.0, 5, 2, 9])


def test_almost_only_zeros_gives_small_forecasts():
    y = np.zeros(60)
    y[[11, 40]] = 3.0
    assert np.abs(forecasts(y, season_length=12)).max() < 1.0


@pytest.mark.parametrize("y", [[4.0], [4.0, 4.0], [1.0, 4.0], [3.0, 9.0, 4.0]])
def test_last_value_of_a_few_goes_on(y):
    np.testing.assert_allclose(forecasts(y), np.full(4, y[-1]))


def test_three_points_in_a_line_go_on():
    np.testing.assert_allclose(forecasts([1.0, 2.0, 3.0]), [4.0, 5.0, 6.0, 7.0])


@pytest.mark.parametrize("n", range(3, 40, 3))
def test_every_short_length_has_a_finite_forecast(n):
    y = 100 + 10 * noise(n)
    for season_length in (1, 4, 12, 52):
        y_hat = forecasts(y, season_length=season_length)
        assert np.isfinite(y_hat).all()
        assert np.abs(y_hat - 100).max() < 80


def test_season_longer_than_a_short_series_can_be_given():
    y = 5 + noise(9)
    np.testing.assert_allclose(forecasts(y, season_length=12, seasonal_order=(0, 1, 1)), np.full(4, y[-1]))


def test_more_parameters_than_values_fall_back_to_the_last_value():
    y = 5 + noise(10)
    chosen = choice(y, order=(5, 0, 5))
    assert chosen["order"] == [0, 1, 0]
    np.testing.assert_allclose(forecasts(y, order=(5, 0, 5)), np.full(4, y[-1]))


def test_exact_fit_that_fails_leaves_the_conditional_one(monkeypatch):
    def broken(*args, **kwargs):
        raise np.linalg.LinAlgError("no")

    monkeypatch.setattr(arima_exact, "_state_space", broken)
    assert choice(autoregression(100))["method"] == "conditional"


def test_filter_that_fails_leaves_the_forecast_to_the_recursion(monkeypatch):
    y = autoregression(100)
    expected = forecasts(y, order=(1, 0, 0))
    original = arima_exact._state_space

    def broken_filter(*args, simple_differencing, **kwargs):
        if not simple_differencing:
            raise ValueError("no")
        return original(*args, simple_differencing=simple_differencing, **kwargs)

    monkeypatch.setattr(arima_exact, "_state_space", broken_filter)
    np.testing.assert_allclose(forecasts(y, order=(1, 0, 0)), expected, rtol=1e-6)


def test_near_unit_root_is_rejected():
    w = noise(300)
    problem = Problem(w, np.ones(300, bool), Orders(d=1))
    assert fit_css(problem, Orders(d=1, q=1)).aicc == np.inf
    assert fit_exact(problem, Candidate(Orders(d=1, q=1), np.array([-0.99]), 0.0, True)) is None


def test_gaps_barely_move_the_forecast():
    y = seasonal_walk(160, 4)
    holes = y.copy()
    holes[[30, 31, 77, 120]] = np.nan
    settings = {"order": (0, 1, 1), "seasonal_order": (0, 1, 1), "season_length": 4}
    np.testing.assert_allclose(forecasts(holes, **settings), forecasts(y, **settings), atol=0.3)


def test_gaps_at_the_end_are_forecast_over():
    y = np.r_[3.0 * np.arange(40), np.nan, np.nan] + np.r_[0.01 * noise(40), 0, 0]
    np.testing.assert_allclose(forecasts(y, horizon=2), [126.0, 129.0], atol=0.2)


# the contract


@pytest.mark.parametrize("scale", [1e-6, 3.7, 1e9])
def test_a_multiple_of_the_series_has_the_multiple_of_the_forecast(scale):
    for y, m in ((airline(), 12), (autoregression(120), 1), (np.r_[0.0, airline()], 12)):
        np.testing.assert_allclose(
            forecasts(scale * y, season_length=m), scale * forecasts(y, season_length=m), rtol=1e-6
        )


def test_a_shifted_series_has_the_shifted_forecast_without_transform():
    y = seasonal_walk(100, 4)
    plain = forecasts(y, season_length=4, transform="none")
    np.testing.assert_allclose(forecasts(y + 1000.0, season_length=4, transform="none"), plain + 1000.0, rtol=1e-6)


def test_same_input_gives_the_same_bytes():
    assert forecasts(airline(), season_length=12).tobytes() == forecasts(airline(), season_length=12).tobytes()


def test_every_series_is_fitted_alone():
    both = ARIMA().fit(series(autoregression(80), np.cumsum(noise(60))), horizon=4)
    assert list(both.choices_) == ["a", "b"]
    np.testing.assert_array_equal(both.predict()["y_hat"][:4], forecasts(autoregression(80)))
    np.testing.assert_array_equal(both.predict()["y_hat"][4:], forecasts(np.cumsum(noise(60))))


def test_refit_forgets():
    model = ARIMA().fit(series(airline(), airline(), season_length=12), horizon=12)
    model.fit(series(autoregression(80)), horizon=4)
    assert list(model.choices_) == ["a"]
    np.testing.assert_array_equal(model.predict()["y_hat"], forecasts(autoregression(80)))


def test_input_is_left_as_it_was():
    panel = series(np.where(np.arange(60) == 20, np.nan, autoregression(60)))
    before = panel.values.copy()
    ARIMA().fit(panel, horizon=4).predict(panel)
    np.testing.assert_array_equal(panel.values, before)


def test_forecast_frame_has_the_columns_and_times_of_the_house():
    frame = ARIMA().fit(series(autoregression(50)), horizon=3).predict()
    assert list(frame.columns) == ["unique_id", "cutoff", "ds", "step", "model", "y_hat"]
    assert frame["ds"].tolist() == [50, 51, 52]
    assert set(frame["model"]) == {"arima"}


def test_fitted_panel_given_again_has_the_same_forecast():
    panel = series(airline(), season_length=12)
    model = ARIMA().fit(panel, horizon=12)
    np.testing.assert_allclose(model.predict(panel)["y_hat"], model.predict()["y_hat"], rtol=1e-12)


def test_other_panel_is_forecast_with_the_learned_parameters():
    y = autoregression(150)
    model = ARIMA(order=(1, 0, 0)).fit(series(y[:100]), horizon=1)
    mean, phi = model.fits_["a"].best.params
    level = model.fits_["a"].scale.invert(np.array([mean]))[0]
    expected = level + phi * (y[-1] - level)
    np.testing.assert_allclose(model.predict(series(y))["y_hat"], [expected], rtol=1e-6)


@pytest.mark.parametrize(("begin", "end"), [(0, 300), (30, 220)])
def test_waves_keep_their_phase_on_a_panel_that_ends_elsewhere(begin, end):
    y = np.sin(2 * np.pi * np.arange(310) / 30)
    y[:300] += 0.01 * noise(300)
    panel = series(y[:260], season_length=30)
    model = ARIMA().fit(panel, horizon=10)
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(begin, end), "y": y[begin:end]})
    other = Panel.from_frame(frame, Frequency("int"), season_length=30)
    np.testing.assert_allclose(model.predict(other)["y_hat"], y[end : end + 10], atol=0.06)


def test_unknown_series_is_refused():
    model = ARIMA().fit(series(autoregression(50)), horizon=3)
    with pytest.raises(ModelError, match="b"):
        model.predict(series(autoregression(50), noise(50)))


def test_unfitted_model_says_so():
    with pytest.raises(ModelError, match="not fitted"):
        ARIMA().predict()


@pytest.mark.parametrize(
    ("settings", "season_length"),
    [
        ({"transform": "sqrt"}, 1),
        ({"order": "best"}, 1),
        ({"order": (1, 3, 1)}, 1),
        ({"order": (1, 1)}, 1),
        ({"seasonal_order": (0, 1, 1)}, 1),
        ({"seasonal_order": (0, 1, 1)}, 52),
    ],
)
def test_settings_that_are_none_are_refused(settings, season_length):
    with pytest.raises(ConfigError):
        ARIMA(**settings).fit(series(noise(60), season_length=season_length), horizon=2)


def test_logarithm_of_a_series_with_a_zero_is_refused():
    with pytest.raises(DataError, match="a"):
        ARIMA(transform="log").fit(series(np.r_[0.0, airline()]), horizon=2)


def test_fit_that_did_not_converge_is_noticed(monkeypatch):
    original = arima_exact.fit_exact

    def stopped(problem, start):
        fit = original(problem, start)
        return fit and Candidate(fit.orders, fit.params, fit.aicc, converged=False)

    monkeypatch.setattr(arima_exact, "fit_exact", stopped)
    model = ARIMA().fit(series(autoregression(60)), horizon=2)
    assert [notice.code for notice in model.notices_] == ["W302"]


def test_fit_that_converged_is_not_noticed():
    assert ARIMA().fit(series(airline(), season_length=12), horizon=2).notices_ == []


@pytest.mark.parametrize(("n", "transform"), [(14, "none"), (20, "none"), (21, "log"), (30, "log")])
def test_few_values_keep_their_scale(n, transform):
    y = 100 * np.exp(0.2 * np.arange(n) + 0.01 * noise(n))
    assert choice(y)["transform"] == transform


def test_few_values_with_a_growing_season_may_have_their_logarithm():
    y = np.tile([1.0, 3.0, 2.0, 5.0], 5) * np.exp(0.1 * np.arange(20) + 0.01 * noise(20))
    assert choice(y, season_length=4)["transform"] == "log"


# limits


@pytest.mark.parametrize(
    "y",
    [
        np.full(400, 3.0),
        2.0 * np.arange(400),
        np.where(np.arange(400) % 97 == 5, 4.0, 0.0),
        np.sin(np.arange(400) * 2 * np.pi / 168) + 0.1 * noise(400),
        1e-3 * noise(400) ** 9,
    ],
    ids=["constant", "line", "almost all zero", "waves", "wild"],
)
def test_a_season_of_168_ends_whatever_the_series(y):
    y_hat = forecasts(y, season_length=168, horizon=200)
    assert np.isfinite(y_hat).all()
    assert np.abs(y_hat).max() <= 3 * np.abs(y).max() + 1e-9


def test_a_conditional_fit_takes_no_more_than_its_iterations(monkeypatch):
    from forecast.models import arima_css

    monkeypatch.setattr(arima_css, "_MAX_ITERATIONS", 1)
    monkeypatch.setattr(arima_exact, "EXACT_LENGTH", 0)
    model = ARIMA(order=(2, 0, 2)).fit(series(autoregression(200)), horizon=2)
    assert [notice.code for notice in model.notices_] == ["W302"]
    assert "its best parameters so far are taken" in model.notices_[0].message


def test_a_second_difference_takes_a_clearer_verdict_than_the_first():
    y = np.cumsum(noise(60) + np.linspace(0.0, 0.5, 60))
    assert 0.463 < kpss(np.diff(y)) < 0.739
    assert choose_differences(y, 1) == (1, 0)
