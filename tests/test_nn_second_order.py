import numpy as np
import pytest

from forecast import nn

X = np.linspace(-3, 3, 48).reshape(-1, 1)
SINE = nn.Batch(X, np.sin(X))
XOR_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]) * 2 - 1
XOR = nn.Batch(XOR_X, np.array([[0], [1], [1], [0.0]]))


def friedman():
    x = np.random.default_rng(0).uniform(size=(120, 5))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return nn.Batch(3.46 * (x - 0.5), ((y - 14.4) / 5.0)[:, None])


def small(inputs=1, outputs=1, units=8, members=2, seed=0):
    layers = [nn.Linear(units), nn.Tanh(), nn.Linear(outputs)]
    return nn.Network(*layers, input_size=inputs, members=members, dtype=np.float64, seed=seed)


def minimize(method, network, batch, max_steps, **settings):
    settings |= {"loss": nn.MSE()} if isinstance(method, nn.LBFGS) else {}
    return method.minimize(network, batch, max_steps=max_steps, **settings)


METHODS = {
    "lbfgs": (nn.LBFGS, 800),
    "lm": (nn.LevenbergMarquardt, 80),
    "bayesian lm": (lambda: nn.LevenbergMarquardt(bayesian=True), 80),
}


# Four points hold no evidence that Bayesian regularisation could weigh, so it is not asked for exclusive or.
@pytest.mark.parametrize(
    ("name", "task"),
    [(name, task) for task in ("sine", "friedman") for name in METHODS] + [("lbfgs", "xor"), ("lm", "xor")],
)
def test_every_method_learns(name, task):
    batch, tolerance = {"sine": (SINE, 1e-3), "xor": (XOR, 0.01), "friedman": (friedman(), 0.02)}[task]
    make, steps = METHODS[name]
    network = small(inputs=batch.inputs.shape[1], members=3)

    minimize(make(), network, batch, steps)

    errors = np.mean((network.forward(batch.inputs) - batch.targets) ** 2, axis=(1, 2))
    assert np.median(errors) < tolerance


def test_the_jacobian_is_that_of_numeric_differences():
    network = nn.Network(
        nn.LinearSkip(nn.Linear(4), nn.Tanh(), nn.Linear(3)), input_size=2, members=2, dtype=np.float64
    )
    x = np.random.default_rng(0).normal(size=(5, 2))

    analytic = nn.jacobian(network, x)

    numeric = np.empty_like(analytic)
    for p in range(network.parameters.shape[1]):
        ends = []
        for sign in (1.0, -1.0):
            network.parameters[:, p] += sign * 1e-6
            ends.append(network.forward(x).copy())
            network.parameters[:, p] -= sign * 1e-6
        numeric[..., p] = (ends[0] - ends[1]) / 2e-6
    np.testing.assert_allclose(analytic, numeric, rtol=1e-6, atol=1e-8)


def test_a_linear_network_reaches_least_squares_in_a_few_steps():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    network = nn.Network(nn.Linear(2), input_size=3, dtype=np.float64)

    done = nn.LevenbergMarquardt(damping=1e-6).minimize(network, nn.Batch(x, y), max_steps=5)

    solution, *_ = np.linalg.lstsq(np.c_[x, np.ones(30)], y, rcond=None)
    np.testing.assert_allclose(np.r_[network.layers[0].weight, network.layers[0].bias], solution, atol=1e-6)
    assert done.steps[0] <= 5


def test_levenberg_marquardt_gets_ten_times_further_than_adam_in_as_many_steps():
    curved, plain = small(), small()
    nn.LevenbergMarquardt().minimize(curved, SINE, max_steps=80)
    nn.train(plain, lambda _: SINE, loss=nn.MSE(), optimizer=nn.Adam(), schedule=nn.Cosine(0.03, 80), max_steps=80)

    errors = [np.mean((network.forward(X) - SINE.targets) ** 2) for network in (curved, plain)]
    assert errors[0] < errors[1] / 10


def test_bayesian_regularisation_generalises_better_from_noise():
    rng = np.random.default_rng(1)
    noisy = nn.Batch(X, np.sin(X) + 0.4 * rng.normal(size=X.shape))
    errors = {}
    for bayesian in (False, True):
        network = small(units=15, members=4, seed=3)
        done = nn.LevenbergMarquardt(bayesian=bayesian).minimize(network, noisy, max_steps=60)
        errors[bayesian] = float(np.median(np.mean((network.forward(X) - np.sin(X)) ** 2, axis=(1, 2))))

    assert errors[True] < 0.7 * errors[False]
    assert (done.effective < 0.6 * network.parameters.shape[1]).all()


@pytest.mark.parametrize("name", METHODS)
def test_the_loss_never_rises_but_under_bayesian_trade_and_is_written_down(name):
    make, _ = METHODS[name]
    network = small()

    done = minimize(make(), network, SINE, 10)

    final = np.mean((network.forward(X) - SINE.targets) ** 2, axis=(1, 2))
    np.testing.assert_allclose([losses[-1] for losses in done.losses], final, rtol=1e-9)
    if name != "bayesian lm":
        assert all((np.diff(losses) <= 1e-12).all() for losses in done.losses)


@pytest.mark.parametrize("name", METHODS)
def test_a_masked_target_does_not_count(name):
    weight = np.ones_like(X)
    weight[::2] = 0.0
    spoiled = np.where(weight > 0, SINE.targets, 1e3)
    networks = [small(), small()]
    for network, targets in zip(networks, (SINE.targets, spoiled), strict=True):
        minimize(METHODS[name][0](), network, nn.Batch(X, targets, weight), 5)

    np.testing.assert_allclose(networks[0].parameters, networks[1].parameters)


def test_members_may_have_batches_of_their_own():
    inputs, targets = np.stack([X, X]), np.stack([np.sin(X), np.cos(X)])
    network = small()

    nn.LevenbergMarquardt().minimize(network, nn.Batch(inputs, targets), max_steps=60)

    assert np.mean((network.forward(inputs) - targets) ** 2, axis=(1, 2)).max() < 0.01


def test_where_no_step_helps_the_search_ends():
    network = small()
    network.parameters[...] = 0.0

    done = nn.LevenbergMarquardt().minimize(network, nn.Batch(X, np.zeros_like(X)), max_steps=10)

    assert done.steps.tolist() == [0, 0]
    assert not network.parameters.any()


@pytest.mark.parametrize("name", METHODS)
def test_single_precision_is_refused(name):
    network = nn.Network(nn.Linear(1), input_size=1)

    with pytest.raises(ValueError, match="float64, not float32"):
        minimize(METHODS[name][0](), network, SINE, 1)


def noisy_sine(seed=1):
    """Return a short, noisy past to learn from and the block after it."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-3, 3, 40).reshape(-1, 1)
    y = np.sin(3 * x) + 0.5 * rng.normal(size=x.shape)
    return nn.Batch(x[:28], y[:28]), nn.Batch(x[28:], y[28:])


def squared_errors(network, batch):
    return np.mean((network.forward(batch.inputs) - batch.targets) ** 2, axis=(1, 2))


@pytest.mark.parametrize("name", METHODS)
def test_every_member_keeps_the_weights_of_its_best_iteration_on_the_later_block(name):
    past, later = noisy_sine()
    make, network = METHODS[name][0], small(members=3)

    done = minimize(make(), network, past, 25, validation=later)

    # The slow way: stop after 0, 1, 2 ... iterations, and look at the later block each time.
    tried = []
    for steps in range(26):
        other = small(members=3)
        if steps:
            minimize(make(), other, past, steps)
        tried.append(squared_errors(other, later))
    np.testing.assert_allclose(squared_errors(network, later), np.min(tried, axis=0), rtol=1e-6)
    assert done.best_step.tolist() == np.argmin(tried, axis=0).tolist()
    assert done.steps.tolist() == [25, 25, 25]
    for member, looks in enumerate(done.val_losses):
        np.testing.assert_allclose(looks, np.array(tried)[:, member], rtol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_patience_ends_the_search_of_each_member_alone(name):
    past, later = noisy_sine()
    make, network = METHODS[name][0], small(members=3)

    done = minimize(make(), network, past, 200, validation=later, patience=4)

    assert (done.steps < 200).all()
    np.testing.assert_array_equal(done.steps, done.best_step + 4)
    assert [len(losses) for losses in done.losses] == (done.steps + 1).tolist()
    np.testing.assert_allclose(squared_errors(network, later), [looks.min() for looks in done.val_losses], rtol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_a_start_that_no_iteration_beats_on_the_later_block_is_kept(name):
    network = small()
    start = network.parameters.copy()
    later = nn.Batch(X, network.forward(X)[0].copy())  # what the first member says before it has learnt anything
    network.parameters[1] = start[1] = start[0]

    done = minimize(METHODS[name][0](), network, SINE, 5, validation=later)

    assert done.best_step.tolist() == [0, 0]
    assert network.parameters.tobytes() == start.tobytes()


@pytest.mark.parametrize("name", METHODS)
def test_without_a_later_block_the_last_weights_are_kept_as_before(name):
    network = small()

    done = minimize(METHODS[name][0](), network, SINE, 6)

    assert done.best_step.tolist() == done.steps.tolist()
    assert all(np.isnan(looks).all() and len(looks) == 7 for looks in done.val_losses)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_masked_in_the_later_block_does_not_count(name):
    past, later = noisy_sine()
    weight = np.ones_like(later.targets)
    weight[::3] = 0.0
    spoiled = later._replace(targets=np.where(weight > 0, later.targets, 1e3), weight=weight)
    networks = [small(), small()]

    for network, block in zip(networks, (later._replace(weight=weight), spoiled), strict=True):
        minimize(METHODS[name][0](), network, past, 10, validation=block)

    assert networks[0].parameters.tobytes() == networks[1].parameters.tobytes()


@pytest.mark.parametrize("name", METHODS)
def test_members_may_have_later_blocks_of_their_own(name):
    past, later = noisy_sine()
    own = nn.Batch(np.stack([later.inputs] * 2), np.stack([later.targets, -later.targets]))
    network = small()

    done = minimize(METHODS[name][0](), network, past, 10, validation=own)

    for member, looks in enumerate(done.val_losses):
        error = np.mean((network.forward(later.inputs)[member] - own.targets[member]) ** 2)
        np.testing.assert_allclose(looks.min(), error, rtol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_patience_needs_a_later_block(name):
    with pytest.raises(ValueError, match="patience .* validation"):
        minimize(METHODS[name][0](), small(), SINE, 3, patience=2)
