"""The installation examines itself, and says what is wrong with it."""

import errno
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecast.verbs import installation
from forecast.verbs.installation import EXAMINATIONS, examine


def failures():
    return {one.name: one.found for one in examine() if not one.passed}


def test_a_sound_installation_passes_and_leaves_nothing(call, tmp_path):
    code, out, err = call("doctor")

    rows = [line.split("\t") for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [row[0] for row in rows] == ["examined", *EXAMINATIONS]
    assert {row[1] for row in rows[1:]} == {"well"}
    assert list(tmp_path.iterdir()) == []


def test_a_program_gets_all_of_it(call):
    found = json.loads(call("doctor", "--json")[1])

    assert found["schema"] == 1
    assert {one["name"]: one["passed"] for one in found["examinations"]} == dict.fromkeys(EXAMINATIONS, True)
    (packages,) = [one["found"] for one in found["examinations"] if one["name"] == "packages"]
    assert f"numpy {np.__version__}" in packages


def test_what_fails_is_said_and_the_rest_is_examined_all_the_same(call, monkeypatch):
    def broken():
        raise ImportError("no module named scipy")

    monkeypatch.setitem(EXAMINATIONS, "gradients", broken)

    code, out, err = call("doctor")

    assert code == 4
    assert "gradients\tFAILED\tImportError: no module named scipy" in out
    assert "arima\twell" in out
    assert f"error[M107]: 1 of {len(EXAMINATIONS)} examinations failed: gradients: ImportError" in err


class Liar:
    """Answers with other numbers every time, or with such as no such series has."""

    def __init__(self, *values, **settings):
        self.values = list(values)

    def fit(self, panel, *, horizon):
        return self

    def predict(self):
        return pd.DataFrame({"y_hat": [self.values.pop()]})


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("network", ("MLP", lambda **settings: next(TWO)), "the same seed gave two forecasts"),
        ("prior", ("Prior", lambda: Liar(5000.0)), "forecasts from 5000 to 5000, expected 300 to 900"),
        ("gradients", ("check_gradients", lambda: {"tanh": SimpleNamespace(passed=False)}), "wrong gradient: tanh"),
        ("disk", ("ROOM", 2**80), "MB are free"),
        ("bundled data", ("BUNDLED", ("moon",)), 'no file "moon"'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_examination_finds_what_it_is_for(monkeypatch, tmp_path, name, change, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(installation, *change)

    assert said in failures()[name]


TWO = iter([Liar(400.0), Liar(500.0)])


def test_threads_that_cannot_be_held_are_said(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    loose = [{"user_api": "blas", "internal_api": "openblas", "version": "1", "num_threads": 8}]
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: loose)

    assert "openblas 1: 8 thread" in failures()["threads"]


def test_a_folder_that_cannot_be_written_to_is_said(monkeypatch, tmp_path):
    def refuse(**where):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(installation, "NamedTemporaryFile", refuse)

    assert "Permission denied" in failures()["disk"]
