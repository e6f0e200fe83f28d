"""Where series are very many, every member learns from its own bag of them."""

import numpy as np
import pytest
from conftest import make_panel

from forecast.models import bags, chosen, mlp
from forecast.models.bags import Bags
from forecast.models.mlp import MLP
from forecast.models.prior import Prior

BAG, SERIES = 20, 60


@pytest.fixture
def few(monkeypatch):
    """Twenty series are many here."""
    monkeypatch.setattr(bags, "BAG", BAG)
    monkeypatch.setattr(chosen, "BAG", BAG)


def series(count=SERIES):
    rng = np.random.default_rng(5)
    return [100 + s + 10 * np.sin(np.arange(48) * np.pi / 6 + s) + rng.normal(size=48) for s in range(count)]


def fitted(values):
    small = MLP(preset="fast", prior="none", hidden_sizes=(8,), blocks=1, members=2, max_steps=6, seed=3)
    return small.fit(make_panel(*values), horizon=6)


def test_no_more_series_than_a_bag_holds_are_all_learned_from():
    drawn = Bags.drawn(bags.BAG, 3, seed=(0,))

    assert drawn.series.tolist() == list(range(bags.BAG))
    assert all(len(places) == bags.BAG for places in drawn.places)


@pytest.mark.usefixtures("few")
def test_bags_are_drawn_by_the_seed_and_differ_from_member_to_member():
    one, same, other = (Bags.drawn(SERIES, 2, seed=(seed, 0)) for seed in (0, 0, 1))
    drawn = [one.series[places].tolist() for places in one.places]

    assert [len(set(bag)) for bag in drawn] == [BAG, BAG]
    assert drawn[0] != drawn[1]
    assert drawn == [same.series[places].tolist() for places in same.places]
    assert drawn != [other.series[places].tolist() for places in other.places]


@pytest.mark.usefixtures("few")
def test_a_member_learns_from_the_series_of_its_bag_alone():
    values = series()
    before = fitted(values)
    for number, group in enumerate(before.groups_):
        chosen = [set(group.bags_.series[places].tolist()) for places in group.bags_.places]
        changed = [y if s in chosen[0] else y[::-1] ** 2 for s, y in enumerate(values)]
        after = fitted(changed).groups_[number].network_.parameters

        assert after[0].tobytes() == group.network_.parameters[0].tobytes()
        assert after[1].tobytes() != group.network_.parameters[1].tobytes()


@pytest.mark.usefixtures("few")
def test_all_series_are_forecast_and_it_is_said_how_many_taught():
    model = fitted(series())

    assert model.predict()["unique_id"].nunique() == SERIES
    assert model.choices_["learned_from"] == BAG
    assert model.choices_["learned_from_why"] == "each member has its own of 60 series, by lot"
    assert model.choices_["root"] == "yes"
    assert "learned_from" not in fitted(series(BAG)).choices_


@pytest.mark.usefixtures("few")
def test_what_is_chosen_for_a_series_outside_the_bags_is_said_too():
    values = series()
    outside = next(s for s in range(SERIES) if all(s not in group.bags_.series for group in fitted(values).groups_))
    values[outside] = values[outside] - 200.0
    root = fitted(values).choices_["root"]

    assert [name for name, taken in root.items() if not taken] == [f"s{outside}"]


@pytest.mark.usefixtures("few")
def test_the_networks_trained_beforehand_go_on_to_learn_from_a_bag():
    panel = make_panel(*series())
    y_hat = Prior(steps=3).fit(panel, horizon=6).predict()["y_hat"]

    assert np.isfinite(y_hat).all()
    assert len(y_hat) == 6 * SERIES


def test_forecasts_do_not_depend_on_how_many_series_are_forecast_together(monkeypatch):
    model = fitted(series())
    whole = model.predict()
    monkeypatch.setattr(mlp, "TOGETHER", 25)
    parts = model.predict()

    assert parts.drop(columns="y_hat").equals(whole.drop(columns="y_hat"))
    np.testing.assert_allclose(parts["y_hat"], whole["y_hat"], rtol=1e-6)
