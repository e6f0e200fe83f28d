import numpy as np
import pytest

from forecast import nn


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (nn.Constant(0.2), [0.2, 0.2, 0.2]),
        (nn.Step(0.2, every=5, factor=0.1), [0.2, 0.02, 0.002]),
        (nn.Exponential(0.2, every=5, factor=0.25), [0.2, 0.05, 0.0125]),
        (nn.InverseTime(0.2, halving=5), [0.2, 0.1, 0.2 / 3]),
        (nn.Cosine(0.2, 10, floor=0.1), [0.2, 0.15, 0.1]),
        (nn.CosineRestarts(0.2, period=5), [0.2, 0.2, 0.2]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_schedule_has_its_rate_at_steps_0_5_and_10(schedule, expected):
    np.testing.assert_allclose([schedule(step) for step in (0, 5, 10)], expected)


def test_warm_restarts_come_back_to_the_full_rate_after_each_longer_period():
    schedule = nn.CosineRestarts(1.0, period=10, growth=2.0, floor=0.1)
    rates = [schedule(step) for step in range(70)]

    assert [step for step, rate in enumerate(rates) if rate == 1.0] == [0, 10, 30]
    assert min(rates) > 0.1


def test_one_cycle_rises_then_falls_without_a_jump():
    rates = np.array([nn.OneCycle(1.0, 100)(step) for step in range(120)])

    assert rates.argmax() == 30
    assert (np.diff(rates[:31]) > 0).all()
    assert (np.diff(rates[30:101]) < 0).all()
    assert np.abs(np.diff(rates)).max() < 0.06
    assert rates[100:] == pytest.approx(1e-4)


def test_a_warm_up_leads_into_the_schedule_without_a_jump():
    schedule = nn.Warmup(nn.Cosine(1.0, 50), steps=10)

    assert [schedule(step) for step in (0, 9, 10)] == pytest.approx([0.1, 1.0, 1.0])
    assert schedule(60) == 0.0


def test_the_rate_falls_on_a_plateau_and_only_there():
    schedule = nn.ReduceOnPlateau(1.0, factor=0.5, patience=2)
    seen = []
    for loss in (5, 4, 4, 3, 3, 3, 3, 3):
        schedule.observe(loss)
        seen.append(schedule(0))

    assert seen == [1, 1, 1, 1, 1, 0.5, 0.5, 0.25]


def test_the_rate_does_not_fall_below_its_floor_and_starts_anew_after_a_reset():
    schedule = nn.ReduceOnPlateau(1.0, factor=0.1, patience=1, floor=0.05)
    for _ in range(5):
        schedule.observe(1.0)

    assert schedule(0) == 0.05
    schedule.reset()
    assert schedule(0) == 1.0


def test_a_plateau_is_seen_by_the_training_loop():
    x = np.linspace(-1, 1, 20).reshape(-1, 1)
    noise = nn.Batch(x, np.random.default_rng(0).normal(size=(20, 1)))
    history = nn.train(
        nn.Network(nn.Linear(4), nn.Tanh(), nn.Linear(1), input_size=1, members=2),
        lambda _: noise,
        loss=nn.MSE(),
        optimizer=nn.Adam(),
        schedule=nn.ReduceOnPlateau(0.1, patience=2),
        max_steps=300,
        validation=nn.Batch(x, -noise.targets),
    )

    assert history.rates[-1] < 0.1 * history.rates[0]


def test_every_schedule_is_in_the_table():
    made = {kind for kind in vars(nn).values() if isinstance(kind, type) and kind.__module__ == "forecast.nn.schedules"}

    assert made == set(nn.SCHEDULES.values())
