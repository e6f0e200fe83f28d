from dataclasses import replace

import numpy as np
import pytest
from conftest import make_panel

from forecast.errors import ConfigError
from forecast.models.mlp import MLP
from forecast.models.presets import KINDS, PRESETS, RULES, kind_of, make_plans


def panel_of(count, length, season_length=12):
    rng = np.random.default_rng(0)
    return make_panel(*(100 + rng.normal(size=length).cumsum() for _ in range(count)), season_length=season_length)


def plans(panel, horizon=6, preset="balanced", **named):
    return make_plans(panel, horizon, preset=preset, named=named)


def test_the_table_has_a_row_for_every_kind_and_preset():
    assert set(RULES) == {(kind, preset) for kind in KINDS for preset in PRESETS}


@pytest.mark.parametrize(
    ("count", "length", "kind"),
    [(1, 144, "few"), (19, 144, "few"), (20, 49, "brief"), (20, 50, "many"), (2, 2000, "long")],
)
def test_panels_are_told_apart_by_number_and_length(count, length, kind):
    assert kind_of(panel_of(count, length)) == kind


def test_many_series_are_seen_with_their_season_and_without():
    assert {plan.season for plan in plans(panel_of(20, 96))} == {True, False}


def test_a_season_left_in_lies_within_the_look_back():
    kept = [plan.input_size for plan in plans(panel_of(20, 96), horizon=1) if not plan.season]

    assert min(kept) >= 12


def test_without_a_season_no_group_leaves_one_in():
    assert {plan.season for plan in plans(panel_of(20, 96, season_length=1))} == {True}


def test_groups_that_come_out_alike_are_one():
    sizes = [plan.input_size for plan in plans(panel_of(20, 7, season_length=1))]

    assert sizes == [3]


def test_a_long_series_is_seen_over_its_seasons_and_not_over_many_horizons():
    assert [plan.input_size for plan in plans(panel_of(1, 4000), horizon=720)] == [512]
    assert [plan.input_size for plan in plans(panel_of(1, 4000, season_length=250), horizon=10)] == [750]


def test_what_the_user_names_stands_in_every_plan():
    named = plans(panel_of(20, 96), members=2, input_size=30)

    assert {(plan.members, plan.input_size) for plan in named} == {(2, 30)}


def test_a_higher_preset_has_more_to_train():
    panel = panel_of(20, 96)
    work = [sum(p.members * p.max_steps * p.batch_size for p in plans(panel, preset=preset)) for preset in PRESETS]

    assert work[0] < work[1] < work[2]


def test_members_pass_over_few_values_but_so_often():
    small, large, named = (
        {plan.max_steps for plan in made}
        for made in (plans(panel_of(20, 96)), plans(panel_of(400, 96)), plans(panel_of(20, 96), max_steps=700))
    )

    assert small == {20 * 96 * 6 // 128}
    assert large == {1000}
    assert named == {700}
    assert {plan.max_steps for plan in plans(panel_of(20, 12))} == {50}


def test_an_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match="no preset 'quick'"):
        MLP(preset="quick").fit(panel_of(1, 60), horizon=3)


def test_blocks_of_unequal_layers_are_refused():
    with pytest.raises(ConfigError, match="blocks have hidden layers of one size"):
        MLP(blocks=2, hidden_sizes=(8, 4)).fit(panel_of(1, 60), horizon=3)


def test_many_series_share_one_network_that_beats_the_last_value():
    rng = np.random.default_rng(1)
    t = np.arange(80)
    rows = [50 + s + 0.4 * t + 6 * np.sin(2 * np.pi * t / 12) + rng.normal(size=80) for s in range(24)]
    panel = make_panel(*rows)
    model = MLP(preset="fast", max_steps=200, prior="none").fit(panel.drop_last(12), horizon=12)

    y_hat = model.predict()["y_hat"].to_numpy().reshape(24, 12)
    truth = panel.tail(12)

    assert model.choices_["kind"] == "many"
    assert np.abs(y_hat - truth).mean() < 0.4 * np.abs(panel.drop_last(12).tail(1) - truth).mean()


def test_dropout_asks_for_plain_layers():
    model = MLP(dropout=0.1, max_steps=5, members=1, prior="none").fit(panel_of(20, 60), horizon=3)

    assert {group.plan.blocks for group in model.groups_} == {1}


@pytest.mark.parametrize(("better", "said"), [(np.inf, "yes"), (0.0, "no")])
def test_whether_what_was_learned_beforehand_went_on_to_learn_is_said(better, said, monkeypatch):
    monkeypatch.setattr("forecast.models.prior.BETTER", better)
    rule = replace(RULES["brief", "balanced"], prior_steps=2)
    monkeypatch.setitem(RULES, ("brief", "balanced"), rule)
    panel = make_panel(*np.random.default_rng(0).normal(size=(20, 30)))

    assert MLP(members=1, max_steps=2, input_size=5).fit(panel, horizon=3).choices_["prior_tuned"] == said
