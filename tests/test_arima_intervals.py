"""What an ARIMA itself says of how sure it is, and the one-step errors it leaves."""

import warnings

import numpy as np
import pytest
from conftest import make_panel

from forecast.models import arima_search
from forecast.models.arima import ARIMA
from forecast.models.arima_css import Orders, spread


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def fitted(y, *, horizon=8, season_length=1, **settings):
    return ARIMA(**settings).fit(make_panel(y, frequency="int", season_length=season_length), horizon=horizon)


def slow_weights(params, o, n):
    """The weights psi, by putting one error of 1 through the recursion of the undifferenced series."""
    ar, ma, sar, sma = np.split(params, np.cumsum([o.p, o.q, o.P]))
    phi, Phi = np.r_[1.0, -ar], np.zeros(1 + o.m * o.P)
    theta, Theta = np.r_[1.0, ma], np.zeros(1 + o.m * o.Q)
    Phi[0] = Theta[0] = 1.0
    Phi[o.m :: o.m], Theta[o.m :: o.m] = -sar, sma
    whole = np.convolve(phi, Phi)
    for lag in [1] * o.d + [o.m] * o.D:
        whole = np.convolve(whole, np.r_[1.0, np.zeros(lag - 1), -1.0])
    errors, y = np.convolve(theta, Theta), np.zeros(n)
    for t in range(n):
        y[t] = (errors[t] if t < len(errors) else 0.0) - sum(
            whole[k] * y[t - k] for k in range(1, min(t, len(whole) - 1) + 1)
        )
    return y


@pytest.mark.parametrize(
    ("orders", "params"),
    [
        (Orders(p=1), [0.7]),
        (Orders(d=2, q=2), [-0.8, 0.3]),
        (Orders(2, 1, 1, 1, 1, 2, m=4), [0.3, 0.2, 0.4, 0.5, -0.3, 0.2]),
    ],
)
def test_spread_adds_up_the_squared_weights_of_the_recursion(orders, params):
    expected = np.sqrt(np.cumsum(slow_weights(np.array(params), orders, 15) ** 2))
    np.testing.assert_allclose(spread(np.array(params), orders, 15), expected, rtol=1e-10)


def test_regression_parameters_do_not_spread():
    orders = Orders(p=1, constant=True)
    np.testing.assert_array_equal(spread(np.array([9.0, 0.7]), orders, 5), spread(np.array([0.7]), Orders(p=1), 5))


@pytest.mark.parametrize(("order", "seasonal"), [((1, 0, 1), (0, 0, 0)), ((0, 1, 1), (0, 1, 1))])
def test_own_intervals_are_those_of_statsmodels_but_for_the_degrees_of_freedom(order, seasonal):
    y = np.cumsum(noise(160)) + np.tile([0.0, 4.0, 1.0, 6.0], 40)
    model = fitted(y, order=order, seasonal_order=seasonal, transform="none", season_length=4)
    frame = model.predict(level=[90])
    with warnings.catch_warnings():
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        warnings.simplefilter("ignore")
        trend = "c" if model.choices_["s0"]["mean"] else "n"
        theirs = SARIMAX(y, order=order, seasonal_order=(*seasonal, 4), trend=trend).fit(disp=0, maxiter=200)
        found = theirs.get_forecast(8)
    fit = model.fits_["s0"]
    n = 160 - fit.best.orders.lost
    width = (frame["hi-90"] - frame["lo-90"]).to_numpy()
    np.testing.assert_allclose(width, 2 * 1.645 * found.se_mean * np.sqrt(n / (n - len(fit.best.params))), rtol=0.03)
    np.testing.assert_allclose(frame["hi-90"] + frame["lo-90"], 2 * frame["y_hat"])


def test_own_intervals_of_a_logarithm_are_its_quantiles_turned_back():
    y = np.exp(5 + 0.1 * np.cumsum(noise(200)))
    of_y = fitted(y, order=(0, 1, 0), transform="log").predict(level=[80])
    of_log = fitted(np.log(y), order=(0, 1, 0), transform="none").predict(level=[80])

    for column in ("lo-80", "y_hat", "hi-80"):
        np.testing.assert_allclose(np.log(of_y[column]), of_log[column], rtol=1e-6)


def test_own_intervals_cover_what_they_say_where_the_model_is_true():
    covered = []
    for seed in range(150):
        y = np.cumsum(noise(126, seed))
        frame = fitted(y[:120], horizon=6, order=(0, 1, 0), transform="none").predict(level=[80])
        covered.append((frame["lo-80"].to_numpy() < y[120:]) & (y[120:] < frame["hi-80"].to_numpy()))

    assert 0.74 < np.mean(covered) < 0.86


def test_values_missing_at_the_end_make_the_first_step_as_unsure_as_a_later_one():
    y = np.cumsum(noise(100))
    whole = fitted(y[:98], order=(0, 1, 0), transform="none").predict(level=[80])
    holed = fitted(np.r_[y[:98], np.nan, np.nan], order=(0, 1, 0), transform="none").predict(level=[80])

    width = (whole["hi-80"] - whole["lo-80"]).to_numpy()
    np.testing.assert_allclose((holed["hi-80"] - holed["lo-80"])[:6], width[2:], rtol=1e-6)


@pytest.mark.parametrize(
    "y", [np.full(30, 7.0), 3.0 * np.arange(30), np.tile([1.0, 5.0, 2.0, 9.0], 8), [4.0], [4.0, 4.0]]
)
def test_a_series_that_is_explained_whole_says_nothing_of_what_may_come(y):
    frame = fitted(y, season_length=4).predict(level=[80, 95])

    assert frame[["lo-95", "lo-80", "hi-80", "hi-95"]].isna().all(axis=None)
    assert np.isfinite(frame["y_hat"]).all()


def test_few_values_spread_like_their_steps():
    frame = fitted([1.0, 3.0, 1.0, 3.0], horizon=3).predict(level=[80])

    np.testing.assert_allclose(frame["hi-80"] - 3.0, 1.2816 * 2.0 * np.sqrt([1, 2, 3]), rtol=1e-3)


def test_waves_and_logarithms_of_any_size_have_finite_ends():
    t = np.arange(160)
    y = np.exp(3 + np.sin(2 * np.pi * t / 40) + 0.1 * noise(160))
    frame = fitted(y, season_length=40).predict(level=[95])

    assert np.isfinite(frame[["lo-95", "hi-95"]]).all(axis=None)


def test_without_levels_the_frame_is_as_it_was():
    model = fitted(noise(50))

    assert list(model.predict(level=[])) == list(model.predict())


# one-step errors


def test_residuals_are_those_of_the_recursion():
    y = np.cumsum(noise(120))
    model = fitted(y, order=(1, 1, 0), transform="none")
    fit = model.fits_["s0"]
    constant, phi = fit.best.params if fit.best.orders.constant else np.r_[0.0, fit.best.params]
    w = np.diff(y) / fit.scale.size - constant

    np.testing.assert_allclose(model.residuals_["s0"][2:], w[1:] - phi * w[:-1], rtol=1e-6, atol=1e-7)
    assert np.isnan(model.residuals_["s0"][:2]).all()


def test_no_residual_where_no_value_is():
    y = np.cumsum(noise(80))
    y[[30, 31, 79]] = np.nan
    residuals = fitted(y).residuals_["s0"]

    assert residuals.shape == (80,)
    assert np.isnan(residuals[[30, 31, 79]]).all()


def test_residuals_of_the_airline_model_are_noise(airline):
    e = ARIMA().fit(airline, horizon=12).residuals_["passengers"]
    e = e[np.isfinite(e)]

    assert abs(np.corrcoef(e[1:], e[:-1])[0, 1]) < 0.2
    assert len(e) > 110


# limits


def test_a_search_that_is_stopped_says_so_and_takes_the_best_so_far(monkeypatch):
    monkeypatch.setattr(arima_search, "MOST_MODELS", 4)
    y = np.cumsum(noise(120))
    model = fitted(y, season_length=4)

    assert model.choices_["s0"]["models_tried"] <= 12
    assert [notice.code for notice in model.notices_] == ["W302"]
    assert "further ones are not tried" in model.notices_[0].message
