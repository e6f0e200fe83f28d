"""Combinations of models: their weights, and that they learn from nothing later than their cutoff."""

import numpy as np
import pandas as pd
import pytest

from forecast import pipeline
from forecast.errors import ConfigError
from forecast.models.combination import METHODS, combined, weights

pytestmark = pytest.mark.usefixtures("no_page")


def windows(n_windows=4, horizon=3, seed=0):
    """Two models' forecasts of one series: a is off by 1, b by 3 to either side."""
    rng = np.random.default_rng(seed)
    rows = []
    for w in range(n_windows):
        for step in range(1, horizon + 1):
            y = float(rng.normal(100, 10))
            for model, size in (("a", 1.0), ("b", 3.0)):
                row = {"unique_id": "s", "cutoff": w, "ds": w * horizon + step, "step": step, "model": model}
                rows.append(row | {"y": y, "y_hat": y + size * rng.choice([-1, 1]), "scale": 2.0})
                rows[-1]["back"] = (n_windows - w) * horizon
    return pd.DataFrame(rows)


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_shares(method):
    rng = np.random.default_rng(0)
    found = weights(rng.normal(size=50), rng.normal(size=(50, 4)), method=method)

    assert found.min() >= 0
    assert found.sum() == pytest.approx(1.0)


def test_inverse_errors_weigh_as_one_over_the_squares():
    y = np.zeros(20)
    signs = np.resize([1.0, -1.0], 20)

    found = weights(y, np.column_stack([signs, 2 * signs]), method="inverse_error")

    assert found.tolist() == pytest.approx([0.8, 0.2])


def test_a_model_without_error_takes_all():
    y = np.arange(20.0)

    assert weights(y, np.column_stack([y, y + 1]), method="inverse_error").tolist() == [1.0, 0.0]


def test_least_squares_finds_the_best_weights_on_a_grid():
    rng = np.random.default_rng(1)
    y = rng.normal(size=200)
    y_hat = y[:, None] + rng.normal(size=(200, 2)) @ np.array([[1.0, 0.5], [0.0, 1.5]])

    found = weights(y, y_hat, method="least_squares")

    shares = np.linspace(0, 1, 1001)
    losses = [((y_hat @ [share, 1 - share] - y) ** 2).mean() for share in shares]
    assert found[0] == pytest.approx(shares[int(np.argmin(losses))], abs=2e-3)


def test_few_errors_weigh_all_the_same():
    assert weights(np.zeros(5), np.ones((5, 2)), method="least_squares").tolist() == [0.5, 0.5]


def test_the_mean_and_the_median_are_those_of_the_members():
    frame = windows()
    wide = frame.pivot(index=["cutoff", "step"], columns="model", values="y_hat")
    for method in ("mean", "median"):
        rows = combined(frame, ["a", "b"], name="c", method=method, earlier=frame)
        assert rows["y_hat"].tolist() == pytest.approx(wide.mean(axis=1).tolist())
        assert set(rows["model"]) == {"c"}


@pytest.mark.parametrize("method", ["inverse_error", "least_squares"])
def test_a_cutoff_learns_from_the_windows_that_were_over_by_then(method):
    frame = windows(n_windows=8)
    whole = combined(frame, ["a", "b"], name="c", method=method, earlier=frame, reach=3)
    later = frame["back"] - 3 < 6
    spoilt = frame.assign(y=frame["y"].where(~later, 1e6))

    again = combined(spoilt, ["a", "b"], name="c", method=method, earlier=spoilt, reach=3)

    early = (whole["back"] >= 6).to_numpy()
    assert whole["y_hat"][early].tolist() == again["y_hat"][early].tolist()
    assert (
        whole["y_hat"].tolist() != combined(frame, ["a", "b"], name="c", method="mean", earlier=frame)["y_hat"].tolist()
    )


def test_forecasts_ahead_learn_from_all_windows():
    frame = windows(n_windows=8)
    ahead = frame[frame["cutoff"] == 7].drop(columns=["y", "scale", "back"])

    rows = combined(ahead, ["a", "b"], name="c", method="inverse_error", earlier=frame, reach=3)

    a, b = (ahead.loc[ahead["model"] == m, "y_hat"].to_numpy() for m in "ab")
    assert rows["y_hat"].tolist() == pytest.approx((0.9 * a + 0.1 * b).tolist())


def test_points_that_not_all_members_forecast_are_left_out():
    frame = windows()
    short = frame[~((frame["model"] == "b") & (frame["cutoff"] == 0))]

    assert combined(short, ["a", "b"], name="c", method="mean", earlier=short)["cutoff"].unique().tolist() == [1, 2, 3]
    assert combined(short[:0], ["a", "b"], name="c", method="mean", earlier=short).empty


def test_a_run_compares_the_combination_with_its_members(tmp_path):
    run = pipeline.run("nile", models=["drift", "mean", "combination"], horizon=4, n_windows=2, out=tmp_path / "run")
    rows = run.backtest.pivot(index=["cutoff", "step"], columns="model", values="y_hat")

    assert rows["combination"].tolist() == pytest.approx(((rows["drift"] + rows["mean"]) / 2).tolist())
    assert "combination" in set(run.forecasts["model"])
    assert set(run.leaderboard["model"]) == {"drift", "mean", "combination", "seasonal_naive", "naive"}


def test_a_member_that_does_not_run_is_an_error(tmp_path):
    (tmp_path / "c.toml").write_text('[models.naive]\n[models.combination]\nmembers = ["theta"]\n')

    with pytest.raises(ConfigError, match='the member "theta", which does not run') as caught:
        pipeline.run("nile", config=tmp_path / "c.toml", out=tmp_path / "run")

    assert "theta" in str(caught.value.hint)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_combination_alone_is_that_of_the_usual_models():
    frame = pipeline.predict("nile", models=["combination"], horizon=1)

    assert "combination" in set(frame["model"])
    assert {"mlp", "arima", "ets", "theta"} < set(frame["model"])
