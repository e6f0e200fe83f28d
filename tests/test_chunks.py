"""A task of many series cut into parts comes to what it comes to as a whole."""

from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

import forecast
from forecast import chunks
from forecast.allotment import Allotment
from forecast.backtesting import backtest
from forecast.chunks import doer
from forecast.engine import Workers
from forecast.models.arima import ARIMA
from forecast.models.classical import Naive
from forecast.models.ets import ETS
from forecast.models.theta import Theta
from forecast.split import Split
from forecast.tasks import Outcome, Task, perform

SPLIT = Split(horizon=3, n_windows=2)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 2)


def values(seed, length):
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    return 50.0 + 0.2 * t + 5.0 * np.sin(2.0 * np.pi * t / 4.0) + rng.normal(size=length)


@pytest.fixture
def panel():
    """Five series: long and short, one with gaps, one too short for the first window, one that never changes."""
    made = [values(0, 40), values(1, 29), values(2, 40), values(3, 5), np.full(33, 7.0)]
    made[2][[4, 5, 20]] = np.nan
    return make_panel(*made, season_length=4)


FIXED = partial(ARIMA, order=(0, 1, 1), seasonal_order=(0, 0, 0), transform="none")


@pytest.mark.parametrize("make", [ETS, partial(Theta), FIXED])
@pytest.mark.parametrize("season_length", [4, 26])
def test_parts_come_to_what_the_whole_comes_to(panel, make, season_length):
    panel = replace(panel, season_length=season_length)
    task = Task("it", make, panel, SPLIT, (6, 5, 4), levels=(80.0,), keep=True)
    with Workers(1) as workers:
        (joined,) = doer(workers)([task])
    whole = perform(task)

    assert len(chunks._parts(task)) == 3
    for one, other in zip(joined.frames, whole.frames, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    for one, other in zip(joined.between, whole.between, strict=True):
        assert (one.ids, one.columns, one.values.tobytes()) == (other.ids, other.columns, other.values.tobytes())
    assert joined.choices == whole.choices
    assert joined.notices == whole.notices
    assert set(joined.timing) == {"fit", "predict"}
    past = SPLIT.past(panel, 6)
    pd.testing.assert_frame_equal(joined.model.predict(past), whole.model.predict(past), check_exact=True)


def test_other_models_and_small_panels_stay_whole(panel):
    assert len(chunks._parts(Task("naive", Naive, panel, SPLIT))) == 1
    assert len(chunks._parts(Task("ets", ETS, panel.take([0, 1]), SPLIT))) == 1


def test_every_task_is_told_once(panel):
    told = []
    tasks = [Task(name, make, panel, SPLIT) for name, make in (("naive", Naive), ("theta", Theta))]
    with Workers(1) as workers:
        doer(workers, lambda task: told.append(task.model))(tasks)

    assert told == ["naive", "theta"]


class Lossy:
    """Workers of which every one dies over tasks that hold a certain series."""

    def __init__(self, *names):
        self.names = set(names)

    def do(self, function, tasks, tick, *, long, lost, sure):
        done = []
        for task in tasks:
            first, end = task.series or (0, task.panel.n_series)
            gone = self.names & set(task.panel.ids[first:end])
            done.append(lost(task, "its worker died") if gone else function(task))
            tick(task)
        return done


def test_a_part_over_which_workers_die_is_lost_alone(panel):
    tested = backtest({"theta": Theta, "naive": Naive}, panel, SPLIT, do=doer(Lossy("s1")))

    assert set(tested.frame["model"]) == {"theta"}
    assert "s1" not in set(tested.frame["unique_id"])
    assert {"s0", "s4"} == set(tested.frame["unique_id"])
    reasons = {failure["model"]: failure["reason"] for failure in tested.fits[0].failures}
    assert reasons == {
        "theta": "2 of 5 series given up (s1 to s2): its worker died",
        "naive": "its worker died",
    }
    assert [(notice.code, notice.message) for notice in tested.fits[0].notices] == [
        ("W307", "theta: 2 of 5 series given up (s1 to s2): its worker died")
    ]


def test_a_model_is_joined_of_the_parts_that_are_there(panel):
    (outcome,) = doer(Lossy("s2"))([Task("ets", ETS, panel, SPLIT, keep=True)])

    assert list(outcome.model.fits_) == ["s0", "s3", "s4"]
    assert outcome.model.predict()["unique_id"].unique().tolist() == list(outcome.model.fits_)


def test_a_failure_of_one_part_is_that_of_the_model(panel, monkeypatch):
    monkeypatch.setattr(Theta, "_fit", lambda self, y, m: 1 / 0)
    (outcome,) = doer(Lossy())([Task("theta", Theta, panel, SPLIT)])

    assert outcome.failure == "division by zero"


def test_without_one_part_the_task_is_not_finished(panel):
    class Slow(Lossy):
        def do(self, function, tasks, tick, *, long, lost, sure):
            return [*super().do(function, tasks[:-1], tick, long=long, lost=lost, sure=sure), None]

    assert doer(Slow())([Task("theta", Theta, panel, SPLIT)]) == [None]


def test_where_no_part_has_a_series_to_forecast_there_is_nothing(panel):
    (outcome,) = doer(Lossy())([Task("theta", Theta, panel, Split(horizon=39, n_windows=1), (39,))])

    assert asdict(outcome) == asdict(Outcome())


@pytest.mark.parametrize(("baselines", "there"), [(True, ["naive"]), (False, [])])
def test_the_last_fits_of_baselines_are_made_however_late_it_is_where_that_is_asked_for(panel, baselines, there):
    kinds = {"naive": Naive, "theta": Theta}
    tasks = [Task(name, make, panel, SPLIT, backs) for name, make in kinds.items() for backs in ((0,), (2,))]
    with Workers(1, seconds=0.0) as workers:
        done = doer(workers, baselines=baselines)(tasks)

    assert [task.model for task, outcome in zip(tasks, done, strict=True) if outcome is not None] == there


def test_a_run_without_time_for_any_model_has_the_forecasts_of_baselines(monkeypatch, tmp_path):
    monkeypatch.setattr("forecast.pipeline.allotted", lambda *_, **__: Allotment(0.0))
    run = forecast.run("nile", models=["theta"], horizon=3, budget="10m", jobs=1, out=tmp_path / "r")

    assert set(run.forecasts["model"]) == {"naive", "seasonal_naive"}
    assert run.info["budget"]["no_forecast"] == ["theta"]
