"""Scores of intervals, quantiles and directions, each against a loop over single numbers."""

import numpy as np
import pytest

from forecast import metrics

RNG = np.random.default_rng(0)
Y = RNG.normal(size=50)
LOW, HIGH = Y - RNG.exponential(size=50) + 0.3, Y + RNG.exponential(size=50) - 0.3
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]


def test_winkler_and_msis_are_those_of_the_slow_reference():
    scores = []
    for y, low, high in zip(Y, LOW, HIGH, strict=True):
        score = high - low
        if y < low:
            score += 2 / 0.2 * (low - y)
        if y > high:
            score += 2 / 0.2 * (y - high)
        scores.append(score)

    assert metrics.winkler(Y, LOW, HIGH, 80) == pytest.approx(sum(scores) / 50)
    assert metrics.msis(Y, LOW, HIGH, 80, np.full(50, 4.0)) == pytest.approx(sum(scores) / 200)


def test_the_weighted_interval_score_is_the_mean_quantile_loss_of_all_bounds():
    median = (LOW + HIGH) / 2
    losses = [metrics.pinball(Y, q, level) for q, level in ((LOW, 0.1), (median, 0.5), (HIGH, 0.9))]

    score = metrics.weighted_interval_score(Y, median, [LOW], [HIGH], [80])

    assert score == pytest.approx(2 * sum(losses) / 3)


def test_crps_of_many_quantiles_approaches_that_of_the_normal_distribution():
    from scipy.stats import norm

    levels = (np.arange(2000) + 0.5) / 2000
    quantiles = np.tile(norm.ppf(levels), (50, 1))
    exact = Y * (2 * norm.cdf(Y) - 1) + 2 * norm.pdf(Y) - 1 / np.sqrt(np.pi)  # Gneiting & Raftery (2007)

    assert metrics.crps(Y, quantiles, levels) == pytest.approx(exact.mean(), rel=1e-3)


def test_crps_of_uneven_levels_weighs_each_by_the_levels_it_stands_for():
    levels = [0.025, 0.1, 0.5, 0.9, 0.975]
    quantiles = np.sort(RNG.normal(size=(50, 5)), axis=1)
    fine = np.linspace(0.0, 1.0, 20_001)[1:-1]
    nearest = np.abs(fine[:, None] - np.array(levels)).argmin(axis=1)
    # Twice the integral of the quantile loss over all levels, the loss of each being that of the nearest known level.
    losses = np.array([metrics.pinball(Y, quantiles[:, i], level) for i, level in enumerate(levels)])

    assert metrics.crps(Y, quantiles, levels) == pytest.approx(2 * losses[nearest].mean(), rel=1e-3)


def test_crps_of_a_single_value_is_its_absolute_error():
    assert metrics.crps([3.0, 5.0], [[1.0], [6.0]], [0.5]) == 1.5


def test_crps_leaves_out_points_that_lack_a_quantile():
    both = metrics.crps([1.0, 2.0], [[0.0, 2.0], [0.0, np.nan]], [0.25, 0.75])

    assert both == metrics.crps([1.0], [[0.0, 2.0]], [0.25, 0.75])


def test_pinball_is_least_at_the_quantile():
    sample = RNG.exponential(size=4001)
    candidates = np.linspace(0, 4, 401)
    losses = [metrics.pinball(sample, np.full(4001, c), 0.8) for c in candidates]

    assert candidates[np.argmin(losses)] == pytest.approx(np.quantile(sample, 0.8), abs=0.02)


def test_coverage_and_width_count_what_is_known():
    assert metrics.coverage([1, 2, np.nan, 4], [0, 3, 0, np.nan], [2, 5, 9, 9]) == 50.0
    assert metrics.mean_width([0, np.nan], [2, 5]) == 2.0
    assert np.isnan(metrics.coverage([np.nan], [0], [1]))


def test_directions_that_were_not_taken_are_left_out():
    y, y_hat, before = [2, 1, 0, np.nan], [3, 2, 0.5, 1], [1, 1, 1, 1]

    assert metrics.directional_accuracy(y, y_hat, before) == 1.0
    assert np.isnan(metrics.directional_accuracy([1], [2], [1]))


def test_theils_u_is_one_for_the_naive_forecast_itself():
    naive = np.r_[0.0, Y[:-1]]

    assert metrics.theils_u(Y, naive, naive) == 1.0
    assert np.isnan(metrics.theils_u([1.0], [2.0], [1.0]))


def test_owa_of_naive_2_is_one():
    assert metrics.owa(12.0, 0.9, naive_smape=12.0, naive_mase=0.9) == 1.0
    assert np.isnan(metrics.owa(12.0, 0.9, naive_smape=0.0, naive_mase=0.9))


@pytest.mark.parametrize("y", [[np.nan, np.nan], [0.0, 0.0]], ids=["nothing known", "all zero"])
def test_percentages_of_nothing_are_no_number(y):
    assert np.isnan(metrics.wape(y, [1.0, 1.0]))
    assert np.isnan(metrics.mape(y, [1.0, 1.0]))


def test_too_high_is_a_positive_bias():
    assert metrics.bias([1.0, 1.0], [2.0, 4.0]) == 2.0
