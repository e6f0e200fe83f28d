"""A run comes to the same bytes, whatever the engine and the number of workers."""

import json

import pandas as pd
import pytest

import forecast
from forecast import pipeline
from forecast.engine import workers

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
    return {name: value for name, value in info.items() if name not in ("created", "timings", "command")}


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
