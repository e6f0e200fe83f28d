import inspect
from dataclasses import fields
from typing import get_args

import numpy as np
import pytest
from conftest import make_panel

from forecast import load_model, nn
from forecast.config import MLPSection
from forecast.errors import ModelError
from forecast.metrics import mase, mase_scale
from forecast.models.group import Group
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.models.presets import Plan
from forecast.models.prior import Prior
from forecast.models.saving import Basis, save_model

H = 6


def seasonal(n=96, seed=0):
    rng = np.random.default_rng(seed)
    return (50 + 0.5 * np.arange(n)) * (1 + 0.2 * np.sin(2 * np.pi * np.arange(n) / 12)) + 0.5 * rng.normal(size=n)


def error(y, **settings):
    """MASE of the last H values, forecast from what is before them."""
    panel = make_panel(y)
    y_hat = MLP(**settings).fit(panel.drop_last(H), horizon=H).predict()["y_hat"]
    return mase(y[-H:], y_hat, mase_scale(y[:-H], 12))


def test_the_configuration_has_the_networks_own_defaults():
    signature = inspect.signature(MLP.__init__).parameters
    ours = {
        name: p.default
        for name, p in signature.items()
        if name not in ("self", "missing", "transform", "preset", "seed")
    }

    assert MLPSection().model_dump() == ours


def test_the_configuration_knows_every_activation():
    assert set(get_args(MLPSection.model_fields["activation"].annotation)) == set(nn.ACTIVATIONS)


def test_a_group_of_files_without_lifts_takes_nothing_out():
    state = MLP(members=2, max_steps=10, prior="none").fit(make_panel(seasonal()), horizon=H).groups_[0].state()
    del state["lifts_"]

    assert Group.from_state(state).lifts_ is None
    assert next(field.default for field in fields(Plan) if field.name == "lifts") is False


def test_a_seasonal_series_is_forecast_better_than_last_year():
    assert error(seasonal()) < 0.5


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "tanh"},
        {"activation": "sigmoid"},
        {"activation": "gelu"},
        {"activation": "leaky_relu"},
        {"activation": "elu"},
        {"activation": "silu"},
        {"activation": "softplus"},
        {"loss": "mse"},
        {"loss": "huber"},
        {"loss": "log_cosh"},
        {"optimizer": "rmsprop"},
        {"dropout": 0.1},
        {"input_noise": 0.1},
        {"optimizer": "sgd", "learning_rate": 0.01},
        {"schedule": "step"},
        {"schedule": "constant"},
        {"scale": "std"},
        {"scale": "level"},
        {"hidden_sizes": ()},
        {"transform": "log,step_scale", "input_size": 24},
        {"transform": "deseasonalize,standardize"},
        {"transform": "boxcox,difference(12),robust"},
        {"transform": "log,difference(1)"},
    ],
    ids=str,
)
def test_every_setting_trains_to_something_useful(settings):
    assert error(seasonal(), members=4, **settings) < 1.0


def test_a_pattern_only_a_network_can_see_is_learned():
    y = np.empty(400)
    y[0] = 0.3
    for t in range(1, 400):
        y[t] = 3.9 * y[t - 1] * (1 - y[t - 1])  # the logistic map: no linear autocorrelation at all
    panel = make_panel(1 + y, season_length=1)

    network = MLP(input_size=3, max_steps=2000, learning_rate=0.01, patience=600, transform="none", scale="level")
    y_hat = network.fit(panel.drop_last(1), horizon=1).predict()["y_hat"].iloc[0]

    assert abs(y_hat - 1 - y[-1]) < 0.1 * np.std(y)


def test_the_steps_are_read_off_the_latest_block():
    network = MLP(members=3).fit(make_panel(seasonal()), horizon=H)

    assert network.choices_["steps"] == int(np.median(network.groups_[0].search_history_.best_step))
    assert network.choices_["steps_why"] == "best on the latest block"


def test_a_series_too_short_to_hold_a_block_out_is_trained_only_a_little():
    network = MLP(members=2).fit(make_panel([3.0, 4.0, 5.0], season_length=1), horizon=1)

    assert network.groups_[0].search_history_ is None
    assert network.choices_["steps"] == 50


def test_a_series_with_nothing_to_learn_warrants_no_network_and_says_so():
    network = MLP(members=2).fit(make_panel(np.full(60, 7.0)), horizon=H)

    assert [notice.code for notice in network.notices_] == ["W303"]


def test_the_input_size_follows_horizon_season_and_length():
    sizes = [
        MLP(members=1, max_steps=1)
        .fit(make_panel(np.arange(1.0, n), season_length=m), horizon=h)
        .choices_["input_size"]
        for n, m, h in ((201, 1, 8), (201, 24, 8), (41, 12, 8), (6, 1, 2))
    ]

    assert sizes == [16, 16, 10, 3]


def test_a_named_input_size_is_used():
    assert MLP(members=1, max_steps=1, input_size=7).fit(make_panel(seasonal()), horizon=H).choices_["input_size"] == 7


def test_a_series_without_a_root_and_one_with_are_told_apart():
    network = MLP(members=1, max_steps=1).fit(make_panel(seasonal(), seasonal() - 80), horizon=H)

    assert network.choices_["root"] == {"s0": True, "s1": False}


def test_another_seed_gives_another_forecast():
    panel = make_panel(seasonal() + np.random.default_rng(1).normal(0, 4, 96))
    first, second = (
        MLP(members=2, max_steps=100, seed=seed).fit(panel, horizon=H).predict()["y_hat"] for seed in (0, 1)
    )

    assert not np.allclose(first, second, rtol=1e-9)


def test_divergence_is_a_model_error_with_something_to_try():
    with pytest.raises(ModelError, match="diverged") as caught:
        MLP(members=1, optimizer="sgd", learning_rate=1e20).fit(make_panel(seasonal()), horizon=H)

    assert caught.value.hint == "learning_rate = 1e+19 under [models.mlp]"


def test_a_member_that_diverges_is_left_out_and_the_others_are_as_they_were(monkeypatch, tmp_path):
    panel, train = make_panel(seasonal()), nn.train
    first, given = [], []

    def losing_one(network, draw, **settings):
        given.append(draw(0).inputs.copy())
        first.append(network.parameters.copy())
        if network.members == 3:
            raise nn.Diverged(1, 12, 0.0001)
        return train(network, draw, **settings)

    monkeypatch.setattr(nn, "train", losing_one)
    model = MLP(members=3, max_steps=20, prior="none").fit(panel, horizon=H)

    assert np.array_equal(first[1], first[0][[0, 2]])
    assert np.array_equal(given[1], given[0][[0, 2]])
    assert model.choices_["members"] == 2
    assert [notice.code for notice in model.notices_ if "member 1 diverged at step 12" in notice.message] == ["W301"]
    assert "; 2 of 3 members used; try --set models.mlp.learning_rate=" in model.notices_[0].message
    basis = Basis.of(panel, horizon=H, target="y", data="y.csv", sha256="0f")
    again = load_model(save_model(model, tmp_path / "mlp", basis)).predict(panel)
    assert again.equals(model.predict(panel))


def test_a_network_that_loses_more_than_half_of_its_members_fails(monkeypatch):
    trained = []

    def losing_all(network, draw, **settings):
        trained.append(network.members)
        raise nn.Diverged(0, 12, 0.0001)

    monkeypatch.setattr(nn, "train", losing_all)

    with pytest.raises(ModelError, match="member 2 diverged"):
        MLP(members=4, max_steps=20, prior="none").fit(make_panel(seasonal()), horizon=H)

    assert trained == [4, 3, 2]


def share(panel, **settings):
    model = MLP(members=2, max_steps=60, **settings).fit(panel, horizon=6)
    return model.prior_share_


def test_a_short_series_is_left_to_the_network_trained_beforehand():
    panel = make_panel([3.0, 5, 4, 6], season_length=1)

    model = MLP(members=2, max_steps=60).fit(panel, horizon=6)

    assert model.prior_share_ == 1
    assert (model.predict()["y_hat"] == Prior().fit(panel, horizon=6).predict()["y_hat"]).all()


def test_the_share_of_the_network_trained_beforehand_falls_with_the_values_there_are():
    rng = np.random.default_rng(0)
    shares = [share(make_panel(100 + rng.normal(size=n).cumsum(), season_length=1)) for n in (40, 150, 1500)]

    assert 1 > shares[0] > shares[1] > shares[2] > 0
    assert shares[0] > 0.6
    assert shares[2] < 0.1


def test_what_the_network_trained_beforehand_cannot_know_is_left_to_the_members():
    t = np.arange(150)
    panel = make_panel(np.tile([5.0, 1, 8, 2, 9, 4, 7, 3, 6, 0, 11], 14)[:150] + 0.001 * (t % 2), season_length=1)

    assert MLP(members=2, input_size=22).fit(panel, horizon=6).prior_share_ < 0.02


def test_without_it_the_members_are_alone():
    panel = make_panel(100 + np.arange(60.0))
    model = MLP(members=2, max_steps=60, prior="none").fit(panel, horizon=6)

    assert model.prior_share_ == 0
    assert "prior_share" not in model.choices_
    assert Linear(members=2, max_steps=20).fit(panel, horizon=6).prior_share_ == 0


def test_the_share_is_measured_where_values_are_known():
    y = 100 + np.random.default_rng(0).normal(size=80)
    y[-5:-1] = np.nan
    short = np.r_[1.0, 2.0, 4.0]

    assert 0 < share(make_panel(y, short)) < 1


@pytest.mark.parametrize("transform", ["auto", "none", "fill"])
def test_values_that_nobody_may_write_to_are_read_only(transform):
    panel = make_panel(seasonal())
    panel.values.flags.writeable = False
    model = MLP(members=1, max_steps=2, transform=transform).fit(panel, horizon=H)

    assert np.isfinite(model.predict()["y_hat"]).all()
