"""Our scores beside those of utilsforecast, series by series, on the same made-up forecasts."""

import numpy as np
import pandas as pd
import pytest
from utilsforecast import losses as peer

from forecast import metrics

M, H = 4, 6
LEVELS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


@pytest.fixture(scope="module")
def made():
    """Return the training part and the forecasts of three series."""
    rng = np.random.default_rng(7)
    train, tests = [], []
    for name, size in (("a", 1.0), ("b", 20.0), ("c", 300.0)):
        y = size * (5 + np.cumsum(rng.normal(size=40 + H)) * 0.3 + np.tile([1, 0, -1, 0.5], 12)[: 40 + H])
        train.append(pd.DataFrame({"unique_id": name, "ds": range(40), "y": y[:40]}))
        test = pd.DataFrame({"unique_id": name, "ds": range(40, 40 + H), "y": y[40:]})
        test["model"] = test["y"] + size * rng.normal(size=H)
        for level in LEVELS:
            test[f"q{level}"] = test["model"] + size * (level - 0.5) * 2
        test["model-lo-80"], test["model-hi-80"] = test["q0.1"], test["q0.9"]
        tests.append(test)
    return pd.concat(train, ignore_index=True), pd.concat(tests, ignore_index=True)


def by_series(table):
    return table.set_index("unique_id")["model"].to_numpy()


def ours(made, score):
    train, tests = made
    return [score(own, train[train["unique_id"] == name]["y"].to_numpy()) for name, own in tests.groupby("unique_id")]


@pytest.mark.parametrize(
    ("name", "unit"), [("mae", 1), ("mse", 1), ("rmse", 1), ("mape", 100), ("smape", 200), ("wape", 100)]
)
def test_scores_of_single_values_agree(made, name, unit):
    expected = by_series(getattr(peer, name)(made[1], ["model"])) * unit

    assert ours(made, lambda own, _: getattr(metrics, name)(own["y"], own["model"])) == pytest.approx(expected)


def test_bias_agrees(made):
    expected = by_series(peer.bias(made[1], ["model"]))

    assert ours(made, lambda own, _: metrics.bias(own["y"], own["model"])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("theirs", "score", "scale"),
    [(peer.mase, metrics.mase, metrics.mase_scale), (peer.rmsse, metrics.rmsse, metrics.rmsse_scale)],
)
def test_scaled_scores_agree(made, theirs, score, scale):
    expected = by_series(theirs(made[1], ["model"], seasonality=M, train_df=made[0]))

    assert ours(made, lambda own, past: score(own["y"], own["model"], scale(past, M))) == pytest.approx(expected)


def test_quantile_loss_agrees(made):
    expected = by_series(peer.quantile_loss(made[1], {"model": "q0.9"}, q=0.9))

    assert ours(made, lambda own, _: metrics.pinball(own["y"], own["q0.9"], 0.9)) == pytest.approx(expected)


def test_crps_of_evenly_spread_quantiles_agrees(made):
    names = [f"q{level}" for level in LEVELS]
    scaled = by_series(peer.scaled_crps(made[1], {"model": names}, quantiles=LEVELS))
    # Theirs is divided by the mean size of the values.
    expected = scaled * made[1].assign(size=made[1]["y"].abs()).groupby("unique_id")["size"].mean().to_numpy()

    assert ours(made, lambda own, _: metrics.crps(own["y"], own[names], LEVELS)) == pytest.approx(expected)


def test_coverage_and_winkler_agree(made):
    covered = by_series(peer.coverage(made[1], ["model"], level=80)) * 100
    score = by_series(peer.winkler_score(made[1], ["model"], level=80))
    ends = "model-lo-80", "model-hi-80"

    assert ours(made, lambda own, _: metrics.coverage(own["y"], *(own[e] for e in ends))) == pytest.approx(covered)
    assert ours(made, lambda own, _: metrics.winkler(own["y"], *(own[e] for e in ends), 80)) == pytest.approx(score)
