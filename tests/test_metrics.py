import numpy as np
import pytest
import reference

from forecast.metrics import METRICS, mae, mase, mase_scale, rmse, skill, smape


def test_mase_is_that_of_the_slow_reference():
    rng = np.random.default_rng(0)
    past, y, y_hat = rng.normal(size=40), rng.normal(size=6), rng.normal(size=6)

    expected = reference.mase(y.tolist(), y_hat.tolist(), past.tolist(), 4)

    assert mase(y, y_hat, mase_scale(past, 4)) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_a_perfect_forecast_has_no_error(name):
    y = np.array([1.0, -2.0, 0.0])

    assert METRICS[name](y, y, np.ones(3)) == 0


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_truth_is_left_out(name):
    y, y_hat = np.array([1.0, np.nan, 3.0]), np.array([2.0, 2.0, 2.0])

    assert METRICS[name](y, y_hat, np.ones(3)) == METRICS[name](y[[0, 2]], y_hat[[0, 2]], np.ones(2))


@pytest.mark.parametrize("name", METRICS)
def test_with_nothing_to_score_the_answer_is_nan(name):
    nothing = np.array([np.nan])

    assert np.isnan(METRICS[name](nothing, np.ones(1), np.ones(1)))


@pytest.mark.parametrize(("function", "expected"), [(mae, 2.0), (rmse, np.sqrt(5)), (smape, 100 * (1 / 3 + 3 / 7))])
def test_a_metric_is_its_formula(function, expected):
    assert function([1.0, 5.0], [2.0, 2.0]) == pytest.approx(expected)


def test_smape_is_between_0_and_200():
    assert smape([0.0, 1.0], [0.0, -1.0]) == 100.0
    assert smape([5.0], [0.0]) == 200.0


def test_mase_leaves_out_series_without_a_scale():
    assert mase([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.5, 0.0, np.nan]) == 2.0


@pytest.mark.parametrize(
    ("past", "expected"), [([1.0, 2.0], 1.0), ([4.0, 4.0, 4.0], 0.0), ([1.0, np.nan, 3.0], np.nan)]
)
def test_the_scale_of_a_short_or_holed_past_is_defined(past, expected):
    np.testing.assert_equal(mase_scale(past, 12), expected)


def test_the_scale_of_one_value_is_nan():
    assert np.isnan(mase_scale([1.0], 1))


def test_skill_is_the_share_of_the_error_that_is_gone():
    assert skill(0.5, 1.0) == 0.5
    assert skill(2.0, 1.0) == -1.0
    assert np.isnan(skill(1.0, 0.0))
