"""Make the notebooks again: each text in `notebooks/*.py` becomes an executed `.ipynb` beside it.

The idea: the text is the source, the outputs are made from it, and nothing of the machine or the hour is kept.
"""

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def remade(text: Path) -> nbformat.NotebookNode:
    """Return the notebook of a text in jupytext's percent format, executed."""
    notebook = jupytext.read(text)
    place = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    notebook.metadata = nbformat.from_dict(
        {"jupytext": {"formats": "ipynb,py:percent"}, "kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", nbformat.from_dict({})
    return notebook


def main(names: list[str]) -> None:
    """Make the notebooks of these names, or all."""
    for text in sorted(FOLDER.glob("*.py")):
        if not names or text.stem in names:
            path = text.with_suffix(".ipynb")
            nbformat.write(remade(text), path)
            print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
