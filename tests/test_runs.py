import json

import pandas as pd
import pytest

from forecast.errors import FileError
from forecast.runs import load_run
from forecast.storage.files import write_csv, write_json


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
