"""Damaged files never lead to anything but a report or a clean error."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parent.parent / "benchmarks" / "faults.py"


@pytest.fixture(scope="module")
def faults():
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.syspath_prepend(PATH.parent)
    spec = importlib.util.spec_from_file_location("faults", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["faults"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["faults"]
    monkeypatch.undo()


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_a_hundred_damaged_files_end_in_a_report_or_a_clean_error(faults, start):
    assert [outcome for outcome in faults.check_many(100, start=start) if outcome.broken] == []


@pytest.mark.slow
@pytest.mark.parametrize("start", range(400, 2400, 250))
def test_many_more_damaged_files_end_in_a_report_or_a_clean_error(faults, start):
    assert [outcome for outcome in faults.check_many(250, start=start) if outcome.broken] == []


def test_the_same_number_is_the_same_damage(faults):
    files = faults.good_files()

    assert faults.damaged(7, 0, files) == faults.damaged(7, 0, files)
    assert faults.damaged(7, 0, files) != faults.damaged(7, 1, files)


def test_a_crash_and_a_finding_without_a_repair_are_counted_as_broken(faults, monkeypatch):
    def crash(path):
        if path != "airline":
            raise ZeroDivisionError("oops")

    monkeypatch.setattr(faults.pipeline, "check", crash)

    assert [outcome.broken for outcome in faults.check_many(1)] == ["ZeroDivisionError: oops"]


@pytest.fixture(scope="module")
def case(faults, tmp_path_factory):
    pytest.importorskip("resource")
    return faults.Case(tmp_path_factory.mktemp("interrupted"))


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bytes(case):
    assert case.check(3, 0, "kill").broken == ""


@pytest.mark.slow
def test_a_run_that_fills_the_disk_goes_on_to_the_same_bytes(case):
    assert [case.check(n, 0, "full").broken for n in range(2)] == [""] * 2


@pytest.mark.slow
def test_runs_interrupted_at_random_are_never_wrong_lost_or_half_written(faults):
    pytest.importorskip("resource")
    assert [run for run in faults.interrupt_many(5, seed=1) if run.broken] == []
    assert [run for run in faults.interrupt_many(2, seed=2, shared=True) if run.broken] == []


def test_what_is_wrong_with_an_interrupted_run_is_said(case, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "stray").touch()

    assert "differ from the unbroken run" in case._state(tmp_path)
    (tmp_path / "run").rmdir()
    assert case._state(tmp_path) == "['stray'] is left"
