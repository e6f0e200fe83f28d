"""`forecast predict --from RUN`: the models of a run on newer data, without training."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import load_run, pipeline, read_series
from forecast.errors import ForecastError, ModelError
from forecast.models.classical import SeasonalNaive
from forecast.models.saving import load_basis, load_object, save_model

SETTINGS = """
[models.mlp]
members = 1
max_steps = 20
hidden_sizes = [4]
input_size = 12
prior = "none"
[models.theta]
[models.drift]
[models.combination]
method = "inverse_error"
"""
H = 4


class Said:
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def progress(self, *_):
        pass


def series(name, n, seed, start="2015-01-01", freq="MS"):
    t = np.arange(n)
    y = 50 + t + 8 * np.sin(t * np.pi / 6) + np.random.default_rng(seed).normal(size=n)
    return pd.DataFrame({"id": name, "ds": pd.date_range(start, periods=n, freq=freq), "sales": y.round(3)})


def panel(months=0):
    """Return two series, cut off so many months before the end."""
    return pd.concat([series("a", 60, 0)[: 60 - months], series("b", 50, 1, "2015-11-01")[: 50 - months]])


pytestmark = pytest.mark.usefixtures("no_page")


@pytest.fixture(scope="module")
def run(tmp_path_factory, no_page):
    folder = tmp_path_factory.mktemp("saved")
    (folder / "s.toml").write_text(SETTINGS, encoding="utf-8")
    return pipeline.run(panel(6), config=folder / "s.toml", horizon=H, n_windows=3, out=folder / "run")


def told(run):
    """Return what stands in forecasts.csv, letter by letter."""
    return pd.read_csv(run.folder / "forecasts.csv", dtype=str).drop(columns=["cutoff", "step"])


def written(found):
    """Return what a file of these forecasts has."""
    return pd.read_csv(io.StringIO(found.to_csv(index=False)), dtype=str)


def test_the_same_data_give_the_forecasts_of_the_run(run):
    found = pipeline.predict(panel(6), from_run=run.folder)

    assert set(found["model"]) == {"mlp", "theta", "drift", "combination", "seasonal_naive", "naive"}
    pd.testing.assert_frame_equal(written(found), told(run))


@pytest.mark.parametrize(
    "options",
    [
        {"quantile": 0.9, "models": ["theta", "naive"]},
        {"gap": 1, "window_size": 30, "models": ["ets"]},
        {"adaptive": True, "integer": True, "min": 90, "models": ["drift", "mean", "combination"]},
        {"level": [90], "n_windows": None, "horizon": 54, "models": ["naive"]},
    ],
    ids=["a quantile", "a gap", "whole numbers", "untested"],
)
def test_whatever_the_run_was_told_is_kept(tmp_path, options):
    run = pipeline.run(panel(6), out=tmp_path / "r", **{"horizon": H, "n_windows": 3, **options})

    found = pipeline.predict(panel(6), from_run=run.folder)

    pd.testing.assert_frame_equal(written(found), told(run))


def test_newer_data_are_forecast_from_their_end_by_the_models_as_they_are(run):
    found = pipeline.predict(panel(), from_run=run.folder, models=["theta"])

    expected = run.models()["theta"].predict(read_series(panel()).panel)["y_hat"]
    assert found["ds"].iloc[0] == pd.Timestamp("2020-01-01")
    assert set(found["model"]) == {"theta"}
    assert found["y_hat"].tolist() == expected.tolist()
    assert (found["lo-80"] < found["y_hat"]).all()


def test_the_order_and_number_of_series_do_not_matter(run):
    both = pipeline.predict(panel(), from_run=run.folder, models=["drift", "theta"])
    one = pipeline.predict(panel().query("id == 'b'"), from_run=run.folder, models=["theta", "drift"], id="id")

    expected = both[both["unique_id"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, expected, check_exact=True)


def test_a_new_series_is_forecast_by_the_network_and_left_out_by_what_was_not_fitted_to_it(run):
    data, said = pd.concat([panel(), series("c", 60, 5)]), Said()

    found = pipeline.predict(data, from_run=run.folder, listener=said)

    assert set(found.loc[found["unique_id"] == "c", "model"]) == {"mlp", "drift", "naive", "seasonal_naive"}
    assert found.loc[found["unique_id"] == "c", "lo-80"].notna().all()
    assert 'warning[W310]: theta was not fitted to 1 of 3 series, first "c": it leaves them out' in said.lines


def test_where_no_series_is_known_a_model_of_single_series_has_nothing_to_say(run):
    with pytest.raises(ModelError, match="they were fitted to other series") as caught:
        pipeline.predict(pd.concat([series("c", 60, 5), series("d", 60, 6)]), from_run=run.folder, models=["theta"])

    assert caught.value.code == "M201"


def test_data_that_end_before_the_run_did_are_no_future(run):
    with pytest.raises(ModelError, match="ends at 2019-05-01, before 2019-06-01") as caught:
        pipeline.predict(panel(7), from_run=run.folder)

    assert caught.value.code == "M201"


def test_a_series_that_ends_earlier_is_left_out(run):
    said = Said()

    found = pipeline.predict(
        pd.concat([series("a", 60, 0), series("b", 40, 1, "2015-11-01")]), from_run=run.folder, listener=said
    )

    assert set(found["unique_id"]) == {"a"}
    assert any(line.startswith("warning[W310]: 1 of 2 series end before") for line in said.lines)


@pytest.mark.parametrize(
    ("data", "options", "what"),
    [
        (pd.concat([series("a", 60, 0, freq="W"), series("b", 60, 1, freq="W")]), {}, "monthly, season 12; here is"),
        (panel().rename(columns={"sales": "units"}), {}, 'they know target "sales"; here is target "units"'),
        (panel(), {"season_length": 6}, "they know season 12; here is season 6"),
        (panel().assign(ds=lambda f: f["ds"] + pd.offsets.MonthEnd()), {}, r"monthly \(MS\); here is monthly \(ME\)"),
        (panel().assign(price=1.0), {"past": ["price"]}, 'no columns beside; here is columns "price"'),
        (panel(), {"horizon": 6}, "the models forecast 4 steps, not 6"),
        (panel(), {"level": [90]}, "intervals of 80,95 percent, not of 90"),
    ],
)
def test_data_of_another_kind_are_refused_and_it_is_said_in_what(run, data, options, what):
    with pytest.raises(ModelError, match=what) as caught:
        pipeline.predict(data, from_run=run.folder, **options)

    assert caught.value.code == "M201"


@pytest.mark.parametrize(
    ("options", "code", "what"),
    [
        ({"preset": "best"}, "U101", "--preset cannot change models that are fitted"),
        ({"config": "s.toml"}, "U101", "--config cannot change"),
        ({"horizon": 0}, "U101", "--horizon should be greater than 0"),
        ({"models": ["arima"]}, "U101", "the run has no model"),
        ({"from_run": "nowhere"}, "F104", "not a run folder"),
    ],
)
def test_what_cannot_be_is_said(run, options, code, what):
    with pytest.raises(ForecastError, match=what) as caught:
        pipeline.predict(panel(), **{"from_run": run.folder, **options})

    assert caught.value.code == code


def test_one_level_may_be_asked_for(run):
    found = pipeline.predict(panel(6), from_run=run.folder, models=["theta"], level=[80])

    expected = told(run).query("model == 'theta'").drop(columns=["lo-95", "hi-95"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(written(found), expected)


@pytest.mark.parametrize("options", [{"gap": 1, "models": ["naive"]}, {"models": ["drift", "combination"]}])
def test_fewer_steps_are_the_first_of_the_whole(tmp_path, options):
    run = pipeline.run(panel(6), horizon=H, n_windows=3, out=tmp_path / "r", **options)

    found = pipeline.predict(panel(6), from_run=run.folder, horizon=2)

    steps = pd.read_csv(run.folder / "forecasts.csv")["step"]
    pd.testing.assert_frame_equal(written(found), told(run)[steps <= 2].reset_index(drop=True))
    assert len(found) == len(told(run)) * 2 / H


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run.folder, tmp_path / "copy")


def test_the_command_writes_the_file_or_prints(run, call):
    panel(6).to_csv("sales.csv", index=False)
    words = ("predict", "sales.csv", "--from", run.folder, "--models", "theta,naive", "-q")

    code, out, err = call(*words)
    assert (code, err) == (0, "")
    assert call(*words, "--output", "f.csv")[:2] == (0, "")

    assert Path("f.csv").read_text(encoding="utf-8") == out
    assert len(pd.read_csv(io.StringIO(out))) == 2 * 2 * H


def test_a_settings_file_that_lies_here_is_not_asked(run, call):
    panel(6).to_csv("sales.csv", index=False)
    Path("forecast.toml").write_text("[backtest]\nhorizon = 9\n", encoding="utf-8")

    assert call("predict", "sales.csv", "--from", run.folder, "--models", "naive", "-q")[0] == 0


def test_a_damaged_file_ends_the_command_and_writes_nothing(copied, call):
    path = copied / "models" / "theta.npz"
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    panel().to_csv("sales.csv", index=False)

    code, out, err = call("predict", "sales.csv", "--from", copied, "--output", "f.csv", "-q")

    assert (code, out) == (4, "")
    assert "error[M202]: models/theta.npz is damaged" in err
    assert not Path("f.csv").exists()


@pytest.mark.parametrize("name", ["calibration", "combination"])
def test_a_file_that_was_put_in_the_place_of_another_is_refused(copied, name):
    for suffix in (".npz", ".json"):
        shutil.copy(copied / "models" / f"theta{suffix}", copied / "models" / f"{name}{suffix}")

    with pytest.raises(ModelError, match="holds something else") as caught:
        pipeline.predict(panel(), from_run=copied)
    assert caught.value.code == "M202"


def test_intervals_of_a_version_with_other_units_are_refused(copied):
    kept = copied / "models" / "calibration"
    margins = load_object(kept)
    save_model(
        replace(margins, sizes={name: found.own for name, found in margins.sizes.items()}), kept, load_basis(kept)
    )

    with pytest.raises(ModelError, match=r"models/calibration\.npz is of an earlier version") as caught:
        pipeline.predict(panel(), from_run=copied)
    assert caught.value.code == "M202"
    assert caught.value.hint == "forecast run DATA anew"


def test_a_model_of_another_run_is_not_believed(run, copied):
    other = SeasonalNaive().fit(read_series(panel(6)).panel, horizon=H + 1)
    save_model(other, copied / "models" / "theta", load_basis(run.folder / "models" / "theta"))

    with pytest.raises(ModelError, match="models/theta.npz is of another run") as caught:
        pipeline.predict(panel(), from_run=copied)
    assert caught.value.code == "M202"


def test_a_run_without_models_says_so(copied):
    shutil.rmtree(copied / "models")

    with pytest.raises(ForecastError, match="has no folder models") as caught:
        pipeline.predict(panel(), from_run=copied)

    assert caught.value.code == "F102"
    assert load_run(copied).models() == {}


def test_a_model_that_fails_is_said_and_the_others_forecast(run, monkeypatch):
    def fail(*_args, **_options):
        raise ValueError("no luck")

    said = Said()
    monkeypatch.setattr("forecast.models.theta.Theta.predict", fail)

    found = pipeline.predict(panel(), from_run=run.folder, models=["theta", "naive"], listener=said)

    assert set(found["model"]) == {"naive"}
    assert "warning[W310]: theta failed: no luck" in said.lines
