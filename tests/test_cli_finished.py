"""Runs that are finished: the page again, several side by side, forecasts against what came."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from undrawn import pageless

import forecast
from forecast.errors import DataError, FileError
from forecast.reading.sources import bundled_path
from forecast.runs import load_run
from forecast.verbs.comparison import compare
from forecast.verbs.hindsight import score
from forecast.verbs.verification import differences, report


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of three models on two windows; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "nile"
    return forecast.run("nile", models=["drift"], n_windows=3, horizon=4, out=out).folder


def made(data, **options):
    """Make a run without a page."""
    with pageless():
        return forecast.run(data, **options)


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of it, in the folder in which `call` runs commands."""
    return shutil.copytree(finished, tmp_path / "r")


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_page_is_made_again_to_the_byte_without_the_models(call, copied):
    shutil.rmtree(copied / "models")
    before = content(copied)
    (copied / "report.html").write_text("lost", encoding="utf-8")
    shutil.rmtree(copied / "figures")

    code, out, err = call("report", "r")

    assert (code, out, err) == (0, f"{Path('r') / 'report.html'}\n", "")
    assert content(copied) == before


def test_a_run_whose_scores_follow_from_its_backtest_is_verified(call, copied):
    code, _, err = call("report", "r", "--verify")

    assert (code, err) == (0, "")


def test_a_score_that_was_changed_afterwards_is_found(call, copied):
    board = pd.read_csv(copied / "leaderboard.csv")
    board.loc[board["model"] == "drift", "mase"] -= 0.01
    board.to_csv(copied / "leaderboard.csv", index=False)
    (copied / "report.html").write_text("untouched", encoding="utf-8")

    code, out, err = call("report", "r", "--verify")

    assert (code, out) == (5, "")
    assert 'error[F106]: 1 score of "r" cannot be recomputed: mase of drift is' in err
    assert "in leaderboard.csv" in err
    assert "try:   forecast run nile" in err
    assert (copied / "report.html").read_text(encoding="utf-8") == "untouched"


def test_a_forecast_that_was_changed_afterwards_is_found(copied):
    backtest = pd.read_csv(copied / "backtest.csv")
    backtest.loc[0, "y_hat"] *= 1.001
    backtest.to_csv(copied / "backtest.csv", index=False)

    found = differences(load_run(copied))

    assert {(one.file, one.column) for one in found} >= {("leaderboard.csv", "mae"), ("metrics.json", "mae")}


def test_a_model_that_was_taken_off_the_leaderboard_is_found(copied):
    board = pd.read_csv(copied / "leaderboard.csv")
    board[board["model"] != "naive"].to_csv(copied / "leaderboard.csv", index=False)

    found = differences(load_run(copied))

    assert {one.model for one in found if one.file == "leaderboard.csv" and one.column == "mase"} == {"naive"}


def test_a_role_that_was_changed_is_found(copied):
    metrics = json.loads((copied / "metrics.json").read_text(encoding="utf-8"))
    metrics["models"]["drift"]["role"] = "baseline"
    (copied / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")

    (found,) = differences(load_run(copied))

    assert str(found) == "role of drift is baseline in metrics.json, and candidate by backtest.csv"


@pytest.mark.parametrize("options", [{"quantile": 0.8, "n_windows": 2, "horizon": 4}, {"horizon": 60}])
def test_quantiles_and_untested_runs_are_verified_too(tmp_path, options):
    run = made("nile", models=["naive"], out=tmp_path / "r", **options)

    assert differences(run) == []


def test_failures_count_as_they_did(tmp_path):
    frame = pd.DataFrame({"ds": pd.date_range("2000-01-01", periods=60, freq="MS"), "y": [*range(60)]})
    run = made(frame, models=["arima"], n_windows=2, horizon=3, out=tmp_path / "r")
    run.info["failures"].append({"model": "arima", "cutoff": "2004", "reason": "none"})

    assert {one.column for one in differences(run)} == {"failures", "reason"}


@pytest.mark.parametrize(
    ("file", "text", "lacking"),
    [
        ("backtest.csv", "unique_id,cutoff,ds,step,model,y,y_hat\n", "scale"),
        ("leaderboard.csv", "rank\n1\n", "model"),
        ("metrics.json", '{"metric": "mase"}', "models"),
        ("run.json", '{"failures": [], "horizon": 3, "data": 7}', "name"),
    ],
)
@pytest.mark.parametrize("words", [("report", "r", "--verify"), ("compare", "r", "r")], ids=["report", "compare"])
def test_a_folder_of_another_version_is_refused_in_words(call, copied, words, file, text, lacking):
    (copied / file).write_text(text, encoding="utf-8")

    code, _, err = call(*words)

    assert code == 5
    assert f"error[F102]: {file} in " in err
    assert f"has no {lacking}" in err


def test_scores_are_verified_without_what_intervals_alone_go_by(call, copied):
    path = copied / "backtest.csv"
    pd.read_csv(path).drop(columns=["error_unit", "roughness"]).to_csv(path, index=False)

    assert "has no" not in call("report", "r", "--verify")[2]


@pytest.mark.parametrize(
    ("file", "text", "lacking"),
    [
        ("forecasts.csv", "unique_id,ds,step,model\nflow,1971-01-01,1,naive\n", "y_hat"),
        ("run.json", "{}", "season_length"),
        ("run.json", '{"data": 7}', "season_length"),
    ],
)
def test_forecasts_of_another_version_are_not_held_against_anything(call, copied, file, text, lacking):
    (copied / file).write_text(text, encoding="utf-8")

    code, out, err = call("score", "r", "nile")

    assert (code, out) == (5, "")
    assert f"error[F102]: {file} in " in err
    assert f"has no {lacking}" in err


LOOKS = (("report", "r"), ("compare", "r", "r"), ("score", "r", "nile"))


@pytest.mark.parametrize("words", LOOKS, ids=lambda words: words[0])
@pytest.mark.parametrize("text", ["null", "[]", "7", '"x"', ""])
@pytest.mark.parametrize("file", ["run.json", "metrics.json"])
def test_a_file_that_holds_no_object_is_named(call, copied, words, file, text):
    (copied / file).write_text(text, encoding="utf-8")

    code, out, err = call(*words)

    assert (code, out) == (5, "")
    assert f'error[F102]: cannot read {file} in "r"' in err


@pytest.mark.parametrize("words", [*LOOKS, ("predict", "nile", "--from", "r")], ids=lambda words: words[0])
def test_a_run_that_was_interrupted_is_not_looked_at_as_a_whole_one(call, copied, words):
    copied.rename("r.partial")

    code, out, err = call(*["r.partial" if word == "r" else word for word in words])

    assert (code, out) == (5, "")
    assert 'error[F104]: "r.partial" is a run that was interrupted: it is not whole' in err
    assert err.endswith("  try:   forecast run --resume r.partial\n")


def test_what_is_no_run_folder_has_no_page(call):
    code, _, err = call("report", ".")

    assert code == 5
    assert "is not a run folder" in err


def test_a_folder_that_cannot_be_written_to_is_said(copied, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("forecast.verbs.verification.TemporaryDirectory", refuse)

    with pytest.raises(FileError, match="cannot write to .*: Permission denied") as caught:
        report(copied)

    assert caught.value.code == "F104"


@pytest.mark.parametrize(("file", "text"), [("metrics.json", "{}"), ("run.json", "{}")])
def test_a_file_that_lacks_what_the_page_shows_is_no_bug_of_ours(call, copied, file, text):
    page = (copied / "report.html").read_bytes()
    (copied / file).write_text(text, encoding="utf-8")

    code, _, err = call("report", "r")

    assert code == 5
    assert 'error[F102]: "r" has no ' in err
    assert (copied / "report.html").read_bytes() == page
    assert {path.name for path in copied.iterdir() if path.is_dir()} == {"figures", "models"}


def test_a_damaged_file_is_named(call, copied):
    (copied / "metrics.json").write_text("{", encoding="utf-8")

    code, _, err = call("report", "r")

    assert code == 5
    assert "cannot read metrics.json" in err


def nile(folder, *models, horizon=4, n_windows=3, **options):
    return made("nile", models=models, n_windows=n_windows, horizon=horizon, out=folder, **options).folder


def test_the_models_of_two_runs_stand_in_one_table_the_best_first(call, copied, tmp_path):
    nile(tmp_path / "other", "mean")

    code, out, err = call("compare", "r", "other")

    head, *rows = [line.split("\t") for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert head[:3] == ["run", "model", "mase"]
    assert {tuple(row[:2]) for row in rows} == {
        *(("r", name) for name in ("drift", "naive", "seasonal_naive")),
        *(("other", name) for name in ("mean", "naive", "seasonal_naive")),
    }
    assert [float(row[2]) for row in rows] == sorted(float(row[2]) for row in rows)


def test_scores_side_by_side_are_those_of_the_runs(copied, tmp_path):
    other = nile(tmp_path / "other", "mean")

    board = compare([copied, other]).board.set_index(["run", "model"])

    for folder in (copied, other):
        for row in pd.read_csv(folder / "leaderboard.csv").to_dict("records"):
            for name in ("mase", "smape", "mae", "skill", "points", "windows"):
                assert board.loc[(folder.name, row["model"]), name] == pytest.approx(row[name])


def test_models_are_scored_on_the_points_that_all_runs_have(copied, tmp_path):
    other = nile(tmp_path / "other", "mean")
    backtest = pd.read_csv(other / "backtest.csv")
    kept = backtest[(backtest["model"] != "mean") | (backtest["step"] != 4)]
    kept.to_csv(other / "backtest.csv", index=False)

    board = compare([copied, other]).board

    assert set(board["points"]) == {9}
    drift = pd.read_csv(copied / "backtest.csv").query("model == 'drift' and step < 4")
    expected = (drift["y"] - drift["y_hat"]).abs().mean()
    assert float(board.loc[board["model"] == "drift", "mae"].iloc[0]) == pytest.approx(expected)


UNEQUAL = {
    "horizon": ({"horizon": 3}, "the horizons differ (4 and 3)"),
    "windows": ({"n_windows": 2}, "the windows differ (3 and 2 cutoffs)"),
    "metric": ({"quantile": 0.9}, "the metrics differ (quantiles None and 0.9)"),
}


@pytest.mark.parametrize(("options", "reason"), UNEQUAL.values(), ids=UNEQUAL)
def test_runs_that_scored_different_things_are_not_compared(call, copied, tmp_path, options, reason):
    nile(tmp_path / "other", "mean", **options)

    code, out, err = call("compare", "r", "other")

    assert (code, out) == (2, "")
    assert "error[U201]: " in err
    assert reason in err
    assert "--force-unequal" in err


def test_other_data_are_not_compared(call, copied, tmp_path):
    made("sunspots", models=["naive"], n_windows=3, horizon=4, out=tmp_path / "other")

    code, _, err = call("compare", "r", "other")

    assert code == 2
    assert "the data differ (nile.csv and sunspots.csv)" in err


def test_another_version_of_the_data_is_not_compared(call, copied, tmp_path):
    info = json.loads((copied / "run.json").read_text(encoding="utf-8"))
    info["data"]["sha256"] = "0" * 64
    shutil.copytree(copied, tmp_path / "other")
    (tmp_path / "other" / "run.json").write_text(json.dumps(info), encoding="utf-8")

    assert "the data differ (two versions of nile.csv)" in call("compare", "r", "other")[2]


def test_unequal_runs_that_are_forced_are_labelled(call, copied, tmp_path):
    nile(tmp_path / "other", "mean", horizon=3, quantile=0.9)

    code, out, err = call("compare", "r", "other", "--force-unequal")

    head, *rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert head[-1] == "comparable"
    assert {row[-1] for row in rows} == {"no"}
    assert err.startswith("warning[W216]: the horizons differ")


def test_a_comparison_is_given_to_a_program(call, copied, tmp_path):
    shutil.copytree(copied, tmp_path / "other")

    found = json.loads(call("compare", "r", "other", "--json")[1])

    assert (found["comparable"], found["reasons"], found["metric"]) == (True, [], "mase")
    assert [row["rank"] for row in found["models"]] == [1, 2, 3, 4, 5, 6]


def test_folders_of_one_name_are_called_by_their_paths(copied, tmp_path):
    other = shutil.copytree(copied, tmp_path / "deep" / "r")

    assert set(compare([copied, other]).board["run"]) == {str(copied), str(other)}


def test_untested_runs_can_be_compared_and_say_nothing(tmp_path):
    folders = [nile(tmp_path / name, name, horizon=60, n_windows=None) for name in ("drift", "mean")]

    board = compare(folders).board

    assert board["mase"].isna().all()
    assert set(board["points"]) == {0}


def test_one_run_is_no_comparison(call, copied):
    code, _, err = call("compare", "r")

    assert code == 2
    assert "error[U101]: a comparison takes two runs or more" in err


AIRLINE = pd.read_csv(bundled_path("airline"))


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A run on the airline passengers but for the last year, which it forecast; not to be changed."""
    folder = tmp_path_factory.mktemp("old")
    AIRLINE[:-12].to_csv(folder / "old.csv", index=False)
    options = {"models": ["theta"], "n_windows": 3, "horizon": 12}
    return made(folder / "old.csv", out=folder / "old", **options).folder


def test_forecasts_are_held_against_what_came(call, old):
    code, out, err = call("score", old, "airline")

    head, *rows = [line.split("\t") for line in out.splitlines()]
    assert (code, err) == (0, "12 of 12 values that were forecast came\n")
    assert head == ["model", "came", "mase", "smape", "mae", "rmse", "bias", "coverage-80", "coverage-95"]
    assert [row[0] for row in rows] == ["theta", "seasonal_naive", "naive"]
    assert {row[1] for row in rows} == {"12"}


def test_scores_are_means_over_what_came(old):
    found = score(old, "airline")

    forecasts = pd.read_csv(old / "forecasts.csv").query("model == 'theta'")
    came, past = AIRLINE["passengers"].to_numpy()[-12:], AIRLINE["passengers"].to_numpy()[:-12]
    error = np.abs(came - forecasts["y_hat"].to_numpy())
    (row,) = found.scores.query("model == 'theta'").to_dict("records")
    assert row["mae"] == pytest.approx(error.mean())
    assert row["mase"] == pytest.approx(error.mean() / np.abs(past[12:] - past[:-12]).mean())
    inside = (forecasts["lo-80"].to_numpy() <= came) & (came <= forecasts["hi-80"].to_numpy())
    assert row["coverage-80"] == pytest.approx(100 * inside.mean())


def test_steps_are_told_apart(old):
    steps = score(old, "airline").steps.query("model == 'naive'")

    assert steps["step"].tolist() == list(range(1, 13))
    assert steps["mae"].tolist() == [abs(y - AIRLINE["passengers"].iloc[-13]) for y in AIRLINE["passengers"][-12:]]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_the_new_rows_alone_are_enough(call, old, rows):
    AIRLINE[-12:][:rows].to_csv("new.csv", index=False)

    code, out, err = call("score", old, "new.csv", "--json")

    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["schema"], found["came"], found["of"]) == (1, rows, 12)
    assert {row["came"] for row in found["scores"]} == {rows}
    assert len(found["steps"]) == 3 * rows


def test_each_forecast_and_what_came_can_be_written(call, old):
    call("score", old, "airline", "--output", "values.csv")

    values = pd.read_csv("values.csv")
    assert list(values.columns[:7]) == ["unique_id", "cutoff", "ds", "step", "model", "y", "y_hat"]
    assert values.query("model == 'naive'")["y"].tolist() == AIRLINE["passengers"][-12:].tolist()
    assert call("score", old, "airline", "--output", "values.csv")[0] == 5
    assert call("score", old, "airline", "--output", "values.csv", "--overwrite")[0] == 0


def test_a_missing_value_has_not_come(old, tmp_path):
    frame = AIRLINE.astype({"passengers": float})
    frame.loc[len(frame) - 3, "passengers"] = np.nan
    frame.to_csv(tmp_path / "new.csv", index=False)

    found = score(old, tmp_path / "new.csv")

    assert (found.came, found.of) == (11, 12)


def test_data_that_end_too_early_say_so(call, old):
    AIRLINE[:-12].to_csv("same.csv", index=False)

    code, out, err = call("score", old, "same.csv")

    assert (code, out) == (3, "")
    assert "error[D123]: same.csv has no value of what was forecast, 1960-01-01 to 1960-12-01" in err
    assert "found: same.csv ends at 1959-12-01" in err
    assert "try:   data that reach beyond 1959-12-01" in err


def test_data_of_other_series_say_so(call, old):
    code, _, err = call("score", old, "nile")

    assert code == 3
    assert 'series of the run: "passengers"; of nile.csv: "flow"' in err
    assert "--target" in err


def test_times_of_another_kind_match_nothing(old, tmp_path):
    pd.DataFrame({"month": range(1, 200), "passengers": range(1, 200)}).to_csv(tmp_path / "x.csv", index=False)

    with pytest.raises(DataError, match="has no value of what was forecast"):
        score(old, tmp_path / "x.csv")


def test_flags_say_how_newer_data_are_written(call, old):
    text = AIRLINE.rename(columns={"month": "Monat", "passengers": "Gäste"}).to_csv(sep=";", index=False)
    Path("new.csv").write_text(text, encoding="utf-8")

    code, _, err = call("score", old, "new.csv", "--target", "passengers")
    assert (code, "error[D104]" in err) == (3, True)

    frame = AIRLINE.assign(other=1.0).rename(columns={"month": "Monat"})
    frame.to_csv("new.csv", index=False)
    assert call("score", old, "new.csv", "--target", "passengers")[0] == 0


def test_a_forecast_quantile_is_judged_by_its_loss(tmp_path):
    AIRLINE[:-12].to_csv(tmp_path / "old.csv", index=False)
    run = made(tmp_path / "old.csv", models=["drift"], n_windows=3, horizon=12, quantile=0.9, out=tmp_path / "r")

    found = score(run.folder, "airline")

    assert list(found.scores.columns[:3]) == ["model", "came", "quantile_loss"]
    assert found.scores["quantile_loss"].is_monotonic_increasing
    (drift,) = found.scores.query("model == 'drift'").to_dict("records")
    past = AIRLINE["passengers"].to_numpy()[:-12]
    error = found.values.query("model == 'drift'").eval("y - y_hat")
    expected = 2 * np.maximum(0.9 * error, -0.1 * error).mean() / np.abs(past[12:] - past[:-12]).mean()
    assert drift["quantile_loss"] == pytest.approx(expected)


def test_too_few_rows_of_resampled_data_are_refused(tmp_path):
    days = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=70), "y": range(70)})
    run = made(days, resample="W", models=["naive"], n_windows=1, horizon=2, out=tmp_path / "r")

    with pytest.raises(DataError) as caught:
        score(run.folder, days[:3])

    assert caught.value.code == "D117"


def test_a_page_made_again_is_one_object_where_that_is_asked_for(call):
    call("run", "nile", "--models", "naive", "--n-windows", "1", "--horizon", "2", "--out", "r")

    code, out, _ = call("report", "r", "--json")

    assert code == 0
    assert json.loads(out) == {"schema": 1, "folder": "r", "report": str(Path("r") / "report.html")}


@pytest.mark.parametrize("words", [("report", "salse"), ("score", "salse", "nile"), ("compare", "salse", "sales")])
def test_a_run_that_is_not_there_is_said_with_the_one_that_was_probably_meant(call, words):
    Path("sales").mkdir()
    Path("sales/run.json").write_text("{}", encoding="utf-8")

    code, out, err = call(*words)

    assert (code, out) == (5, "")
    assert 'error[F104]: "salse" is not a run folder: there is nothing of that name; did you mean "sales"?' in err
