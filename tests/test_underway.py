"""A run folder appears whole or not at all; what was finished of an interrupted run is kept and gone on with."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import DATA

import forecast
from forecast import pipeline
from forecast.config import resolve
from forecast.errors import ConfigError, FileError
from forecast.storage import outcomes, underway
from forecast.storage.locks import Taken, locked
from forecast.storage.outcomes import write_outcome
from forecast.storage.request import Request
from forecast.storage.underway import refuse_begun, under_way
from forecast.tasks import Outcome

QUICK = {"models": ["drift"], "n_windows": 3, "horizon": 2}
DONE = "finished"


def request(**changes):
    made = Request(resolve(None, {}), "forecast run nile", {"horizon": 2}, "nile", str(Path.cwd()), sha256="abc")
    return replace(made, **changes)


def finish(way):
    """Keep the outcome of a task."""
    way.outcomes.folder.mkdir(exist_ok=True)
    write_outcome(Outcome(failure=DONE), way.outcomes.folder / "a.npz")


def interrupted(folder, error=KeyboardInterrupt, **changes):
    """Return what comes of a run that finishes a task, and then meets an error."""

    def meet():
        with under_way(folder, request(**changes)) as way:
            (way.aside / "half.csv").write_text("x", encoding="utf-8")
            finish(way)
            raise error

    with pytest.raises((Exception, KeyboardInterrupt)) as caught:
        meet()
    return caught.value


def test_the_folder_appears_whole_at_the_end(tmp_path):
    folder = tmp_path / "deep" / "run"

    with under_way(folder, request()) as way:
        finish(way)
        (way.aside / "a.txt").write_text("x", encoding="utf-8")
        assert not folder.exists()

    assert [path.name for path in folder.parent.iterdir()] == ["run"]
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError(errno.EIO, "Input/output error")])
def test_a_failure_before_anything_is_finished_leaves_nothing(tmp_path, error):
    with pytest.raises(error if isinstance(error, type) else OSError), under_way(tmp_path / "run", request()):
        raise error

    assert list(tmp_path.iterdir()) == []


def test_an_error_that_would_come_again_leaves_nothing(tmp_path):
    assert isinstance(interrupted(tmp_path / "run", ValueError("no")), ValueError)
    assert isinstance(interrupted(tmp_path / "run", FileError("F102", "no")), FileError)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_touched(tmp_path):
    (tmp_path / "run").mkdir()

    with pytest.raises(FileError, match="exists") as caught, under_way(tmp_path / "run", request()):
        pass

    assert caught.value.code == "F103"


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path):
    (tmp_path / "photos").mkdir()

    with (
        pytest.raises(FileError, match="no run.json in it") as caught,
        under_way(tmp_path / "photos", request(overwrite=True)),
    ):
        pass

    assert caught.value.code == "F104"
    assert (tmp_path / "photos").is_dir()


def test_an_old_run_is_replaced_when_asked_and_kept_when_the_new_one_fails(tmp_path):
    for text in ("old", "new"):
        with under_way(tmp_path / "run", request(overwrite=True)) as way:
            (way.aside / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="in the middle"), under_way(tmp_path / "run", request(overwrite=True)):
        raise ValueError("in the middle")

    assert (tmp_path / "run" / "run.json").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_two_runs_do_not_write_the_same_folder(tmp_path):
    with under_way(tmp_path / "run", request()) as way:
        with (
            pytest.raises(FileError, match=rf"process {os.getpid()}\) is writing") as caught,
            under_way(tmp_path / "run", request()),
        ):
            pass
        with pytest.raises(FileError, match="is writing"), under_way(tmp_path / "run", request(), resume=True):
            pass
        assert way.aside.is_dir()

    assert caught.value.code == "F103"


def test_another_process_is_told_who_is_writing(tmp_path):
    code = (
        "import sys, pathlib\nfrom forecast.storage.locks import locked\nwith locked(pathlib.Path(sys.argv[1])): pass"
    )
    with locked(tmp_path / "lock"):
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "lock")], capture_output=True, text=True, check=False
        )

    assert f"Taken: {os.getpid()}" in other.stderr


def test_a_lock_that_was_left_behind_locks_nothing(tmp_path):
    (tmp_path / "lock").write_text("1", encoding="ascii")

    with locked(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text(encoding="ascii") == str(os.getpid())


def test_a_lock_that_was_taken_away_is_no_lock(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.storage.locks._take", lambda file: (tmp_path / "lock").unlink())

    with pytest.raises(Taken), locked(tmp_path / "lock"):
        pass


def test_what_a_killed_run_left_before_it_began_is_no_hindrance(tmp_path):
    (tmp_path / "run.partial" / "tasks").mkdir(parents=True)
    (tmp_path / "run.partial" / "stray").write_text("x", encoding="utf-8")

    with under_way(tmp_path / "run", request()):
        assert not (tmp_path / "run.partial" / "stray").exists()

    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_interrupted_run_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    error = interrupted(tmp_path / "run")
    partial = tmp_path / "run.partial"

    assert str(error) == (
        f"interrupted in the fits to all data; finished scores kept in {partial}\n"
        f"  try:   forecast run --resume {partial}"
    )
    assert sorted(path.name for path in partial.iterdir()) == ["lock", "run", "run.json", "tasks"]
    assert list((partial / "run").iterdir()) == []
    assert json.loads((partial / "run.json").read_text(encoding="utf-8"))["status"] == "interrupted"


def test_a_new_run_does_not_destroy_an_interrupted_one(tmp_path):
    interrupted(tmp_path / "run")

    with (
        pytest.raises(FileError, match="a run was interrupted there") as caught,
        under_way(tmp_path / "run", request()),
    ):
        pass

    assert caught.value.code == "F103"
    assert f"forecast run --resume {tmp_path / 'run.partial'}" in caught.value.hint
    assert (tmp_path / "run.partial" / "tasks" / "a.npz").is_file()


def test_a_new_run_begins_anew_where_an_interrupted_one_may_be_overwritten(tmp_path):
    interrupted(tmp_path / "run")

    refuse_begun(tmp_path / "run", overwrite=True)
    with under_way(tmp_path / "run", request(overwrite=True)) as way:
        assert way.outcomes.count == 0
        (way.aside / "run.json").write_text("x", encoding="utf-8")

    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_an_interrupted_run_is_said_before_anything_is_read(call, tmp_path, words):
    interrupted(tmp_path / "run")

    code, out, err = call("run", "nosuch.csv", "--out", "run", *words)

    assert (code, out) == (5, "")
    assert err == (
        "error[F103]: run.partial exists: a run was interrupted there\n"
        "  try:   forecast run --resume run.partial to go on, or --overwrite to begin anew\n"
    )
    assert (tmp_path / "run.partial" / "tasks" / "a.npz").is_file()


def test_a_run_that_another_process_is_at_is_said_before_anything_is_read(call, tmp_path):
    interrupted(tmp_path / "run")

    with locked(tmp_path / "run.partial" / "lock"):
        code, _, err = call("run", "nosuch.csv", "--out", "run", "--overwrite")

    assert code == 5
    assert f"error[F103]: another run (process {os.getpid()}) is writing run.partial\n" in err


def test_an_interrupted_run_that_may_not_be_written_to_is_said(tmp_path):
    interrupted(tmp_path / "run")
    (tmp_path / "run.partial" / "lock").unlink()
    (tmp_path / "run.partial" / "lock").mkdir()

    with pytest.raises(FileError, match="cannot write") as caught:
        refuse_begun(tmp_path / "run", overwrite=False)

    assert caught.value.code == "F104"


def test_an_interrupted_run_is_gone_on_with(tmp_path):
    interrupted(tmp_path / "run")

    with under_way(tmp_path / "run", request(), resume=True) as way:
        assert way.outcomes.count == 1
        assert list(way.aside.iterdir()) == []
        (way.aside / "run.json").write_text("x", encoding="utf-8")

    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_keeps_what_is_finished(tmp_path, number):
    error = interrupted(tmp_path / "run", OSError(number, "No space left on device"))

    assert error.code == "F105"
    assert error.message == f"disk full after 0.0 MB; kept {tmp_path / 'run.partial'}"
    assert error.hint == f"free some space, then: forecast run --resume {tmp_path / 'run.partial'}"
    assert json.loads((tmp_path / "run.partial" / "run.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_a_full_disk_with_nothing_finished_leaves_nothing(tmp_path):
    with pytest.raises(FileError, match="disk full") as caught, under_way(tmp_path / "run", request()):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert caught.value.code == "F105"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_too_full_to_begin_is_said(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(underway, "write_json", full)
    with pytest.raises(FileError, match="disk full") as caught, under_way(tmp_path / "run", request()):
        pass

    assert caught.value.code == "F105"
    assert list(tmp_path.iterdir()) == []


def test_where_not_even_the_status_can_be_written_the_rest_is_kept(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        underway.Outcomes, "count", property(lambda _: monkeypatch.setattr(underway, "write_json", full) or 1)
    )
    error = interrupted(tmp_path / "run", OSError(errno.ENOSPC, "No space left on device"))

    assert error.code == "F105"
    assert json.loads((tmp_path / "run.partial" / "run.json").read_text(encoding="utf-8"))["status"] == "partial"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(FileError, match="cannot write") as caught, under_way(tmp_path / "file" / "run", request()):
        pass

    assert caught.value.code == "F104"


def test_trouble_of_the_disk_keeps_what_is_finished(tmp_path):
    error = interrupted(tmp_path / "run", OSError(errno.EIO, "Input/output error"))

    assert error.code == "F104"
    assert "Input/output error; kept" in error.message


def test_a_request_is_read_back_as_it_was(tmp_path):
    changes = {"overwrite": True, "audit": True, "flags": {"horizon": 2, "config": "a.toml"}}
    interrupted(tmp_path / "run", **changes)

    again = Request.resumed(tmp_path / "run.partial", {"horizon": None}, out=None)

    assert again == request(folder=tmp_path / "run", **changes)
    assert again.config == Path.cwd() / "a.toml"
    assert request().config is None


def test_an_interrupted_run_is_not_loaded_as_a_whole_one(tmp_path):
    interrupted(tmp_path / "run")

    with pytest.raises(FileError, match="it is not whole") as caught:
        forecast.load_run(tmp_path / "run.partial")

    assert (caught.value.code, caught.value.hint) == ("F104", f"forecast run --resume {tmp_path / 'run.partial'}")


def test_settings_beside_resume_are_refused(tmp_path):
    interrupted(tmp_path / "run")

    for flags, out in (({"n_windows": 3}, None), ({}, "x")):
        with pytest.raises(ConfigError, match="goes on with the settings of that run"):
            Request.resumed(tmp_path / "run.partial", flags, out=out)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"request": {"settings": "seed = -1"}}'])
def test_a_request_that_cannot_be_read_is_said(tmp_path, text):
    interrupted(tmp_path / "run")
    (tmp_path / "run.partial" / "run.json").write_text(text, encoding="utf-8")

    with pytest.raises(FileError) as caught:
        Request.resumed(tmp_path / "run.partial", {}, out=None)

    assert caught.value.code == "F102"


def test_what_is_no_interrupted_run_is_refused(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "run.json").write_text("{}", encoding="utf-8")

    for name, hint in (("whole", "forecast run DATA"), ("whole.partial", f"forecast report {tmp_path / 'whole'}")):
        with pytest.raises(FileError, match="is no run that was interrupted") as caught:
            Request.resumed(tmp_path / name, {}, out=None)
        assert (caught.value.code, caught.value.hint) == ("F104", hint if name != "whole" else caught.value.hint)


def test_data_are_found_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.csv").write_text("y\n1\n", encoding="utf-8")
    asked = request(data="x.csv", place=str(tmp_path / "a"))

    assert asked.source("airline") == str(tmp_path / "a" / "x.csv")
    monkeypatch.chdir(tmp_path / "a")
    assert asked.source("airline") == "x.csv"
    assert request(data="nile").source("airline") == "nile"
    for other in ("co2", pd.DataFrame({"y": [1.0]})):
        with pytest.raises(ConfigError, match="no others beside it"):
            request(data="nile").source(other)


def test_data_that_were_no_file_have_to_be_given_again():
    frame = pd.DataFrame({"y": [1.0]})

    assert request(data=None).source(frame) is frame
    with pytest.raises(ConfigError, match="have to be given again"):
        request(data=None).source("airline")


def test_other_data_than_those_it_began_with_are_refused():
    with pytest.raises(FileError, match="not those with which the run began") as caught:
        request().about("def")

    assert (caught.value.code, caught.value.hint) == ("F107", "forecast run nile")
    assert request(sha256="").about("def").sha256 == "def"


class Stop:
    """Interrupts a run when it has been told of so many fits."""

    def __init__(self, after):
        self.left = after

    def say(self, line):
        pass

    def progress(self, done, total, what):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def test_a_resumed_run_does_no_finished_window_again_and_comes_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline.report, "render", lambda folder, **_: None)  # made of the other files alone
    whole = forecast.run(DATA / "nile.csv", out=tmp_path / "whole", jobs=1, **QUICK).folder
    with pytest.raises(KeyboardInterrupt, match="interrupted in window 2 of 3"):
        forecast.run(DATA / "nile.csv", out=tmp_path / "cut", jobs=1, listener=Stop(3 + 3 + 2), **QUICK)
    written = []
    monkeypatch.setattr(outcomes, "write_outcome", lambda outcome, path: written.append(path))
    again = forecast.run(resume=tmp_path / "cut.partial", jobs=1).folder

    assert len(written) == 3 * 3 - (3 + 2)  # of the second window one fit was left
    assert again == tmp_path / "cut"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]
    for path in whole.rglob("*.*"):
        if path.name not in ("run.json", "run.log", "command.txt"):
            assert (again / path.relative_to(whole)).read_bytes() == path.read_bytes(), path
    one, other = (json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in (whole, again))
    for name in set(one) - {"created", "timings", "command", "memory"}:
        assert one[name] == other[name]
    assert other["command"].startswith(f"forecast run {DATA / 'nile.csv'} ")


def test_the_command_line_says_where_an_interrupted_run_is(call, monkeypatch):
    monkeypatch.setattr("forecast.cli.terminal.Terminal.progress", Stop(5).progress)
    words = ("run", "nile", "--models", "drift", "--n-windows", "3", "--horizon", "2", "--out", "r", "--jobs", "1")
    code, out, err = call(*words)

    assert (code, out) == (130, "")
    assert "interrupted in window 1 of 3; finished scores kept in r.partial" in err
    assert "forecast run --resume r.partial" in err
    assert Path("r.partial").is_dir()
    assert call(*words)[0] == 5
    assert call("run", "--resume", "r.partial", "--horizon", "3")[0] == 2
