"""The networks with other seeds."""

import json

import pandas as pd
import pytest

import forecast
from forecast import pipeline
from forecast.verbs import verification

FEW = {"models": ["linear"], "preset": "fast", "n_windows": 2, "horizon": 3}


@pytest.fixture(autouse=True)
def _without_a_page(monkeypatch):
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)


def test_a_run_repeats_the_networks_with_other_seeds_and_says_how_far_they_lie_apart(tmp_path):
    said = []

    class Listener:
        def say(self, line):
            said.append(line)

        def progress(self, done, total, what):
            """Do nothing."""

    run = forecast.run("nile", out=tmp_path / "r", seed=4, seeds=2, listener=Listener(), **FEW)

    seeds = pd.read_csv(tmp_path / "r" / "seeds.csv")
    own = run.leaderboard.set_index("model").loc["linear"]
    other = pipeline.backtest("nile", seed=5, **FEW).leaderboard.set_index("model").loc["linear"]
    assert seeds[["model", "seed"]].to_numpy().tolist() == [["linear", 4], ["linear", 5]]
    assert seeds["mase"].tolist() == [own["mase"], other["mase"]]
    (spread,) = json.loads((tmp_path / "r" / "run.json").read_text(encoding="utf-8"))["seeds"]
    assert (spread["model"], spread["metric"], spread["seeds"]) == ("linear", "mase", 2)
    assert spread["min"] <= spread["mean"] <= spread["max"]
    assert any(line.startswith("linear with 2 seeds: mase ") for line in said)


def test_the_page_has_the_score_of_every_seed(tmp_path):
    run = forecast.run("nile", out=tmp_path / "r", seeds=2, **FEW)

    assert "The 2 seeds of linear lie within" in verification.report(run.folder).read_text(encoding="utf-8")


def test_where_no_network_runs_there_is_nothing_to_repeat(tmp_path):
    run = forecast.run("nile", out=tmp_path / "r", models=["naive"], seeds=3, n_windows=1)

    assert len(run.more("seeds.csv")) == 0
    assert run.info["seeds"] == []
