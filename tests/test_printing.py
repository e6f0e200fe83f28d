"""Tables for a person, tabs for a pipe."""

import math
from re import sub

import pytest

from forecast.cli.printing import print_rows

ROWS = [("mlp", 0.123456, 3), ("a\tb\x1b[31m", math.nan, None)]


def test_a_pipe_gets_a_line_for_each_row_with_tabs_between_cells(capsys):
    print_rows(("model", "mase", "n"), ROWS)

    assert capsys.readouterr().out == "model\tmase\tn\nmlp\t0.1235\t3\na b [31m\tn/a\tn/a\n"


def test_a_terminal_gets_a_table_with_numbers_at_the_right(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")

    print_rows(("model", "mase", "n"), ROWS)

    out = sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "───" in out
    assert "\t" not in out
    lines = [line.rstrip() for line in out.splitlines() if line.strip()]
    assert lines[0].split() == ["model", "mase", "n"]
    assert lines[2].endswith("3")
    assert len({line.index("0.1235") + 6 for line in lines if "0.1235" in line} | {lines[0].index("mase") + 4}) == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_a_table_without_rows_has_a_head(capsys, monkeypatch, terminal):
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "dumb")

    print_rows(("model", "mase"), [])

    assert capsys.readouterr().out.split()[:2] == ["model", "mase"]
