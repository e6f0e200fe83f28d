"""What a person reads of a leaderboard, drawn and in plain lines."""

import pandas as pd
import pytest

from forecast.cli.terminal import Terminal


def board(**columns):
    usual = {
        "model": ["mlp", "naive"],
        "mase": [0.5, float("nan")],
        "skill": [0.5, 0.0],
        "coverage-80": [75.0, float("nan")],
        "coverage_low-80": [50.0, float("nan")],
        "coverage_high-80": [91.2, float("nan")],
        "cases-80": [30.0, 0.0],
        "judgement-80": ["kept", "too few to judge"],
        "failures": [0, 0],
        "reason": ["", ""],
    }
    return pd.DataFrame(usual | columns)


def printed(capsys, frame, *, quiet=False):
    Terminal(quiet=quiet).leaderboard(frame)
    return [line for line in capsys.readouterr().err.splitlines() if line]


def test_a_pipe_gets_columns_with_the_coverage_and_its_band(capsys):
    assert printed(capsys, board()) == [
        "model\tmase\tskill\t80% covered",
        "mlp\t0.500\t0.500\t75% (50-91)",
        "naive\tn/a\t0.000\tuntested",
    ]


@pytest.mark.parametrize(
    ("cases", "words"), [([6, 6], "6 window(s)"), ([1, 12], "1 to 12 window(s)"), ([6, 40], "6 window(s)")]
)
def test_coverage_from_few_windows_is_called_too_few_to_judge(capsys, cases, words):
    lines = printed(capsys, board(**{"cases-80": cases}))

    assert lines[-1] == f"coverage from {words}: too few to judge, which takes 20"


def test_intervals_beside_their_level_are_called_so(capsys):
    lines = printed(capsys, board(**{"judgement-80": ["too narrow", "too few to judge"]}))

    assert lines[1] == "mlp\t0.500\t0.500\t75% (50-91) too narrow"


def test_a_model_that_failed_says_why(capsys):
    lines = printed(capsys, board(failures=[2, 0], reason=["singular [matrix]", ""]))

    assert lines[-1] == "mlp failed in 2 fit(s): singular [matrix]"


def test_quiet_says_nothing(capsys):
    assert printed(capsys, board(failures=[2, 0], reason=["why", ""]), quiet=True) == []


def test_a_terminal_gets_a_table(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")

    text = "\n".join(printed(capsys, board()))

    assert "80% covered" in text
    assert "75% (50-91)" in text
    assert "\t" not in text


def test_a_long_leaderboard_is_cut_short_and_that_is_said(capsys):
    frame = pd.concat([board(), board(), board()], ignore_index=True)

    lines = printed(capsys, frame)

    assert [line.split("\t")[0] for line in lines] == [
        *("model", "mlp", "naive", "mlp", "naive"),
        "... and 2 more models: all of them stand on the page",
    ]
