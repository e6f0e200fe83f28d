"""The models tried on held-out windows alone: the scores are those of a run, without its last fit."""

import inspect
import json
from pathlib import Path

import pandas as pd
import pytest

import forecast
from forecast import pipeline
from forecast.cli import running, telling
from forecast.errors import ConfigError, DataError, ModelError
from forecast.models.theta import Theta
from forecast.options import RunOptions, declared

pytestmark = pytest.mark.usefixtures("no_page")
CASES = {
    "a combination": {"models": ["theta", "drift", "combination"]},
    "a quantile within bounds": {"models": ["drift"], "quantile": 0.8, "min": 800.0, "integer": True},
    "adaptive, with own intervals": {"models": ["ets"], "adaptive": True, "level": [80]},
}


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_scores_and_forecasts_are_those_of_a_run(tmp_path, options):
    where = {"horizon": 4, "n_windows": 4}
    run = forecast.run("nile", out=tmp_path / "r", **options, **where)

    trial = pipeline.backtest("nile", output=tmp_path / "windows.csv", **options, **where)

    assert (tmp_path / "windows.csv").read_bytes() == (tmp_path / "r" / "backtest.csv").read_bytes()
    scores = [name for name in trial.leaderboard.select_dtypes("number") if name != "failures"]
    assert len(scores) > 8
    pd.testing.assert_frame_equal(trial.leaderboard[scores], run.leaderboard[scores], check_dtype=False)
    assert trial.leaderboard["model"].tolist() == run.leaderboard["model"].tolist()


def test_nothing_is_fitted_to_all_data(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr("forecast.results.fit_all", refuse)
    monkeypatch.setattr("forecast.backtesting.fit_all", refuse)

    assert pipeline.backtest("nile", models=["naive"], horizon=4, n_windows=1).n_windows == 1


def test_the_scores_are_a_table_on_standard_output(call, tmp_path):
    code, out, err = call("backtest", "nile", "--models", "drift", "--n-windows", "3", "--horizon", "4")

    head, *rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0, err
    assert head[:3] == ["model", "mase", "smape"]
    assert {row[0] for row in rows} == {"drift", "naive", "seasonal_naive"}
    assert [float(row[1]) for row in rows] == sorted(float(row[1]) for row in rows)
    assert "4 steps ahead, 3 test windows" in err
    assert list(tmp_path.iterdir()) == []


def test_quiet_says_the_scores_alone(call):
    code, out, err = call("backtest", "nile", "--models", "naive", "--n-windows", "1", "-q")

    assert (code, err) == (0, "")
    assert out.startswith("model\t")


def test_a_program_gets_every_score(call):
    found = json.loads(call("backtest", "nile", "--models", "drift", "--n-windows", "3", "--horizon", "4", "--json")[1])

    assert (found["schema"], found["metric"], found["horizon"], found["n_windows"]) == (1, "mase", 4, 3)
    assert [row["rank"] for row in found["models"]] == [1, 2, 3]


def test_windows_are_written_and_never_replaced_unasked(call):
    words = ("backtest", "nile", "--models", "naive", "--n-windows", "2", "--output", "w.csv")

    assert call(*words)[0] == 0
    assert len(pd.read_csv("w.csv")["cutoff"].unique()) == 2
    assert call(*words)[0] == 5
    assert call(*words, "--overwrite")[0] == 0


def test_a_series_too_short_to_test_on_is_refused(call):
    Path("x.csv").write_text("year,y\n" + "".join(f"{2000 + i},{i * i}\n" for i in range(8)), encoding="utf-8")

    code, out, err = call("backtest", "x.csv", "--horizon", "6")

    assert (code, out) == (3, "")
    assert "error[D124]: horizon 6 leaves no window of x.csv to test on" in err


def test_a_member_that_does_not_run_is_refused(tmp_path):
    file = tmp_path / "forecast.toml"
    file.write_text('[models.theta]\n[models.combination]\nmembers = ["theta", "drift"]\n', encoding="utf-8")

    with pytest.raises(ConfigError, match='the member "drift", which does not run'):
        pipeline.backtest("nile", config=file, n_windows=1)


def test_a_budget_gives_up_windows_and_says_so():
    said = []
    listener = type("", (), {"say": lambda self, line: said.append(line), "progress": lambda *a: None})()

    trial = pipeline.backtest("nile", models=["theta"], n_windows=6, budget="0.001s", listener=listener)

    assert trial.given_up + trial.n_windows == 6
    assert (f"{trial.given_up} of 6 windows given up to keep the budget" in said) == bool(trial.given_up)
    assert trial.given_up > 0


def test_what_the_models_say_is_said_once(monkeypatch):
    said = []
    listener = type("", (), {"say": lambda self, line: said.append(line), "progress": lambda *a: None})()

    def refuse(*args, **kwargs):
        raise ModelError("M101", "no luck")

    monkeypatch.setattr("forecast.models.theta.Theta.fit", refuse)

    trial = pipeline.backtest("nile", models=["theta"], fallback=True, n_windows=2, horizon=3, listener=listener)

    (notice,) = map(str, trial.notices)
    assert notice == "warning[W303]: theta failed: seasonal_naive stands in for it (2 of 2 windows)"
    assert said.count(notice) == 1


def test_flags_and_keywords_are_the_same():
    ours = set(inspect.signature(running.backtest).parameters) - {*telling.FLAGS, "json", "dry_run", "fail_if"}
    theirs = set(inspect.signature(pipeline.backtest).parameters) - {"listener", "spent"}
    assert ours == theirs
    assert set(declared(RunOptions)) < ours


def test_data_errors_are_those_of_a_run():
    with pytest.raises(DataError, match="horizon 500 > 100 points"):
        pipeline.backtest("nile", horizon=500)


def test_sliding_windows_learn_from_as_many_values_as_the_first(monkeypatch):
    lengths = []
    fit = Theta.fit

    def watched(self, panel, *, horizon):
        lengths.append(int(panel.lengths[0]))
        return fit(self, panel, horizon=horizon)

    monkeypatch.setattr(Theta, "fit", watched)
    chosen = {"models": ["theta"], "n_windows": 3, "horizon": 4}

    pipeline.backtest("nile", **chosen)
    pipeline.backtest("nile", sliding=True, **chosen)
    pipeline.backtest("nile", sliding=True, window_size=50, **chosen)

    assert sorted(lengths[:3]) == [88, 92, 96]
    assert lengths[3:] == [88] * 3 + [50] * 3


@pytest.mark.parametrize("metric", ["mase", "mae", "smape"])
def test_models_are_ordered_by_the_metric_that_was_chosen(metric):
    trial = pipeline.backtest("airline", models=["theta", "drift"], metric=metric, n_windows=2, horizon=6)
    board = trial.leaderboard.set_index("model")

    assert trial.metric == metric
    assert trial.leaderboard[metric].is_monotonic_increasing
    reference = board.loc["seasonal_naive", metric]
    assert board.loc["theta", "skill"] == pytest.approx(1.0 - board.loc["theta", metric] / reference)


def test_a_quantile_has_a_metric_of_its_own():
    with pytest.raises(ConfigError, match="compared by its own loss, not by mae"):
        pipeline.backtest("nile", quantile=0.9, metric="mae")
