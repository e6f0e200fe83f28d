import errno
import json

import pandas as pd
import pytest

from forecast.errors import FileError
from forecast.runs import load_run, write_aside, write_csv, write_json


def test_the_folder_appears_whole_at_the_end(tmp_path):
    folder = tmp_path / "deep" / "run"

    with write_aside(folder) as aside:
        (aside / "a.txt").write_text("x", encoding="utf-8")
        assert not folder.exists()

    assert [path.name for path in folder.parent.iterdir()] == ["run"]
    assert (folder / "a.txt").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, error):
    with pytest.raises(error), write_aside(tmp_path / "run"):
        raise error

    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_touched(tmp_path):
    (tmp_path / "run").mkdir()

    with pytest.raises(FileError, match="exists") as caught, write_aside(tmp_path / "run"):
        pass

    assert caught.value.code == "F103"


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path):
    (tmp_path / "photos").mkdir()

    with (
        pytest.raises(FileError, match="no run.json in it") as caught,
        write_aside(tmp_path / "photos", overwrite=True),
    ):
        pass

    assert caught.value.code == "F104"
    assert (tmp_path / "photos").is_dir()


def test_an_old_run_is_replaced_when_asked(tmp_path):
    for text in ("old", "new"):
        with write_aside(tmp_path / "run", overwrite=True) as aside:
            (aside / "run.json").write_text(text, encoding="utf-8")

    assert (tmp_path / "run" / "run.json").read_text(encoding="utf-8") == "new"


def test_a_failure_keeps_the_old_run(tmp_path):
    with write_aside(tmp_path / "run") as aside:
        (aside / "run.json").write_text("old", encoding="utf-8")

    with pytest.raises(ValueError, match="in the middle"), write_aside(tmp_path / "run", overwrite=True):
        raise ValueError("in the middle")

    assert (tmp_path / "run" / "run.json").read_text(encoding="utf-8") == "old"


def test_two_runs_do_not_write_the_same_folder(tmp_path):
    with write_aside(tmp_path / "run"):
        with pytest.raises(FileError, match="another run is writing it") as caught, write_aside(tmp_path / "run"):
            pass
        assert (tmp_path / "run.partial").is_dir()

    assert caught.value.code == "F103"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(FileError, match="cannot write") as caught, write_aside(tmp_path / "file" / "run"):
        pass

    assert caught.value.code == "F104"


def test_a_full_disk_is_said(tmp_path):
    with pytest.raises(FileError, match="disk full") as caught, write_aside(tmp_path / "run"):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert caught.value.code == "F105"


def test_another_trouble_of_the_system_is_passed_on(tmp_path):
    with pytest.raises(OSError, match="Input/output"), write_aside(tmp_path / "run"):
        raise OSError(errno.EIO, "Input/output error")


def test_json_has_no_nan(tmp_path):
    write_json({"a": [float("nan"), 1.5], "b": {"c": "ü"}}, tmp_path / "x.json")

    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": [None, 1.5], "b": {"c": "ü"}}


def test_csv_keeps_every_digit(tmp_path):
    write_csv(pd.DataFrame({"y": [0.1 + 0.2]}), tmp_path / "x.csv")

    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "y\n0.30000000000000004\n"


def test_a_folder_that_is_no_run_cannot_be_loaded(tmp_path):
    with pytest.raises(FileError, match="is not a run folder: no run.json in it"):
        load_run(tmp_path)
