"""What a run would do, found out before it does it."""

import json

import pytest

from forecast import pipeline
from forecast.errors import ConfigError, ModelError

FEW = {"models": ["theta"], "n_windows": 3, "horizon": 4}


def test_a_plan_counts_what_the_run_then_does():
    said = []

    class Listener:
        def say(self, line):
            """Do nothing."""

        def progress(self, done, total, what):
            said.append(total)

    plan = pipeline.plan("nile", verb="backtest", **FEW)
    pipeline.backtest("nile", listener=Listener(), **FEW)

    assert (plan.series, plan.values, plan.frequency, plan.horizon, plan.n_windows) == (1, 100, "yearly", 4, 3)
    assert plan.models == ("theta", "seasonal_naive", "naive")
    assert {plan.fits} == set(said)
    assert plan.folder is None


def test_the_windows_of_a_forecast_are_only_as_many_as_its_intervals_need():
    assert pipeline.plan("nile", verb="predict", models=["naive"], horizon=4).models == ("naive",)


def test_seeds_are_counted():
    one, three = (pipeline.plan("nile", models=["linear"], n_windows=2, preset="fast", seeds=k) for k in (1, 3))

    assert three.fits == one.fits + 2 * 2
    assert three.seconds >= one.seconds


def test_a_plan_keeps_the_budget():
    assert pipeline.plan("nile", budget="1s", **FEW).seconds <= 1.0


def test_models_that_fail_do_not_stop_a_plan(monkeypatch):
    def refuse(self, panel, *, horizon):
        raise ModelError("M101", "no luck")

    for model in ("theta.Theta", "classical.Naive", "classical.SeasonalNaive"):
        monkeypatch.setattr(f"forecast.models.{model}.fit", refuse)

    assert pipeline.plan("nile", verb="backtest", **FEW).seconds == 0.0


def test_what_a_run_would_refuse_a_plan_refuses():
    with pytest.raises(ConfigError, match=r"50 windows of 4 leave nothing"):
        pipeline.plan("nile", n_windows=50, horizon=4)


@pytest.mark.parametrize("verb", ["run", "backtest", "predict"])
def test_a_dry_run_prints_the_plan_and_writes_nothing(call, tmp_path, verb):
    words = [verb, "nile", "--models", "naive", "--n-windows", "2", "--dry-run"]

    code, out, err = call(*words)
    rows = dict(line.split("\t") for line in out.splitlines())

    assert (code, err) == (0, "")
    assert rows["series"] == "1"
    assert rows["windows"] == "2"
    assert rows["folder"].startswith("reports") == (verb == "run")
    assert json.loads(call(*words, "--json")[1])["fits"] == int(rows["fits"])
    assert list(tmp_path.iterdir()) == []
