"""One contract, every forecaster: what DESIGN.md section 5.6 promises of `fit` and `predict`."""

import json
import os
import subprocess
import sys
from functools import cache, partial
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast.errors import ModelError
from forecast.models.arima import ARIMA
from forecast.models.base import predicted
from forecast.models.classical import Drift, Mean, Naive, SeasonalNaive
from forecast.models.ets import ETS
from forecast.models.hybrid import Hybrid
from forecast.models.intermittent import TSB, Croston
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.models.prior import Prior
from forecast.models.saving import Basis, save_model
from forecast.models.theta import Theta

MODELS = {
    "mlp": lambda: MLP(members=2, max_steps=40),
    "arima": ARIMA,
    "ets": ETS,
    "theta": Theta,
    "theta standard": lambda: Theta(method="standard"),
    "linear": lambda: Linear(members=2, max_steps=40),
    "hybrid": lambda: Hybrid(members=2, max_steps=40),
    "prior": Prior,
    "drift": Drift,
    "mean": Mean,
    "croston": Croston,
    "tsb": TSB,
    "seasonal_naive": SeasonalNaive,
    "naive": Naive,
}
H = 5


def y(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return 100 + np.arange(n) + 10 * np.sin(2 * np.pi * np.arange(n) / 12) + rng.normal(size=n)


@pytest.fixture(params=MODELS, scope="module")
def name(request):
    return request.param


@pytest.fixture
def model(name):
    return MODELS[name]()


@pytest.fixture(scope="module")
def fitted(name):
    """A model that was fitted once, for tests that only look at it."""
    return MODELS[name]().fit(make_panel(y()), horizon=H)


@pytest.fixture(scope="module")
def plain(fitted):
    """What it forecasts."""
    return fitted.predict()["y_hat"].to_numpy()


def y_hat(model, panel):
    return model.fit(panel, horizon=H).predict()["y_hat"].to_numpy()


def test_the_forecast_has_the_columns_of_a_forecast_frame(fitted):
    frame = fitted.predict()

    assert list(frame.columns) == ["unique_id", "cutoff", "ds", "step", "model", "y_hat"]
    assert set(frame["model"]) == {fitted.name}


def test_the_forecast_follows_the_end_of_each_series(model):
    frame = model.fit(make_panel(y(), y(40, seed=1)), horizon=H).predict()

    assert frame["unique_id"].tolist() == ["s0"] * H + ["s1"] * H
    assert frame["step"].tolist() == [1, 2, 3, 4, 5] * 2
    assert frame["ds"].tolist() == list(pd.date_range("2020-02-01", periods=H, freq="MS")) * 2


def test_a_numbered_series_goes_on_in_its_numbers(model):
    frame = model.fit(make_panel(y(), frequency="int", season_length=1), horizon=H).predict()

    assert frame["ds"].tolist() == [1001, 1002, 1003, 1004, 1005]


def test_the_same_input_gives_the_same_bytes_is_untouched_and_fit_returns_the_model(model, plain):
    panel = make_panel(y())

    assert model.fit(panel, horizon=H) is model
    assert model.predict()["y_hat"].to_numpy().tobytes() == plain.tobytes()
    np.testing.assert_array_equal(panel.values, y())


def test_a_second_fit_forgets_the_first(model, plain):
    y_hat(model, make_panel(50 + 10 * np.random.default_rng(3).normal(size=48)))

    assert y_hat(model, make_panel(y())).tobytes() == plain.tobytes()


def test_predict_before_fit_is_refused(model):
    with pytest.raises(ModelError, match="is not fitted"):
        model.predict()


def test_nothing_after_the_cutoff_matters(name):
    whole = y(72)
    futures = [whole, np.r_[whole[:60], -1e6 * whole[60:]], np.r_[whole[:60], np.full(12, np.nan)]]

    forecasts = [y_hat(MODELS[name](), make_panel(values).drop_last(12)).tobytes() for values in futures]

    assert len(set(forecasts)) == 1


def test_a_scaled_series_gives_the_scaled_forecast(model, plain):
    np.testing.assert_allclose(y_hat(model, make_panel(1000 * y())), 1000 * plain, rtol=1e-4)


def test_gaps_do_not_stop_a_model(model):
    holed = y()
    holed[[20, 21, 40, 59]] = np.nan

    assert np.isfinite(y_hat(model, make_panel(holed))).all()


@pytest.mark.parametrize(
    "values",
    [np.full(40, 7.0), np.arange(40.0), np.zeros(40), [1.0, 2.0, 3.0], [5.0, 5.0, 5.0], np.r_[np.zeros(39), 1.0]],
    ids=["constant", "line", "zeros", "three points", "three equal points", "almost all zero"],
)
def test_a_difficult_series_gets_a_finite_forecast(model, values):
    assert np.isfinite(y_hat(model, make_panel(values))).all()


def test_a_constant_series_goes_on(model):
    np.testing.assert_allclose(y_hat(model, make_panel(np.full(40, 7.0))), 7.0, rtol=1e-6)


def test_a_newer_panel_is_forecast_without_fitting_again(model):
    series = y(72)
    model.fit(make_panel(series).drop_last(12), horizon=H)

    frame = model.predict(make_panel(series))

    assert frame["ds"].iloc[0] == pd.Timestamp("2020-02-01")
    assert np.abs(frame["y_hat"].to_numpy() - series[-1]).max() < 60


def test_the_season_keeps_its_place_when_a_series_has_grown(name):
    t = np.arange(96)
    panel = make_panel(100 + 30 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(0).normal(0, 0.1, 96))
    model = MODELS[name]().fit(panel.drop_last(12), horizon=H)

    for later in (1, 5, 7):
        found = model.predict(panel.drop_last(12 - later))["y_hat"].to_numpy()
        again = y_hat(MODELS[name](), panel.drop_last(12 - later))
        assert np.abs(found - again).max() < 12  # out of place by a step it would be off by up to 16, by seven up to 60


def test_choices_are_plain_json(fitted):
    assert json.loads(json.dumps(fitted.choices_)) == fitted.choices_


def test_a_saved_model_forecasts_as_before_in_a_process_that_has_the_file_alone(reloaded, saved_name):
    fitted, loaded = reloaded

    assert fitted[saved_name] == loaded[saved_name]


# models that know how sure they are

SURE = {
    "arima": MODELS["arima"],
    "ets": MODELS["ets"],
    "theta": MODELS["theta"],
    "theta standard": MODELS["theta standard"],
    "mean": MODELS["mean"],
    "mlp": partial(MLP, head="quantiles", preset="fast"),
    "linear": partial(Linear, head="histogram", preset="fast"),
}


SAVED = {**MODELS, "mlp with quantiles": SURE["mlp"], "linear with a histogram": SURE["linear"]}


def panels():
    """Return what the models are fitted to, and how it went on."""
    whole = make_panel(y(72), y(50, seed=1))
    return whole.drop_last(7), whole


def printed(model):
    """Return what a model says of both panels, and of itself, to the last digit."""
    frames = [predicted(model, panel, level=[80, 95]) for panel in panels()]
    numbers = [frame.select_dtypes("number").to_numpy(float).tobytes().hex() for frame in frames]
    return [*(frame.to_csv() for frame in frames), *numbers, json.dumps(model.choices_), str(model.notices_)]


@pytest.fixture(params=SAVED, scope="module")
def saved_name(request):
    return request.param


@pytest.fixture(scope="module")
def reloaded(tmp_path_factory):
    """What every model says, and what it says when it is loaded by a process of its own."""
    folder, said = tmp_path_factory.mktemp("models"), {}
    early, _ = panels()
    for name, make in SAVED.items():
        model = make().fit(early, horizon=H)
        save_model(model, folder / name, Basis.of(early, horizon=H))
        said[name] = printed(model)
    script = (
        "import json, sys; from pathlib import Path; from test_contract import printed\n"
        "from forecast import load_model\n"
        "json.dump({p.stem: printed(load_model(p)) for p in Path(sys.argv[1]).glob('*.npz')}, sys.stdout)"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", script, folder], env=here, capture_output=True, text=True, check=True)
    return said, json.loads(done.stdout)


def ends(model, panel):
    frame = model.fit(panel, horizon=H).predict(level=[80, 95])
    return frame[["lo-95", "lo-80", "hi-80", "hi-95"]].to_numpy()


def test_these_models_know_how_sure_they_are():
    assert set(SURE) == {name for name in MODELS if "level" in signature(MODELS[name]().predict).parameters}


@pytest.fixture(scope="module")
def told():
    """Models that know how sure they are, each fitted once when it is asked for."""
    return cache(lambda name: SURE[name]().fit(make_panel(y(), y(40, seed=1)), horizon=H))


@pytest.mark.parametrize("sure", SURE)
def test_own_intervals_lie_about_the_same_forecasts(told, sure):
    model = told(sure)
    frame = model.predict(level=[80, 95])

    assert list(frame.columns)[5:] == ["y_hat", "lo-95", "lo-80", "hi-80", "hi-95"]
    assert frame["y_hat"].tolist() == model.predict()["y_hat"].tolist()
    assert (np.diff(frame[["lo-95", "lo-80", "y_hat", "hi-80", "hi-95"]].to_numpy()) > 0).all()


@pytest.mark.parametrize("sure", SURE)
def test_a_scaled_series_has_the_scaled_intervals(sure):
    plain = ends(SURE[sure](), make_panel(y()))

    np.testing.assert_allclose(ends(SURE[sure](), make_panel(1000 * y())), 1000 * plain, rtol=1e-4)


@pytest.mark.parametrize("sure", SURE)
def test_own_intervals_know_nothing_of_what_comes(sure):
    whole = y(72)
    futures = [whole, np.r_[whole[:60], -1e6 * whole[60:]], np.r_[whole[:60], np.full(12, np.nan)]]

    assert len({ends(SURE[sure](), make_panel(values).drop_last(12)).tobytes() for values in futures}) == 1


@pytest.mark.parametrize("sure", SURE)
@pytest.mark.parametrize(
    "values", [np.full(40, 7.0), np.arange(40.0), [1.0, 2.0, 3.0], np.r_[np.zeros(39), 1.0], [5.0]]
)
def test_ends_of_a_difficult_series_are_numbers_in_order_or_none_at_all(sure, values):
    found = ends(SURE[sure](), make_panel(values))

    assert np.isnan(found).all() or (np.diff(found) >= 0).all()


@pytest.mark.parametrize("sure", ["arima", "ets"])
def test_one_step_errors_are_kept_by_series(told, sure):
    model = told(sure)

    assert {name: len(e) for name, e in model.residuals_.items()} == {"s0": 60, "s1": 40}
    assert set(model.parameters_) == {"s0", "s1"}
