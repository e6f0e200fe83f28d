"""Forecasts of sums are made to add up, by the textbook's formula."""

import numpy as np
import pytest

from forecast.covariates import Covariates
from forecast.errors import DataError
from forecast.frequency import Frequency
from forecast.hierarchy import Hierarchy, bottom_up, covariance, reconcile, shrunk_covariance
from forecast.panel import Panel


def regions(values=None, last=None, kinds=(("region=n", 1, 1, 0), ("region=s", 0, 0, 1)), length=6):
    values = np.arange(3.0 * length) if values is None else values
    static = np.array([kind[1:] for kind in kinds], dtype=float).T
    nothing = np.zeros(4, dtype=np.int64)
    names = tuple(kind[0] for kind in kinds)
    beside = Covariates(np.empty((0, 0)), nothing, np.empty((len(values), 0)), static, static_names=names)
    ends = np.array([length] * 3) if last is None else np.array(last)
    return Panel(values, np.array([0, 1, 2, 3]) * length, ("a", "b", "c"), ends, Frequency("int"), 1, covariates=beside)


def minimum_trace(base, members, weights):
    """Return S (S' W^-1 S)^-1 S' W^-1 y, as the paper writes it."""
    summing = np.vstack([members, np.eye(members.shape[1])])
    inverse = np.linalg.inv(weights)
    return summing @ np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ base)


def test_sums_are_of_everything_and_of_every_kind():
    hierarchy = Hierarchy.of(regions(), ["region"])

    assert hierarchy.names == ("total", "region=n", "region=s")
    assert hierarchy.levels == ("total", "region", "region")
    assert hierarchy.sums(regions()).series(1).tolist() == [6, 8, 10, 12, 14, 16]


def test_a_static_column_of_numbers_has_a_kind_for_each():
    panel = regions(kinds=(("size", 1, 2, 2),))

    assert Hierarchy.of(panel, ["size"]).names == ("total", "size=1", "size=2")


def test_a_sum_is_as_long_as_its_shortest_series_and_has_its_gaps():
    values = np.r_[np.arange(4.0), [1.0, np.nan]]
    panel = Panel(values, np.array([0, 4, 6]), ("a", "b"), np.array([9, 9]), Frequency("int"), 1)

    sums = Hierarchy.of(panel, []).sums(panel)

    assert sums.lengths.tolist() == [2]
    assert sums.values[0] == 3.0
    assert np.isnan(sums.values[1])


def test_series_that_end_at_different_times_do_not_add_up():
    with pytest.raises(DataError, match='"a" ends before "b"'):
        Hierarchy.of(regions(last=[5, 6, 6]), ["region"])


def test_a_series_without_a_kind_is_named():
    with pytest.raises(DataError, match='"c" has no region'):
        Hierarchy.of(regions(kinds=(("region=n", 1, 1, 0),)), ["region"])


@pytest.mark.parametrize("n_errors", [0, 1, 5, 40])
def test_reconciled_forecasts_are_those_of_the_papers_formula_and_add_up(n_errors):
    rng = np.random.default_rng(n_errors)
    members = np.array([[1.0, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]])
    base, errors = rng.normal(size=(7, 5)), rng.normal(size=(n_errors, 7)) * np.arange(1, 8)
    weights = covariance(errors, members)
    weights = np.diag(weights) if weights.ndim == 1 else weights

    found = reconcile(base, members, errors)

    assert found == pytest.approx(minimum_trace(base, members, weights), abs=1e-9)
    assert found[:3] == pytest.approx(members @ found[3:], abs=1e-12)


def test_sums_that_repeat_each_other_are_no_obstacle():
    members = np.array([[1.0, 1], [1, 1]])
    base = np.array([[10.0], [10], [4], [4]])

    found = reconcile(base, members, np.random.default_rng(0).normal(size=(30, 4)))

    assert found[0] == pytest.approx(found[2] + found[3])


def test_forecasts_that_add_up_already_are_left_alone():
    base = np.array([[9.0], [4.0], [5.0]])

    assert reconcile(base, np.ones((1, 2)), np.random.default_rng(0).normal(size=(9, 3))) == pytest.approx(base)


def test_bottom_up_keeps_the_series():
    base = np.array([[10.0], [4.0], [5.0]])

    assert bottom_up(base, np.ones((1, 2))).ravel().tolist() == [9.0, 4.0, 5.0]


def test_the_total_that_errs_least_moves_least():
    errors = np.random.default_rng(0).normal(size=(200, 3)) * [0.1, 5, 5]

    found = reconcile(np.array([[10.0], [4.0], [5.0]]), np.ones((1, 2)), errors)

    assert found[0, 0] == pytest.approx(10, abs=0.05)


def test_forecasts_that_never_erred_are_no_obstacle():
    members = np.ones((1, 2))

    assert covariance(np.zeros((5, 3)), members).tolist() == [2, 1, 1]
    assert np.isfinite(
        reconcile(np.ones((3, 1)), members, np.random.default_rng(0).normal(size=(9, 3)) * [1, 0, 1])
    ).all()


def test_of_very_many_series_only_variances_are_kept():
    errors = np.random.default_rng(0).normal(size=(3, 2_002))

    assert covariance(errors, np.ones((1, 2_001))) == pytest.approx((errors**2).mean(axis=0))


def test_correlations_are_shrunk_as_their_own_variance_says():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(12, 3)) @ np.array([[1.0, 0.9, 0], [0, 1, 0], [0, 0, 1]])
    n, variances = len(errors), (errors**2).mean(axis=0)
    scaled = errors / np.sqrt(variances)
    above = below = 0.0
    for i in range(3):
        for j in range(3):
            if i != j:
                products = scaled[:, i] * scaled[:, j]
                above += ((products - products.mean()) ** 2).sum() / (n * (n - 1))
                below += products.mean() ** 2
    plain = errors.T @ errors / n

    found = shrunk_covariance(errors, variances)

    assert np.diag(found) == pytest.approx(variances)
    assert found[0, 1] == pytest.approx(plain[0, 1] * (1 - above / below))
