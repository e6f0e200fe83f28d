import numpy as np
import pytest

from forecast.ranking import model_confidence_set, nemenyi
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


# Demsar (2006), table 6: AUC of four forms of a decision tree on 14 data sets
DEMSAR = np.array(
    [
        [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
        [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
        [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946],
        [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970],
    ]
).T


def test_nemenyi_gives_the_worked_example_of_demsar():
    found = nemenyi(-DEMSAR)

    assert found.ranks.round(3).tolist() == [3.143, 2.0, 2.893, 1.964]
    assert found.friedman == pytest.approx(9.28, abs=0.005)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert nemenyi(-DEMSAR, alpha=0.1).critical_difference == pytest.approx(1.12, abs=0.005)


def test_the_confidence_set_holds_the_best_model_as_often_as_it_promises():
    held, size = 0, 0
    for seed in range(200):
        losses = np.random.default_rng(seed).normal([0.0, 0.0, 0.3, 2.0], size=(60, 4))
        kept = model_confidence_set(losses, samples=200, seed=seed) >= 0.1
        held += kept[0] and kept[1]
        size += kept[3]

    assert held >= 200 * 0.85  # two best models, both kept with 90 %
    assert size == 0


def test_models_of_equal_losses_all_stay():
    assert model_confidence_set(np.ones((20, 3))).tolist() == [1.0, 1.0, 1.0]


def test_a_model_that_is_always_worse_by_the_same_goes():
    losses = np.random.default_rng(0).normal(size=(30, 1)) + np.array([0.0, 1.0])

    assert (model_confidence_set(losses) >= 0.1).tolist() == [True, False]


def test_blocks_keep_the_dependence_of_neighbours():
    common = np.cumsum(np.random.default_rng(2).normal(size=120))
    losses = np.stack([common, np.zeros(120)], axis=1)

    alone, together = (model_confidence_set(losses, block=b, seed=1).min() for b in (1, 30))

    assert together > alone
