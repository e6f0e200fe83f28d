"""Covariates known ahead are regressors of an ARIMA; those that tell nothing are left out, and that is said."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast import pipeline
from forecast.covariates import Covariates
from forecast.errors import ModelError
from forecast.models.arima import ARIMA
from forecast.models.arima_exog import Effects, informative, known_rows
from forecast.models.hybrid import Hybrid
from forecast.split import Split
from forecast.tasks import windows

pytestmark = pytest.mark.usefixtures("no_page")

H = 6


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def panel_with(y, columns, *, season_length=1):
    """Return the panel of one series of numbered times with named columns that reach beyond its end."""
    panel = make_panel(y, frequency="int", season_length=season_length)
    known = np.column_stack([np.asarray(column, dtype=float) for column in columns.values()])
    offsets = np.array([0, len(known)])
    return replace(panel, covariates=Covariates.of_known(known, offsets, tuple(columns), values=len(y)))


def promoted(n=120, *, lift=30.0, seed=0):
    """Return a series that follows itself and a promotion, what follows it, and the promotion."""
    promo = (np.random.default_rng(seed + 1).uniform(size=n + H) < 0.3).astype(float)
    e = noise(n + H, seed)
    for t in range(1, n + H):
        e[t] += 0.6 * e[t - 1]
    y = 100.0 + lift * promo + e
    return y[:n], y[n:], promo


def test_what_is_known_of_the_future_moves_the_forecast_at_its_step():
    y, after, promo = promoted()
    y_hat = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=H).predict()["y_hat"].to_numpy()
    np.testing.assert_allclose(y_hat, after, atol=4.5)

    promo[-2] = 1 - promo[-2]
    moved = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=H).predict()["y_hat"].to_numpy() - y_hat
    assert np.flatnonzero(np.abs(moved) > 1e-9).tolist() == [H - 2]
    assert abs(moved[H - 2]) == pytest.approx(30.0, abs=1.0)


def test_exact_fit_with_a_regressor_is_the_one_of_statsmodels():
    y, _, promo = promoted()
    model = ARIMA(order=(1, 0, 0), transform="none").fit(panel_with(y, {"promo": promo}), horizon=H)
    with warnings.catch_warnings():
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        warnings.simplefilter("ignore")
        X = np.column_stack([np.ones(len(y)), promo[: len(y)]])
        found = SARIMAX(y, exog=X, order=(1, 0, 0)).fit(disp=0, cov_type="none", maxiter=200)
        expected = found.forecast(H, exog=np.column_stack([np.ones(H), promo[len(y) :]]))
    np.testing.assert_allclose(model.predict()["y_hat"], expected, rtol=1e-3)
    assert model.choices_["s0"]["aicc"] == pytest.approx(found.aicc, abs=0.01)


def test_regression_through_differences_finds_the_effect():
    promo = (np.random.default_rng(5).uniform(size=150 + H) < 0.4).astype(float)
    y = np.cumsum(noise(150)) + 20.0 * promo[:150]
    model = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=H)
    fit = model.fits_["s0"]
    effect = fit.best.params[int(fit.best.orders.constant)] * fit.scale.size / promo[:150].std()

    assert fit.best.orders.d == 1
    assert effect == pytest.approx(20.0, abs=0.5)


def test_columns_that_tell_nothing_are_left_out_and_said():
    y, _, promo = promoted()
    t = np.arange(len(promo), dtype=float)
    columns = {"never": np.r_[np.zeros(len(y)), np.ones(H)], "promo": promo, "not_promo": 1 - promo, "t": t}
    model = ARIMA(order=(1, 1, 0)).fit(panel_with(y, columns), horizon=H)

    assert model.choices_["s0"]["covariates"] == ["promo"]
    said = {notice.message.split('"')[1]: notice.message.split(": ")[-1] for notice in model.notices_}
    assert {notice.code for notice in model.notices_} == {"W304"}
    assert said == {"never": "it does not vary", "not_promo": "others tell the same", "t": "it does not vary"}


def test_a_left_out_column_changes_nothing():
    y, _, promo = promoted()
    plain = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=H).predict()["y_hat"]
    double = ARIMA().fit(panel_with(y, {"promo": promo, "twice": 2 * promo}), horizon=H).predict()["y_hat"]

    assert plain.tolist() == double.tolist()


def test_notices_count_the_series():
    columns = np.ones((2 * (40 + H), 1))
    panel = make_panel(noise(40), noise(40, 1), frequency="int", season_length=1)
    offsets = np.array([0, 40 + H, 2 * (40 + H)])
    panel = replace(panel, covariates=Covariates.of_known(columns, offsets, ("flat",), values=80))

    assert [n.message for n in ARIMA().fit(panel, horizon=H).notices_] == [
        'arima leaves out the covariate "flat" in 2 of 2 series: it does not vary'
    ]


def test_few_values_keep_few_columns():
    y = 50 + noise(20)
    columns = {f"x{i}": noise(20 + H, seed=i + 1) for i in range(8)}
    model = ARIMA(order=(0, 0, 0)).fit(panel_with(y, columns), horizon=H)

    assert model.choices_["s0"]["covariates"] == ["x0", "x1", "x2", "x3"]
    assert "there are too few values" in model.notices_[0].message


@pytest.mark.parametrize("y", [np.full(40, 7.0), 3.0 * np.arange(40), [1.0, 2.0, 4.0]])
def test_a_series_without_noise_or_values_takes_no_regressor(y):
    plain = ARIMA().fit(make_panel(y, frequency="int", season_length=1), horizon=H).predict()["y_hat"]
    found = ARIMA().fit(panel_with(y, {"x": noise(len(y) + H)}), horizon=H).predict()["y_hat"]

    assert found.tolist() == plain.tolist()


def test_other_units_of_a_column_lead_to_the_same_bits():
    y, _, promo = promoted()
    plain = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=H).predict()["y_hat"]
    other = ARIMA().fit(panel_with(y, {"promo": 1000.0 * promo + 7.0}), horizon=H).predict()["y_hat"]

    assert plain.tolist() == other.tolist()


def test_nothing_known_of_later_than_the_horizon_matters():
    y, _, promo = promoted()
    longer = np.r_[promo, 1e6 * noise(50)]
    plain = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=H).predict()["y_hat"]

    assert ARIMA().fit(panel_with(y, {"promo": longer}), horizon=H).predict()["y_hat"].tolist() == plain.tolist()


def test_the_scale_of_a_column_is_learned_before_the_end_of_the_series():
    y, _, promo = promoted()
    odd = np.r_[promo[: len(y)], 100.0 * promo[len(y) :]]
    plain, other = (ARIMA().fit(panel_with(y, {"promo": x}), horizon=H).fits_["s0"] for x in (promo, odd))

    assert plain.best.params.tolist() == other.best.params.tolist()


def test_a_missing_covariate_is_the_last_one_known():
    y, _, promo = promoted()
    holed, carried = promo.copy(), promo.copy()
    holed[[7, len(y) + 2]] = np.nan
    carried[7], carried[len(y) + 2] = promo[6], promo[len(y) + 1]
    plain = ARIMA().fit(panel_with(y, {"promo": carried}), horizon=H).predict()["y_hat"]

    np.testing.assert_allclose(
        ARIMA().fit(panel_with(y, {"promo": holed}), horizon=H).predict()["y_hat"], plain, rtol=1e-3
    )


def test_rows_that_end_early_are_missing_ones():
    y, _, promo = promoted()
    rows = known_rows(panel_with(y, {"promo": promo[: len(y) + 2]}), 0, H)

    assert np.isnan(rows[-H:, 0]).tolist() == [False, False, True, True, True, True]


def test_a_later_panel_is_forecast_with_what_is_known_then():
    y, after, promo = promoted()
    model = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=3)
    later = panel_with(np.r_[y, after[:3]], {"promo": promo})
    later = replace(later, last=later.last + 3)

    np.testing.assert_allclose(model.predict(later)["y_hat"], after[3:], atol=4.5)


@pytest.mark.parametrize("names", [(), ("price",), ("promo", "price")])
def test_other_covariates_than_those_of_the_fit_are_refused(names):
    y, _, promo = promoted()
    model = ARIMA().fit(panel_with(y, {"promo": promo}), horizon=3)
    other = panel_with(y, dict.fromkeys(names, promo)) if names else make_panel(y, frequency="int", season_length=1)

    with pytest.raises(ModelError, match="fitted with the covariates promo, not"):
        model.predict(other)


def test_waves_of_a_long_season_and_a_regressor_go_together():
    t = np.arange(260 + H)
    promo = (np.random.default_rng(5).uniform(size=len(t)) < 0.3).astype(float)
    y = 100 + 10 * np.sin(2 * np.pi * t / 52) + 8 * promo + 0.5 * noise(len(t))
    model = ARIMA().fit(panel_with(y[:260], {"promo": promo}, season_length=52), horizon=H)

    assert model.choices_["s0"]["fourier"] >= 1
    np.testing.assert_allclose(model.predict()["y_hat"], y[260:], atol=2.0)


def test_the_hybrid_takes_the_regressors_of_its_linear_part():
    y, after, promo = promoted()
    y_hat = Hybrid(members=2, max_steps=20).fit(panel_with(y, {"promo": promo}), horizon=H).predict()["y_hat"]

    np.testing.assert_allclose(y_hat, after, atol=5.0)


def test_windows_carry_what_is_known_of_them_and_it_helps():
    y, after, promo = promoted(150)
    panel = panel_with(np.r_[y, after], {"promo": np.r_[promo, np.zeros(H)]})
    errors = {"with": [], "without": []}
    for window in windows(panel, Split(H, 4)):
        truth = np.r_[y, after][window.past.lengths[0] :][:H]
        for name, past in (("with", window.past), ("without", replace(window.past, covariates=None))):
            errors[name].append(np.abs(ARIMA().fit(past, horizon=H).predict()["y_hat"] - truth).mean())

    assert np.mean(errors["with"]) < 0.2 * np.mean(errors["without"])


def test_the_first_of_columns_that_say_the_same_stays():
    X = noise(120).reshape(40, 3)
    X = np.column_stack([X, X[:, 0] + 2 * X[:, 1], np.full(40, 3.0)])

    assert informative(X, np.empty((40, 0))) == {3: "others tell the same", 4: "it does not vary"}
    assert informative(X[:0], np.empty((0, 1)))[0] == "it does not vary"


def test_effects_without_columns_are_no_regressors():
    assert Effects().of(np.ones((4, 2))).shape == (4, 0)


def test_a_run_lets_arima_know_what_is_known_ahead(tmp_path):
    y, _, promo = promoted(110)
    t = np.arange(len(promo))
    frame = pd.DataFrame({"ds": t, "y": np.r_[y, np.full(H, np.nan)], "promo": promo})
    score = {}
    for name, flags in (("with", {"future": ["promo"]}), ("without", {})):
        data = frame if flags else frame.iloc[:110].drop(columns="promo")
        run = pipeline.run(data, models=["arima"], horizon=H, n_windows=2, freq="int", out=tmp_path / name, **flags)
        score[name] = run.leaderboard.set_index("model").loc["arima", "mase"]

    assert score["with"] < 0.3 * score["without"]
