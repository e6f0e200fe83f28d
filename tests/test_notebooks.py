"""The notebooks run, say in both of their files the same, and use what everybody may use."""

import ast
import importlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
TEXTS = sorted(FOLDER.glob("*.py"))
NAMES = [path.stem for path in TEXTS]


def notebook(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def test_every_text_has_its_notebook():
    assert NAMES
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_text_and_notebook_say_the_same(name):
    jupytext = pytest.importorskip("jupytext", reason='pairs are compared by jupytext: pip install -e ".[notebooks]"')
    text = [(cell.cell_type, cell.source) for cell in jupytext.read(FOLDER / f"{name}.py").cells]

    assert text == [(cell["cell_type"], "".join(cell["source"])) for cell in notebook(name)["cells"]]


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_kept_and_nothing_of_the_machine(name):
    whole = (FOLDER / f"{name}.ipynb").read_bytes()
    cells = notebook(name)["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]

    assert len(whole) <= 1_000_000
    assert all(cell["metadata"] == {} for cell in cells)
    assert [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"] == [
        *range(1, 1 + sum(cell["cell_type"] == "code" for cell in cells))
    ]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert all(output.get("name") != "stderr" for output in outputs)
    assert all(output["metadata"]["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {}))
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert set(notebook(name)["metadata"]) == {"jupytext", "kernelspec", "language_info"}
    for place in ("home", "tmp", "root", "Users"):
        assert f"/{place}/".encode() not in whole
    assert b"site-packages" not in whole


@pytest.mark.parametrize("name", NAMES)
def test_only_public_names_are_used(name):
    used = []
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("forecast"):
            used += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("forecast.") for alias in node.names)
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_")
            if isinstance(node.value, ast.Name) and node.value.id in ("forecast", "nn", "figures"):
                used += [("forecast" if node.value.id == "forecast" else f"forecast.{node.value.id}", node.attr)]

    assert used or any(isinstance(node, ast.Import) and node.names[0].name == "forecast" for node in ast.walk(tree))
    assert {module for module, _ in used} <= {"forecast", "forecast.nn", "forecast.figures"}
    for module, public in used:
        assert public in importlib.import_module(module).__all__


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_top_to_bottom(name):
    runs = pytest.importorskip("nbmake.nb_run", reason='notebooks are run by nbmake: pip install -e ".[notebooks]"')
    pytest.importorskip("ipykernel", reason='notebooks need a kernel: pip install -e ".[notebooks]"')

    done = runs.NotebookRun(FOLDER / f"{name}.ipynb", default_timeout=300).execute()

    assert done.error is None, done.error.trace
