from copy import deepcopy

import numpy as np
import pytest
import reference

from forecast import nn

LEARNERS = {
    "adam": (lambda: nn.Adam(), 0.03),
    "adamw": (lambda: nn.AdamW(weight_decay=1e-3), 0.03),
    "momentum": (lambda: nn.SGD(momentum=0.9), 0.1),
    "nesterov": (lambda: nn.SGD(momentum=0.9, nesterov=True), 0.1),
    "rmsprop": (lambda: nn.RMSprop(), 0.01),
    "rprop": (lambda: nn.Rprop(), 0.01),
    "sgd": (lambda: nn.SGD(), 0.3),
}


def friedman(n, seed):
    """Friedman #1 (1991) without noise, inputs and target scaled."""
    x = np.random.default_rng(seed).uniform(size=(n, 5))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return nn.Batch(3.46 * (x - 0.5), ((y - 14.4) / 5.0)[:, None])


SINE_X = np.linspace(-3, 3, 64).reshape(-1, 1)
XOR_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]) * 2 - 1
TASKS = {
    # batch, largest squared error that counts as learned, steps
    "sine": (nn.Batch(SINE_X, np.sin(SINE_X)), 0.01, 2000),
    "xor": (nn.Batch(XOR_X, np.array([[0], [1], [1], [0.0]])), 0.01, 1000),
    "friedman": (friedman(200, seed=0), 0.05, 2000),
}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", LEARNERS)
def test_every_optimizer_learns(name, task):
    batch, tolerance, steps = TASKS[task]
    make, rate = LEARNERS[name]
    layers = [nn.Linear(16), nn.Tanh(), nn.Linear(1)]
    network = nn.Network(*layers, input_size=batch.inputs.shape[1], members=3, seed=1)

    nn.train(
        network, lambda _: batch, loss=nn.MSE(), optimizer=make(), schedule=nn.Cosine(rate, steps), max_steps=steps
    )

    errors = np.mean((network.forward(batch.inputs) - batch.targets) ** 2, axis=(1, 2))
    assert np.median(errors) < tolerance


def follow(optimizer, gradients, *, start=2.0, rate=0.1):
    """The way of one parameter."""
    parameter = np.array([[start]])
    optimizer.reset(parameter)
    way = []
    for gradient in gradients:
        optimizer.step(parameter, np.array([[gradient]]), rate)
        way.append(float(parameter[0, 0]))
    return way


GRADIENTS = [0.5, -1.0, 0.25, 0.3, 0.3, -0.1]


def test_nesterov_is_that_of_the_slow_reference():
    assert follow(nn.SGD(momentum=0.9, nesterov=True), GRADIENTS) == pytest.approx(
        reference.nesterov(2.0, GRADIENTS, 0.1)
    )


def test_rmsprop_is_that_of_the_slow_reference():
    assert follow(nn.RMSprop(), GRADIENTS) == pytest.approx(reference.rmsprop(2.0, GRADIENTS, 0.1))


@pytest.mark.parametrize("losses", [[6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6], [3, 3, 3, 2, 4, 9]])
def test_rprop_is_that_of_the_slow_reference(losses):
    optimizer, parameter, way = nn.Rprop(), np.array([[2.0]]), []
    optimizer.reset(parameter)
    for gradient, loss in zip(GRADIENTS, losses, strict=True):
        optimizer.observe(np.array([loss]))
        optimizer.step(parameter, np.array([[gradient]]), 0.1)
        way.append(float(parameter[0, 0]))

    assert way == pytest.approx(reference.rprop(2.0, GRADIENTS, losses, 0.1))


def test_rprop_takes_back_a_change_only_of_the_member_whose_loss_grew():
    optimizer, parameters = nn.Rprop(), np.full((2, 1), 2.0)
    optimizer.reset(parameters)
    optimizer.observe(np.array([1.0, 1.0]))
    optimizer.step(parameters, np.ones((2, 1)), 0.1)
    optimizer.observe(np.array([2.0, 0.5]))
    optimizer.step(parameters, -np.ones((2, 1)), 0.1)

    assert parameters.ravel().tolist() == [2.0, 1.9]


def test_a_forgotten_member_of_rprop_begins_anew():
    optimizer, parameters = nn.Rprop(), np.full((2, 1), 2.0)
    optimizer.reset(parameters)
    for loss in (1.0, 2.0):
        optimizer.observe(np.array([loss, loss]))
        optimizer.step(parameters, np.ones((2, 1)), 0.1)
    optimizer.forget(np.array([True, False]))
    before = parameters.copy()
    optimizer.observe(np.array([9.0, 9.0]))
    optimizer.step(parameters, -np.ones((2, 1)), 0.1)

    assert (parameters - before).ravel() == pytest.approx([0.1, 0.12])  # a first step, and a change taken back


def test_adam_is_that_of_the_slow_reference_at_every_step():
    expected = [reference.adam(2.0, GRADIENTS[: n + 1], 0.1) for n in range(len(GRADIENTS))]

    assert follow(nn.Adam(), GRADIENTS) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.99), (0.5, 0.0)])
def test_adam_follows_its_means_over_many_steps(betas):
    beta1, beta2 = betas
    gradients = np.random.default_rng(0).normal(size=300) * np.geomspace(1e-6, 1e3, 300)

    found = follow(nn.Adam(beta1=beta1, beta2=beta2), gradients)

    assert found[-1] == pytest.approx(reference.adam(2.0, gradients, 0.1, beta1=beta1, beta2=beta2), rel=1e-10)


def test_adam_in_blocks_is_adam_at_once():
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(2, 100_000)), rng.normal(size=(3, 2, 100_000))
    whole, halves = start.copy(), start.copy()
    optimizer, parts = nn.Adam(), [nn.Adam() for _ in range(4)]
    optimizer.reset(whole)
    pieces = [halves[:, i : i + 25_000] for i in range(0, 100_000, 25_000)]
    for part, piece in zip(parts, pieces, strict=True):
        part.reset(piece)
    for gradient in gradients:
        optimizer.step(whole, gradient, 0.1)
        for i, (part, piece) in enumerate(zip(parts, pieces, strict=True)):
            part.step(piece, gradient[:, 25_000 * i : 25_000 * (i + 1)], 0.1)

    np.testing.assert_array_equal(whole, halves)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_copy_of_an_optimizer_goes_on_where_it_was_and_forgets_alone(name):
    make, _ = LEARNERS[name]
    gradients = np.random.default_rng(0).normal(size=(6, 2, 3))
    gradient, original = np.empty((2, 3)), (np.zeros((2, 3)), make())

    def go_on(parameters, optimizer, gradient, steps):
        for number in steps:
            gradient[...] = gradients[number]
            optimizer.step(parameters, gradient, 0.1)
        return parameters

    original[1].reset(original[0])
    go_on(*original, gradient, range(3))
    copied, forgetful = (deepcopy((*original, gradient)) for _ in range(2))
    forgetful[1].forget(np.array([True, False]))
    expected = go_on(*original, gradient, range(3, 6))
    other = go_on(*forgetful, range(3, 6))

    np.testing.assert_array_equal(go_on(*copied, range(3, 6)), expected)
    np.testing.assert_array_equal(other[1], expected[1])
    if name != "sgd":
        assert not np.array_equal(other[0], expected[0])


@pytest.mark.parametrize("name", LEARNERS)
def test_a_rate_for_each_member_moves_each_as_alone(name):
    make, _ = LEARNERS[name]
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(2, 4)), rng.normal(size=(5, 2, 4))
    together, rates = start.copy(), np.array([[0.1], [0.01]])
    optimizer = make()
    optimizer.reset(together)
    for gradient in gradients:
        optimizer.step(together, gradient, rates)

    for member, rate in enumerate((0.1, 0.01)):
        alone, single = start[member : member + 1].copy(), make()
        single.reset(alone)
        for gradient in gradients:
            single.step(alone, gradient[member : member + 1], rate)
        np.testing.assert_allclose(together[member], alone[0], rtol=1e-12)


@pytest.mark.parametrize("name", LEARNERS)
def test_what_is_forgotten_of_one_member_is_kept_of_the_other(name):
    make, _ = LEARNERS[name]
    gradients = np.random.default_rng(0).normal(size=(4, 2, 3))
    ways = []
    for forgetful in (False, True):
        parameters, optimizer = np.zeros((2, 3)), make()
        optimizer.reset(parameters)
        for gradient in gradients[:3]:
            optimizer.step(parameters, gradient, 0.1)
        if forgetful:
            optimizer.forget(np.array([True, False]))
        optimizer.step(parameters, gradients[3], 0.1)
        ways.append(parameters)

    np.testing.assert_array_equal(ways[0][1], ways[1][1])
    if name != "sgd":
        assert not np.array_equal(ways[0][0], ways[1][0])


def test_every_optimizer_is_in_the_table():
    made = {
        kind for kind in vars(nn).values() if isinstance(kind, type) and kind.__module__ == "forecast.nn.optimizers"
    }

    assert made - {nn.Optimizer} == set(nn.OPTIMIZERS.values())
