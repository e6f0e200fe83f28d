"""The pages of `docs/` are what the program says of itself today."""

import re
import runpy
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import COMMANDS

from forecast.codes import CODES
from forecast.defaults import MODEL_NAMES

ROOT = Path(__file__).parent.parent
LOWEST = re.findall(r"^typer==(\S+)", (ROOT / ".ci" / "lowest.txt").read_text(encoding="utf-8"), re.MULTILINE)
NAMES = ["cli.md", "config.md", "errors.md", "models.md"]


@pytest.fixture(scope="module")
def made():
    return runpy.run_path(str(ROOT / ".ci" / "docs.py"))["pages"]()


def headings(text, level):
    return re.findall(rf"^{'#' * level} (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(version("typer") in LOWEST, reason="the lowest typer lays help out otherwise")
def test_the_page_is_what_the_program_prints_today(made, name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == made[name], "make docs"


def test_there_is_no_other_page(made):
    assert sorted(path.name for path in (ROOT / "docs").iterdir()) == sorted(made) == NAMES


def test_every_command_has_its_help(made):
    assert sorted(headings(made["cli.md"], 2)) == sorted(f"forecast {name}" for name in COMMANDS)
    assert made["cli.md"].count("\n  Example: forecast ") == len(COMMANDS) + 1
    assert max(map(len, made["cli.md"].splitlines())) <= 100


def test_every_code_is_explained_once_and_told_how_to_mend(made):
    assert headings(made["errors.md"], 3) == list(CODES)
    assert made["errors.md"].count("\nTry: ") == len(CODES)


def test_every_model_is_described_and_linked(made):
    assert headings(made["models.md"], 2) == list(MODEL_NAMES)
    for name in MODEL_NAMES:
        assert f"| [{name}](#{name}) |" in made["models.md"]


def test_every_row_of_a_table_has_the_cells_of_its_head(made):
    rows = [line for line in made["models.md"].splitlines() if line.startswith("|")]
    widths = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert set(widths) == {4, 5}


def test_the_settings_are_a_file_that_can_be_read(made, tmp_path):
    import tomllib

    inside = re.search(r"```toml\n(.*)```", made["config.md"], re.DOTALL)[1]
    assert tomllib.loads(inside)["seed"] == 0
