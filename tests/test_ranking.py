"""Many models at once, against the worked examples of the papers and what other programs print."""

import numpy as np
import pytest

from forecast.ranking import model_confidence_set, nemenyi

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


# Demsar (2006), table 5a: critical values of the two-tailed Nemenyi test for 2 to 10 models
CRITICAL = {
    0.05: [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164],
    0.10: [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920],
}


@pytest.mark.parametrize("alpha", CRITICAL)
def test_critical_differences_follow_the_table_of_demsar(alpha):
    for models, expected in enumerate(CRITICAL[alpha], start=2):
        found = nemenyi(np.tile(np.arange(models), (6, 1)), alpha=alpha).critical_difference

        # The table rounds some of its values the other way than R's qtukey(1 - alpha, k, Inf) / sqrt(2) would.
        assert found / np.sqrt(models * (models + 1) / 36) == pytest.approx(expected, abs=1.1e-3)


def test_the_best_and_those_within_the_critical_difference_may_be_the_best():
    # Ranks 3.143, 2.000, 2.893 and 1.964, critical difference 1.25: no pair of Demsar's example differs at 5 %, and at
    # 10 % (1.12) the first form differs from the second and the last.
    assert nemenyi(-DEMSAR).with_best.tolist() == [True, True, True, True]
    assert nemenyi(-DEMSAR, alpha=0.1).with_best.tolist() == [False, True, True, True]


def test_the_confidence_set_has_the_p_values_that_arch_gives():
    rng = np.random.default_rng(2011)
    common, own = rng.gamma(2.0, 0.5, size=(60, 1)), rng.normal(size=(60, 5)) ** 2
    losses = common + own * np.array([1.0, 1.05, 1.3, 1.8, 2.2])
    # arch 8.0.0: MCS(losses, size=0.1, reps=100_000, block_size=1, method="max", seed=7)
    expected = [0.33466, 1.0, 0.33466, 0.33466, 0.30946]

    assert model_confidence_set(losses, samples=20_000) == pytest.approx(expected, abs=0.012)


def test_the_p_values_do_not_fall_as_models_go():
    losses = np.random.default_rng(3).gamma(2.0, size=(40, 5)) * [1.0, 1.1, 1.3, 1.6, 2.0]
    p_values = model_confidence_set(losses)

    assert max(p_values) == 1.0
    assert p_values[4] == min(p_values)
