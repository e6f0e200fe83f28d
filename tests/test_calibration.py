"""A model's own intervals, held against what came and moved as far as they missed."""

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast import margins, pipeline
from forecast.backtesting import backtest, fit_all
from forecast.calibration import Calibration
from forecast.error_sizes import error_unit
from forecast.intervals import Misses
from forecast.models.arima import ARIMA
from forecast.models.classical import Naive
from forecast.models.combination import combined
from forecast.models.ets import ETS
from forecast.models.theta import Theta
from forecast.panel import interval_names, with_ends
from forecast.split import Split

pytestmark = pytest.mark.usefixtures("no_page")

H = 3


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


class Confident(Naive):
    """The naive method, as sure of itself as it is told to be."""

    name = "confident"

    def __init__(self, width=0.5):
        self.width = width

    def predict(self, panel=None, *, level=()):
        frame = super().predict(panel)
        ends = {}
        for one in level:
            for name, sign in zip(interval_names(one), (-1.0, 1.0), strict=True):
                ends[name] = (frame["y_hat"] + sign * self.width * one / 100.0).to_numpy()
        return with_ends(frame, ends, level) if level else frame


def calibrated(panel, factories, *, n_windows=12, levels=(80.0,), **settings):
    split = Split(H, n_windows)
    tested = backtest(factories, panel, split, levels=levels)
    found = Calibration(panel, split, tested, levels, **settings)
    return found, found.ahead(fit_all(factories, panel, split, levels=levels).forecasts)


def walks(count=1, n=120, seed=0):
    return make_panel(*(100 + np.cumsum(noise(n, seed + s)) for s in range(count)), frequency="int", season_length=1)


@pytest.mark.parametrize("width", [0.01, 0.5, 50.0])
def test_own_intervals_are_moved_to_where_they_cover(width):
    panel = walks(30)
    found, _ = calibrated(panel, {"confident": lambda: Confident(width)})

    assert found.coverage(found.windows)["coverage"].iloc[0] == pytest.approx(80, abs=5)


def test_the_margin_is_that_of_a_loop_over_all_that_was_known():
    panel = walks()
    found, ahead = calibrated(panel, {"confident": Confident})
    rows = pd.concat([found.backtested.frame, found.backtested.between.frame()])
    unit = error_unit(panel.series(0), 1)

    for step in range(1, H + 1):
        own = rows[(rows["step"] == step) & rows["y"].notna()]
        misses = np.maximum(own["lo-80"] - own["y"], own["y"] - own["hi-80"]) / own["error_unit"]
        rank = int(np.ceil((len(misses) + 1) * 0.8))
        margin = np.sort(misses)[rank - 1] * unit
        row = ahead[ahead["step"] == step].iloc[0]
        assert row["hi-80"] == pytest.approx(row["y_hat"] + 0.4 + margin)
        assert row["lo-80"] == pytest.approx(row["y_hat"] - 0.4 - margin)


def test_a_level_that_errors_cannot_support_shows_the_models_own_ends_and_says_what_it_takes():
    found, ahead = calibrated(walks(n=12), {"confident": Confident}, n_windows=1, levels=(99.0,))

    np.testing.assert_allclose(ahead["hi-99"] - ahead["y_hat"], 0.5 * 0.99)
    assert found.windows[["lo-99", "hi-99"]].isna().all(axis=None)
    assert found.coverage(found.windows)["windows_needed"].iloc[0] > 0


def test_without_any_window_the_own_ends_stand():
    _, ahead = calibrated(walks(), {"confident": Confident}, n_windows=0)

    np.testing.assert_allclose(ahead["hi-80"] - ahead["lo-80"], 0.8)


def test_a_model_without_own_ends_is_given_those_of_its_errors():
    panel = walks(4)
    _, both = calibrated(panel, {"confident": Confident, "naive": Naive})
    _, alone = calibrated(panel, {"naive": Naive})

    assert both.loc[both["model"] == "naive", "hi-80"].tolist() == alone["hi-80"].tolist()


def test_the_ends_of_an_interval_far_too_wide_never_pass_each_other():
    _, ahead = calibrated(
        make_panel(*(np.tile([1.0, 2.0], 60) + 0 * noise(120, s) for s in range(3))),
        {"confident": lambda: Confident(1e6)},
    )

    assert (ahead["lo-80"] <= ahead["hi-80"]).all()


def test_a_window_knows_nothing_of_misses_that_came_later():
    panel = walks()
    later = panel.with_values(np.r_[panel.values[:-H], panel.values[-H:] + 1000.0])
    before, after = (calibrated(p, {"confident": Confident})[0].windows for p in (panel, later))
    early = before["back"] > H

    pd.testing.assert_frame_equal(
        before.loc[early, ["lo-80", "hi-80"]], after.loc[early, ["lo-80", "hi-80"]], check_exact=True
    )


def test_intervals_widen_after_misses_where_asked_to():
    y = 100 + np.cumsum(noise(120) * np.r_[np.full(90, 0.2), np.full(30, 3.0)])
    panel = make_panel(y, frequency="int", season_length=1)
    (_, plain), (_, adaptive) = (calibrated(panel, {"confident": Confident}, adaptive=how) for how in (False, True))

    assert (adaptive["hi-80"] - adaptive["lo-80"]).mean() > (plain["hi-80"] - plain["lo-80"]).mean()


@pytest.mark.slow
@pytest.mark.parametrize("make", [ARIMA, ETS])
def test_own_intervals_of_statistical_models_cover_new_values(make):
    series = [100 + np.cumsum(noise(83, seed)) for seed in range(40)]
    panel = make_panel(*(y[:80] for y in series), frequency="int", season_length=1)
    _, ahead = calibrated(panel, {"model": make}, n_windows=4)
    truth = np.concatenate([y[80:] for y in series])

    assert 0.68 < ((ahead["lo-80"] < truth) & (truth < ahead["hi-80"])).mean() < 0.92


def test_many_misses_of_the_latest_half_count_alone():
    values = np.r_[np.full(100, 9.0), np.linspace(0.0, 1.0, 100)].reshape(1, 200, 1)
    few = values[:, 80:120]

    assert Misses(values, np.arange(200, 0, -1)).margin(80)[0] == pytest.approx(0.8, abs=0.02)
    assert Misses(few, np.arange(40, 0, -1)).margin(80)[0] == 9.0


def test_misses_without_a_scale_do_not_count():
    one = np.ones((1, 4, 1))

    assert np.isnan(Misses.of(one, low=one, high=one, unit=0.0 * one, backs=np.arange(4)).values).all()


def test_a_combination_has_no_ends_of_its_own():
    frame = pd.DataFrame(
        {"unique_id": "a", "cutoff": 1, "ds": 2, "step": 1, "model": ["x", "y"], "y_hat": [1.0, 3.0]}
    ).assign(**{"lo-80": [0.0, np.nan], "hi-80": [2.0, np.nan]})
    rows = combined(frame, ["x", "y"], name="both", method="median", earlier=frame.iloc[:0])

    assert rows["y_hat"].tolist() == [2.0]
    assert rows[["lo-80", "hi-80"]].isna().all(axis=None)


def test_a_run_writes_one_interval_a_level_and_no_other_columns(tmp_path):
    run = pipeline.run("nile", models=["arima", "ets"], n_windows=4, horizon=3, out=tmp_path / "r")
    columns = ["unique_id", "cutoff", "ds", "step", "model", "y_hat", "lo-95", "lo-80", "hi-80", "hi-95"]

    assert list(run.forecasts) == columns
    assert list(run.backtest) == [
        *columns[:5],
        "y",
        *columns[5:],
        "scale",
        "rms_scale",
        "error_unit",
        "roughness",
        "before",
    ]
    assert run.forecasts[columns[6:]].notna().all(axis=None)
    own = run.forecasts[run.forecasts["model"] == "arima"]
    assert (np.diff(own[["lo-95", "lo-80", "y_hat", "hi-80", "hi-95"]].to_numpy(), axis=1) >= 0).all()


def test_forecasts_alone_say_which_interval_is_not_calibrated(call):
    code, _, err = call("predict", "nile", "--models", "arima", "--n-windows", "2", "-H", "3", "--level", "80,99")

    assert code == 0
    assert "The 99% interval of arima is not calibrated: it takes" in err
    assert "The 80% interval of arima covered" in err


def test_a_quantile_is_the_forecast_and_what_models_are_ranked_by(tmp_path):
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"unique_id": f"s{s:02d}", "ds": range(90), "y": 50 + rng.normal(size=90)}) for s in range(20)
    ]
    made = pipeline.run(
        pd.concat(frames), models=["mean", "drift"], horizon=4, n_windows=8, quantile=0.9, out=tmp_path / "r"
    )

    assert made.leaderboard["quantile_loss"].is_monotonic_increasing
    assert made.leaderboard["model"].iloc[0] == "mean"
    late = made.backtest[(made.backtest["model"] == "mean") & (made.backtest["cutoff"] > 65)]
    assert (late["y"] <= late["y_hat"]).mean() == pytest.approx(0.9, abs=0.04)
    ahead = made.forecasts[made.forecasts["model"] == "mean"]
    assert ahead["y_hat"].mean() == pytest.approx(50 + 1.28, abs=0.2)


@pytest.mark.parametrize(("quantile", "beyond"), [(0.97, "hi-95"), (0.89, "hi-80"), (0.11, "lo-80"), (0.03, "lo-95")])
def test_a_quantile_never_lies_beyond_an_interval_that_holds_it(quantile, beyond):
    levels, factories, split = (80.0, 95.0), {"confident": lambda: Confident(9.0)}, Split(H, 12)
    panel = walks(30)
    tested = backtest(factories, panel, split, levels=levels)
    plain = Calibration(panel, split, tested, levels)
    found = plain.at_quantile(quantile)
    forecasts = fit_all(factories, panel, split, levels=levels).forecasts
    margins = found.margins(["confident"], shifts=plain.shifts(["confident"], quantile), quantile=quantile)
    sign = 1.0 if beyond.startswith("hi") else -1.0

    for frame in (found.windows, margins.ahead(forecasts, panel, levels)):
        known = frame.dropna(subset=beyond)
        assert len(known) >= 90
        assert (sign * known["y_hat"] <= sign * known[beyond]).all()


def test_paths_keep_together_what_goes_together(tmp_path):
    settings = {"models": ["naive"], "horizon": 6, "n_windows": 8, "season_length": 1, "paths": 400}
    walk = pd.DataFrame({"ds": range(200), "y": 100 + np.random.default_rng(0).normal(size=200).cumsum()})
    made = [pipeline.run(walk, **settings, out=tmp_path / name) for name in ("a", "b")]
    paths = pd.read_csv(made[0].folder / "paths.csv").pivot(index="path", columns="step", values="y").to_numpy()
    forecast = made[0].forecasts[made[0].forecasts["model"] == "naive"]["y_hat"].to_numpy()

    assert paths.shape == (400, 6)
    assert np.abs(np.median(paths, axis=0) - forecast).max() < 2.0
    assert paths.sum(axis=1).var() > 2.5 * paths.var(axis=0).sum()  # independent steps would give 1, a walk about 4
    assert (made[0].folder / "paths.csv").read_bytes() == (made[1].folder / "paths.csv").read_bytes()


def test_intervals_are_the_same_when_rows_are_taken_a_few_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    panel = make_panel(*(rng.normal(size=length) for length in (40, 25, 33)))
    split, models = Split(3, 4), {"theta": Theta, "naive": Naive}

    def results():
        calibration = Calibration(panel, split, backtest(models, panel, split), [80, 95])
        return [calibration.windows, calibration.ahead(fit_all(models, panel, split).forecasts)]

    whole = results()
    monkeypatch.setattr(margins, "AT_ONCE", 5)

    for frame, same in zip(results(), whole, strict=True):
        pd.testing.assert_frame_equal(frame, same)
