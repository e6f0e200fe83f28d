"""Layers, activations, blocks and initializers: what they compute, that their derivatives are right, and that they
neither allocate nor change what they are given.
"""

import math
import pickle
import tracemalloc
from copy import deepcopy

import numpy as np
import pytest
import reference

from forecast import nn
from forecast.nn.initializers import INITIALIZERS

B, L, H = 4, 6, 5
BLOCKS = {
    "dropout": lambda: [nn.Linear(7), nn.Dropout(0.4), nn.Tanh()],
    "layer_norm": lambda: [nn.LayerNorm(), nn.Linear(7), nn.LayerNorm(), nn.Tanh()],
    "linear": lambda: [nn.Linear(7)],
    "linear_skip": lambda: [nn.LinearSkip(nn.Linear(8), nn.ReLU(), nn.Linear(7))],
    "n_beats": lambda: [nn.DoublyResidual(7, units=9, depth=2, blocks=3)],
    "n_beats_of_one": lambda: [nn.DoublyResidual(7, units=9, depth=1, blocks=1, activation=nn.Tanh)],
    "nested": lambda: [nn.LinearSkip(nn.Residual(nn.Linear(8), nn.GELU(), nn.Linear(L)), nn.LayerNorm())],
    "residual": lambda: [nn.Residual(nn.LayerNorm(), nn.Linear(8), nn.SiLU(), nn.Linear(L))],
}
EVERYTHING = BLOCKS | {
    name: (lambda activation=activation: [nn.Linear(7), activation()]) for name, activation in nn.ACTIVATIONS.items()
}
SHAPES = [(1, True), (3, True), (3, False)]


def moved(network, seed=9):
    """The network away from its start, where gains are one and biases zero."""
    network.parameters += np.random.default_rng(seed).normal(scale=0.3, size=network.parameters.shape)
    return network


def network_of(parts, *, members=1, outputs=H, dtype=np.float64):
    return nn.Network(*parts(), nn.Linear(outputs), input_size=L, members=members, dtype=dtype, seed=1)


def batch_of(members=1, own=True, dtype=np.float64):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(members, B, L)), rng.normal(size=(members, B, H))
    return (x if own else x[0]).astype(dtype), y.astype(dtype)


@pytest.mark.parametrize(("members", "own"), SHAPES)
@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_the_gradient_of_every_layer_is_the_derivative(parts, members, own):
    network = moved(network_of(parts, members=members))

    report = nn.gradcheck(network, nn.MSE(), *batch_of(members, own))

    assert report.error < 1e-6
    assert report.kinks == 0


@pytest.mark.parametrize(("members", "own"), SHAPES)
@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_every_layer_may_come_first_and_last(parts, members, own):
    layers = parts()[-1:]  # parameter-free layers see the shared inputs themselves
    network = nn.Network(*layers, input_size=L, members=members, dtype=np.float64)
    x, _ = batch_of(members, own)
    y = np.random.default_rng(4).normal(size=(members, B, network.output_size))
    if not network.parameters.size and not own:
        x = np.broadcast_to(x, (members, B, L))

    assert nn.gradcheck(moved(network), nn.MSE(), x, y).error < 1e-6


@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_inputs_shared_by_members_are_as_good_as_a_copy_for_each(parts):
    network = moved(nn.Network(*parts()[-1:], nn.Linear(H), input_size=L, members=3, dtype=np.float64))
    x, dy = batch_of(3)
    own = network.forward(np.broadcast_to(x[0], (3, B, L)).copy()).copy()
    dx = network.backward(dy, inward=True).copy()
    gradients = network.gradients.copy()

    np.testing.assert_allclose(network.forward(x[0]), own, rtol=1e-12)
    np.testing.assert_allclose(network.backward(dy, inward=True), dx, rtol=1e-12)
    np.testing.assert_allclose(network.gradients, gradients, rtol=1e-12)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_no_layer_changes_what_it_is_given(parts, members):
    x, dy = (array if members > 1 else array[0] for array in batch_of(members))
    layers = parts()
    nn.Network(*layers, nn.Linear(H), input_size=L, members=members, dtype=np.float64)
    for layer in layers:
        layer.training = True
        before = x.copy()
        y = layer.forward(x)
        np.testing.assert_array_equal(x, before)
        dy = np.random.default_rng(0).normal(size=y.shape)
        y_before, dy_before = y.copy(), dy.copy()
        layer.backward(dy)
        np.testing.assert_array_equal(dy, dy_before)
        np.testing.assert_array_equal(y, y_before)
        x = y


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_no_layer_allocates_or_leaves_float32_after_the_first_batch(parts, members):
    network = network_of(parts, members=members, dtype=np.float32)
    x = np.random.default_rng(0).normal(size=(members, 40_000, L)).astype(np.float32)
    dy = np.ones((members, 40_000, H), np.float32)

    with network.training_mode():
        assert network.forward(x).dtype == np.float32
        assert network.backward(dy, inward=True).dtype == np.float32
        tracemalloc.start()
        network.forward(x)
        network.backward(dy, inward=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 150_000  # NumPy's own buffers of 32 KB; a column of the batch would be 160 KB


@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_gradients_do_not_depend_on_whether_the_inputs_want_theirs(parts):
    network = network_of(parts, members=3)
    x, dy = batch_of(3)
    network.forward(x)
    network.backward(dy, inward=True)
    expected = network.gradients.copy()

    network.backward(dy)

    np.testing.assert_array_equal(network.gradients, expected)


@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_members_compute_what_single_networks_compute(parts):
    together, alone = network_of(parts, members=3), network_of(parts)
    x, _ = batch_of(3)

    for member in range(3):
        alone.parameters[0] = together.parameters[member]
        np.testing.assert_allclose(alone.forward(x[member])[0], together.forward(x)[member], rtol=1e-12)


@pytest.mark.parametrize("copied", [deepcopy, lambda network: pickle.loads(pickle.dumps(network))])  # noqa: S301
@pytest.mark.parametrize("parts", EVERYTHING.values(), ids=EVERYTHING)
def test_a_network_can_be_copied_and_pickled(parts, copied):
    network = network_of(parts)
    x, _ = batch_of()

    np.testing.assert_array_equal(copied(network).forward(x), network.forward(x))


X = np.array([[-3.0, -0.5, 0.0, 0.5, 3.0]])


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (nn.ELU(0.7), lambda x: x if x > 0 else 0.7 * (math.exp(x) - 1)),
        (nn.GELU(), lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
        (nn.Identity(), lambda x: x),
        (nn.LeakyReLU(0.2), lambda x: x if x > 0 else 0.2 * x),
        (nn.ReLU(), lambda x: max(x, 0.0)),
        (nn.SiLU(), lambda x: x / (1 + math.exp(-x))),
        (nn.Sigmoid(), lambda x: 1 / (1 + math.exp(-x))),
        (nn.Softplus(), lambda x: math.log(1 + math.exp(x))),
        (nn.Tanh(), math.tanh),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_activation_is_its_function(layer, function):
    np.testing.assert_allclose(layer.forward(X)[0], [function(x) for x in X[0]], rtol=1e-12)


def test_gelu_is_close_to_x_times_the_normal_distribution_function():
    x = np.linspace(-6, 6, 101)[None]

    np.testing.assert_allclose(
        nn.GELU().forward(x)[0], [v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x[0]], atol=5e-4
    )


@pytest.mark.parametrize("activation", nn.ACTIVATIONS.values())
def test_huge_values_give_finite_outputs_and_slopes_without_a_warning(activation):
    layer, x = activation(), np.array([[-1e10, -1e3, 1e3, 1e10]], dtype=np.float32)

    y = layer.forward(x)

    assert np.isfinite(y).all()
    assert np.isfinite(layer.backward(np.ones_like(x))).all()


@pytest.mark.parametrize("size", [10, nn.ReLU.large])
def test_the_slope_of_relu_is_the_same_in_small_and_large_arrays(size):
    layer, x = nn.ReLU(), np.random.default_rng(0).normal(size=(1, size)).astype(np.float32)
    x[0, 0] = 0.0
    layer.forward(x)

    np.testing.assert_array_equal(layer.backward(np.full_like(x, 2.0)), np.where(x > 0, 2.0, 0.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.LeakyReLU(1.0), "the slope is at least 0 and below 1, not 1.0"),
        (lambda: nn.ELU(0.0), "alpha is above 0, not 0.0"),
        (lambda: nn.Dropout(1.0), "the rate of dropout is at least 0 and below 1, not 1.0"),
        (lambda: nn.Linear(3, initializer="xavier"), "unknown initializer 'xavier'; known are auto, glorot, .*, zero"),
        (lambda: nn.Network(nn.Residual(nn.Linear(4)), input_size=3), "as many values as they are given: 3, not 4"),
    ],
)
def test_an_impossible_setting_says_what_is_possible(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def dropout_network(*, members=3, rate=0.4, seed=0, size=2000):
    return nn.Network(nn.Dropout(rate), input_size=size, members=members, dtype=np.float32, seed=seed)


def test_dropout_does_nothing_outside_training():
    network, x = dropout_network(), np.ones((3, 2, 2000), np.float32)

    np.testing.assert_array_equal(network.forward(x), x)
    np.testing.assert_array_equal(network.backward(2 * x, inward=True), 2 * x)


def test_dropout_sets_its_share_to_zero_and_keeps_the_mean():
    network = dropout_network()
    with network.training_mode():
        y = network.forward(np.ones((50, 2000), np.float32))

    np.testing.assert_array_equal(np.unique(y), np.array([0.0, 1 / 0.6], np.float32))
    np.testing.assert_allclose(y.mean(axis=(1, 2)), 1.0, atol=0.01)
    np.testing.assert_allclose((y == 0).mean(axis=(1, 2)), 0.4, atol=0.01)


def test_the_gradient_of_dropout_passes_where_values_passed():
    network = dropout_network(members=1)
    with network.training_mode():
        y = network.forward(np.ones((2, 2000), np.float32))
        dx = network.backward(np.ones_like(y), inward=True)

    np.testing.assert_array_equal(dx, y)


def test_dropout_of_rate_zero_passes_everything_while_training():
    network, x = dropout_network(rate=0.0), np.ones((3, 1, 2000), np.float32)
    with network.training_mode():
        np.testing.assert_array_equal(network.forward(x), x)


def masks(network, batches=2):
    with network.training_mode():
        return [network.forward(np.ones((4, 2000), np.float32)).copy() for _ in range(batches)]


def test_dropout_draws_anew_for_every_batch_and_member():
    (first, second), third = masks(dropout_network()), masks(dropout_network(seed=1))[0]

    assert not np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, third)


def test_dropout_is_the_same_from_the_same_seed_and_after_initialize():
    network = dropout_network()
    expected = masks(dropout_network())
    np.testing.assert_array_equal(masks(network), expected)

    network.initialize(0)

    np.testing.assert_array_equal(masks(network), expected)


def test_a_member_drops_the_same_values_however_many_there_are():
    alone, pair, three = masks(dropout_network(members=1)), masks(dropout_network(members=2)), masks(dropout_network())

    np.testing.assert_array_equal(pair[1], three[1][:2])
    np.testing.assert_array_equal(alone[1][0], three[1][0])


def test_dropout_leaves_the_start_of_all_weights_as_it_was():
    plain = nn.Network(nn.Linear(4), nn.ReLU(), nn.Linear(2), input_size=3)
    dropping = nn.Network(nn.Linear(4), nn.Dropout(0.5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(2), input_size=3)

    np.testing.assert_array_equal(dropping.parameters, plain.parameters)


def test_members_kept_by_narrowing_drop_what_they_dropped_before():
    network, expected = dropout_network(), masks(dropout_network())[0][1:]
    inner = nn.Residual(network.layers[0])

    inner.narrow(slice(1, 3))
    inner.layers[0].bind(network.parameters[1:], network.gradients[1:])
    inner.layers[0].training = True

    np.testing.assert_array_equal(inner.layers[0].forward(np.ones((4, 2000), np.float32)), expected)


def test_layer_norm_gives_every_sample_mean_zero_and_deviation_one():
    network = nn.Network(nn.LayerNorm(epsilon=0.0), input_size=50, members=2, dtype=np.float64)
    y = network.forward(np.random.default_rng(0).normal(loc=7, scale=3, size=(2, 20, 50)))

    np.testing.assert_allclose(y.mean(axis=-1), 0.0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=-1), 1.0, rtol=1e-12)


def test_layer_norm_of_a_constant_sample_is_its_bias():
    network = nn.Network(nn.LayerNorm(), input_size=3, dtype=np.float64)
    network.layers[0].bias[...] = [1.0, 2.0, 3.0]

    np.testing.assert_array_equal(network.forward(np.full((1, 3), 5.0))[0], [[1.0, 2.0, 3.0]])


def test_a_residual_adds_its_input():
    network = nn.Network(nn.Residual(nn.Linear(L, initializer="zero")), input_size=L, members=2, dtype=np.float64)
    x, _ = batch_of(2)

    np.testing.assert_array_equal(network.forward(x), x)


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_doubly_residual_stack_is_what_the_loops_say(blocks):
    stack = nn.DoublyResidual(H, units=7, depth=2, blocks=blocks)
    network = moved(nn.Network(stack, input_size=L, dtype=np.float64))
    x, _ = batch_of()
    linear = [layer for layer in stack.children() if isinstance(layer, nn.Linear)]
    pairs = [(layer.weight.tolist(), layer.bias[0].tolist()) for layer in linear]
    split = [pairs[start : start + 3] for start in range(0, len(pairs), 3)]

    np.testing.assert_allclose(network.forward(x)[0], [reference.n_beats(row, split, H) for row in x[0]])


def test_a_doubly_residual_stack_has_no_backcast_nobody_sees():
    network = nn.Network(nn.DoublyResidual(H, units=7, depth=1, blocks=2), input_size=L)

    assert network.parameters.shape[1] == 2 * 7 * (L + 1) + (7 + 1) * (L + H) + (7 + 1) * H


def test_a_stack_with_zero_heads_starts_at_zero():
    network = nn.Network(nn.DoublyResidual(H, units=7, head_initializer="zero"), input_size=L, members=2)

    assert not network.forward(np.ones((B, L), np.float32)).any()


def test_training_mode_reaches_layers_within_layers():
    inner = nn.Dropout(0.5)
    network = nn.Network(nn.LinearSkip(nn.Residual(inner), nn.Linear(2)), input_size=L)

    with network.training_mode():
        assert inner.training
    assert not inner.training


N, M = 300, 200
VARIANCES = {
    "glorot": 2 / (N + M),
    "glorot_normal": 2 / (N + M),
    "glorot_uniform": 2 / (N + M),
    "he": 2 / N,
    "he_normal": 2 / N,
    "he_uniform": 2 / N,
    "lecun_normal": 1 / N,
    "lecun_uniform": 1 / N,
    "orthogonal": 1 / N,
    "zero": 0.0,
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_returns_weights_and_biases_that_follow_from_the_stream(name):
    first, second = (INITIALIZERS[name](np.random.default_rng(5), 4, 3) for _ in range(2))

    assert [part.shape for part in first] == [(4, 3), (3,)]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("name", "variance"), VARIANCES.items())
def test_an_initializer_has_the_variance_of_its_paper_and_no_bias(name, variance):
    weight, bias = INITIALIZERS[name](np.random.default_rng(0), N, M)

    np.testing.assert_allclose(weight.var(), variance, rtol=0.02)
    assert abs(weight.mean()) <= 4 * math.sqrt(variance / (N * M))
    assert not bias.any()


@pytest.mark.parametrize("name", [name for name in VARIANCES if "normal" not in name and name != "orthogonal"])
def test_a_uniform_start_stays_within_its_bounds(name):
    weight, _ = INITIALIZERS[name](np.random.default_rng(0), N, M)

    assert np.abs(weight).max() <= math.sqrt(3 * VARIANCES[name])


@pytest.mark.parametrize(("n", "m"), [(8, 5), (5, 8), (6, 6)])
def test_an_orthogonal_start_has_orthonormal_columns_or_rows(n, m):
    weight, _ = nn.INITIALIZERS["orthogonal"](np.random.default_rng(0), n, m)
    product = weight.T @ weight if n >= m else weight @ weight.T

    np.testing.assert_allclose(product, np.eye(min(n, m)), atol=1e-12)


def test_nguyen_and_widrow_give_all_units_one_length_and_spread_their_centres():
    weight, bias = INITIALIZERS["nguyen_widrow"](np.random.default_rng(0), 3, 1000)
    length = 0.7 * 1000 ** (1 / 3)

    np.testing.assert_allclose(np.linalg.norm(weight, axis=0), length)
    assert np.abs(bias).max() <= length
    np.testing.assert_allclose(bias.std(), length / math.sqrt(3), rtol=0.05)


@pytest.mark.parametrize(("name", "same"), [("glorot", "glorot_uniform"), ("he", "he_uniform")])
def test_the_short_names_mean_the_uniform_starts_drawn_first_come_first_served(name, same):
    (weight, _), (other, _) = (INITIALIZERS[key](np.random.default_rng(2), 3, 4) for key in (name, same))
    bound = math.sqrt(6 / {"glorot": 7, "he": 3}[name])

    np.testing.assert_array_equal(weight, other)
    np.testing.assert_allclose(weight, np.random.default_rng(2).uniform(-bound, bound, (3, 4)), rtol=1e-14)


@pytest.mark.parametrize("activation", nn.ACTIVATIONS.values())
def test_auto_is_what_the_activation_asks_for_also_across_dropout_and_layer_norm(activation):
    def start(*between, **settings):
        network = nn.Network(nn.Linear(8, **settings), *between, activation(), input_size=6)
        return network.parameters[0, :48]

    expected = start(initializer=activation.initializer)

    np.testing.assert_array_equal(start(), expected)
    np.testing.assert_array_equal(start(nn.Dropout(0.1), nn.LayerNorm()), expected)
