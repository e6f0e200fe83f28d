"""The network that was trained beforehand, and the generated series it learned from."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import make_panel

from forecast.errors import ModelError
from forecast.models import prior as module
from forecast.models.classical import Naive, SeasonalNaive
from forecast.models.generated import generate
from forecast.models.prior import PRIOR, SHAPES, Prior, batches, new_network

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "prior.py"


def error(model, series, season_length, horizon=6):
    """Return the mean absolute error on the last values of each series."""
    panel = make_panel(*series, season_length=season_length, frequency="int")
    y_hat = model.fit(panel.drop_last(horizon), horizon=horizon).predict()["y_hat"].to_numpy()
    return np.abs(panel.tail(horizon).ravel() - y_hat).mean()


@pytest.mark.parametrize("season_length", SHAPES)
def test_it_beats_the_naive_methods_on_series_it_has_not_seen(season_length):
    length = 3 * season_length + 40
    series = generate(200, length, season_length, np.random.default_rng(99))

    ours = error(Prior(), series, season_length)

    assert ours < 0.95 * error(Naive(), series, season_length)
    assert ours < 0.95 * error(SeasonalNaive(), series, season_length)


def test_a_horizon_beyond_its_own_goes_on_from_its_own_forecasts():
    y = 100 + 10 * np.sin(2 * np.pi * np.arange(96) / 12)
    far = Prior().fit(make_panel(y), horizon=60).predict()["y_hat"].to_numpy()
    near = Prior().fit(make_panel(y), horizon=24).predict()["y_hat"].to_numpy()

    assert (far[:24] == near).all()
    assert far == pytest.approx(100 + 10 * np.sin(2 * np.pi * np.arange(96, 156) / 12), abs=6)


def test_a_season_without_weights_is_taken_as_none():
    y = np.random.default_rng(0).normal(size=50)
    other = Prior().fit(make_panel(y, season_length=5), horizon=3)

    assert other.choices_["season"] == 1
    assert other.predict().equals(Prior().fit(make_panel(y, season_length=1), horizon=3).predict())


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"\0" + data[1:], lambda data: b""])
def test_a_changed_file_of_weights_is_refused(tmp_path, monkeypatch, change):
    (tmp_path / "prior.npz").write_bytes(change(PRIOR.read_bytes()))
    monkeypatch.setattr(module, "PRIOR", tmp_path / "prior.npz")
    module._load.cache_clear()

    with pytest.raises(ModelError, match="damaged or of another version"):
        Prior().fit(make_panel(np.arange(20.0)), horizon=2)
    module._load.cache_clear()


def test_the_weights_are_small_and_fit_the_networks():
    assert PRIOR.stat().st_size <= 8_000_000
    with np.load(PRIOR, allow_pickle=False) as file:
        assert {name: file[name].shape for name in file} == {
            f"season_{season}": new_network(season).parameters.shape for season in SHAPES
        }


@pytest.mark.parametrize("season_length", [1, 4, 168])
def test_generated_series_are_finite_many_kinded_and_the_same_for_a_seed(season_length):
    first, again = (generate(300, 80, season_length, np.random.default_rng(5)) for _ in range(2))

    assert np.isfinite(first).all()
    assert (first == again).all()
    assert len({tuple(row) for row in first}) == 300
    assert not np.array_equal(first, generate(300, 80, season_length, np.random.default_rng(6)))


def test_most_generated_series_have_their_season():
    series = generate(400, 240, 12, np.random.default_rng(0))
    changes = np.diff(series, axis=1)
    changes -= changes.mean(axis=1, keepdims=True)
    repeated = (changes[:, 12:] * changes[:, :-12]).sum(axis=1) / (changes**2).sum(axis=1)

    assert 0.4 < (repeated > 0.3).mean() < 0.9


def test_batches_are_scaled_samples_the_same_for_a_seed(monkeypatch):
    monkeypatch.setattr(module, "POOL", 50)
    first, again = (next(batches(4, size=7)) for _ in range(2))

    assert first.inputs.shape == (3, 7, 24)
    assert first.targets.shape == (3, 7, 12)
    assert (first.inputs == again.inputs).all()
    assert (first.inputs[..., -1] == 0).all()
    assert np.abs(np.diff(first.inputs, axis=-1)).mean(axis=-1) == pytest.approx(1, abs=1e-5)
    assert np.abs(first.targets).max() <= module.FURTHEST


def test_the_script_makes_weights_that_the_measurement_reads(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "POOL", 300)
    spec = importlib.util.spec_from_file_location("prior_benchmark", BENCHMARK)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "BATCH", 128)
    path = tmp_path / "p.npz"
    monkeypatch.setattr(sys, "argv", ["prior.py", "--train", "1", "--steps", "30", "--out", str(path), "--json"])
    script.main()
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])
    first = path.read_bytes()
    monkeypatch.setattr(script, "held_out_error", lambda *_: 0.0)  # measured once
    script.main()

    assert [row["season"] for row in rows] == [1]
    assert rows[0]["error"] < rows[0]["naive"]
    assert path.read_bytes() == first


def every_fifth_high():
    t = np.arange(60)  # no season that the networks know of
    return make_panel(*(50.0 + 5 * ((t + s) % 5 == 0) for s in range(30)), season_length=1)


def test_it_goes_on_to_learn_from_a_panel():
    past, truth = every_fifth_high().drop_last(5), every_fifth_high().tail(5)

    errors = [np.abs(Prior(steps=steps).fit(past, horizon=5).ahead(past) - truth).mean() for steps in (0, 200)]

    assert errors[1] < 0.9 * errors[0]


def test_what_it_learned_is_left_out_where_the_latest_block_is_not_forecast_better():
    panel = every_fifth_high()
    values = panel.values.reshape(30, 60).copy()
    values[:, -5:] = 50.0  # nothing is high any more
    panel = panel.with_values(values.ravel())
    with_steps, without = (Prior(steps=steps).fit(panel, horizon=5).ahead(panel) for steps in (200, 0))

    assert (with_steps == without).all()


def test_the_latest_block_is_not_learned_from():
    panel = every_fifth_high()
    later = panel.values.reshape(30, 60).copy()
    later[:, -1] += 0.01
    first, second = (Prior(steps=100).fit(p, horizon=5) for p in (panel, panel.with_values(later.ravel())))

    assert len(first.networks_) == len(second.networks_) == 2
    assert (first.networks_[1].parameters == second.networks_[1].parameters).all()


def test_series_shorter_than_a_block_are_not_learned_from():
    panel = make_panel(*np.random.default_rng(0).normal(size=(3, 9)), season_length=1)

    assert len(Prior(steps=5).fit(panel, horizon=6).networks_) == 1


def test_a_series_upside_down_is_forecast_upside_down():
    y = np.random.default_rng(0).normal(size=40).cumsum()
    up, down = (Prior().fit(make_panel(v), horizon=6).ahead(make_panel(v)) for v in (y, -y))

    np.testing.assert_allclose(up, -down, rtol=1e-9)
