import json

import numpy as np
import pandas as pd
import pytest
from test_report import Page
from undrawn import drawn

import forecast
from forecast.defaults import DEFAULT_MODELS
from forecast.errors import ConfigError, DataError, ForecastError
from forecast.score_table import referenced, score_table

QUICK = {"models": ["mlp"], "n_windows": 2, "preset": "fast"}


@pytest.fixture(scope="module")
def nile(tmp_path_factory):
    with drawn():
        return forecast.run("nile", out=tmp_path_factory.mktemp("runs") / "nile", preset="fast", seed=1)


def test_the_folder_holds_all_that_was_found_out(nile):
    names = {path.name for path in nile.folder.iterdir()}

    assert names == {
        "anatomy.json",
        "arima_search.csv",
        "backtest.csv",
        "between.csv",
        "checks.json",
        "choices.json",
        "command.txt",
        "diagnostics.json",
        "config.toml",
        "coverage.csv",
        "figures",
        "forecasts.csv",
        "history.csv",
        "importance.csv",
        "leaderboard.csv",
        "metrics.json",
        "models",
        "report.html",
        "residuals.csv",
        "run.json",
        "run.log",
        "scores.csv",
        "sums.csv",
        "training.csv",
    }
    assert len(list((nile.folder / "figures").glob("*.png"))) >= 11


def test_all_models_are_compared_on_the_same_points(nile):
    assert set(nile.leaderboard["model"]) == set(DEFAULT_MODELS)
    assert len(nile.leaderboard["points"].unique()) == 1


def test_every_score_can_be_computed_again_from_the_backtest(nile):
    again = score_table(referenced(nile.backtest), [nile.backtest["model"]])
    board = nile.leaderboard.set_index("model")

    expected = board.loc[again.index, again.columns]
    pd.testing.assert_frame_equal(again, expected, rtol=1e-12, check_names=False, check_dtype=False)


def test_scores_by_place_are_those_of_the_rows_of_the_place(nile):
    scores = nile.more("scores.csv")
    rows = referenced(nile.backtest)
    third = rows[(rows["step"] == 3) & (rows["model"] == "arima")]
    found = scores[(scores["by"] == "step") & (scores["place"] == "3") & (scores["model"] == "arima")]

    expected = score_table(third, [third["model"]])
    assert found[list(expected.columns)].iloc[0].to_dict() == pytest.approx(expected.iloc[0].to_dict(), nan_ok=True)
    assert set(scores["by"]) == {"step", "window", "series"}


def test_coverage_is_the_same_number_wherever_it_stands(nile):
    board = nile.leaderboard.set_index("model")
    for row in nile.more("coverage.csv").to_dict("records"):
        level = f"{row['interval']:g}"
        for name in ("coverage", "coverage_low", "coverage_high", "cases", "mean_width", "msis"):
            for found in (board.loc[row["model"]], pd.Series(nile.metrics["models"][row["model"]])):
                assert found[f"{name}-{level}"] == pytest.approx(row[name], rel=1e-9)
        assert board.loc[row["model"], f"judgement-{level}"] == "too few to judge"


def test_every_pair_has_its_word_and_what_it_would_take(nile):
    pairs = nile.metrics["pairs"]

    assert len(pairs) == 15
    for pair in pairs:
        assert pair["word"] in {"better", "cannot be told apart", "worse", "too little data to tell"}
        assert pair["units"] == 8
        assert pair["ratio_low"] <= pair["ratio"] <= pair["ratio_high"]
    assert all(pair in pairs for pair in nile.metrics["verdict"]["pairs"] if pair["model"] == "arima")


def test_the_set_that_holds_the_best_model_stands_in_the_metrics(nile):
    together = nile.metrics["confidence_set"]

    assert nile.leaderboard["model"].iloc[0] in together["members"]
    assert set(together["p_values"]) == set(DEFAULT_MODELS)
    assert nile.metrics["ranks"] is None


def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path):
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=40)
    rows = pd.concat(pd.DataFrame({"shop": shop, "day": days, "sold": rng.poisson(9, 40)}) for shop in ("b", "a", "c"))
    written = []
    small = ["models.mlp.max_steps=20", "models.mlp.members=2"]
    for name, ordered in (("as_is", rows), ("shuffled", rows.sample(frac=1, random_state=1))):
        ordered.to_csv(tmp_path / f"{name}.csv", index=False)
        options = {"models": ["mlp", "theta"], "preset": "fast", "set": small, "n_windows": 2, "horizon": 4}
        made = forecast.run(tmp_path / f"{name}.csv", out=tmp_path / name, **options)
        kept = ("forecasts.csv", "backtest.csv", "leaderboard.csv", "choices.json", "metrics.json")
        written.append([(made.folder / file).read_bytes() for file in kept])

    assert written[0] == written[1]


def test_the_forecast_goes_on_where_the_data_end(nile):
    mlp = nile.forecasts[nile.forecasts["model"] == "mlp"]

    assert mlp["ds"].dt.year.tolist() == [1971, 1972, 1973, 1974, 1975, 1976]
    assert mlp["step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_the_bands_hold_the_forecast_and_each_other(nile):
    columns = ["lo-95", "lo-80", "y_hat", "hi-80", "hi-95"]
    rows = nile.forecasts[columns].to_numpy()

    assert (np.diff(rows, axis=1) >= 0).all()


@pytest.mark.slow
def test_the_settings_of_a_run_repeat_it_to_the_byte(nile, tmp_path):
    again = forecast.run("nile", config=nile.folder / "config.toml", out=tmp_path / "again")

    for name in ("forecasts.csv", "backtest.csv", "leaderboard.csv", "metrics.json", "choices.json", "config.toml"):
        assert (again.folder / name).read_bytes() == (nile.folder / name).read_bytes()


def test_what_the_transforms_came_to_stands_beside_the_setting(nile):
    lines = nile.config.splitlines()
    at = lines.index('transform = "auto"')

    assert lines[at - 2] == "# root: 1 of 1 series, no value is below 0"
    assert lines[at - 3].startswith("# what auto came to on all data;")


def test_timings_stand_in_run_json_and_the_log_alone(nile):
    assert set(nile.info["timings"]["models"]) == set(DEFAULT_MODELS)
    assert "timings" not in nile.metrics
    stages = nile.info["timings"]["stages"]
    assert next(iter(stages)) == "data read and checked"
    assert 0 < sum(stages.values()) <= nile.info["timings"]["total"]


def test_a_run_says_on_which_machine_and_of_which_code_it_was_made(nile):
    assert {"python", "numpy", "blas", "system", "processor"} <= set(nile.info["versions"])
    assert nile.info["code"] is None or set(nile.info["code"]) == {"commit", "changed"}
    assert nile.info["memory"] is None or nile.info["memory"]["process"] > 10_000_000


def test_the_command_that_makes_the_run_again_is_written_down(nile):
    assert nile.info["command"] == "forecast run nile --preset fast --seed 1"
    assert (nile.folder / "command.txt").read_text(encoding="utf-8") == "forecast run nile --preset fast --seed 1\n"


def test_another_seed_gives_other_forecasts():
    first, second = (forecast.backtest("nile", seed=seed, **QUICK).backtest for seed in (0, 1))
    own = first["model"] == "mlp"

    assert not np.allclose(first.loc[own, "y_hat"], second.loc[own, "y_hat"], rtol=1e-9)


def test_what_comes_after_a_cutoff_does_not_reach_the_windows_before():
    source = forecast.read_series("nile").frame[["ds", "y"]]
    changed = source.copy()
    changed.loc[changed.index[-6:], "y"] *= -1000
    found = [forecast.backtest(frame, horizon=6, **QUICK).backtest for frame in (source, changed)]
    kept = [windows[windows["cutoff"] == windows["cutoff"].min()] for windows in found]

    pd.testing.assert_frame_equal(*kept)


def test_a_frame_of_ones_own_is_forecast(tmp_path):
    months = pd.date_range("2015-01-01", periods=60, freq="MS")
    frame = pd.DataFrame({"Month": months, "Passengers": 100.0 + np.arange(60)})

    run = forecast.run(frame, out=tmp_path / "own", models=["naive"], horizon=3, n_windows=2)

    assert run.forecasts["y_hat"].iloc[-1] == 159.0
    assert run.info["data"]["frequency"] == "monthly"


def test_a_series_too_short_to_test_on_is_forecast_and_called_untested(tmp_path):
    frame = pd.DataFrame({"ds": range(1, 13), "y": np.arange(12.0)})

    with drawn():
        run = forecast.run(frame, out=tmp_path / "short", horizon=11, models=["mlp"], preset="fast")

    assert "W203" in {notice["code"] for notice in run.info["notices"]}
    assert run.verdict.startswith("Untested")
    assert len(run.forecasts) == 33
    assert "untested" in run.report.read_text(encoding="utf-8").lower()


def test_a_horizon_beyond_the_data_is_refused(tmp_path):
    with pytest.raises(DataError, match="horizon 500 > 100 points") as caught:
        forecast.run("nile", horizon=500, out=tmp_path / "x")

    assert (caught.value.code, caught.value.hint) == ("D118", "forecast run nile --horizon 6")


def test_more_windows_than_the_data_hold_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="40 windows of 6 leave nothing of 100 points") as caught:
        forecast.run("nile", n_windows=40, out=tmp_path / "x")

    assert caught.value.hint == "--n-windows 8"


def test_a_refused_run_leaves_nothing(tmp_path):
    with pytest.raises(ForecastError):
        forecast.run("nile", models=["mlp"], n_windows=2, level=[101], out=tmp_path / "x")

    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_named_after_the_data_and_the_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames = [forecast.run("nile", models=["naive"], n_windows=1, horizon=2).folder for _ in range(2)]

    assert all(folder.parent.name == "reports" and folder.name.startswith("nile-") for folder in frames)
    assert frames[0] != frames[1]


def test_a_file_with_an_evil_name_stays_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "größe & mehr.csv").write_text("ds,y\n" + "\n".join(f"{i},{i}" for i in range(1, 40)), encoding="utf-8")

    folder = forecast.run("größe & mehr.csv", models=["naive"], n_windows=1).folder

    assert folder.parent.name == "reports"
    assert folder.name.isascii()


def test_a_panel_is_forecast_series_by_series(tmp_path):
    with drawn():
        run = forecast.run("macro", models=["mlp"], preset="fast", n_windows=2, out=tmp_path / "macro")

    assert len(run.forecasts["unique_id"].unique()) == 8
    assert run.metrics["verdict"]["pairs"][0]["unit"] == "series"
    ranks = run.metrics["ranks"]
    assert ranks["units"] == 8
    assert sum(entry["rank"] for entry in ranks["models"].values()) == pytest.approx(1 + 2 + 3)
    assert any(entry["with_best"] for entry in ranks["models"].values())
    assert "Mean ranks over 8 series" in run.report.read_text(encoding="utf-8")


def test_one_failing_model_does_not_end_the_run(tmp_path, monkeypatch):
    def fail(self, panel, *, horizon):
        raise ValueError("no luck")

    monkeypatch.setattr("forecast.models.mlp.MLP.fit", fail)

    with drawn():
        run = forecast.run("nile", out=tmp_path / "x", **QUICK)

    assert run.info["failures"][0]["reason"] == "no luck"
    row = run.leaderboard.set_index("model").loc["mlp"]
    assert (row["failures"], row["reason"]) == (3, "no luck")
    assert run.metrics["models"]["mlp"]["reason"] == "no luck"
    assert run.verdict == "No verdict: mlp failed: no luck."
    assert "no luck" in run.report.read_text(encoding="utf-8")


def test_the_page_shows_every_score_verdict_and_coverage(nile):
    page = Page(nile.report.read_text(encoding="utf-8"))
    text = page.reads()

    assert page.faults == []
    for words in ("Every score", "Every pair", "the model confidence set over 8 windows", "too few to judge"):
        assert words in text
    assert "would tell" in nile.verdict


def test_the_failure_of_the_network_leaves_the_word_to_the_others(tmp_path, monkeypatch):
    def fail(self, panel, *, horizon):
        raise ValueError("no luck")

    monkeypatch.setattr("forecast.models.mlp.MLP.fit", fail)

    run = forecast.run("nile", out=tmp_path / "x", models=["mlp", "drift"], n_windows=2)

    assert run.verdict.startswith("mlp failed; drift ")
    assert "mlp failed: no luck" in (run.folder / "run.log").read_text(encoding="utf-8")
    assert run.leaderboard["model"].iloc[-1] == "mlp"


def test_json_files_hold_no_nan(nile):
    for path in nile.folder.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
