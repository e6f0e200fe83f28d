import numpy as np
import pytest

from forecast.intervals import conformal_width, errors_needed, step_widths


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


def test_a_step_with_few_errors_borrows_from_its_neighbours():
    errors = np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (4, 1))

    widths = step_widths(errors, 80)

    assert np.isfinite(widths).all()
    assert (np.diff(widths) >= 0).all()


def test_a_step_with_enough_errors_stands_alone():
    errors = np.tile([1.0, 9.0], (30, 1))

    assert step_widths(errors, 80).tolist() == [1.0, 9.0]


def test_errors_too_few_in_all_draw_no_band():
    assert np.isnan(step_widths(np.ones((2, 3)), 95)).all()


def test_no_error_at_all_draws_no_band():
    assert np.isnan(step_widths(np.empty((0, 3)), 80)).all()
