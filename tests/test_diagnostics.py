"""Tests of one-step errors, held against statsmodels and against values that can be worked out by hand."""

import json
import warnings

import numpy as np
import pytest
from conftest import make_panel

from forecast.diagnostics import (
    MOST_KEPT,
    diagnose,
    diagnosed,
    errors_left,
    heteroskedasticity,
    jarque_bera,
    ljung_box,
    usual_lags,
)
from forecast.models.arima import ARIMA
from forecast.models.classical import Naive
from forecast.models.ets import ETS
from forecast.pipeline import run

pytestmark = pytest.mark.usefixtures("no_page")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.stats.stattools import jarque_bera as theirs_jarque_bera
    from statsmodels.tsa.statespace.sarimax import SARIMAX


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize(("lags", "parameters"), [(1, 0), (10, 0), (24, 3)])
def test_ljung_box_is_that_of_statsmodels(lags, parameters):
    e = np.cumsum(noise(150)) * 0.1 + noise(150, 1)
    expected = acorr_ljungbox(e, lags=[lags], model_df=parameters)

    found = ljung_box(e, lags=lags, parameters=parameters)
    assert found.statistic == pytest.approx(expected["lb_stat"].iloc[0], rel=1e-10)
    assert found.p_value == pytest.approx(expected["lb_pvalue"].iloc[0], rel=1e-8)
    assert found.freedom == lags - parameters


def test_ljung_box_by_hand():
    # Errors 1, 1, -1, -1 have the mean 0 and r_1 = (1 - 1 + 1) / 4; Q = 4 * 6 * (1/4)^2 / 3 = 1/2.
    assert ljung_box([1, 1, -1, -1], lags=1).statistic == pytest.approx(0.5)


def test_jarque_bera_is_that_of_statsmodels():
    e = np.exp(0.3 * noise(90))
    statistic, p_value, _, _ = theirs_jarque_bera(e)

    assert jarque_bera(e)[:2] == pytest.approx((statistic, p_value))


def test_heteroskedasticity_is_that_of_statsmodels():
    y = noise(121) * np.linspace(1.0, 2.0, 121)
    result = SARIMAX(y, order=(0, 0, 0), trend=None).smooth([1.0])
    expected = result.test_heteroskedasticity("breakvar")[0]

    assert heteroskedasticity(y)[:2] == pytest.approx(tuple(expected))


@pytest.mark.parametrize("test", [lambda e: ljung_box(e, lags=5), jarque_bera, heteroskedasticity])
def test_a_missing_error_counts_for_nothing(test):
    e = noise(80)
    padded = np.r_[np.nan, np.nan, e, np.nan]

    assert test(padded) == pytest.approx(test(e))


def test_a_p_value_of_noise_is_small_as_often_as_it_says():
    small = [
        [test(noise(100, seed)).p_value < 0.05 for test in (lambda e: ljung_box(e, lags=10), heteroskedasticity)]
        for seed in range(400)
    ]

    assert np.abs(np.mean(small, axis=0) - 0.05).max() < 0.03


def test_lags_are_those_of_two_seasons_but_no_more_than_a_fifth():
    assert usual_lags(100, season_length=4) == 8
    assert usual_lags(100, season_length=12) == 20
    assert usual_lags(100) == 10
    assert usual_lags(20, parameters=6) == 9


def test_the_sentence_names_what_was_found():
    grown = noise(200) * np.linspace(0.2, 3.0, 200)
    walk = np.cumsum(noise(200))
    heavy = noise(200) ** 3

    assert "larger at the end (p " in diagnose(grown)["says"]
    assert "smaller at the end (p " in diagnose(grown[::-1])["says"]
    assert diagnose(walk)["says"].startswith("autocorrelation is left (p ")
    assert "not normal (p " in diagnose(heavy)["says"]


@pytest.mark.parametrize("e", [np.zeros(30), np.full(30, 4.0)])
def test_no_errors_are_nothing_to_test(e):
    assert diagnose(e) == {"errors": 30, "says": "no errors are left to test"}


def test_errors_that_begin_with_nothing_have_grown():
    found = diagnose(np.r_[np.zeros(20), noise(20)])

    assert found["heteroskedasticity"]["statistic"] == 1e12
    assert found["heteroskedasticity"]["p_value"] < 1e-9
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_many_parameters_leave_a_degree_of_freedom():
    assert diagnose(noise(12), parameters=15)["ljung_box"]["freedom"] == 1


def test_models_that_keep_their_errors_are_diagnosed(airline):
    models = {"arima": ARIMA(), "ets": ETS(), "naive": Naive()}
    found = diagnosed({name: model.fit(airline, horizon=3) for name, model in models.items()}, airline)

    assert list(found) == ["arima", "ets"]
    one = found["arima"]["passengers"]
    assert one["lags"] == one["errors"] // 5 == 23
    assert one["ljung_box"]["freedom"] == 23 - models["arima"].parameters_["passengers"]
    assert one["ljung_box"]["p_value"] > 0.05


def test_a_wrong_model_is_found_out():
    y = np.zeros(200)
    for t, e in enumerate(noise(200)):
        y[t] = 0.9 * y[t - 1] + e
    panel = make_panel(y, frequency="int", season_length=1)
    right, wrong = (ARIMA(order=order, transform="none").fit(panel, horizon=1) for order in ((1, 0, 0), (0, 0, 1)))

    assert diagnosed({"m": right}, panel)["m"]["s0"]["ljung_box"]["p_value"] > 0.05
    assert diagnosed({"m": wrong}, panel)["m"]["s0"]["ljung_box"]["p_value"] < 1e-6


def test_a_run_leaves_its_diagnostics(tmp_path):
    folder = run("nile", models=["arima", "ets"], n_windows=1, out=tmp_path / "r").folder
    found = json.loads((folder / "diagnostics.json").read_text())

    assert found["arima"]["flow"]["errors"] > 90
    assert found["ets"]["flow"]["says"]


def test_the_errors_themselves_are_kept_of_the_first_series():
    y = np.arange(30.0) + noise(30)
    panel = make_panel(*[y + s for s in range(MOST_KEPT + 1)], frequency="int", season_length=1)
    left = errors_left({"ets": ETS().fit(panel, horizon=1), "naive": Naive().fit(panel, horizon=1)}, panel)

    assert set(left["model"]) == {"ets"}
    assert list(left["unique_id"].unique()) == list(panel.ids[:MOST_KEPT])
    assert left["ds"][:30].tolist() == list(range(971, 1001))


def test_no_errors_are_kept_where_no_model_has_them(airline):
    assert errors_left({"naive": Naive().fit(airline, horizon=3)}, airline).empty
