"""Runs that are finished: the page again, several side by side, forecasts against what came."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import forecast
from forecast.errors import FileError
from forecast.runs import load_run
from forecast.verification import differences, report


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of three models on two windows; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "nile"
    return forecast.run("nile", models=["drift"], n_windows=3, horizon=4, out=out).folder


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of it, in the folder in which `call` runs commands."""
    return shutil.copytree(finished, tmp_path / "r")


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_page_is_made_again_to_the_byte(call, copied):
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
    run = forecast.run("nile", models=["naive"], out=tmp_path / "r", **options)

    assert differences(run) == []


def test_failures_count_as_they_did(tmp_path):
    frame = pd.DataFrame({"ds": pd.date_range("2000-01-01", periods=60, freq="MS"), "y": [*range(60)]})
    run = forecast.run(frame, models=["arima"], n_windows=2, horizon=3, out=tmp_path / "r")
    run.info["failures"].append({"model": "arima", "cutoff": "2004", "reason": "none"})

    assert {one.column for one in differences(run)} == {"failures"}


def test_what_is_no_run_folder_has_no_page(call):
    code, _, err = call("report", ".")

    assert code == 5
    assert "is not a run folder" in err


def test_a_folder_that_cannot_be_written_to_is_said(copied, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("forecast.verification.TemporaryDirectory", refuse)

    with pytest.raises(FileError, match="cannot write to .*: Permission denied") as caught:
        report(copied)

    assert caught.value.code == "F104"


def test_a_damaged_file_is_named(call, copied):
    (copied / "metrics.json").write_text("{", encoding="utf-8")

    code, _, err = call("report", "r")

    assert code == 5
    assert "cannot read metrics.json" in err
