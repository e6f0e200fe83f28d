"""Make the pages of `docs/` again, of the texts that `--help`, `forecast errors`, `models` and `config init` print.

The idea: nothing is written twice. A page is what the program says of itself, and a test holds the two together.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from forecast.cli import main as forecast
from forecast.cli.catalogue import commented_settings, list_models
from forecast.codes import CODES
from forecast.sections import in_toml

FOLDER = Path(__file__).resolve().parents[1] / "docs"
MADE = "This page is made by `make docs` of what `{}` prints.\n"


def helped(words: tuple[str, ...]) -> str:
    """Return the help of a command as it is printed, whatever the width of this terminal."""
    said = StringIO()
    typed = patch.object(sys, "argv", ["forecast", *words, "--help"])
    program = patch.dict(sys.modules, {"__main__": ModuleType("__main__")})  # not "python -m pytest", say
    with typed, program, patch.dict(os.environ, {"COLUMNS": "100"}), redirect_stdout(said):
        try:
            forecast()
        except SystemExit as end:
            if end.code:
                raise
    return "\n".join(line.rstrip() for line in said.getvalue().strip("\n").splitlines())


def commands(words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the words of every command that does something and its help, in the order of the help of all."""
    text = helped(words)
    _, title, listed = text.partition("\nCommands:\n")
    if not title:
        yield words, text
    for name in re.findall(r"^  (\S+)", listed, re.MULTILINE):
        yield from commands((*words, name))


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    for mark in "\\*_<|[":
        text = text.replace(mark, f"\\{mark}")
    return text


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def code(text: str) -> str:
    """Return a cell of code; nothing for nothing."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def page_of_commands() -> str:
    """Return the help of all commands."""
    parts = ["# The command line\n", MADE.format("forecast COMMAND --help"), f"```text\n{helped(())}\n```\n"]
    for words, text in commands():
        parts += [f"## forecast {' '.join(words)}\n", f"```text\n{text}\n```\n"]
    return "\n".join(parts)


def page_of_codes() -> str:
    """Return what every code means and how to mend it."""
    parts, kind = ["# Errors, warnings and remarks\n", MADE.format("forecast errors")], ""
    for one in CODES.values():
        if one.kind != kind:
            kind = one.kind
            ends = f"the command exits {one.exit_code}" if one.exit_code else "nothing stops"
            parts.append(f"## {kind.capitalize()}: {ends}\n")
        parts += [f"### {one.code}\n", f"{plain(one.meaning)}\n", f"Try: {plain(one.mend)}\n"]
    return "\n".join(parts)


def page_of_models() -> str:
    """Return all models, and the settings of each."""
    models = list_models()
    parts = [
        "# Models\n",
        MADE.format("forecast models"),
        "A setting stands under `[models.NAME]` in the file of settings.\n",
    ]
    rows = [(f"[{one.name}](#{one.name})", one.runs, plain(one.summary)) for one in models]
    parts.append(table(("model", "runs", "what"), rows))
    for model in models:
        parts += [f"## {model.name}\n", f"{plain(model.summary)} Runs {model.runs}.\n"]
        settings = [(code(s.name), code(in_toml(s.default)), plain(s.values), plain(s.meaning)) for s in model.settings]
        parts.append(table(("setting", "default", "values", "what"), settings) if settings else "No settings.\n")
    return "\n".join(parts)


def page_of_settings() -> str:
    """Return the file of settings."""
    return "\n".join(["# Settings\n", MADE.format("forecast config init"), f"```toml\n{commented_settings()}```\n"])


def pages() -> dict[str, str]:
    """Return the text of every page by the name of its file."""
    return {
        "cli.md": page_of_commands(),
        "config.md": page_of_settings(),
        "errors.md": page_of_codes(),
        "models.md": page_of_models(),
    }


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
