"""Words that do not parse, shells that ask what may follow, readers that stop early."""

import io
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from forecast import read_series
from forecast.errors import ConfigError

LOWEST = re.findall(
    r"^typer==(\S+)", (Path(__file__).parent.parent / ".ci" / "lowest.txt").read_text("utf-8"), re.MULTILINE
)

WRONG = {
    "a command": ("rn", 'no command "rn"; did you mean run?', "forecast run"),
    "a command like none": ("xyzzy", 'no command "xyzzy"', "forecast --help"),
    "a command of a group": ("config shw", 'no command "shw"; did you mean show?', "forecast config show"),
    "an option": ("run --horizn 3", 'no option "--horizn"; did you mean --horizon?', "forecast run --help"),
    "an option like none": ("check nile --xyzzy", 'no option "--xyzzy"', "forecast check --help"),
    "a word for a number": ("run nile --horizon soon", "--horizon should be a whole number", "forecast run --help"),
    "a number out of range": ("run nile --jobs 0", "--jobs ", "forecast run --help"),
    "a word of others": (
        "predict nile --format xml",
        "--format should be one of 'csv', 'json'",
        "forecast predict --help",
    ),
    "data for a command": ("nile", 'no command "nile"', "forecast run nile"),
    "a file for a command": ("'my sales.csv'", 'no command "my sales.csv"', "forecast run 'my sales.csv'"),
    "a missing argument": ("backtest", "missing argument 'data'", "forecast backtest --help"),
    "one word too many": ("check nile co2", "got unexpected extra argument", "forecast check --help"),
    "an option without value": ("run nile --seed", "option '--seed' requires an argument", "--help"),
}


@pytest.mark.parametrize(("words", "message", "hint"), WRONG.values(), ids=WRONG.keys())
def test_words_that_do_not_parse_are_answered_with_what_to_type(call, words, message, hint):
    code, out, err = call(*shlex.split(words))

    assert (code, out) == (2, "")
    assert err.lower().startswith(f"error[U101]: {message}".lower())
    assert err.endswith(f"{hint}\n")
    assert "\n  try:   forecast" in err


@pytest.mark.parametrize("verb", ["run", "predict", "backtest", "audit"])
def test_what_is_wrong_with_data_is_mended_by_the_command_that_was_typed(call, verb):
    code, _, err = call(verb, "nile", "--models", "naive", "--horizon", "500")

    assert code == 3
    assert err.endswith(f"  try:   forecast {verb} nile --horizon 6 --models naive\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--totals regoin", "--totals region"),
        ("--totals regoin --static kind", "--totals region --static kind"),
        ("--static kind,regoin", "--static kind,region"),
    ],
)
def test_the_column_that_was_probably_meant_is_proposed_for_its_flag(call, tmp_path, words, hint):
    rows = [f"{s},{'ns'[s]},x,{year},{s + year % 7}" for s in (0, 1) for year in range(1990, 2020)]
    (tmp_path / "shops.csv").write_text("\n".join(["shop,region,kind,year,sales", *rows]), encoding="utf-8")

    code, _, err = call("run", "shops.csv", *words.split())

    assert code == 3
    assert 'error[D104]: no column "regoin" in shops.csv\n' in err
    assert err.endswith(f"  try:   forecast run shops.csv {hint}\n")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("--budget 10ms", 'budget should be such as 60s\n  found: "10ms"', "--budget 60s"),
        ("--season-length 0", 'data.season_length should be greater than 0\n  found: "0"', "--season-length 12"),
        ("--set models.mlp.members=x", 'models.mlp.members should be a whole number\n  found: "x"', None),
        ("--duplicates x", "data.duplicates should be 'error', 'first', 'last', 'mean' or 'sum'", "--duplicates mean"),
    ],
)
def test_what_a_setting_should_be_is_said_in_words(call, words, message, hint):
    code, out, err = call("run", "nile", *words.split())

    assert (code, out) == (2, "")
    assert f"error[U101]: {message}\n" in err
    assert hint is None or err.endswith(f"  try:   {hint}\n")


def test_a_group_without_a_command_prints_its_help(call):
    code, out, err = call("config")

    assert (code, out) == (2, "")
    assert "Usage: forecast config" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [("forecast ru", ["run"]), ("forecast config sh", ["show"]), ("forecast backtest --hori", ["--horizon"])],
)
def test_a_shell_is_told_what_may_follow(words, expected, tmp_path):
    asked = {"_FORECAST_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}

    done = subprocess.run(
        [sys.executable, "-m", "forecast"],
        env=os.environ | asked,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == expected


def test_the_script_that_a_shell_needs_is_printed(call, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")

    _, out, _ = call("--show-completion", "bash")

    assert "complete -o default -F _forecast_completion forecast" in out


@pytest.mark.skipif(os.name == "nt", reason="a pipe of bash")
@pytest.mark.parametrize("words", ["--help", "run --help", "errors"])
def test_a_reader_of_help_or_tables_that_stops_early_is_no_error(words, tmp_path):
    command = f"{sys.executable} -m forecast {words} | true; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert (done.stdout.strip(), done.stderr) == ("0", "")


DEFAULTS = {
    "--horizon": "by frequency",
    "--models": "the usual",
    "--n-windows": "4 to 12",
    "--step-size": "a horizon",
    "--gap": "0",
    "--refit": "1",
    "--metric": "mase",
    "--level": "80,95",
    "--quantile": "none",
    "--paths": "none",
    "--missing": "auto",
    "--transform": "auto",
    "--duplicates": "error",
    "--series": "all",
    "--since": "all",
    "--seed": "0",
    "--seeds": "1",
    "--preset": "balanced",
    "--strict": "no",
    "--fallback": "no",
    "--sliding": "no",
    "--aggregate": "sum",
    "--delimiter": "sniffed",
    "--encoding": "sniffed",
    "--tz": "as written",
    "--future": "none",
    "--past": "none",
    "--static": "none",
    "--calendar": "none",
    "--holidays": "none",
    "--min": "none",
    "--max": "none",
    "--integer": "no",
    "--resample": "no",
    "--freq": "inferred",
    "--jobs": "one a core",
    "--config": "forecast.toml if there is one",
    "--out": "a new one in reports/",
}
"""What happens where a flag of a run is not typed, in the words of the help."""


@pytest.mark.skipif(version("typer") in LOWEST, reason="the lowest typer lays help out otherwise")
def test_help_says_of_every_flag_what_happens_without_it(call):
    entries = [" ".join(entry.split()) for entry in re.split(r"\n  (?=-)", call("run", "--help")[1])]
    told = {re.search(r"--[a-z-]+", entry)[0]: entry for entry in entries if entry.startswith("-")}

    for flag, default in DEFAULTS.items():
        assert re.search(rf"\[default: \(?{re.escape(default)}\)?[\];]", told[flag]), told[flag]


@pytest.mark.parametrize("words", ["run -", "check -", "predict - --horizon 3", "score r -", "backtest - -qq"])
def test_a_pipe_that_is_a_keyboard_is_answered_with_the_help(call, monkeypatch, words):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    code, out, err = call(*words.split())

    assert (code, out) == (2, "")
    assert f"Usage: forecast {words.split()[0]} [OPTIONS]" in err


def test_a_pipe_that_is_closed_is_answered_with_the_help_too(call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)

    code, out, err = call("check", "-")

    assert (code, out) == (2, "")
    assert "Usage: forecast check" in err
    with pytest.raises(ConfigError, match="standard input is closed"):
        read_series("-")


def test_what_comes_through_a_pipe_is_called_standard_input(call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))

    code, _, err = call("predict", "-")

    assert code == 3
    assert err.startswith("error[D101]: standard input is empty\n")
