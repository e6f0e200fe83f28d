import numpy as np
import pytest
import reference
from conftest import make_panel
from scipy.optimize import minimize

from forecast.errors import ConfigError
from forecast.models import theta
from forecast.models.theta import Theta, seasonal_factors


def walk(n=60, seed=0):
    return 100 + np.cumsum(np.random.default_rng(seed).normal(0.5, 1, n))


def test_the_errors_are_those_of_the_slow_reference():
    z = walk()
    errors = theta._errors(z, *theta._lines(z), alpha=0.3, theta=2.5, level=90.0)

    assert errors[2:] == pytest.approx(reference.theta_errors(z, 0.3, 2.5, 90.0))


def test_the_optimum_is_not_worse_than_that_of_another_search_from_many_starts():
    z = walk(40, seed=3)

    def loss(x):
        return np.sum(np.square(reference.theta_errors(z, x[0], x[1], x[2])))

    bounds = [theta.ALPHAS, theta.THETAS, (-400, 400)]
    others = [minimize(loss, [a, t, z[0] / 2], bounds=bounds).fun for a in (0.2, 0.8) for t in (2.0, 20.0)]

    assert loss(theta._optimal(z)) <= min(others) * 1.01


def test_the_standard_form_is_simple_exponential_smoothing_with_half_the_slope():
    z = walk(30)
    model = Theta(method="standard").fit(make_panel(z, season_length=1), horizon=4)
    alpha, level = model.fits_["s0"].alpha, z[0]
    for value in z:
        level = alpha * value + (1 - alpha) * level
    slope = np.polyfit(np.arange(1, 31), z, 1)[0]
    steps = np.diff(model.predict()["y_hat"])

    assert steps == pytest.approx(slope / 2)
    # Hyndman & Billah (2003): the drift starts from the age of the level
    far = model.predict()["y_hat"].iloc[0] - level
    assert far == pytest.approx(slope / 2 / alpha, rel=0.01)


def test_a_line_goes_on_at_least_half_as_steep():
    y_hat = Theta().fit(make_panel(np.arange(40.0), season_length=1), horizon=5).predict()["y_hat"]

    assert y_hat.to_numpy() == pytest.approx(np.arange(40.0, 45.0), abs=0.5)


def test_seasonal_factors_are_found_and_aligned_with_the_end():
    t = np.arange(62)
    season = np.array([1.2, 0.8, 1.1, 0.9])
    factors = seasonal_factors((50 + t) * season[t % 4], 4)

    assert factors == pytest.approx(np.roll(season, -62 % 4 - 4), rel=0.01)


@pytest.mark.parametrize("y", [walk() - 200, walk(11), walk()], ids=["negative", "short", "no season"])
def test_no_season_is_taken_out_where_there_is_none_to_find(y):
    assert (seasonal_factors(y, 12) == 1.0).all()


def test_a_constant_has_no_season():
    assert not theta._has_season(np.full(40, 3.0), 12)


def test_factors_that_come_near_zero_are_not_used():
    y = np.tile([1000.0, 1e-3, 1000.0, 1000.0], 12) + np.arange(48)
    y[1::4] = 1e-3

    assert (seasonal_factors(y, 4) == 1.0).all()


def test_an_unknown_form_is_refused():
    with pytest.raises(ConfigError, match="dynamic or standard"):
        Theta(method="best")


def test_choices_of_several_series_are_named():
    panel = make_panel(walk(), walk(seed=1))

    assert Theta().fit(panel, horizon=2).choices_ == {"seasonal": {"s0": False, "s1": False}}


def test_own_intervals_are_those_of_exponential_smoothing():
    z = walk(200, seed=3)
    model = Theta(method="standard").fit(make_panel(z, season_length=1), horizon=5)
    frame, fit = model.predict(level=[80]), model.fits_["s0"]
    left = np.array(reference.theta_errors(z, fit.alpha, 2.0, fit.level))
    sigma = np.sqrt(left @ left / (len(left) - 3))

    half = (frame["hi-80"] - frame["y_hat"]).to_numpy()

    assert half == pytest.approx(1.2815515655 * sigma * np.sqrt(1 + np.arange(5) * fit.alpha**2))
