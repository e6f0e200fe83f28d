import numpy as np
import pytest

import forecast
from forecast.significance import compare, diebold_mariano, ratio_interval, units_needed


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


# The Nile's flow (the bundled `nile`, R's datasets::Nile), from the 11th year on: squared and absolute errors of the
# naive forecast and of the mean of the ten years before. Statistic and p-value as R 4.2.2 printed them for
# forecast::dm.test(e1, e2, h = h, power = power), package forecast 8.20, default variance estimator.
DM_TEST = [
    (1, 1, 0.828003591814, 0.409883290054),
    (1, 2, 0.774324761304, 0.440790947599),
    (2, 1, 0.933546992405, 0.3530634645),
    (2, 2, 0.93189972718, 0.353909476469),
    (4, 1, 1.01998347628, 0.310500940852),
    (4, 2, 0.854613948523, 0.395059534099),
]


@pytest.mark.parametrize(("horizon", "power", "statistic", "p_value"), DM_TEST)
def test_diebold_mariano_gives_the_values_of_dm_test_in_r(horizon, power, statistic, p_value):
    y = forecast.read_series("nile").frame["y"].to_numpy()
    naive = np.abs(y[10:] - y[9:-1]) ** power
    mean = np.abs(y[10:] - [y[t - 10 : t].mean() for t in range(10, len(y))]) ** power

    assert diebold_mariano(naive, mean, horizon=horizon) == pytest.approx((statistic, p_value), rel=1e-9)


def test_the_interval_of_the_ratio_leaves_out_one_exactly_where_the_verdict_is_clear():
    rng = np.random.default_rng(3)
    words = set()
    for _ in range(300):
        n, overlap, shift = int(rng.integers(8, 30)), int(rng.integers(1, 4)), rng.uniform(0.5, 1.5)
        common = rng.gamma(4.0, size=n)
        found = compare(common * rng.uniform(0.8, 1.2, n), shift * common * rng.uniform(0.8, 1.2, n), overlap=overlap)
        if found.ratio_low is None:
            continue
        words.add(found.word)
        assert found.ratio_low <= found.ratio <= found.ratio_high
        assert (found.word == "cannot be told apart") == (found.ratio_low <= 1 <= found.ratio_high)

    assert words == {"better", "worse", "cannot be told apart"}


def test_the_interval_holds_the_true_ratio_as_often_as_it_promises():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(1000):
        common = rng.gamma(9.0, size=20)
        low, high = ratio_interval(0.8 * common * rng.uniform(0.7, 1.3, 20), common * rng.uniform(0.7, 1.3, 20))
        held += low <= 0.8 <= high

    assert 930 <= held <= 970  # 95 % of 1,000, within about three standard deviations


def test_without_a_sure_loss_to_divide_by_there_is_no_interval():
    assert ratio_interval([1.0, 2.0, 1.0, 2.0], [0.0, 0.0, 0.0, 9.0]) == (None, None)


def test_overlap_over_all_units_leaves_no_interval():
    assert ratio_interval([1.0, 2.0, 1.0], [2.0, 3.0, 1.5], horizon=3) == (None, None)


def test_a_negative_long_run_variance_is_replaced_in_the_interval_too():
    a = np.array([1.0, 3.0] * 6)
    low, high = ratio_interval(a, np.full(12, 2.2), horizon=2)

    assert 0 < low < a.mean() / 2.2 < high


def test_so_many_units_find_a_difference_of_the_size_observed_in_four_of_five_cases():
    rng = np.random.default_rng(5)
    sample = rng.normal(size=500)
    needed = units_needed((sample - sample.mean()) / sample.std(ddof=1) + 0.5, np.zeros(500))
    found = [diebold_mariano(rng.normal(0.5, 1.0, needed), np.zeros(needed))[1] < 0.05 for _ in range(2000)]

    assert needed == 34  # (1.96 + 0.84)^2 / 0.5^2 + 1.96^2 / 2, rounded up
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


def test_neighbours_that_go_together_take_more_units():
    d = np.convolve(np.random.default_rng(6).normal(size=62), np.ones(3), mode="valid") + 0.5

    assert units_needed(d, np.zeros(60), horizon=3) > 1.5 * units_needed(d, np.zeros(60))


@pytest.mark.parametrize(
    ("losses", "others", "expected"),
    [([1.0], [2.0], None), ([1.0, 2.0], [2.0, 1.0], None), ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 8)],
    ids=["one unit", "equal means", "a constant difference"],
)
def test_the_units_needed_are_defined_at_the_edges(losses, others, expected):
    assert units_needed(losses, others) == expected


def test_too_little_data_come_with_the_number_that_would_do():
    found = compare([1.0, 2.0, 1.5, 1.0], [1.2, 2.6, 1.4, 1.6])

    assert (found.word, found.ratio_low) == ("too little data to tell", None)
    assert found.units_needed >= 8
