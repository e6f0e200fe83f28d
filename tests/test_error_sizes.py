"""How large the errors of a series are, as its other origins and series as rough tell it."""

import numpy as np
import pytest

from forecast import error_sizes
from forecast.error_sizes import (
    APART,
    GROUPS,
    GROWTH,
    HALF_LIFE,
    MEMBERS,
    NO_SEASON,
    PRIOR_ORIGINS,
    ErrorSizes,
    error_unit,
    roughness,
)
from forecast.metrics import mase_scale

BACKS = np.arange(12, 0, -1)


def slow_sizes(values, backs, usual):
    """The sizes of the errors at the end of the data and of each origin, one by one; `usual` [S, O, H] as rough."""
    n_series, _, horizon = values.shape
    relative = np.abs(values) / np.nanmean(np.abs(values).reshape(-1, horizon), axis=0) / usual
    half = HALF_LIFE * (backs.max() - backs.min())

    def told(s, back, own_values):
        total = count = PRIOR_ORIGINS
        for o, other in enumerate(backs):
            steps = [h for h in range(horizon) if other - 1 - h not in own_values and np.isfinite(values[s, o, h])]
            if steps:
                share = 0.5 ** (abs(other - back) / half)
                total, count = total + share * relative[s, o, steps].mean(), count + share
        return total / count

    own = [told(s, backs.min(), ()) for s in range(n_series)]
    others = [[told(s, back, range(back - horizon, back)) for back in backs] for s in range(n_series)]
    return np.array(own), np.array(others)[..., None] * usual


def test_sizes_are_those_of_a_loop_over_all_other_origins():
    values = np.random.default_rng(0).normal(size=(4, 12, 3)) * np.array([1.0, 2.0, 0.5, 1.0])[:, None, None]
    values[1, :7] = np.nan
    sizes = ErrorSizes.of(values, BACKS)
    own, others = slow_sizes(values, BACKS, np.ones(values.shape))

    assert sizes.own == pytest.approx(own)
    assert sizes.of_errors(values, BACKS) == pytest.approx(others)


def test_sizes_beside_series_as_rough_are_those_of_a_loop():
    values, rough = grouped(2 * MEMBERS)
    weights, backs = np.random.default_rng(1).uniform(size=rough.shape), np.arange(6, 0, -1)
    values[0, :3], rough[1, 0] = np.nan, np.nan
    sizes = ErrorSizes.of(values, backs, rough, weights=weights)
    known = np.isfinite(values).any(axis=2) & np.isfinite(rough)
    middle = np.median(np.log(rough[known]))
    halves = [known & (np.log(rough) < middle), known & (np.log(rough) >= middle)]
    size = [np.average(np.abs(values[half]), axis=0, weights=weights[half]) for half in halves]
    of_all = np.average(np.abs(values[known]), axis=0, weights=weights[known])

    assert sizes.by_roughness == pytest.approx(np.array(size) / of_all)
    assert sizes.roughness == pytest.approx([np.log(rough[half]).mean() for half in halves])
    own, others = slow_sizes(values, backs, sizes.usual(rough))
    assert sizes.own == pytest.approx(own)
    assert sizes.of_errors(values, backs, rough) == pytest.approx(others)


def test_a_group_is_never_of_few_series_however_many_are_as_rough():
    values, rough = np.random.default_rng(0).normal(size=(MEMBERS * 3, 6, 2)), np.ones((MEMBERS * 3, 6))
    rough[0], values[0] = 0.5, 20.0 * values[0]

    assert len(ErrorSizes.of(values, np.arange(6, 0, -1), rough).roughness) == 1
    rough[:MEMBERS] = 0.5
    assert len(ErrorSizes.of(values, np.arange(6, 0, -1), rough).roughness) == 2


def test_origins_without_errors_say_nothing_of_roughness():
    values, rough = grouped(100)
    values[:, 3:] = np.nan
    sizes = ErrorSizes.of(values, np.arange(6, 0, -1), rough)
    rough[:, 3:] = 99.0

    assert (ErrorSizes.of(values, np.arange(6, 0, -1), rough).roughness == sizes.roughness).all()


def test_the_size_of_a_series_is_drawn_towards_that_of_the_others():
    sizes = ErrorSizes.of(np.array([[[3.0]], [[1.0]]]), np.array([2])).own

    assert sizes == pytest.approx(
        [(PRIOR_ORIGINS + 1.5) / (PRIOR_ORIGINS + 1), (PRIOR_ORIGINS + 0.5) / (PRIOR_ORIGINS + 1)]
    )


def test_an_error_is_measured_neither_by_itself_nor_by_one_of_the_same_values():
    values = np.ones((2, 12, 3))
    for o, back in enumerate(BACKS):  # one value that nobody foresaw
        for h in range(3):
            values[0, o, h] = 100.0 if back - 1 - h == 5 else 1.0
    told = ErrorSizes.of(values, BACKS).of_errors(values, BACKS)[0, :, 0]
    its_own = np.isin(BACKS, [6, 7, 8])

    assert (told[its_own] < 1.0).all()
    assert (told[~its_own] > 1.0).all()


def test_what_a_series_erred_of_late_counts_more():
    values = np.ones((2, 12, 1))
    values[0, :6], values[1, 6:] = 3.0, 3.0
    early, late = ErrorSizes.of(values, BACKS).own

    assert late > 1.0 > early


def grouped(n_series, *, seed=0, n_origins=6):
    """Errors that are as large at every step as the square root of how rough a series is, at the last alike."""
    rng = np.random.default_rng(seed)
    rough = rng.uniform(0.05, 1.0, n_series)
    values = rng.normal(size=(n_series, n_origins, 2)) * np.stack([np.sqrt(rough), np.ones(n_series)], axis=1)[:, None]
    return values, np.repeat(rough[:, None], n_origins, axis=1)


def test_errors_at_a_step_are_as_large_as_those_of_series_as_rough():
    values, rough = grouped(3000)
    sizes = ErrorSizes.of(values, np.arange(6, 0, -1), rough)
    usual = sizes.usual(np.array([0.1, 0.4, 0.9]))

    assert len(sizes.roughness) == GROUPS
    assert usual[:, 0] / usual[0, 0] == pytest.approx(np.sqrt([1.0, 4.0, 9.0]), rel=0.1)
    assert usual[:, 1] == pytest.approx(1.0, abs=0.1)


def test_series_too_few_for_two_groups_are_one():
    values, rough = grouped(2 * MEMBERS - 1)
    sizes = ErrorSizes.of(values, np.arange(6, 0, -1), rough)

    assert (sizes.usual(rough) == 1.0).all()
    assert (
        len(ErrorSizes.of(*reversed([np.arange(6, 0, -1), grouped(2 * MEMBERS)[0]]), grouped(2 * MEMBERS)[1]).roughness)
        == 2
    )


@pytest.mark.parametrize("rough", [np.full((100, 6), 0.5), np.full((100, 6), np.nan), np.zeros((100, 6))])
def test_series_all_as_rough_or_of_unknown_roughness_are_one_group(rough):
    sizes = ErrorSizes.of(grouped(100)[0], np.arange(6, 0, -1), rough)

    assert len(sizes.roughness) == 1
    assert np.isfinite(sizes.own).all()


def test_a_series_that_is_new_or_of_unknown_roughness_has_errors_of_usual_size():
    values, rough = grouped(200)
    sizes = ErrorSizes.of(values, np.arange(6, 0, -1), rough)
    found = sizes.at(np.array([200, 200, 0]), np.array([np.nan, 0.06, np.nan]), np.array([0, 0, 1]))

    assert found[0] == 1.0
    assert found[1] == pytest.approx(sizes.by_roughness[0, 0], rel=0.2)
    assert found[2] == sizes.own[0]


def test_groups_that_never_err_are_of_usual_size():
    values, rough = grouped(100)
    values[rough < np.median(rough)] = 0.0
    sizes = ErrorSizes.of(values, np.arange(6, 0, -1), rough)

    assert (sizes.by_roughness > 0).all()
    assert np.isfinite(sizes.of_errors(values, np.arange(6, 0, -1), rough)).all()


def test_no_error_at_all_leaves_all_of_usual_size():
    sizes = ErrorSizes.of(np.full((2, 3, 2), np.nan), np.array([3, 2, 1]), np.ones((2, 3)))

    assert sizes.own.tolist() == [1.0, 1.0]


def test_the_unit_of_errors_grows_with_the_level_of_a_series_without_negative_values():
    rising = np.arange(48.0)

    assert error_unit(rising, 12) == pytest.approx(12.0 * (rising[-12:].mean() / rising.mean()) ** GROWTH)
    assert error_unit(rising, 12) > 12.0 > error_unit(rising[::-1], 12)
    assert error_unit(rising - 1.0, 12) == 12.0
    assert error_unit(rising, 1) == pytest.approx((rising[-NO_SEASON:].mean() / rising.mean()) ** GROWTH)


def test_the_unit_of_errors_does_not_collapse_with_the_level():
    fallen = np.r_[np.full(36, 100.0), np.zeros(12)]

    assert error_unit(fallen, 12) == pytest.approx(mase_scale(fallen, 12) / APART**GROWTH)
    assert error_unit(np.zeros(24), 12) == 0.0


def test_the_unit_of_errors_leaves_out_what_is_unknown():
    y = np.r_[1.0, np.nan, 2.0, 3.0, 4.0]

    assert error_unit(y, 2) == pytest.approx(mase_scale(y, 2) * (3.5 / 2.5) ** GROWTH)
    assert error_unit([1.0, 2.0, 4.0, np.nan, np.nan], 2) == mase_scale([1.0, 2.0, 4.0, np.nan, np.nan], 2)
    assert np.isnan(error_unit([np.nan], 2))
    assert np.isnan(error_unit([], 2))


def test_roughness_is_the_change_from_value_to_value_over_that_from_season_to_season():
    assert roughness(np.arange(24.0), 12) == pytest.approx(1 / 12)
    assert roughness(np.resize([0.0, 9.0], 24) + np.arange(24.0), 2) > 4
    assert roughness(np.arange(24.0), 1) == 1.0
    assert np.isnan(roughness(np.ones(24), 12))
    assert np.isnan(roughness(np.arange(12.0), 12))


def test_sizes_are_the_same_when_series_are_taken_a_few_at_a_time(monkeypatch):
    values, rough = grouped(100)
    backs = np.arange(6, 0, -1)
    sizes = ErrorSizes.of(values, backs, rough)
    at_once = sizes.of_errors(values, backs, rough)
    monkeypatch.setattr(error_sizes, "AT_ONCE", 7)

    assert ErrorSizes.of(values, backs, rough).own == pytest.approx(sizes.own)
    assert sizes.of_errors(values, backs, rough) == pytest.approx(at_once)
