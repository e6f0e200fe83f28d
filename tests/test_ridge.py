import numpy as np
from conftest import make_panel

from forecast import nn
from forecast.models.mlp import MLP
from forecast.models.ridge import ridge
from forecast.samples import Cuts, Samples


def samples_of(y, *, input_size, horizon):
    samples = Samples(y, np.array([0, len(y)]), np.ones(len(y), bool), input_size=input_size, horizon=horizon)

    def gather(cuts):
        inputs, targets, mask = samples.gather(cuts)
        return nn.Batch(inputs, targets, mask)

    return gather, samples.cuts()


def test_a_linear_recurrence_is_found():
    y = np.empty(300)
    y[:2] = 1.0, 2.0
    rng = np.random.default_rng(0)
    for t in range(2, 300):
        y[t] = 0.5 + 0.6 * y[t - 1] + 0.3 * y[t - 2] + rng.normal()
    gather, cuts = samples_of(y, input_size=2, horizon=1)

    weight, bias = ridge(gather, cuts)
    x = np.c_[y[:-2], y[1:-1], np.ones(298)]
    expected = np.linalg.lstsq(x, y[2:], rcond=None)[0]

    assert np.allclose(np.r_[weight[:, 0], bias], expected, atol=0.05)


def test_a_larger_weight_pulls_the_map_to_its_samples():
    inputs, targets = np.array([[1.0], [2.0]] * 10), np.array([[1.0], [4.0]] * 10)
    weights = np.array([[1.0], [100.0]] * 10)
    cuts = Cuts(np.array([0]), np.array([20]))

    weight, bias = ridge(lambda chosen: nn.Batch(inputs[chosen], targets[chosen], weights[chosen]), cuts)

    assert abs(2 * weight[0, 0] + bias[0] - 4.0) < 0.1


def test_samples_without_all_targets_are_left_out():
    gather, cuts = samples_of(np.arange(40.0), input_size=3, horizon=4)

    weight, bias = ridge(gather, cuts)

    assert np.allclose(np.array([7.0, 8, 9]) @ weight + bias, [10, 11, 12, 13], atol=0.2)


def test_a_long_series_starts_from_the_linear_map():
    rng = np.random.default_rng(0)
    t = np.arange(2200)
    y = 10 * np.sin(2 * np.pi * t / 24) + 3 * np.sin(2 * np.pi * t / 168) + 0.1 * rng.normal(size=2200)
    panel = make_panel(y, season_length=24)

    model = MLP(preset="fast", max_steps=20, prior="none").fit(panel.drop_last(24), horizon=24)

    assert model.choices_["kind"] == "long"
    assert np.abs(model.predict()["y_hat"] - y[-24:]).mean() < 0.3
