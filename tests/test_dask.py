"""A Dask cluster gives the same results as this process, also when a worker of it is killed."""

import logging
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import make_panel

from forecast.engine import Workers
from forecast.errors import ConfigError

pytest.importorskip("distributed")


def total(panel):
    return float(panel.values.sum())


def killed_at_first(task):
    """Kill the worker that does this, but for the first time alone."""
    path, panel = task
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return float(panel.values.sum())


def always_killed(task):
    os.kill(os.getpid(), signal.SIGKILL)


def test_tasks_are_done_by_a_cluster_and_again_where_a_worker_dies(tmp_path, caplog):
    panel = make_panel(np.arange(1000.0))
    with caplog.at_level(logging.WARNING, "forecast.engine"), Workers(1, engine="dask") as workers:
        assert workers.do(total, [panel]) == [499500.0]
        address = workers._executor._client.scheduler.address
        with Workers(1, engine=address) as joined:
            assert joined.do(total, [panel, panel]) == [499500.0] * 2
        assert (
            workers.do(killed_at_first, [(str(tmp_path / "a"), panel), (str(tmp_path / "a"), panel)]) == [499500.0] * 2
        )
        assert workers.do(lambda task: task, [1]) == [1]

    assert [r.message for r in caplog.records if r.name == "forecast.engine"] == [
        "a worker of the cluster ended; what it was doing is done again"
    ]


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_given_up():
    with Workers(2, engine="dask") as workers:
        done = workers.do(always_killed, [1], lost=lambda task, why: why)

    assert done == ["its worker process ended 3 times: memory may have run out"]


@pytest.mark.slow
def test_a_cluster_keeps_a_limit():
    with Workers(2, engine="dask", seconds=3.0) as workers:
        assert workers.do(time.sleep, [0.0, 60.0])[1] is None
        assert workers.do(abs, [-1]) == [None]


def test_where_no_scheduler_answers_it_is_said(monkeypatch):
    monkeypatch.setattr("forecast.engine.dask.WAIT", 0.2)
    with pytest.raises(ConfigError, match="no Dask scheduler answers") as caught, Workers(engine="tcp://127.0.0.1:9"):
        pass

    assert caught.value.code == "U101"
