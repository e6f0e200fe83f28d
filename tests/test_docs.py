"""What the README and DESIGN.md show is true of the program."""

import hashlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMANDS

import forecast
from forecast.defaults import BUNDLED, MODEL_NAMES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("name", forecast.__all__)
def test_every_public_name_is_there(name):
    assert getattr(forecast, name) is not None


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = forecast.runn


def test_dir_lists_the_public_names():
    assert dir(forecast) == sorted(forecast.__all__)


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, forecast; print({'numpy', 'pandas', 'scipy', 'pydantic'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_data_are_those_the_readme_of_data_lists(name):
    listed = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    content = (ROOT / "data" / f"{name}.csv").read_bytes()

    assert f"{hashlib.sha256(content).hexdigest()}  {name}.csv" in listed
    rows = len(content.splitlines()) - 1
    assert f"| `{name}.csv` | {rows:,} |" in listed


def test_the_readme_shows_every_model_and_bundled_set():
    for name in (*MODEL_NAMES, *BUNDLED):
        assert f"`{name}`" in README


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_shows_every_command(name):
    assert any(line.startswith(f"$ forecast {name}") for block in blocks("console") for line in block.splitlines())


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_readme_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales.csv").write_text(
        "month,units\n" + "".join(f"{2015 + i // 12}-{i % 12 + 1:02d},{100 + i + 10 * (i % 12)}\n" for i in range(60)),
        encoding="utf-8",
    )

    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("console"))
def test_commands_in_the_readme_run_one_after_the_other(block, call, monkeypatch, tmp_path):
    monkeypatch.setenv("FORECAST_PRESET", "fast")
    monkeypatch.setenv("FORECAST_N_WINDOWS", "2")
    rows = ["month,units", *(f"{2015 + i // 12}-{i % 12 + 1:02d},{100 + i + 10 * (i % 12)}" for i in range(60))]
    (tmp_path / "sales.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "earlier.csv").write_text("\n".join(rows[:49]), encoding="utf-8")
    visits = ["month,visits,promo", *(f"{row},{i % 5 // 4}" for i, row in enumerate(rows[1:]))]
    (tmp_path / "visits.csv").write_text("\n".join(visits), encoding="utf-8")
    for name, promo in {"plan-a.csv": 0, "plan-b.csv": 1}.items():
        plan = ["month,promo", *(f"2020-{month:02d},{promo}" for month in range(1, 13))]
        (tmp_path / name).write_text("\n".join(plan), encoding="utf-8")
    for line in block.splitlines():
        program, *words = shlex.split(line.removeprefix("$ "))

        code, _, err = call(*words)

        assert (program, code) == ("forecast", 0), (line, err)
