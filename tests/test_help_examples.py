"""What help shows at work works."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import COMMANDS

import forecast

ROWS = ["month,units", *(f"{2015 + i // 12}-{i % 12 + 1:02d},{100 + i + 10 * (i % 12)}" for i in range(72))]
NEEDS_RUNS = ("score", "compare", "report")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the data and the runs that the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "sales.csv").write_text("\n".join(ROWS[:61]), encoding="utf-8")
    (folder / "sales-new.csv").write_text("\n".join(ROWS), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast.report.render", lambda folder, **_: None)
        forecast.run(folder / "sales.csv", models=["naive"], n_windows=2, out=folder / "reports" / "sales")
    for name in "ab":
        shutil.copytree(folder / "reports" / "sales", folder / "reports" / f"sales-{name}")
    return folder


def planned(folder):
    """Write sales with a promotion, and two plans for the next months."""
    known = [f"{row},{i % 3 == 0:d}" for i, row in enumerate(ROWS[1:61])]
    (folder / "sales.csv").write_text("\n".join(["month,units,promo", *known]), encoding="utf-8")
    months = [row.partition(",")[0] for row in ROWS[61:]]
    for name in "ab":
        plan = [f"{month},{name == 'b':d}" for month in months]
        (folder / f"plan-{name}.csv").write_text("\n".join(["month,promo", *plan]), encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_every_command_runs(call, monkeypatch, tmp_path, folder, name):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("FORECAST_PRESET", "fast")
    if name not in NEEDS_RUNS:
        monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
        monkeypatch.setenv("FORECAST_MODELS", "naive")
    (example,) = re.findall(r"Example: forecast (.*)", call(*name.split(), "--help")[1])

    words = shlex.split(example)
    if name in ("backtest", "audit"):
        words += ["--models", "naive", "--n-windows", "2"]
    if name == "tune":
        pytest.importorskip("optuna")
        words += ["--models", "theta", "--trials", "1", "--n-windows", "2"]
    if name == "whatif":
        planned(tmp_path)
    code, _, err = call(*words)

    assert " ".join(words).startswith(name)
    assert code == 0, err


def test_the_example_of_the_whole_is_that_of_a_run(call):
    (example,) = re.findall(r"Example: forecast (.*)", call("--help")[1])

    assert shlex.split(example)[0] == "run"
    assert Path(shlex.split(example)[1]).suffix == ".csv"
