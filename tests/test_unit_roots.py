"""Tests for wandering and staying, held against statsmodels."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from forecast.unit_roots import (
    DICKEY_FULLER_LIMIT,
    KPSS_LIMIT,
    dickey_fuller,
    differences_by_aic,
    kpss,
    lags_by_correlation,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.tsa.adfvalues import mackinnonp
    from statsmodels.tsa.stattools import adfuller
    from statsmodels.tsa.stattools import kpss as theirs

NUMBERS = [15, 40, 133]


def kinds(n):
    """Return noise, a walk, both with a season, and counts, of n values each."""
    rng = np.random.default_rng(n)
    noise, season = rng.normal(size=n), 3 * np.sin(np.arange(n) * np.pi / 6)
    return [noise, noise.cumsum(), noise + season, noise.cumsum() + season, np.round(np.abs(noise) * 3)]


def quietly(function, *values, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*values, **settings)


@pytest.mark.parametrize("n", NUMBERS)
def test_dickey_fuller_is_that_of_statsmodels_and_takes_as_many_differences(n):
    expected = [quietly(adfuller, y) for y in kinds(n)]

    assert [differences_by_aic(y) for y in kinds(n)] == [found[2] for found in expected]
    assert [dickey_fuller(y) for y in kinds(n)] == pytest.approx([found[0] for found in expected], rel=1e-8)


@pytest.mark.parametrize("n", NUMBERS)
def test_kpss_is_that_of_statsmodels_and_takes_as_many_lags(n):
    expected = [quietly(theirs, y) for y in kinds(n)]

    assert [lags_by_correlation(y) for y in kinds(n)] == [found[2] for found in expected]
    statistics = [kpss(y, lags=lags_by_correlation(y)) for y in kinds(n)]
    assert statistics == pytest.approx([found[0] for found in expected], rel=1e-10)


@pytest.mark.parametrize("lags", [0, 3, 9])
def test_kpss_with_given_lags_is_that_of_statsmodels(lags):
    walk = kinds(120)[1]

    assert kpss(walk, lags=lags) == pytest.approx(quietly(theirs, walk, nlags=lags)[0], rel=1e-10)


def test_the_limits_are_where_the_p_values_of_statsmodels_are_5_percent():
    assert mackinnonp(DICKEY_FULLER_LIMIT, "c", 1) == pytest.approx(0.05, abs=1e-6)
    below, above = (quietly(theirs, y, nlags=0) for y in levels_around(KPSS_LIMIT))
    assert below[1] > 0.05 > above[1]


def levels_around(limit):
    """Return two series whose KPSS statistics without lags lie just below and just above a limit."""
    noise, slope = kinds(60)[0], np.arange(60.0)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if kpss(noise + middle * slope, lags=0) < limit else (low, middle)
    return noise + (low - 1e-6) * slope, noise + (high + 1e-6) * slope


@pytest.mark.parametrize("y", [np.arange(30.0), np.r_[np.zeros(20), 1.0]], ids=["a line", "a last step"])
def test_nothing_speaks_against_wandering_where_the_level_adds_nothing(y):
    assert dickey_fuller(y) == 0.0


def test_a_level_that_explains_everything_leaves_no_doubt():
    assert dickey_fuller(np.tile([1.0, -1.0], 15)) == -np.inf


def test_correlations_that_cancel_take_all_lags():
    x = np.array([1.0, -1.0] + [0.0] * 14)  # 2 - 2 * 1: no long-run variance at all

    assert lags_by_correlation(x) == len(x) - 1


def test_a_check_does_not_wait_for_statsmodels():
    code = "import sys; from forecast.pipeline import check; check('airline'); print('statsmodels' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
