"""ARIMA and a network in a row."""

import numpy as np
import pytest
from conftest import make_panel

from forecast.errors import ModelError
from forecast.models.arima import ARIMA
from forecast.models.hybrid import Hybrid


def walk(n=120, seed=0):
    return 100 + np.cumsum(np.random.default_rng(seed).normal(size=n))


def test_residuals_are_what_one_step_forecasts_got_wrong():
    panel = make_panel(walk(), season_length=1)
    model = ARIMA(order=(1, 1, 1), seasonal_order=(0, 0, 0), transform="none").fit(panel, horizon=1)
    found = model.residuals(panel).series(0)

    for t in (60, 90, 119):
        one = model.predict(panel.drop_last(120 - t))["y_hat"].iloc[0]
        assert found[t] == pytest.approx(panel.series(0)[t] - one, abs=1e-3)


def test_residuals_of_a_logarithm_are_in_the_units_of_the_series():
    y = np.exp(np.cumsum(np.random.default_rng(1).normal(0.01, 0.1, 150)))
    panel = make_panel(y, season_length=1)
    model = ARIMA(order=(0, 1, 0), seasonal_order=(0, 0, 0), transform="log").fit(panel, horizon=1)
    drift = model.predict()["y_hat"].iloc[0] / y[-1]

    assert model.residuals(panel).series(0)[1:] == pytest.approx(y[1:] - drift * y[:-1], rel=1e-5, abs=1e-6)


def test_where_there_is_no_error_yet_stands_zero_and_gaps_stay():
    y = walk()
    y[50] = np.nan
    panel = make_panel(y, season_length=1)
    found = ARIMA(order=(0, 1, 1)).fit(panel, horizon=1).residuals(panel).series(0)

    assert found[0] == 0.0
    assert np.flatnonzero(np.isnan(found)).tolist() == [50]


def test_a_series_that_was_not_fitted_has_no_residuals():
    model = ARIMA().fit(make_panel(walk()), horizon=2)

    with pytest.raises(ModelError, match="was not fitted"):
        model.residuals(make_panel(walk(), walk()))


def test_the_network_learns_what_is_left_over():
    rng = np.random.default_rng(0)
    y = np.zeros(600)
    for t in range(1, 600):  # a threshold autoregression, which no linear model describes
        y[t] = (1.5 if y[t - 1] < 0 else -0.9) * abs(y[t - 1]) + rng.normal()
    panel = make_panel(y, season_length=1)
    errors = {}
    for name, model in (("arima", ARIMA()), ("hybrid", Hybrid(members=4, input_size=4, max_steps=400))):
        model.fit(panel.drop_last(100), horizon=1)
        ahead = [model.predict(panel.drop_last(back))["y_hat"].iloc[0] for back in range(100, 0, -1)]
        errors[name] = np.mean((y[-100:] - ahead) ** 2)

    assert errors["hybrid"] < 0.9 * errors["arima"]


def test_with_nothing_left_over_the_hybrid_is_arima():
    panel = make_panel(3.0 * np.arange(60), season_length=1)
    line = ARIMA().fit(panel, horizon=4).predict()["y_hat"]

    assert Hybrid(members=2, max_steps=50).fit(panel, horizon=4).predict()["y_hat"].tolist() == line.tolist()
