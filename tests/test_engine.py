"""Work done here, in worker processes and on a cluster is the same work."""

import io
import logging
import os
import pickle
import signal
import sys
import time
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest
from conftest import make_panel

from forecast.engine import Workers, parcels, processes, worker, workers
from forecast.engine.parcels import Library, Shelf, packed
from forecast.errors import ConfigError, ModelError

eager = pytest.mark.usefixtures("at_once")


@pytest.fixture
def at_once(monkeypatch):
    """Start workers at once."""
    monkeypatch.setattr(workers, "WORTH", -1.0)
    monkeypatch.setattr(workers, "AT_LEAST", -1.0)


def killed_at_first(path):
    """Kill the process that does this, but for the first time alone."""
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


def killed(number):
    """Kill the process that does this, whenever the number is 2."""
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class Notes:
    """Keeps results in a dictionary."""

    def __init__(self, known=()):
        self.known = dict(known)

    def find(self, task):
        return self.known.get(task)

    def keep(self, task, result):
        self.known[task] = result


def process_of(_):
    return os.getpid()


def total(panel):
    return float(panel.values.sum())


def mapped(panel):
    return isinstance(panel.values.base, np.memmap)


def test_one_worker_is_this_process():
    with Workers(1) as some:
        assert some.do(lambda _: os.getpid(), [1, 2]) == [os.getpid()] * 2


def test_little_work_starts_no_process():
    with Workers(2) as some:
        assert set(some.do(lambda _: os.getpid(), range(9))) == {os.getpid()}


def test_work_that_is_known_to_take_long_is_shared_at_once():
    with Workers(2) as some:
        assert os.getpid() not in some.do(process_of, [1, 2], long=True)


@eager
def test_the_serial_engine_is_this_process():
    with Workers(2, engine="serial", seconds=60.0) as some:
        assert some.do(lambda _: os.getpid(), [1, 2]) == [os.getpid()] * 2


@eager
def test_more_work_is_shared_and_comes_back_in_order():
    told = []
    with Workers(2) as some:
        assert some.do(abs, [-3, -2, -1, 0, 1], told.append) == [3, 2, 1, 0, 1]
        assert some.do(abs, [-5, -4]) == [5, 4]
        executor = some._executor

    assert isinstance(executor, Executor)
    assert sorted(told) == [-3, -2, -1, 0, 1]
    assert all(process.poll() is not None for process in executor.started)


@eager
def test_what_a_worker_cannot_be_sent_is_done_here():
    with Workers(2) as some:
        assert some.do(lambda task: task[0], [(1, lambda: 1), (2, lambda: 2)]) == [1, 2]
        assert some._executor is None


@eager
def test_an_error_in_a_worker_is_raised_here():
    with Workers(2) as some, pytest.raises(TypeError, match="bad operand"):
        some.do(abs, [1, "a", "b"])


@eager
def test_what_cannot_come_back_is_an_error():
    with Workers(2) as some, pytest.raises(TypeError, match="cannot pickle"):
        some.do(memoryview, [b"a", b"b"])


@eager
def test_the_task_of_a_worker_that_dies_is_done_again(tmp_path, caplog):
    with Workers(2) as some, caplog.at_level(logging.WARNING):
        assert some.do(killed_at_first, [str(tmp_path / "a"), str(tmp_path / "b")]) == [7, 7]

    assert [record.message for record in caplog.records] == [
        "a worker process ended before its task, which is done again: memory may have run out"
    ] * 2


@eager
def test_a_task_that_kills_every_worker_is_given_up_and_the_others_are_done(caplog):
    notes = Notes()
    with Workers(2, kept=notes) as some:
        done = some.do(killed, [1, 2, 3], lost=lambda task, why: f"{task}: {why}")

    assert done == [1, "2: its worker process ended 3 times: memory may have run out", 3]
    assert len(caplog.records) == parcels.TRIES
    assert notes.known == {1: 1, 3: 3}


def test_without_a_stand_in_a_task_that_kills_every_worker_is_a_clean_error():
    with Workers(1, seconds=60.0) as some, pytest.raises(ModelError, match="memory may have run out") as caught:
        some.do(killed, [2])

    assert caught.value.code == "M105"


def test_with_a_limit_what_is_unfinished_stays_undone():
    start = time.perf_counter()
    with Workers(2, seconds=1.5) as some:
        done = some.do(time.sleep, [0.0, 60.0, 60.0, 0.0])
        later = some.do(abs, [-1])

    assert time.perf_counter() - start < 10
    assert done[1:3] == [None, None]
    assert later == [None]


def test_with_a_limit_what_must_be_sure_is_done_here_first_however_late_it_is():
    told = []
    with Workers(1, seconds=0.0) as some:
        done = some.do(abs, [-1, -2, -3], told.append, sure=lambda task: task == -2)

    assert (done, told) == ([None, 2, None], [-2])


def test_without_a_limit_nothing_is_hurried():
    with Workers(1) as some:
        assert some.do(abs, [-1, -2], sure=lambda task: pytest.fail("asked")) == [1, 2]


def test_tasks_are_tried_out_within_their_own_limit_and_leave_nothing_behind():
    notes = Notes()
    with Workers(1, seconds=3600.0, kept=notes) as some:
        deadline, start = some.deadline, time.perf_counter()
        assert some.try_out(time.sleep, [60.0], 0.5) == [None]
        assert time.perf_counter() - start < 30
        assert (some.deadline, some.kept, some.cut, notes.known) == (deadline, notes, [], {})


def test_an_end_is_brought_forward_where_there_is_one():
    with Workers(1) as free, Workers(1, seconds=100.0) as bound:
        for some in (free, bound):
            some.end_sooner(40.0)

        assert free.seconds_left is None
        assert 50.0 < bound.seconds_left <= 60.0


def test_a_limit_holds_between_tasks_that_are_done_here():
    with Workers(1, seconds=0.2, engine="serial") as some:
        assert some.do(lambda seconds: time.sleep(seconds) or "done", [0.3, 0.0]) == ["done", None]


@eager
def test_a_panel_is_mapped_by_the_workers_and_leaves_no_file():
    panel = make_panel(np.arange(parcels.LARGE / 8))
    with Workers(2) as some:
        assert some.do(total, [panel] * 3) == [panel.values.sum()] * 3
        assert some.do(mapped, [panel] * 2) == [True] * 2
        folder = some._executor._shelf.folder
        assert [path.suffix for path in sorted(folder.iterdir())] == [".panel", ".npy"]

    assert not folder.exists()


def test_a_parcel_holds_no_panel():
    panel = make_panel(np.zeros(1000))
    parcel, shared = packed(total, (panel, panel))

    assert shared == [panel]
    assert len(parcel) < 200


def test_what_is_written_to_a_mapped_array_stays_where_it_was_written(tmp_path):
    panel = make_panel(np.zeros(parcels.LARGE))
    path = Shelf(tmp_path / "shelf").put(panel)
    Library().get(path).values[:] = 1.0

    assert not Library().get(path).values.any()


def test_a_worker_answers_every_task_with_its_result_or_its_error():
    tasks, answers = io.BytesIO(), io.BytesIO()
    for function, task in ((abs, -2), (int, "x")):
        pickle.dump((packed(function, task)[0], []), tasks)
    tasks.seek(0)

    worker.serve(tasks, answers)

    answers.seek(0)
    assert pickle.load(answers) == (True, 2)  # noqa: S301 - our own bytes
    succeeded, error = pickle.load(answers)  # noqa: S301 - our own bytes
    assert (succeeded, type(error)) == (False, ValueError)


def test_everything_at_once_in_this_process_has_the_form_of_an_executor():
    with processes.Here() as executor:
        assert list(executor.map(abs, [-1, 2])) == [1, 2]
        assert isinstance(executor.submit(int, "x").exception(), ValueError)


def test_results_that_were_kept_are_not_made_again():
    notes, told = Notes({"b": "old"}), []
    with Workers(1, kept=notes) as some:
        assert some.do(str.upper, ["a", "b"], told.append) == ["A", "old"]

    assert notes.known == {"a": "A", "b": "old"}
    assert sorted(told) == ["a", "b"]


@pytest.mark.parametrize("engine", ["proceses", "http://localhost"])
def test_an_engine_that_is_none_is_refused(engine):
    with pytest.raises(ConfigError, match="no engine") as caught:
        Workers(engine=engine)

    assert caught.value.code == "U101"


def test_without_the_package_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="takes the package distributed") as caught, Workers(engine="dask"):
        pass

    assert caught.value.hint == "pip install 'forecast[dask]'"


def test_files_of_a_panel_go_with_it(tmp_path):
    shelf, library = Shelf(tmp_path / "shelf"), Library()
    for n in range(20):
        panel = make_panel(np.full(20_000, float(n)))
        assert library.get(shelf.put(panel)).values[0] == n
    left = sorted(path.name for path in (tmp_path / "shelf").iterdir())
    kept = shelf.put(panel)

    assert left == ["19.panel", "19.panel.0.npy"]
    assert Path(kept).name == "19.panel"
