from copy import deepcopy

import numpy as np
import pytest
import reference

from forecast import nn

E, B, L, H = 3, 4, 6, 5


def network_of(activation, *, members=E, dtype=np.float64, seed=0):
    inner = [nn.Linear(7), activation(), nn.Linear(4)]
    return nn.Network(
        nn.LinearSkip(*inner), activation(), nn.Linear(H), input_size=L, members=members, dtype=dtype, seed=seed
    )


def batch_of(seed=0, members=E):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(members, B, L)), rng.normal(size=(members, B, H))
    return x, y, rng.uniform(0.1, 1.0, size=(members, B, H))


class WrongTanh(nn.Tanh):
    """Off by 0.1 %."""

    def _slope(self, y, out):
        super()._slope(y, out)
        out *= 1.001


class WrongMSE(nn.MSE):
    """A gradient H times too large: invisible at H = 1."""

    def value_and_gradient(self, y_hat, y, weight=None):
        losses, gradient = super().value_and_gradient(y_hat, y, weight)
        return losses, gradient * y_hat.shape[-1]


@pytest.mark.parametrize("members", [1, E])
@pytest.mark.parametrize("loss", nn.LOSSES.values())
@pytest.mark.parametrize("activation", nn.ACTIVATIONS.values())
def test_every_layer_and_loss_has_the_gradient_it_says(activation, loss, members):
    x, y, weight = batch_of(members=members)

    report = nn.gradcheck(network_of(activation, members=members), loss(), x, y, weight)

    assert report.error < 1e-6
    assert report.passed


@pytest.mark.parametrize("loss", nn.LOSSES.values())
def test_gradients_hold_without_weights_and_with_shared_inputs(loss):
    x, y, _ = batch_of()

    assert nn.gradcheck(network_of(nn.Tanh), loss(), x[0], y[0]).passed


def test_the_check_rejects_a_derivative_that_is_wrong_by_a_thousandth():
    x, y, weight = batch_of()

    report = nn.gradcheck(network_of(WrongTanh), nn.MSE(), x, y, weight)

    assert not report.passed


def test_the_check_rejects_a_gradient_that_is_right_for_one_step_only():
    x, y, weight = batch_of()

    assert not nn.gradcheck(network_of(nn.Tanh), WrongMSE(), x, y, weight).passed


def test_the_check_leaves_the_parameters_as_they_were():
    network = network_of(nn.ReLU)
    before = network.parameters.copy()
    x, y, weight = batch_of()

    nn.gradcheck(network, nn.MAE(), x, y, weight)

    np.testing.assert_array_equal(network.parameters, before)


def test_a_linear_layer_is_the_sum_of_products_plus_bias():
    layer = nn.Linear(H)
    network = nn.Network(layer, input_size=L, dtype=np.float64)
    network.parameters[...] = np.random.default_rng(1).normal(size=network.parameters.shape)
    x = np.random.default_rng(2).normal(size=(B, L))

    expected = [reference.forward(row, layer.weight.tolist(), layer.bias[0].tolist()) for row in x]

    np.testing.assert_allclose(network.forward(x)[0], expected)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (nn.Identity, [-2.0, 0.0, 3.0]),
        (nn.ReLU, [0.0, 0.0, 3.0]),
        (nn.Sigmoid, [0.11920292202211755, 0.5, 0.9525741268224334]),
        (nn.Tanh, [-0.9640275800758169, 0.0, 0.9950547536867305]),
    ],
)
def test_an_activation_returns_its_function(activation, expected):
    np.testing.assert_allclose(activation().forward(np.array([[-2.0, 0.0, 3.0]]))[0], expected)


def test_the_sigmoid_of_a_huge_number_is_finite():
    np.testing.assert_array_equal(nn.Sigmoid().forward(np.array([[-1e30, 1e30]])), [[0.0, 1.0]])


def test_members_of_a_group_compute_what_single_networks_compute():
    together = network_of(nn.Tanh)
    alone = network_of(nn.Tanh, members=1)
    x, _, _ = batch_of()

    for member in range(E):
        alone.parameters[0] = together.parameters[member]
        np.testing.assert_allclose(alone.forward(x[member])[0], together.forward(x)[member])


def test_a_member_starts_the_same_however_many_there_are():
    np.testing.assert_array_equal(
        network_of(nn.ReLU, members=5).parameters[:2], network_of(nn.ReLU, members=2).parameters
    )


def test_members_start_differently():
    first, second, _ = network_of(nn.ReLU).parameters

    assert not np.allclose(first, second)


def test_a_linear_layer_before_relu_starts_within_he_bounds_and_before_tanh_within_glorot_bounds():
    for activation, bound in ((nn.ReLU, np.sqrt(6 / 50)), (nn.Tanh, np.sqrt(6 / 90))):
        layer = nn.Linear(40)
        nn.Network(layer, activation(), nn.Linear(1), input_size=50)
        assert 0.95 * bound < np.abs(layer.weight).max() <= bound


def test_a_zero_head_starts_at_zero():
    network = nn.Network(nn.Linear(3), nn.ReLU(), nn.Linear(2, initializer="zero"), input_size=4, members=2)

    np.testing.assert_array_equal(network.forward(np.ones((5, 4))), np.zeros((2, 5, 2)))


def test_initialize_draws_the_same_parameters_from_the_same_seed():
    network = network_of(nn.Tanh, seed=3)
    before = network.parameters.copy()
    network.parameters += 1

    network.initialize(np.random.SeedSequence(3))

    np.testing.assert_array_equal(network.parameters, before)


def test_forward_and_backward_allocate_no_new_buffers_for_a_shape_seen_before():
    network = network_of(nn.ReLU)
    x, _y, _weight = batch_of()
    first = network.forward(x)
    second = network.forward(x)

    assert first is second or first.base is second.base


@pytest.mark.parametrize(("loss", "expected"), [(nn.MSE, 2.5), (nn.MAE, 1.5)])
def test_a_loss_is_the_mean_over_points(loss, expected):
    y_hat = np.array([[[1.0, 2.0]]])

    losses, _ = loss().value_and_gradient(y_hat, np.zeros((1, 2)))

    np.testing.assert_allclose(losses, [expected])


def test_a_masked_target_does_not_count():
    y_hat = np.array([[[1.0, 2.0], [3.0, 100.0]]])

    losses, gradient = nn.MSE().value_and_gradient(y_hat, np.zeros((2, 2)), np.array([[1.0, 1.0], [1.0, 0.0]]))

    np.testing.assert_allclose(losses, [14 / 3])
    assert gradient[0, 1, 1] == 0


def test_a_member_with_no_weight_at_all_has_loss_zero():
    losses, gradient = nn.MAE().value_and_gradient(np.ones((1, 2, 2)), np.zeros((2, 2)), np.zeros((2, 2)))

    assert losses[0] == 0
    assert not gradient.any()


def test_adam_follows_the_paper():
    gradients = [0.5, -1.0, 0.25]
    parameter = np.array([[2.0]])
    optimizer = nn.Adam()
    optimizer.reset(parameter)

    for g in gradients:
        optimizer.step(parameter, np.array([[g]]), 0.1)

    np.testing.assert_allclose(parameter[0, 0], reference.adam(2.0, gradients, 0.1), rtol=1e-12)


def test_weight_decay_shrinks_parameters_without_a_gradient():
    parameter = np.array([[2.0]])
    optimizer = nn.Adam(weight_decay=0.5)
    optimizer.reset(parameter)

    optimizer.step(parameter, np.zeros((1, 1)), 0.1)

    np.testing.assert_allclose(parameter, [[2.0 * (1 - 0.1 * 0.5)]])


def test_momentum_carries_on():
    parameter = np.array([[0.0]])
    optimizer = nn.SGD(momentum=0.5)
    optimizer.reset(parameter)

    optimizer.step(parameter, np.array([[1.0]]), 0.1)
    optimizer.step(parameter, np.array([[0.0]]), 0.1)

    np.testing.assert_allclose(parameter, [[-0.1 - 0.05]])


def test_a_constant_schedule_stays():
    assert [nn.Constant(0.3)(step) for step in (0, 7)] == [0.3, 0.3]


def sine_task():
    x = np.linspace(-3, 3, 64).reshape(-1, 1)
    return nn.Batch(x, np.sin(x))


def small_network(members=2, seed=0):
    return nn.Network(nn.Linear(12), nn.Tanh(), nn.Linear(1), input_size=1, members=members, seed=seed)


@pytest.mark.parametrize(
    ("optimizer", "rate", "tolerance"), [(nn.Adam(), 0.03, 1e-3), (nn.SGD(momentum=0.9), 0.1, 1e-2)]
)
def test_a_network_learns_the_sine(optimizer, rate, tolerance):
    network = small_network()

    nn.train(
        network,
        lambda _: sine_task(),
        loss=nn.MSE(),
        optimizer=optimizer,
        schedule=nn.Cosine(rate, 1500),
        max_steps=1500,
    )

    x, y, _ = sine_task()
    assert (np.mean((network.forward(x) - y) ** 2, axis=(1, 2)) < tolerance).all()


def test_a_network_learns_exclusive_or():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    task = nn.Batch(x, np.array([[0], [1], [1], [0.0]]))
    network = nn.Network(nn.Linear(8), nn.Sigmoid(), nn.Linear(1), input_size=2, members=3)

    nn.train(network, lambda _: task, loss=nn.MSE(), optimizer=nn.Adam(), schedule=nn.Step(0.1, 300), max_steps=900)

    np.testing.assert_array_equal(np.round(network.forward(x)), np.broadcast_to(task.targets, (3, 4, 1)))


def overfitting(members=4, patience=100, max_steps=600):
    """A task where training longer hurts: pure noise."""
    rng = np.random.default_rng(5)
    seen = nn.Batch(rng.normal(size=(20, 8)), rng.normal(size=(20, 1)))
    later = nn.Batch(rng.normal(size=(40, 8)), rng.normal(size=(40, 1)))
    network = nn.Network(nn.Linear(32), nn.ReLU(), nn.Linear(1), input_size=8, members=members, seed=2)
    history = nn.train(
        network,
        lambda _: seen,
        loss=nn.MSE(),
        optimizer=nn.Adam(),
        schedule=nn.Constant(0.01),
        max_steps=max_steps,
        validation=later,
        patience=patience,
    )
    return network, later, history


def test_early_stopping_restores_the_best_weights_of_every_member():
    network, later, history = overfitting()

    final, _ = nn.MSE().value_and_gradient(network.forward(later.inputs), later.targets)

    np.testing.assert_allclose(final, history.val_loss.min(axis=0), rtol=1e-5)


def test_early_stopping_ends_the_training():
    _, _, history = overfitting()

    assert history.reason == "patience"
    assert history.steps[-1] < 600


def test_a_member_that_is_done_keeps_the_step_it_was_best_at():
    _, _, history = overfitting()

    np.testing.assert_array_equal(history.best_step, history.steps[history.val_loss.argmin(axis=0)])


def test_patience_counts_from_each_members_own_best():
    _, _, history = overfitting(patience=20, max_steps=1000)
    stop = history.best_step + 20

    assert history.steps[-1] == stop.max()


def test_without_a_validation_block_the_last_weights_stay():
    network = small_network()
    history = nn.train(
        network, lambda _: sine_task(), loss=nn.MSE(), optimizer=nn.Adam(), schedule=nn.Constant(0.01), max_steps=25
    )

    assert history.reason == "max_steps"
    assert history.best_step.tolist() == [25, 25]
    assert history.steps.tolist() == [0, 10, 20, 25]
    assert np.isnan(history.val_loss).all()


def test_without_patience_all_steps_are_taken_and_the_best_weights_kept():
    _, _, history = overfitting(patience=None, max_steps=200)

    assert history.reason == "max_steps"
    assert (history.best_step < 200).any()


def test_zero_steps_of_training_change_nothing():
    network = small_network()
    before = network.parameters.copy()

    nn.train(network, lambda _: sine_task(), loss=nn.MSE(), optimizer=nn.Adam(), schedule=nn.Constant(1.0), max_steps=0)

    np.testing.assert_array_equal(network.parameters, before)


def test_training_on_again_after_the_same_start_gives_the_same_bytes():
    networks = [small_network(seed=4), small_network(seed=4)]
    for network in networks:
        nn.train(
            network,
            lambda _: sine_task(),
            loss=nn.MAE(),
            optimizer=nn.Adam(),
            schedule=nn.Constant(0.01),
            max_steps=30,
        )

    assert networks[0].parameters.tobytes() == networks[1].parameters.tobytes()


def test_divergence_names_the_member_the_step_and_the_rate():
    network = small_network()
    with pytest.raises(nn.Diverged, match=r"member 0 diverged at step \d+ with learning rate 1.25e\+29") as caught:
        nn.train(
            network,
            lambda _: sine_task(),
            loss=nn.MSE(),
            optimizer=nn.SGD(),
            schedule=nn.Constant(1e30),
            max_steps=100,
        )

    assert caught.value.member == 0
    assert caught.value.rate == 1e30 / 8


@pytest.mark.parametrize(("members", "shape"), [(4, (11, 3)), (4, (4, 11, 3)), (1, (11, 3)), (1, (1, 11, 3))])
def test_parts_of_many_inputs_are_forecast_as_one(members, shape):
    network = nn.Network(nn.Linear(5), nn.Tanh(), nn.Linear(2), input_size=3, members=members, dtype=np.float64)
    x = np.random.default_rng(0).normal(size=shape)

    np.testing.assert_allclose(network.predict(x, at_once=4), network.forward(x), rtol=1e-12)
    assert network.predict(x[..., :0, :]).shape == (members, 0, 2)


@pytest.mark.parametrize("members", [1, 3])
def test_a_copied_network_goes_on_to_learn_as_the_one_it_was_copied_from(members):
    settings = {"loss": nn.MSE(), "schedule": nn.Constant(0.01), "max_steps": 5}
    network = nn.Network(nn.Linear(4), nn.Tanh(), nn.Linear(1), input_size=1, members=members)
    network.forward(sine_task().inputs)
    other = deepcopy(network)
    before = network.parameters.copy()

    nn.train(other, lambda _: sine_task(), optimizer=nn.Adam(), **settings)
    np.testing.assert_array_equal(network.parameters, before)
    nn.train(network, lambda _: sine_task(), optimizer=nn.Adam(), **settings)

    assert not np.array_equal(network.parameters, before)
    np.testing.assert_array_equal(other.parameters, network.parameters)
    np.testing.assert_array_equal(other.forward(sine_task().inputs), network.forward(sine_task().inputs))
