import numpy as np
import pytest
from conftest import make_panel
from scipy.special import ndtri

import forecast
from forecast.models.heads import EDGES, LEVELS, Histogram, Quantiles
from forecast.models.mlp import MLP

pytestmark = pytest.mark.usefixtures("no_page")

ENDS = ["lo-95", "lo-80", "y_hat", "hi-80", "hi-95"]


def walks(series=60, length=80, *, seed=0):
    return np.random.default_rng(seed).normal(size=(series, length)).cumsum(axis=1) + 100.0


@pytest.fixture(scope="module")
def told():
    """What the heads say of walks, and what came."""
    values = walks()
    panel = make_panel(*values[:, :-4])
    settings = {"preset": "fast", "prior": "none", "max_steps": 100, "members": 2}
    heads = {head: MLP(head=head, **settings).fit(panel, horizon=4) for head in ("point", "quantiles", "histogram")}
    return {head: model.predict(level=[80, 95]) for head, model in heads.items()}, values[:, -4:].ravel()


@pytest.mark.parametrize("head", ["quantiles", "histogram"])
def test_the_network_tells_how_sure_it_is(told, head):
    frames, came = told
    frame = frames[head]

    assert (np.diff(frame[ENDS].to_numpy(), axis=1) > 0).all()
    for level in (80, 95):
        inside = ((came >= frame[f"lo-{level}"]) & (came <= frame[f"hi-{level}"])).mean()
        assert level - 15 < 100 * inside < level + 10
    width = (frame["hi-80"] - frame["lo-80"]).groupby(frame["step"]).mean()
    assert width[4] > 1.4 * width[1]  # the root of 4 is 2


@pytest.mark.parametrize("head", ["quantiles", "histogram"])
def test_its_median_forecasts_as_a_point_does(told, head):
    frames, came = told

    def error(name):
        return np.abs(frames[name]["y_hat"] - came).mean()

    assert error(head) < 1.1 * error("point")


def test_a_point_says_nothing_of_how_sure_it_is(told):
    assert "lo-80" not in told[0]["point"]


def test_a_series_that_never_changed_has_no_width():
    panel = make_panel(np.full(60, 7.0), *walks(25, 60))
    frame = MLP(head="quantiles", preset="fast", members=1, max_steps=20).fit(panel, horizon=3).predict(level=[80])

    first = frame[frame["unique_id"] == "s0"]
    assert (first[["lo-80", "y_hat", "hi-80"]] == 7.0).all(axis=None)


def test_the_network_trained_beforehand_moves_the_whole_distribution():
    panel = make_panel(*walks(25, 40))
    model = MLP(head="quantiles", preset="fast", members=1, max_steps=20).fit(panel, horizon=3)

    moved = model.predict(level=[80])
    model.prior_share_ = 0.0
    alone = model.predict(level=[80])

    by = (moved["y_hat"] - alone["y_hat"]).to_numpy()
    assert np.abs(by).max() > 0.01
    for end in ("lo-80", "hi-80"):
        np.testing.assert_allclose(moved[end] - alone[end], by)


def test_quantiles_are_read_between_those_that_were_learned():
    raw = ndtri(np.array(LEVELS))

    read = Quantiles().quantiles(raw, [0.01, 0.3, 0.5, 0.999])[0]

    assert read[:3] == pytest.approx(ndtri([0.01, 0.3, 0.5]))
    assert np.isnan(read[3])


def test_a_histogram_is_read_as_the_distribution_it_draws():
    chances = np.diff(np.clip((np.array(EDGES) + 1.0) / 2.0, 0.0, 1.0))  # uniform from -1 to 1
    raw = np.log(np.maximum(chances, 1e-30))

    assert Histogram().quantiles(raw, [0.1, 0.5, 0.75])[0] == pytest.approx([-0.8, 0.0, 0.5], abs=0.03)


def test_long_series_start_from_the_regression_with_quantiles_too():
    values = np.sin(np.arange(2300) / 3.0) + np.random.default_rng(0).normal(size=2300) / 10
    panel = make_panel(values[:-8], frequency="h", season_length=24)
    frame = MLP(head="quantiles", max_steps=30).fit(panel, horizon=8).predict(level=[80])

    assert np.abs(frame["y_hat"].to_numpy() - values[-8:]).mean() < 0.2
    assert (frame["hi-80"] > frame["lo-80"]).all()


def test_the_head_is_a_setting_of_a_run(tmp_path):
    (tmp_path / "settings.toml").write_text('[models.mlp]\nhead = "quantiles"\nmax_steps = 50\nmembers = 2\n')
    made = forecast.run(
        "nile", config=tmp_path / "settings.toml", models=["mlp"], n_windows=2, horizon=3, out=tmp_path / "run"
    )

    own = made.forecasts[made.forecasts["model"] == "mlp"]
    assert (np.diff(own[ENDS].to_numpy(), axis=1) >= 0).all()  # 95 holds 80, for which alone errors are enough here
    assert 'head = "quantiles"' in (made.folder / "config.toml").read_text()
