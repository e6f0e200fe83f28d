"""Scores of forecasts of one value: each against a loop over single numbers, and what they do where nothing is left."""

import math

import numpy as np
import pytest
import reference

from forecast import metrics
from forecast.metrics import mae, mase, mase_scale, rmse, rmsse, rmsse_scale, skill, smape

ONE = np.ones(3)
METRICS = {
    "mae": metrics.mae,
    "rmse": metrics.rmse,
    "mse": metrics.mse,
    "bias": metrics.bias,
    "mape": metrics.mape,
    "wape": metrics.wape,
    "smape": metrics.smape,
    "mase": lambda y, y_hat: metrics.mase(y, y_hat, ONE[: len(y)]),
    "rmsse": lambda y, y_hat: metrics.rmsse(y, y_hat, ONE[: len(y)]),
    "theils_u": lambda y, y_hat: metrics.theils_u(y, y_hat, np.array([7.0, 7.0, 7.0])[: len(y)]),
}


def test_mase_and_rmsse_are_those_of_the_slow_reference():
    rng = np.random.default_rng(0)
    past, y, y_hat = rng.normal(size=40), rng.normal(size=6), rng.normal(size=6)
    lists = y.tolist(), y_hat.tolist(), past.tolist(), 4

    assert mase(y, y_hat, mase_scale(past, 4)) == pytest.approx(reference.mase(*lists))
    assert rmsse(y, y_hat, rmsse_scale(past, 4)) == pytest.approx(reference.rmsse(*lists))


def test_simple_scores_are_those_of_loops():
    rng = np.random.default_rng(1)
    y, y_hat = rng.normal(5, 2, 9), rng.normal(5, 2, 9)
    pairs = list(zip(y.tolist(), y_hat.tolist(), strict=True))

    assert mae(y, y_hat) == pytest.approx(sum(abs(a - b) for a, b in pairs) / 9)
    assert metrics.mse(y, y_hat) == pytest.approx(sum((a - b) ** 2 for a, b in pairs) / 9)
    assert rmse(y, y_hat) == pytest.approx(math.sqrt(sum((a - b) ** 2 for a, b in pairs) / 9))
    assert metrics.bias(y, y_hat) == pytest.approx(sum(b - a for a, b in pairs) / 9)
    assert metrics.mape(y, y_hat) == pytest.approx(sum(100 * abs(a - b) / abs(a) for a, b in pairs) / 9)
    assert smape(y, y_hat) == pytest.approx(sum(reference.smape(b, a) for a, b in pairs) / 9)
    sums = sum(abs(a - b) for a, b in pairs), sum(abs(a) for a, _ in pairs)
    assert metrics.wape(y, y_hat) == pytest.approx(100 * sums[0] / sums[1])


def test_theils_u_and_directions_are_those_of_loops():
    rng = np.random.default_rng(2)
    y, y_hat, naive = rng.normal(size=(3, 12))
    own = sum((a - b) ** 2 for a, b in zip(y, y_hat, strict=True))
    other = sum((a - b) ** 2 for a, b in zip(y, naive, strict=True))
    right = sum((a > c) == (b > c) for a, b, c in zip(y, y_hat, naive, strict=True))

    assert metrics.theils_u(y, y_hat, naive) == pytest.approx(math.sqrt(own / other))
    assert metrics.directional_accuracy(y, y_hat, naive) == pytest.approx(right / 12)


@pytest.mark.parametrize("name", METRICS)
def test_a_perfect_forecast_has_no_error(name):
    y = np.array([1.0, -2.0, 0.0])

    assert METRICS[name](y, y) == 0


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_truth_is_left_out(name):
    y, y_hat = np.array([1.0, np.nan, 3.0]), np.array([2.0, 2.0, 2.0])

    assert METRICS[name](y, y_hat) == METRICS[name](y[[0, 2]], y_hat[[0, 2]])


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_forecast_is_left_out(name):
    y, y_hat = np.array([1.0, 2.0, 3.0]), np.array([2.0, np.nan, 2.0])

    assert METRICS[name](y, y_hat) == METRICS[name](y[[0, 2]], y_hat[[0, 2]])


@pytest.mark.parametrize("name", METRICS)
def test_with_nothing_to_score_the_answer_is_nan(name):
    nothing = np.array([np.nan])

    assert np.isnan(METRICS[name](nothing, np.ones(1)))


@pytest.mark.parametrize(("function", "expected"), [(mae, 2.0), (rmse, np.sqrt(5)), (smape, 100 * (1 / 3 + 3 / 7))])
def test_a_metric_is_its_formula(function, expected):
    assert function([1.0, 5.0], [2.0, 2.0]) == pytest.approx(expected)


def test_smape_is_between_0_and_200():
    assert smape([0.0, 1.0], [0.0, -1.0]) == 100.0
    assert smape([5.0], [0.0]) == 200.0


@pytest.mark.parametrize("function", [mase, rmsse])
def test_scaled_errors_leave_out_series_without_a_scale(function):
    assert function([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.5, 0.0, np.nan]) == 2.0


@pytest.mark.parametrize("function", [mase_scale, rmsse_scale])
@pytest.mark.parametrize(
    ("past", "expected"), [([1.0, 2.0], 1.0), ([4.0, 4.0, 4.0], 0.0), ([1.0, np.nan, 3.0], np.nan), ([1.0], np.nan)]
)
def test_the_scale_of_a_short_constant_or_holed_past_is_defined(function, past, expected):
    np.testing.assert_equal(function(past, 12), expected)


def test_skill_is_the_share_of_the_error_that_is_gone():
    assert skill(0.5, 1.0) == 0.5
    assert skill(2.0, 1.0) == -1.0
    assert np.isnan(skill(1.0, 0.0))
