"""How much a run tells, and in what dress."""

import os
import subprocess
import sys

import pytest

QUICK = ("--models", "naive", "--n-windows", "2", "--horizon", "3")
UNTESTED = ("--models", "naive", "--horizon", "98")


def test_verbose_says_every_fit_that_is_begun(call):
    _, _, err = call("backtest", "nile", *QUICK, "-v")

    assert "3 steps ahead, 2 test windows" in err
    assert "\n1 of 4: naive\n" in err or "\n1 of 4: seasonal_naive\n" in err


@pytest.mark.parametrize(
    ("words", "sentences", "warnings"),
    [
        ((), True, True),
        (("--log-level", "info"), True, True),
        (("--log-level", "warning"), False, True),
        (("--log-level", "error"), False, False),
        (("-q",), False, False),
    ],
)
def test_the_level_says_how_much_is_said(call, words, sentences, warnings):
    code, out, err = call("predict", "nile", *UNTESTED, *words)

    assert code == 0
    assert out.startswith("unique_id,ds,model,y_hat")
    assert ("steps ahead" in err) == sentences
    assert ("warning[W203]" in err) == warnings


def test_a_level_that_is_none_is_refused(call):
    code, _, err = call("run", "nile", "--log-level", "loud")

    assert code == 2
    assert "--log-level" in err


def test_quiet_twice_leaves_the_exit_code_alone(call):
    assert call("backtest", "nile", *QUICK, "-qq") == (0, "", "")
    assert call("backtest", "nile", "--horizon", "500", "-qq") == (3, "", "")
    assert call("predict", "nosuch.csv", "-qq") == (5, "", "")


def test_quiet_once_keeps_the_errors(call):
    code, out, err = call("backtest", "nile", "--horizon", "500", "-q")

    assert (code, out) == (3, "")
    assert err.startswith("error[D118]")


def test_settings_that_lie_in_the_folder_are_said_to_be_used(call, tmp_path):
    (tmp_path / "forecast.toml").write_text("[backtest]\nhorizon = 2\n", encoding="utf-8")

    assert "settings of forecast.toml\n" in call("predict", "nile", "--models", "naive")[2]


def seen(tmp_path, *words, **variables):
    """Return the bytes that a run prints on a pseudo-terminal."""
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "forecast", "backtest", "nile", *QUICK, *words]
    around = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=follower, stderr=follower, env=around | {"TERM": "xterm-256color"} | variables
    ):
        os.close(follower)
        shown = b""
        while True:
            try:
                shown += os.read(leader, 4096)
            except OSError:
                break
    os.close(leader)
    return shown


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_a_terminal_that_cannot_draw_gets_plain_lines(tmp_path):
    shown = seen(tmp_path, TERM="dumb")

    assert b"\x1b" not in shown
    assert b"model\tmase" in shown


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
@pytest.mark.parametrize(
    ("words", "variables"), [(("--no-progress",), {}), ((), {"CI": "true"})], ids=["--no-progress", "CI"]
)
def test_the_bar_can_be_left_out(tmp_path, words, variables):
    shown = seen(tmp_path, *words, **variables)

    assert b"\x1b[?25l" not in shown  # the cursor is hidden only while a bar moves
    assert b"naive" in shown


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_a_bar_moves_on_a_terminal_and_colours_can_be_left_out(tmp_path):
    plain, coloured = seen(tmp_path, NO_COLOR="1"), seen(tmp_path)

    assert b"\x1b[?25l" in plain
    assert b"\x1b[?25l" in coloured
    assert b"\x1b[38;5;" in coloured
    assert b"\x1b[38;5;" not in plain
    assert b"\x1b[38;5;" not in seen(tmp_path, "--no-color")
