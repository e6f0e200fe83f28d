from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from conftest import make_panel
from scipy import stats

from forecast import anatomy, changes, proofs
from forecast.backtesting import backtest
from forecast.config import resolve
from forecast.models.arima import ARIMA
from forecast.models.classical import Naive, SeasonalNaive
from forecast.models.mlp import MLP
from forecast.significance import diebold_mariano, mean_interval
from forecast.split import Split

SPLIT = Split(horizon=3, n_windows=4)


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    return make_panel(50 + rng.normal(0, 1, 48).cumsum(), 20 + rng.normal(0, 1, 40).cumsum())


def proved(panel, factories, *, once=None, latest=None):
    done = backtest({**factories, **(once or {})}, panel, SPLIT)
    return proofs.prove(
        panel,
        partial(proofs.in_panel, panel),
        done.fits,
        SPLIT,
        everywhere=factories,
        once=once or {},
        prepare=lambda past: past.values.tobytes(),
        latest=latest,
    )


def test_honest_models_stand_every_change(panel):
    found = proved(panel, {"naive": Naive}, once={"seasonal_naive": SeasonalNaive})

    assert (found.windows, found.pasts, found.prepared) == (4, 4, 4)
    assert found.refitted == {"naive": (4, 4), "seasonal_naive": (1, 1)}
    assert set(found.seconds) == {"naive", "seasonal_naive"}


def test_a_model_that_looks_ahead_by_itself_is_found_out(panel):
    assert proved(panel, {"naive": Naive}).control is True


def test_a_model_that_depends_on_more_than_its_past_is_named(panel):
    calls = []

    class Counting(Naive):
        name = "counting"

        def _ahead(self, past):
            calls.append(1)
            return np.full((past.n_series, self.horizon_), float(len(calls)))

    assert proved(panel, {"counting": Counting}).refitted == {"counting": (0, 4)}


def test_of_large_data_the_latest_window_is_looked_at(panel):
    assert proved(panel, {"naive": Naive}, latest=1).windows == 1


def test_where_nothing_was_tested_nothing_is_proved(panel):
    found = proofs.prove(
        panel, lambda _: panel, [], Split(horizon=3, n_windows=0), everywhere={}, once={}, prepare=lambda _: b""
    )

    assert (found.windows, found.control) == (0, None)


def test_what_lies_after_a_cutoff_is_changed_and_nothing_before(panel):
    window = next(iter(proofs.windows(panel, SPLIT)))
    changed = proofs.in_panel(panel, window)

    for s in range(panel.n_series):
        before, after = panel.series(s), changed.series(s)
        np.testing.assert_array_equal(after[: -window.back], before[: -window.back])
        np.testing.assert_array_equal(after[-window.back :], -1e6 * before[-window.back :])


@pytest.mark.parametrize("settings", [{}, {"hidden_sizes": ()}, {"blocks": 2, "hidden_sizes": (8, 8)}])
def test_the_layers_of_the_network_add_up_to_its_weights(panel, settings):
    model = MLP(preset="fast", max_steps=5, members=2, prior="none", **settings).fit(panel, horizon=3)
    group = anatomy.described_group(model.groups_[0])

    assert group["layers"][-1]["size"] == 3
    if group["blocks"] == 1:
        assert sum(layer["weights"] for layer in group["layers"]) + group["skip"] == group["parameters"]


def test_gradients_of_a_trained_network_are_right(panel):
    model = MLP(preset="fast", max_steps=5, members=2, prior="none").fit(panel, horizon=3)
    found = anatomy.anatomy({"mlp": model})

    assert found["network"]["gradients"]["passed"]
    assert found["network"]["gradients"]["error"] < 1e-6
    assert found["parameters"]["mlp"] == sum(group.network_.parameters.size for group in model.groups_)


def test_coefficients_are_as_sure_as_least_squares_says():
    rng = np.random.default_rng(1)
    y = np.zeros(400)
    for t in range(1, 400):
        y[t] = 0.6 * y[t - 1] + rng.normal()
    model = ARIMA(order=(1, 0, 0), seasonal_order=(0, 0, 0)).fit(make_panel(y), horizon=1)
    parts = {part["name"]: part for part in model.coefficients()["s0"]}

    assert parts["AR 1"]["value"] == pytest.approx(np.corrcoef(y[1:], y[:-1])[0, 1], abs=0.01)
    assert parts["AR 1"]["standard_error"] == pytest.approx(np.sqrt((1 - parts["AR 1"]["value"] ** 2) / 400), rel=0.05)


def test_a_series_that_is_a_line_has_a_drift_and_no_error():
    model = ARIMA().fit(make_panel(np.arange(30.0)), horizon=1)

    assert [part["name"] for part in model.coefficients()["s0"]] == ["drift"]


def test_the_interval_of_a_mean_is_that_of_student():
    losses = np.random.default_rng(2).gamma(2, size=12)
    error, low, high = mean_interval(losses)
    n = len(losses)
    expected = stats.t.interval(0.95, n - 1, losses.mean(), losses.std() / np.sqrt(n - 1))

    assert (low, high) == pytest.approx(expected)
    assert losses.mean() / error == pytest.approx(diebold_mariano(losses, np.zeros(n))[0])


def test_one_loss_has_no_interval():
    assert np.isnan(mean_interval([1.0])).all()
    assert np.isnan(mean_interval([])).all()


@pytest.mark.parametrize(("missing", "new", "rule"), [("linear", 3.0, "a line"), ("zero", 0.0, "zero")])
def test_every_filled_value_is_listed_with_its_rule(missing, new, rule):
    panel = make_panel([1.0, 2.0, np.nan, 4.0])
    found = changes.changes(panel, resolve(None, {"missing": missing}))

    assert found["new"].tolist() == [new]
    assert rule in found["rule"].iloc[0]
    assert found["ds"].astype(str).tolist() == ["2019-12-01"]


def test_data_without_gaps_were_not_changed():
    assert changes.changes(make_panel([1.0, 2.0]), resolve(None, {})).empty


def test_where_time_runs_out_the_latest_windows_were_looked_at(panel):
    done, asked, seen = backtest({"naive": Naive}, panel, SPLIT), [], []
    proofs.prove(
        panel,
        lambda window: seen.append(window.back) or proofs.in_panel(panel, window),
        done.fits,
        SPLIT,
        everywhere={"naive": Naive},
        once={},
        prepare=lambda past: b"",
        go_on=lambda: asked.append(1) or len(asked) <= 2,
    )

    assert seen == sorted(SPLIT.backs)[:2]
