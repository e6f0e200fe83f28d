"""What the network uses: a planted driver is found, and what says nothing is worth nothing."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import make_panel

from forecast.covariates import Covariates
from forecast.explain import MOST_LAGS, importance
from forecast.models.mlp import MLP
from forecast.models.prepared import prepare
from forecast.samples import Samples

H = 6


def driven(seed, *, length=240, names=("driver", "noise")):
    """Return a series that follows one column at once, beside which another says nothing."""
    rng = np.random.default_rng(seed)
    driver, idle = rng.normal(size=(2, length + H))
    panel = make_panel(10 + 3 * driver[:length] + 0.5 * rng.normal(size=length), season_length=1)
    known = Covariates.of_known(np.c_[driver, idle], np.array([0, length + H]), names, values=length)
    return replace(panel, covariates=known)


def fitted(panel, **settings):
    usual = {"members": 3, "max_steps": 300, "input_size": 6, "prior": "none"}
    return MLP(**(usual | settings)).fit(panel, horizon=H)


@pytest.mark.slow
def test_a_planted_driver_ranks_first_and_noise_is_worth_nothing():
    within = []
    for seed in range(20):
        panel = driven(seed)
        found = importance(fitted(panel, seed=seed), panel, seed=seed).set_index("name")
        assert found["importance"].idxmax() == found["gradient"].idxmax() == "driver"
        noise = found.loc["noise"]
        within.append(abs(noise["importance"]) <= 2 * noise["standard_error"])

    assert sum(within) >= 19


def test_what_a_column_adds_outside_of_the_network_counts_by_hand():
    panel = driven(0)
    group = fitted(panel, max_steps=20).groups_[0]
    group.searched_ = None
    group.network_.parameters[...] = 0.0
    found = group.examined(panel, 5, deals=3, rng=np.random.default_rng(0))

    prepared = prepare(panel, group.plan, group.training, lifts=group.lifts_)
    added = prepared.lifts.before(prepared.panel)
    samples = Samples(prepared.panel.values, panel.offsets, prepared.observed, input_size=6, horizon=H)
    cuts, rng = samples.cuts(), np.random.default_rng(0)
    chosen = cuts.spread(5)
    others = cuts[(rng.integers(0, len(cuts), (3, 1)) + (chosen - chosen[0])) % len(cuts)]
    full, x = prepared.panel.values + added, np.r_[added, prepared.lifts.ahead(prepared.panel, H)[0]]
    usual, moved, total = 0.0, np.zeros(3), 0.0
    for b, cut in enumerate(chosen):
        for h in range(min(H, 240 - cut)):
            usual += abs(full[cut - 1] - added[cut - 1] + x[cut + h] - full[cut + h])
            total += 1
            for r, other in enumerate(others[:, b]):
                moved[r] += abs(full[cut - 1] - x[other - 1] + x[other + h] - full[cut + h])

    driver = list(range(6, 6 + 2 * 12, 2))
    np.testing.assert_allclose(found.errors(driver) / found.usual(), moved / usual, rtol=1e-4)
    assert total > 5


def test_every_input_has_a_row_and_gradients_share_the_whole():
    panel = driven(0)
    found = importance(fitted(panel), panel)

    assert found["name"].tolist() == ["1", "2", "3", "4", "5", "6", "driver", "noise"]
    assert found["kind"].tolist() == ["lag"] * 6 + ["covariate"] * 2
    assert found["gradient"].sum() == pytest.approx(100)


def test_waves_of_one_place_of_the_calendar_are_one_input():
    panel = driven(0, names=("month_sin", "month_cos"))
    found = importance(fitted(panel), panel)

    assert found[["kind", "name"]].iloc[6:].to_numpy().tolist() == [["calendar", "month"]]


def test_columns_of_the_past_and_of_series_are_looked_at():
    panel = driven(0)
    driver = panel.covariates.known[:240, :1]
    past = replace(panel.covariates, known=np.empty((0, 0)), known_names=(), offsets=np.zeros(2, np.int64),
                   past=driver, past_names=("seen",), static=np.ones((1, 1)), static_names=("size",))  # fmt: skip
    panel = replace(panel, covariates=past)
    found = importance(fitted(panel), panel).set_index("name")

    assert found.loc["size", "importance"] == 0
    assert found.loc["seen", "gradient"] > 0


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_network_alone(airline):
    model = fitted(airline)
    before = model.predict()
    first, again = importance(model, airline, seed=3), importance(model, airline, seed=3)

    assert first.equals(again)
    assert model.predict().equals(before)


def test_many_lags_are_looked_at_together():
    panel = make_panel(np.random.default_rng(0).normal(size=400).cumsum(), season_length=1)
    found = importance(fitted(panel, input_size=100, max_steps=20), panel)

    assert len(found) == 50 <= MOST_LAGS
    assert found["name"].iloc[0] == "1 to 2"


@pytest.mark.parametrize("head", ["quantiles", "histogram"])
def test_networks_that_tell_how_sure_they_are_are_looked_at_too(head):
    panel = driven(0)

    assert importance(fitted(panel, head=head), panel).set_index("name")["importance"].idxmax() == "driver"


def test_a_panel_whose_members_held_nothing_back_is_looked_at_where_it_learned():
    panel = make_panel(*[np.random.default_rng(s).normal(size=40).cumsum() + 50 for s in range(120)], season_length=1)
    model = fitted(panel, max_steps=20)
    model.groups_[0].searched_ = None

    assert len(importance(model, panel)) == 6


def test_a_series_without_a_sample_has_no_importance():
    panel = make_panel([1.0], season_length=1)

    assert importance(fitted(panel), panel).empty


def test_a_forecast_without_error_needs_nothing():
    panel = make_panel(np.ones(60), season_length=1)

    assert (importance(fitted(panel, max_steps=20), panel)["importance"] == 0).all()
