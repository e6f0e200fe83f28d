"""A run comes to the same bytes, whatever the engine and the number of workers."""

import json
import sys

import pandas as pd
import pytest

import forecast
from forecast import pipeline
from forecast.engine import workers
from forecast.engine.processes import Here
from forecast.errors import ConfigError

FILES_OF_TIME = ("run.json", "report.html", "run.log", "command.txt")
"""What says how long it took: the page says it too, and nothing else in it is not from the other files."""


def found(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in FILES_OF_TIME
    }


def told(folder):
    info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return {name: value for name, value in info.items() if name not in ("created", "timings", "command", "memory")}


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "panel.csv"
    rows = [f"s{s},{i},{10 * s + i % 4 + 0.1 * i}" for s in range(4) for i in range(1, 41)]
    path.write_text("unique_id,ds,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(panel, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")

    def run(name, **chosen):
        return forecast.run(
            panel, models=["linear", "theta"], n_windows=2, horizon=2, out=place / name, **chosen
        ).folder

    return run


@pytest.fixture(scope="module")
def alone(run):
    return run("alone", engine="serial")


@pytest.fixture
def at_once(monkeypatch):
    """Start workers at once."""
    monkeypatch.setattr(workers, "WORTH", -1.0)
    monkeypatch.setattr(workers, "AT_LEAST", -1.0)


@pytest.mark.usefixtures("at_once")
def test_worker_processes_come_to_the_same_forecasts(panel):
    alone, shared = (
        pipeline.predict(panel, models=["theta", "naive"], n_windows=2, horizon=2, engine=engine, jobs=2)
        for engine in ("serial", "processes")
    )

    pd.testing.assert_frame_equal(shared, alone, check_exact=True)


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
def test_worker_processes_come_to_the_same_bytes(run, alone):
    shared = run("shared", jobs=2)

    assert found(shared) == found(alone)
    assert told(shared) == told(alone)


@pytest.mark.slow
def test_a_cluster_comes_to_the_same_bytes(run, alone):
    pytest.importorskip("distributed")
    shared = run("cluster", jobs=2, engine="dask")

    assert found(shared) == found(alone)
    assert told(shared) == told(alone)


@pytest.fixture
def started(monkeypatch, at_once):
    """Let this process stand in for others, and note how many were asked for."""
    asked = []
    monkeypatch.setattr(workers, "Processes", lambda count: asked.append(count) or Here())
    return asked


def tried(panel, **how):
    return pipeline.tune(panel, models=["croston"], trials=2, n_windows=1, horizon=2, **how).trials


def two_plans(_, **how):
    known = [i % 3 / 2 for i in range(40)]
    data = pd.DataFrame({"ds": range(1, 41), "y": [i % 5 + 2 * p for i, p in enumerate(known)], "promo": known})
    plans = [pd.DataFrame({"ds": [41, 42], "promo": promo}) for promo in (0.0, 1.0)]
    return pipeline.whatif(data, *plans, models=["arima", "theta"], future=["promo"], horizon=2, **how).steps


def audited(panel, **how):
    checks = pipeline.audit(panel, models=["theta"], n_windows=1, horizon=2, **how)
    return pd.DataFrame([vars(check) for check in checks])


@pytest.mark.parametrize("verb", [tried, two_plans, audited])
def test_a_search_two_plans_and_an_audit_go_where_they_are_told_to(panel, started, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    if verb is tried:
        pytest.importorskip("optuna")
    alone = verb(panel, engine="serial")
    assert started == []

    shared = verb(panel, engine="processes", jobs=2)

    pd.testing.assert_frame_equal(shared, alone, check_exact=True)
    assert set(started) == {2}
    with pytest.raises(ConfigError, match='no engine "proceses"'):
        verb(panel, engine="proceses")


@pytest.mark.parametrize(
    "words", [("tune", "nile"), ("whatif", "x.csv", "a.csv", "b.csv", "--future", "p"), ("audit",)]
)
def test_the_commands_say_where_the_work_goes(call, words, monkeypatch):
    given = {}
    monkeypatch.setattr(f"forecast.pipeline.{words[0]}", lambda *_, **how: given.update(how) or sys.exit(0))

    call(*words, "--engine", "tcp://host:8786", "--jobs", "3")

    assert (given["engine"], given["jobs"]) == ("tcp://host:8786", 3)


def test_the_audit_of_a_run_goes_where_the_run_goes(panel, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(pipeline.report, "render", lambda folder, **_: None)
    monkeypatch.setattr("forecast.verbs.inspection.audit", lambda data, **how: given.update(how) or [])

    forecast.run(
        panel, models=["naive"], n_windows=1, horizon=2, audit=True, engine="serial", jobs=2, out=tmp_path / "r"
    )

    assert (given["engine"], given["jobs"]) == ("serial", 1)
