"""Losses: their values against slow loops, their gradients against differences, what their outputs mean; and the
gradient check itself.
"""

import math
import tracemalloc

import numpy as np
import pytest
import reference

from forecast import nn

E, B, L, H = 3, 4, 6, 5
LOSSES = nn.LOSSES | nn.DISTRIBUTIONS
EDGES = (-1.0, 0.0, 0.5, 2.0)
MADE = {name: loss for name, loss in LOSSES.items() if name != "cross_entropy"} | {
    "cross_entropy": lambda: nn.CrossEntropy(EDGES),
    "huber_narrow": lambda: nn.Huber(0.3),
    "pinball_of_one": lambda: nn.Pinball([0.3]),
}


def network_for(loss, activation=nn.Tanh, *, members=E):
    layers = [nn.LinearSkip(nn.Linear(7), activation(), nn.Linear(6)), activation(), nn.Linear(H * loss.outputs)]
    return nn.Network(*layers, input_size=L, members=members, dtype=np.float64, seed=1)


def batch_of(members=E):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(members, B, L)), rng.normal(size=(members, B, H))
    return x, y, rng.uniform(0.1, 1.0, size=(members, B, H)) * (rng.uniform(size=(members, B, H)) > 0.3)


def raw_for(loss, *, dtype=np.float64, batch=B, seed=2):
    return np.random.default_rng(seed).normal(size=(E, batch, H * loss.outputs)).astype(dtype)


@pytest.mark.parametrize("members", [1, E])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("activation", nn.ACTIVATIONS.values())
def test_every_activation_and_loss_have_the_gradient_they_say(activation, loss, members):
    x, y, weight = batch_of(members)

    report = nn.gradcheck(network_for(loss(), activation, members=members), loss(), x, y, weight, directions=2)

    assert report.error < 1e-6
    assert len(report.names) >= 4


@pytest.mark.parametrize("weight", [None, "own", "shared", "by sample"])
@pytest.mark.parametrize("loss", MADE.values(), ids=MADE)
def test_gradients_hold_for_any_shape_of_inputs_targets_and_weights(loss, weight):
    x, y, own = batch_of()
    weight = {None: None, "own": own, "shared": own[0], "by sample": own[0, :, :1] + 0.1}[weight]

    assert nn.gradcheck(network_for(loss()), loss(), x[0], y[0], weight).error < 1e-6


def slow_value(name, loss, y_hat, y):
    """The loss of one target by scalar arithmetic; y_hat holds its outputs."""
    d = y_hat[0] - y
    return {
        "binary_cross_entropy": lambda: math.log(1 + math.exp(y_hat[0])) - y * y_hat[0],
        "cross_entropy": lambda: reference.cross_entropy(y_hat, y, EDGES),
        "gaussian": lambda: -reference.normal_log_density(y, y_hat[0], 1e-3 + math.log(1 + math.exp(y_hat[1]))),
        "huber": lambda: d * d / 2 if abs(d) < 1 else abs(d) - 0.5,
        "huber_narrow": lambda: d * d / 2 if abs(d) < 0.3 else 0.3 * (abs(d) - 0.15),
        "log_cosh": lambda: math.log(math.cosh(d)),
        "mae": lambda: abs(d),
        "mse": lambda: d * d,
        "pinball": lambda: reference.pinball(y_hat, y, (0.1, 0.5, 0.9)),
        "pinball_of_one": lambda: reference.pinball(y_hat, y, (0.3,)),
        "smape": lambda: reference.smape(y_hat[0], y),
    }[name]()


@pytest.mark.parametrize("name", MADE)
def test_a_loss_is_the_weighted_mean_of_what_loops_say(name):
    loss = MADE[name]()
    raw, (_, y, weight) = raw_for(loss), batch_of()
    outputs = raw.reshape(E, B, H, loss.outputs)
    places = [(b, h) for b in range(B) for h in range(H)]
    values = [[slow_value(name, loss, outputs[e, b, h].tolist(), y[e, b, h]) for b, h in places] for e in range(E)]

    np.testing.assert_allclose(loss.value_and_gradient(raw, y)[0], np.mean(values, axis=1), rtol=1e-10)
    np.testing.assert_allclose(
        loss.value_and_gradient(raw, y, weight)[0],
        [np.average(values[e], weights=weight[e].ravel()) for e in range(E)],
        rtol=1e-10,
    )


@pytest.mark.parametrize("loss", MADE.values(), ids=MADE)
def test_weights_of_one_are_no_weights(loss):
    loss = loss()
    raw, (_, y, _) = raw_for(loss), batch_of()
    losses, gradient = loss.value_and_gradient(raw, y)
    gradient = gradient.copy()

    weighted, weighted_gradient = loss.value_and_gradient(raw, y, np.ones((B, H)))

    np.testing.assert_allclose(weighted, losses)
    np.testing.assert_allclose(weighted_gradient, gradient, atol=1e-16)


@pytest.mark.parametrize("loss", MADE.values(), ids=MADE)
def test_a_masked_target_has_no_gradient_and_all_masked_no_loss(loss):
    loss = loss()
    raw, (_, y, _) = raw_for(loss), batch_of()
    weight = np.ones((E, B, H))
    weight[0] = 0.0
    weight[1, 2, 3] = 0.0

    losses, gradient = loss.value_and_gradient(raw, y, weight)

    by_target = gradient.reshape(E, B, H, loss.outputs)
    assert losses[0] == 0
    assert not by_target[0].any()
    assert not by_target[1, 2, 3].any()
    assert by_target[2].any()


@pytest.mark.parametrize("weight", [False, True])
@pytest.mark.parametrize("loss", MADE.values(), ids=MADE)
def test_a_loss_neither_allocates_nor_leaves_float32_nor_changes_what_it_is_given(loss, weight):
    loss, batch = loss(), 20_000
    raw = raw_for(loss, dtype=np.float32, batch=batch)
    y = np.random.default_rng(0).normal(size=(batch, H)).astype(np.float32)
    shares = np.ones((batch, H), np.float32) if weight else None
    raw_before, y_before = raw.copy(), y.copy()
    loss.value_and_gradient(raw, y, shares)

    tracemalloc.start()
    losses, gradient = loss.value_and_gradient(raw, y, shares)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 200_000  # NumPy's own buffers of 32 KB; one array of the batch would be 400 KB
    assert (losses.dtype, gradient.dtype, gradient.shape) == (np.float32, np.float32, raw.shape)
    np.testing.assert_array_equal(raw, raw_before)
    np.testing.assert_array_equal(y, y_before)
    if weight:
        assert (shares == 1).all()


@pytest.mark.parametrize("loss", MADE.values(), ids=MADE)
def test_targets_may_be_of_another_precision_than_outputs(loss):
    loss = loss()
    raw, (_, y, _) = raw_for(loss), batch_of()

    single = loss.value_and_gradient(raw, y.astype(np.float32))[0]
    other = loss.value_and_gradient(raw.astype(np.float32), y)[0]

    assert single.dtype == np.float64
    np.testing.assert_allclose(single, loss.value_and_gradient(raw, y)[0], rtol=1e-4)
    np.testing.assert_allclose(other, single, rtol=1e-4)


@pytest.mark.parametrize("loss", [loss for name, loss in MADE.items() if name != "mse"])
def test_huge_outputs_give_finite_losses_and_gradients(loss):
    loss = loss()
    y = np.ones((1, H), np.float32)
    for huge in (-1e15, 1e15):
        raw = np.where(np.arange(H * loss.outputs) % 2, huge, 1.0).astype(np.float32).reshape(1, 1, -1)
        losses, gradient = loss.value_and_gradient(raw, y)
        assert np.isfinite(losses).all()
        assert np.isfinite(gradient).all()


def test_the_symmetric_percentage_error_of_nothing_against_nothing_is_nothing():
    losses, gradient = nn.SMAPE().value_and_gradient(np.array([[[0.0, 1.0]]]), np.array([[0.0, -2.0]]))

    np.testing.assert_array_equal(losses, [100.0])
    np.testing.assert_array_equal(gradient, [[[0.0, 0.0]]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Huber(0), "delta is above 0, not 0"),
        (lambda: nn.GaussianNLL(floor=0), "the smallest scale is above 0, not 0"),
        (lambda: nn.Pinball([]), "quantiles lie between 0 and 1 and increase"),
        (lambda: nn.Pinball([0.5, 0.4]), r"and increase, unlike \(0.5, 0.4\)"),
        (lambda: nn.Pinball([0.5, 1.0]), "between 0 and 1"),
        (lambda: nn.CrossEntropy([0, 1]), r"three numbers or more that increase, not \[0, 1\]"),
        (lambda: nn.CrossEntropy([0, 1, 1]), "that increase"),
    ],
)
def test_an_impossible_setting_says_what_is_possible(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("loss", [nn.MSE, nn.MAE, nn.Huber, nn.LogCosh, nn.SMAPE])
def test_outputs_of_a_point_loss_are_forecasts_as_they_stand(loss):
    raw = raw_for(loss())

    assert loss().predict(raw) is raw


def test_quantiles_are_returned_in_order():
    loss = nn.Pinball([0.1, 0.5, 0.9])
    raw = raw_for(loss)
    before = raw.copy()

    quantiles = loss.predict(raw)

    assert quantiles.shape == (E, B, H, 3)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    np.testing.assert_array_equal(raw, before)


def test_a_normal_distribution_is_returned_as_mean_and_scale():
    loss = nn.GaussianNLL(floor=0.01)
    raw = raw_for(loss).astype(np.float32)
    before = raw.copy()

    both = loss.predict(raw)

    assert both.dtype == np.float32
    np.testing.assert_array_equal(both[..., 0], raw[..., ::2])
    np.testing.assert_allclose(both[..., 1], 0.01 + np.log1p(np.exp(raw[..., 1::2])), rtol=1e-5)
    np.testing.assert_array_equal(raw, before)


def test_a_yes_is_returned_with_its_probability():
    np.testing.assert_allclose(nn.BinaryCrossEntropy().predict(np.array([[[0.0, math.log(3)]]])), [[[0.5, 0.75]]])


def test_probabilities_of_bins_are_positive_and_add_up_to_one():
    loss = nn.CrossEntropy(EDGES)
    probabilities = loss.predict(1e3 * raw_for(loss).astype(np.float32))

    assert probabilities.shape == (E, B, H, 3)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1.0, rtol=1e-6)


def test_quantiles_of_a_histogram_are_what_a_walk_through_its_bins_finds():
    loss = nn.CrossEntropy(EDGES)
    probabilities, levels = loss.predict(raw_for(loss)), (0.01, 0.3, 0.5, 0.99)
    probabilities[0, 0, 0] = [0.0, 0.0, 1.0]
    probabilities[0, 0, 1] = [0.5, 0.0, 0.5]

    found = loss.quantiles(probabilities, levels)

    rows = probabilities.reshape(-1, 3).tolist()
    expected = [[reference.histogram_quantile(row, EDGES, level) for level in levels] for row in rows]
    np.testing.assert_allclose(found.reshape(-1, len(levels)), expected, atol=1e-12)
    np.testing.assert_array_equal(loss.median(probabilities), found[..., 2])


def test_a_target_beyond_the_edges_falls_into_an_outer_bin_and_one_on_an_edge_into_the_bin_above():
    loss = nn.CrossEntropy((0.0, 1.0, 2.0))
    y = np.array([[-9.0, 0.5, 1.0, 9.0, 2.0]])

    _, gradient = loss.value_and_gradient(np.zeros((1, 1, 10)), y)

    np.testing.assert_array_equal(gradient.reshape(5, 2)[:, 0] < 0, [True, True, False, False, False])


def learned(loss, y, *, steps=2000, rate=0.05):
    """What constant outputs are after training on the targets y."""
    network = nn.Network(nn.Linear(loss.outputs, initializer="zero"), input_size=1, dtype=np.float64)
    batch = nn.Batch(np.ones((len(y), 1)), y[:, None])
    nn.train(
        network,
        lambda _: batch,
        loss=loss,
        optimizer=nn.Adam(),
        schedule=nn.Cosine(rate, steps),
        max_steps=steps,
    )
    return loss.predict(network.forward(np.ones((1, 1))))[0, 0]


def test_a_network_learns_the_distribution_of_its_targets():
    y = np.random.default_rng(0).normal(loc=1.0, scale=0.5, size=400)
    histogram = nn.CrossEntropy((-1.0, 0.0, 1.0, 2.0, 3.0))

    np.testing.assert_allclose(learned(nn.Pinball([0.1, 0.5, 0.9]), y)[0], np.quantile(y, [0.1, 0.5, 0.9]), atol=0.03)
    np.testing.assert_allclose(learned(nn.GaussianNLL(), y)[0], [y.mean(), y.std()], atol=1e-3)
    np.testing.assert_allclose(learned(histogram, y)[0], np.histogram(y, histogram.edges)[0] / 400, atol=1e-3)
    np.testing.assert_allclose(learned(nn.BinaryCrossEntropy(), (y > 0.8) * 1.0)[0], (y > 0.8).mean(), atol=1e-3)


class WrongSiLU(nn.SiLU):
    """Off by 0.1 %."""

    def backward(self, dy, *, inward=True):
        return super().backward(dy, inward=inward) * 1.001


class WrongPinball(nn.Pinball):
    """Off by 0.1 % in one of three quantiles."""

    def _point(self, y_hat, y, value, slope):
        super()._point(y_hat, y, value, slope)
        slope[..., 1] *= 1.001


class WrongLayerNorm(nn.LayerNorm):
    """A gradient of the gain that is off by 0.1 %."""

    def backward(self, dy, *, inward=True):
        dx = super().backward(dy, inward=inward)
        self._gain_gradient *= 1.001
        return dx


def test_the_check_rejects_a_derivative_that_is_wrong_by_a_thousandth_in_any_place():
    x, y, weight = batch_of()

    assert not nn.gradcheck(network_for(nn.MSE(), WrongSiLU), nn.MSE(), x, y, weight).passed
    assert not nn.gradcheck(network_for(nn.Pinball()), WrongPinball(), x, y, weight).passed
    assert not nn.gradcheck(WrongLayerNorm(), nn.MSE(), x, x).passed


def test_a_layer_is_checked_as_it_is_and_left_alone():
    layer, (x, _, _) = nn.LayerNorm(), batch_of()

    assert nn.gradcheck(layer, nn.MSE(), x, np.zeros_like(x)).passed
    assert nn.gradcheck(layer, nn.MSE(), x[0], np.ones_like(x[0])).passed
    assert not hasattr(layer, "gain")


def test_a_network_of_float32_is_checked_in_float64_and_left_as_it_was():
    network = nn.Network(nn.Linear(H), nn.Dropout(0.5), input_size=L, members=E)
    before = network.parameters.copy()
    x, y, weight = batch_of()

    with network.training_mode():
        assert nn.gradcheck(network, nn.MSE(), x, y, weight).error < 1e-6
        assert network.layers[1].training
    np.testing.assert_array_equal(network.parameters, before)


def test_a_kink_nearby_is_stepped_around_and_one_at_the_point_itself_left_out_and_told():
    x = np.random.default_rng(0).normal(size=(4, 3))
    near, at = x.copy(), x.copy()
    near[0, 0], at[0, 0] = 3e-6, 0.0
    activation = nn.LeakyReLU(0.5)

    assert nn.gradcheck(activation, nn.MSE(), near, x - 1, directions=20).error < 1e-6
    assert nn.gradcheck(activation, nn.MSE(), near, x - 1, directions=20).kinks == 0

    report = nn.gradcheck(activation, nn.MSE(), at, x - 1)
    assert report.kinks == 4
    assert math.isnan(report.error)
    assert not report.passed
    assert str(report).endswith("FAILED: error nan, tolerance 1.0e-06; 4 directions left out at a kink")


def test_a_report_prints_analytic_beside_numeric():
    report = nn.GradientReport(("0 Linear", "inputs"), np.array([1.0, -2.0]), np.array([1.0, -2.5]), np.ones(2), 1e-6)

    assert str(report).splitlines() == [
        "direction        analytic         numeric     error",
        "0 Linear    1.0000000e+00   1.0000000e+00   0.0e+00",
        "inputs     -2.0000000e+00  -2.5000000e+00   5.0e-01",
        "FAILED: error 5.0e-01, tolerance 1.0e-06",
    ]
    assert "passed" in str(nn.GradientReport(("inputs",), np.ones(1), np.ones(1), np.ones(1), 1e-6))
