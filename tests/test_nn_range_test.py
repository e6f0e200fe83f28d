import numpy as np
import pytest

from forecast import figures, nn

X = np.linspace(-3, 3, 64).reshape(-1, 1)


def sine(_step):
    return nn.Batch(X, np.sin(X))


def network():
    return nn.Network(nn.Linear(12), nn.Tanh(), nn.Linear(1), input_size=1, members=2, seed=0)


@pytest.mark.parametrize("optimizer", [nn.Adam(), nn.SGD(momentum=0.9)])
def test_the_proposed_rate_learns_and_a_hundred_times_more_or_less_does_not_as_well(optimizer):
    found = nn.range_test(network(), sine, loss=nn.MSE(), optimizer=optimizer)
    errors = []
    for rate in (found.proposed, found.proposed * 100, found.proposed / 100):
        net = network()
        try:
            nn.train(net, sine, loss=nn.MSE(), optimizer=optimizer, schedule=nn.Constant(rate), max_steps=300)
            errors.append(float(np.mean((net.forward(X) - np.sin(X)) ** 2)))
        except nn.Diverged:
            errors.append(np.inf)

    assert errors[0] < errors[1]
    assert errors[0] < errors[2]


def test_the_network_is_left_as_it_was():
    net = network()
    before = net.parameters.copy()

    nn.range_test(net, sine, loss=nn.MSE(), optimizer=nn.Adam())

    np.testing.assert_array_equal(net.parameters, before)
    assert not net.training


def test_the_test_ends_where_the_loss_explodes():
    found = nn.range_test(network(), sine, loss=nn.MSE(), optimizer=nn.SGD(), highest=1e6)

    assert found.rates[-1] < 1e5
    assert np.isfinite(found.losses).all()


def test_a_range_without_an_explosion_is_walked_to_its_end():
    found = nn.range_test(network(), sine, loss=nn.MSE(), optimizer=nn.Adam(), highest=1e-3, steps=50)

    assert len(found.rates) == 50
    assert found.rates[-1] == pytest.approx(1e-3)


def test_the_curve_can_be_drawn():
    found = nn.range_test(network(), sine, loss=nn.MSE(), optimizer=nn.Adam())

    figure = figures.learning_rate_curve(found.rates, found.losses, proposed=found.proposed)

    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert figures.to_png(figure).startswith(b"\x89PNG")
