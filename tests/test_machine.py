"""What a run says of the machine and the code it was made with."""

import shutil
import subprocess
import sys

import pytest

from forecast import machine
from forecast.engine import Workers

pytestmark = pytest.mark.usefixtures("no_page")


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_the_commit_is_named_and_whether_files_were_changed_since(tmp_path):
    assert machine.code_around(tmp_path) is None
    git(tmp_path, "init")
    assert machine.code_around(tmp_path) is None
    (tmp_path / "a.txt").write_text("1", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")

    clean = machine.code_around(tmp_path)
    (tmp_path / "b.txt").write_text("1", encoding="utf-8")
    beside = machine.code_around(tmp_path)
    (tmp_path / "a.txt").write_text("2", encoding="utf-8")

    assert len(clean["commit"]) == 40
    assert clean["changed"] is False
    assert beside == clean
    assert machine.code_around(tmp_path) == {"commit": clean["commit"], "changed": True}


def test_without_git_nothing_is_said_of_the_code(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert machine.code_around(tmp_path) is None


def test_a_git_that_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    def hang(command, **given):
        raise subprocess.TimeoutExpired(command, given["timeout"])

    monkeypatch.setattr(machine.shutil, "which", lambda name: name)
    monkeypatch.setattr(machine.subprocess, "run", hang)

    assert machine.code_around(tmp_path) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts the memory of other processes")
def test_memory_that_was_had_and_given_back_is_counted_and_so_is_that_of_workers():
    before = machine.peak_memory()["process"]
    size = before + 50_000_000
    held = bytearray(size)
    held[::4096] = b"x" * len(held[::4096])
    del held
    with Workers(2, seconds=60) as workers:
        workers.do(abs, [1])
        found = machine.peak_memory([*workers.processes, 2**30])

    assert found["process"] > size
    assert len(found["workers"]) == 1
    assert 1_000_000 < found["workers"][0] < size


def test_where_no_one_counts_memory_nothing_is_said(monkeypatch):
    monkeypatch.setattr(machine, "_most", lambda process: None)

    assert machine.peak_memory() is None


def test_a_processor_without_a_name_has_that_of_its_kind(monkeypatch):
    monkeypatch.setattr(machine, "version", lambda _package: "1.0")
    monkeypatch.setattr(machine.Path, "read_text", lambda *_, **__: "")
    monkeypatch.setattr(machine.platform, "processor", lambda: "")

    assert machine.versions()["processor"].startswith(machine.platform.machine())
