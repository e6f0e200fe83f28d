"""Work done here and in worker processes is the same work."""

import io
import os
import pickle
import time

import pytest

from forecast import engine, worker
from forecast.engine import Workers
from forecast.errors import ModelError

eager = pytest.mark.usefixtures("at_once")


@pytest.fixture
def at_once(monkeypatch):
    """Start workers at once."""
    monkeypatch.setattr(engine, "WORTH", -1.0)
    monkeypatch.setattr(engine, "AT_LEAST", -1.0)


def test_one_worker_is_this_process():
    with Workers(1) as workers:
        assert workers.do(lambda _: os.getpid(), [1, 2]) == [os.getpid()] * 2


def test_little_work_starts_no_process():
    with Workers(2) as workers:
        assert set(workers.do(lambda _: os.getpid(), range(9))) == {os.getpid()}


@eager
def test_more_work_is_shared_and_comes_back_in_order():
    told = []
    with Workers(2) as workers:
        assert workers.do(abs, [-3, -2, -1, 0, 1], told.append) == [3, 2, 1, 0, 1]
        assert workers.do(abs, [-5, -4]) == [5, 4]

    assert sorted(told) == [-3, -2, -1, 0, 1]
    assert all(process.poll() is not None for process in workers._started)


@eager
def test_what_a_worker_cannot_be_sent_is_done_here():
    with Workers(2) as workers:
        assert workers.do(lambda task: task[0], [(1, lambda: 1), (2, lambda: 2)]) == [1, 2]
        assert not workers._started


@eager
def test_an_error_in_a_worker_is_raised_here():
    with Workers(2) as workers, pytest.raises(TypeError, match="bad operand"):
        workers.do(abs, [1, "a", "b"])


@eager
def test_a_worker_that_dies_is_a_clean_error():
    with Workers(2) as workers, pytest.raises(ModelError, match="memory may have run out"):
        workers.do(os._exit, [3, 3])


def test_with_a_limit_what_is_unfinished_stays_undone():
    start = time.perf_counter()
    with Workers(2, seconds=1.5) as workers:
        done = workers.do(time.sleep, [0.0, 60.0, 60.0, 0.0])
        later = workers.do(abs, [-1])

    assert time.perf_counter() - start < 10
    assert done[1:3] == [None, None]
    assert later == [None]


def test_a_worker_answers_every_task_with_its_result_or_its_error():
    tasks, answers = io.BytesIO(), io.BytesIO()
    for task in ((abs, -2), (int, "x")):
        pickle.dump(task, tasks)
    tasks.seek(0)

    worker.serve(tasks, answers)

    answers.seek(0)
    assert pickle.load(answers) == (True, 2)  # noqa: S301 - our own bytes
    succeeded, error = pickle.load(answers)  # noqa: S301 - our own bytes
    assert (succeeded, type(error)) == (False, ValueError)
