import numpy as np
import pytest

from forecast.covered import binomial_band
from forecast.error_sizes import ErrorSizes
from forecast.intervals import (
    Errors,
    adapted_level,
    conformal_quantile,
    conformal_width,
    errors_needed,
    naive_band,
)


@pytest.mark.parametrize(("level", "expected"), [(50, 1), (80, 4), (90, 9), (95, 19), (99, 99)])
def test_a_level_needs_so_many_errors(level, expected):
    assert errors_needed(level) == expected


def test_the_width_is_the_error_of_the_finite_sample_rank():
    errors = np.arange(1.0, 20.0)

    assert conformal_width(errors, 95) == 19.0
    assert conformal_width(errors, 80) == 16.0


def test_too_few_errors_give_no_width():
    assert np.isnan(conformal_width(np.arange(18.0), 95))


def test_missing_errors_do_not_count():
    assert np.isnan(conformal_width(np.r_[np.arange(18.0), np.nan], 95))


def test_coverage_is_at_least_nominal_on_new_errors():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(4000):
        errors = np.abs(rng.standard_cauchy(25))
        covered.append(errors[-1] <= conformal_width(errors[:-1], 80))

    assert 0.78 < np.mean(covered) < 0.83


def errors(table):
    """The errors of one series: a row an origin."""
    values = np.asarray(table, dtype=float)[None]
    return Errors(values, np.arange(values.shape[1], 0, -1) + values.shape[2])


def test_a_step_with_few_errors_borrows_from_its_neighbours():
    _, high, calibrated = errors(np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (4, 1))).ends(80)

    assert calibrated.all()
    assert (np.diff(high) >= 0).all()


def test_a_step_with_enough_errors_stands_alone():
    low, high, _ = errors(np.tile([1.0, 9.0], (30, 1))).ends(80)

    assert high.tolist() == [1.0, 9.0]
    assert low.tolist() == [-1.0, -9.0]


def test_with_many_errors_both_ends_are_read_off_apart():
    drawn = np.random.default_rng(0).exponential(size=(1000, 1))
    low, high, _ = errors(drawn).ends(80)

    assert low[0] == pytest.approx(np.quantile(drawn, 0.1), abs=0.01)
    assert high[0] == pytest.approx(np.quantile(drawn, 0.9), abs=0.02)


def test_errors_too_few_for_the_level_give_a_normal_band_that_is_not_calibrated():
    _, high, calibrated = errors([[1.0, -1.0]]).ends(95)

    assert not calibrated.any()
    assert high == pytest.approx([1.96, 1.96], abs=1e-3)


def test_no_error_at_all_draws_no_band():
    _, high, calibrated = errors(np.empty((0, 3))).ends(80)

    assert np.isnan(high).all()
    assert not calibrated.any()


def test_only_errors_whose_truth_had_come_are_known_at_a_cutoff():
    found = Errors(np.ones((1, 3, 2)), np.array([6, 4, 3]), gap=1)

    known = np.isfinite(found.before(3).values[0])

    assert known.tolist() == [[True, True], [False, False], [False, False]]
    assert np.isfinite(found.before(2).values[0]).tolist() == [[True, True], [True, False], [False, False]]


def test_a_series_that_errs_more_than_the_others_has_a_wider_band():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(50, 40, 3)) * np.r_[4.0, np.ones(49)][:, None, None]
    found = Errors(values, np.arange(42, 2, -1))

    assert found.sizes.own[0] > 1.5 * found.sizes.own[1:].max()
    assert np.abs(found.scores[0]).mean() < 1.5 * np.abs(found.scores[1:]).mean()


def test_a_rough_series_has_a_wider_band_at_the_first_step_and_a_smooth_one_at_the_last():
    rng = np.random.default_rng(0)
    rough = np.r_[np.full(60, 0.2), np.full(60, 1.0)]
    values = rng.normal(size=(120, 12, 2)) * np.where(rough < 1, [[1.0], [4.0]], [[3.0], [3.0]]).T[:, None]
    found = Errors(values, np.arange(24, 0, -2), roughness=np.repeat(rough[:, None], 12, axis=1))
    high = found.ends(80)[1] * found.sizes.usual(np.array([0.2, 1.0]))

    assert high == pytest.approx(np.array([[1.28, 5.12], [3.84, 3.84]]), rel=0.1)


def test_where_errors_are_ample_every_series_counts_the_same():
    values = np.random.default_rng(0).choice([-1.0, 1.0], size=(300, 20, 1))
    values[:90, :19] = np.nan  # one origin each: three series of ten, but three errors of a hundred
    values[:90] *= 5.0

    assert Errors(values, np.arange(40, 0, -2)).ends(80)[1][0] > 2.0


def test_where_errors_are_ample_later_origins_count_more():
    values = np.random.default_rng(0).choice([-1.0, 1.0], size=(300, 20, 1))
    values[:, :10] *= 3.0
    found = Errors(values, np.arange(40, 0, -2))
    kept = np.abs(found.scores[:, 10:]).max()

    assert (np.abs(found.scores) > kept).mean() == pytest.approx(0.5, abs=0.01)
    assert found.ends(60)[1][0] < kept


def test_what_is_usual_for_a_group_is_weighed_as_well():
    values, backs = np.random.default_rng(0).choice([-1.0, 1.0], size=(120, 20, 1)), np.arange(40, 0, -2)
    values[:60, :10] *= 9.0  # the smooth half of the series has become calm
    rough = np.repeat(np.r_[np.full(60, 0.2), np.ones(60)][:, None], 20, axis=1)
    weighed, plain = Errors(values, backs, roughness=rough).sizes, ErrorSizes.of(values, backs, rough)

    assert weighed.by_roughness[0] < plain.by_roughness[0]


def test_errors_weighed_until_they_are_worth_few_count_the_same():
    values = np.full((4, 250, 1), np.nan)
    values[0] = np.random.default_rng(0).normal(size=(250, 1))
    values[1:, -1] = 1.0  # three series of one error each, which would count as much as the other 250
    found = Errors(values, np.arange(250, 0, -1))

    assert found.ends(80)[1] == pytest.approx([1.28], abs=0.25)
    assert found.quantile(90) == pytest.approx([1.28], abs=0.25)


def test_what_is_known_at_a_cutoff_tells_all_the_sizes_there():
    rng = np.random.default_rng(0)
    values, rough = rng.normal(size=(100, 20, 2)), rng.uniform(0.1, 1.0, (100, 20))
    backs = np.arange(40, 0, -2)
    ended = Errors(values[:, :10], backs[:10], roughness=rough[:, :10]).before(20)
    early = Errors(values, backs, roughness=rough).before(20)
    rough[:, 10:], values[:, 10:] = 9.0, 99.0
    changed = Errors(values, backs, roughness=rough).before(20)

    assert changed.ends(80)[1].tolist() == early.ends(80)[1].tolist()
    assert (changed.sizes.own == early.sizes.own).all()
    assert early.ends(80)[1] == pytest.approx(ended.ends(80)[1])
    assert early.sizes.own == pytest.approx(ended.sizes.own)
    assert early.sizes.by_roughness == pytest.approx(ended.sizes.by_roughness)


@pytest.mark.parametrize("level", [20, 50, 80, 95])
def test_errors_that_count_more_stand_for_more_of_them(level):
    rng = np.random.default_rng(0)
    drawn, weights = rng.normal(size=60), rng.uniform(size=60)
    n = weights.sum() ** 2 / (weights**2).sum()
    enough = [v for v in np.sort(drawn) if weights[drawn <= v].sum() / weights.sum() * n >= (n + 1) * level / 100]

    assert conformal_quantile(drawn, level, weights) == enough[0]
    assert conformal_quantile(drawn, level, np.full(60, 0.3)) == conformal_quantile(drawn, level)
    assert np.isnan(conformal_quantile(drawn[:3], level, np.r_[1e9, 1.0, 1.0])) == (level >= 80)


@pytest.mark.parametrize(("level", "expected"), [(80, 3.0), (20, -3.0)])
def test_a_quantile_leaves_its_share_of_the_errors_below(level, expected):
    drawn = np.tile(np.arange(-4.0, 5.0), 3).reshape(-1, 1)

    assert errors(drawn).quantile(level).tolist() == [expected]


def test_an_extreme_quantile_takes_more_errors_than_there_are():
    assert np.isnan(errors(np.ones((8, 1))).quantile(90)).all()


def test_levels_rise_after_misses_and_fall_after_hits():
    assert adapted_level(np.zeros(0, dtype=bool), 80) == 80
    assert adapted_level(np.ones(3, dtype=bool), 80) > adapted_level(np.ones(1, dtype=bool), 80) > 80
    assert adapted_level(np.zeros(5, dtype=bool), 80) < 80
    assert adapted_level(np.ones(999, dtype=bool), 80) < 100


def test_adapted_levels_keep_the_coverage_through_a_drift():
    rng = np.random.default_rng(0)
    drifting = rng.normal(size=3000) * np.linspace(1.0, 5.0, 3000)
    missed = np.zeros(0, dtype=bool)
    for t in range(100, 3000):
        asked = adapted_level(missed, 80)
        width = conformal_width(drifting[max(0, t - 200) : t], asked)
        missed = np.r_[missed, not abs(drifting[t]) <= width]

    assert missed.mean() == pytest.approx(0.2, abs=0.01)


def test_the_binomial_band_is_that_of_clopper_and_pearson():
    from scipy.stats import binomtest

    exact = binomtest(8, 10).proportion_ci(method="exact")

    assert binomial_band(80.0, 10) == pytest.approx((100 * exact.low, 100 * exact.high))
    assert binomial_band(0.0, 5)[0] == 0.0
    assert binomial_band(100.0, 5)[1] == 100.0


def test_the_naive_band_grows_with_the_seasons_ahead():
    assert naive_band(95, 5, 2) == pytest.approx(1.96 * np.sqrt(np.pi / 2) * np.sqrt([1, 1, 2, 2, 3]), abs=1e-3)


def test_a_quantile_of_nothing_is_no_number():
    assert np.isnan(conformal_quantile(np.empty(0), 50))


def test_errors_of_origins_at_which_a_series_had_hardly_begun_do_not_count_where_others_are_ample():
    values = np.ones((40, 12, 2))
    values[:20, :6] = 9.0  # the first half of the series, at their beginnings
    seasons = np.where(values[:, :, 0] > 1, 2.9, 3.0)
    every, few = (
        Errors(v, np.arange(14, 2, -1), seasons=k) for v, k in ((values, seasons), (values[:10], seasons[:10]))
    )

    assert every.settled().ends(95)[1].max() < 2.0 < every.ends(95)[1].max()
    assert (every.settled().values[20:] == values[20:]).all()
    assert few.settled() is few
    assert Errors(values, np.arange(14, 2, -1)).settled().values is values
