import numpy as np
import pytest

from forecast.significance import compare, diebold_mariano


def test_a_clear_winner_is_better_and_the_loser_worse():
    a = np.array([1.0, 1.1, 0.9, 1.2, 1.0, 0.8, 1.1, 1.0])
    b = a + np.array([0.5, 0.6, 0.4, 0.5, 0.7, 0.5, 0.4, 0.6])

    assert compare(a, b).word == "better"
    assert compare(b, a).word == "worse"


def test_a_difference_that_luck_explains_cannot_be_told_apart():
    rng = np.random.default_rng(0)

    assert compare(rng.uniform(1, 2, 12), rng.uniform(1, 2, 12)).word == "cannot be told apart"


def test_seven_units_are_too_little_however_clear():
    found = compare(np.ones(7), np.full(7, 9.0))

    assert (found.word, found.p_value) == ("too little data to tell", None)


def test_a_pair_with_a_missing_loss_does_not_count():
    assert compare([1.0] * 8, [2.0] * 7 + [np.nan]).units == 7


def test_the_ratio_is_of_mean_losses():
    assert compare([1.0, 3.0], [2.0, 6.0]).ratio == 0.5
    assert np.isnan(compare([0.0], [0.0]).ratio)


def test_equal_models_differ_by_nothing():
    assert compare(np.arange(8), np.arange(8)).word == "cannot be told apart"


def test_a_constant_difference_is_beyond_doubt():
    assert diebold_mariano([1, 2, 3], [2, 3, 4]) == (-np.inf, 0.0)


def test_one_step_statistic_is_the_paired_t_test_on_n_minus_1():
    from scipy.stats import ttest_rel

    rng = np.random.default_rng(1)
    a, b = rng.normal(size=20), rng.normal(size=20)

    # With h = 1 the correction (n - 1) / n turns the variance over n into that over n - 1: the paired t-test.
    expected = ttest_rel(a, b)

    assert diebold_mariano(a, b) == pytest.approx((expected.statistic, expected.pvalue))


def test_with_a_longer_horizon_autocovariances_enter():
    rng = np.random.default_rng(2)
    d = np.convolve(rng.normal(size=60), np.ones(3), mode="valid") + 0.3
    n, h = len(d), 3
    centred = d - d.mean()
    variance = (centred @ centred + 2 * sum(centred[k:] @ centred[:-k] for k in (1, 2))) / n
    expected = d.mean() / np.sqrt(variance / n) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)

    assert diebold_mariano(d, np.zeros(n), horizon=h)[0] == pytest.approx(expected)


def test_a_variance_that_comes_out_negative_falls_back_to_the_plain_one():
    d = np.array([1.0, -1.0] * 5) + 0.1

    statistic, p_value = diebold_mariano(d, np.zeros(10), horizon=2)

    assert np.isfinite(statistic)
    assert 0 <= p_value <= 1
