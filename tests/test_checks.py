import sys
from pathlib import Path

import pytest

from forecast import cli, nn
from forecast.errors import ConfigError
from forecast.verbs.checks import check_gradients

OWN = """
import numpy as np
from forecast import nn

class Cube(nn.Activation):
    def _apply(self, x, out):
        self._x = x
        np.multiply(x * x, x, out=out)

    def _slope(self, y, out):
        np.multiply(self._x, 3.0 * self._x, out=out)

class Wrong(Cube):
    def _slope(self, y, out):
        super()._slope(y, out)
        out *= 1.001

class HalfSquare(nn.Loss):
    def _point(self, y_hat, y, value, slope):
        np.subtract(y_hat, y, out=slope)
        np.multiply(slope, slope / 2, out=value)

def network():
    return nn.Network(nn.Linear(3), Cube(), nn.Linear(2), input_size=4, members=2, dtype=np.float64)

def single():
    return nn.Network(nn.Linear(3), input_size=4)

number = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own_parts.py").write_text(OWN, encoding="utf-8")
    yield "own_parts"
    sys.modules.pop("own_parts", None)


def test_without_a_name_every_activation_and_loss_is_checked_and_passes():
    reports = check_gradients()

    assert set(reports) == {*nn.ACTIVATIONS, *nn.LOSSES}
    assert all(report.passed for report in reports.values())


@pytest.mark.parametrize("what", ["Cube", "HalfSquare", "network"])
def test_a_part_of_ones_own_is_checked(own, what):
    assert check_gradients(f"{own}:{what}")[f"{own}:{what}"].passed


def test_a_wrong_part_of_ones_own_is_found(own):
    assert not check_gradients(f"{own}:Wrong")[f"{own}:Wrong"].passed


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("tnh", "did you mean tanh?"),
        ("own_parts:Nothing", "cannot load"),
        ("nowhere_at_all:x", "cannot load"),
        (":x", "cannot load"),
        ("own_parts:number", "is a int, not a layer"),
        ("own_parts:single", "is a network in float32"),
    ],
)
def test_what_cannot_be_checked_is_said(own, what, message):
    with pytest.raises(ConfigError, match=message):
        check_gradients(what)


def test_the_current_folder_is_searched_and_forgotten(own):
    before = list(sys.path)

    check_gradients(f"{own}:Cube")

    assert sys.path == before


def call(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["forecast", "gradcheck", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_the_command_prints_analytic_against_numeric(monkeypatch, capsys):
    code = call(monkeypatch, "tanh")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[0].split("\t") == ["checked", "analytic", "numeric", "error", "passed"]
    name, analytic, numeric, _, passed = lines[1].split("\t")
    assert (name, passed) == ("tanh", "True")
    assert float(analytic) == pytest.approx(float(numeric), rel=1e-5)


def test_the_command_fails_on_a_wrong_gradient(own, monkeypatch, capsys):
    assert call(monkeypatch, f"{own}:Wrong") == 4
    assert "error[M104]: wrong gradient: own_parts:Wrong" in capsys.readouterr().err
