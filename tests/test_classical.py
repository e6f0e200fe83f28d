import numpy as np
import pytest
from conftest import make_panel
from scipy import stats

from forecast.models.classical import Mean


def test_the_intervals_of_the_mean_are_those_of_a_normal_sample():
    y = np.random.default_rng(0).normal(50.0, 4.0, 12)
    y[3] = np.nan
    known = y[~np.isnan(y)]

    frame = Mean().fit(make_panel(y), horizon=2).predict(level=[95])

    spread = known.std(ddof=1) * np.sqrt(1 + 1 / 11)
    low, high = stats.t.interval(0.95, df=10, loc=known.mean(), scale=spread)
    assert frame[["lo-95", "y_hat", "hi-95"]].to_numpy() == pytest.approx(np.tile([low, known.mean(), high], (2, 1)))


def test_one_value_says_nothing_of_the_spread():
    frame = Mean().fit(make_panel(np.array([np.nan, 7.0])), horizon=1).predict(level=[80])

    assert frame["y_hat"].tolist() == [7.0]
    assert frame[["lo-80", "hi-80"]].isna().all(axis=None)
