import numpy as np
import pytest
import reference
from conftest import make_panel

from forecast.models.intermittent import TSB, Croston


def demand(n=80, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.uniform(size=n) < 0.3, rng.integers(1, 20, n), 0).astype(float)


def level(model, y):
    return model.fit(make_panel(y), horizon=2).predict()["y_hat"].tolist()


@pytest.mark.parametrize("seed", [0, 1])
def test_croston_is_that_of_the_slow_reference(seed):
    y = demand(seed=seed)

    assert level(Croston(alpha=0.2), y) == pytest.approx([reference.croston(y, 0.2)] * 2)


@pytest.mark.parametrize("seed", [0, 1])
def test_tsb_is_that_of_the_slow_reference(seed):
    y = demand(seed=seed)

    assert level(TSB(alpha=0.2, beta=0.1), y) == pytest.approx([reference.tsb(y, 0.2, 0.1)] * 2)


@pytest.mark.parametrize("model", [Croston(), TSB()])
def test_no_demand_is_forecast_where_there_never_was_one(model):
    assert level(model, np.zeros(20)) == [0.0, 0.0]


@pytest.mark.parametrize("model", [Croston(), TSB()])
def test_missing_values_are_periods_without_news(model):
    y = demand()
    holed = np.insert(y, 40, np.nan)

    assert level(model, holed) == level(model, y)
