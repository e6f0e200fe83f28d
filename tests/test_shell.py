"""The command line as a shell knows it: real pipes, a real Ctrl-C, a full disk, a closed or read-only place."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FORECAST = [sys.executable, "-m", "forecast"]
PREDICT = "predict nile --models naive --horizon 2 -q"
unix = pytest.mark.skipif(os.name == "nt", reason="a Unix shell")


def shell(line, folder):
    """Run a line of bash in which `forecast` is the command; return what came of it."""
    command = f'set -o pipefail; forecast() {{ "{sys.executable}" -m forecast "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
@unix
def test_another_program_reads_what_is_printed_as_json(tmp_path):
    done = shell(f'forecast {PREDICT} --json | "{sys.executable}" -m json.tool --compact', tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [row["ds"] for row in json.loads(done.stdout)["forecasts"]] == ["1971-01-01", "1972-01-01"]


@pytest.mark.slow
@unix
def test_the_first_line_may_be_all_that_is_read(tmp_path):
    done = shell(f"forecast {PREDICT} | head -1", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("unique_id,ds,model,y_hat")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "models",
        "data airline",
        pytest.param(PREDICT, marks=pytest.mark.slow),
        pytest.param("run nile --models naive --n-windows 1 --horizon 2 -q --out r", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_below_what_is_printed_is_an_error_of_files(tmp_path, words):
    done = shell(f"forecast {words} >/dev/full", tmp_path)

    assert done.returncode == 5
    assert done.stderr == (
        "error[F105]: disk full while writing what is printed\n  try:   free some space, or send it to another place\n"
    )


@pytest.mark.slow
@unix
def test_data_come_through_a_pipe_and_a_closed_one_is_answered_with_the_help(tmp_path):
    piped = shell(f"forecast data nile | forecast {PREDICT.replace('nile', '-')}", tmp_path)
    closed = shell("forecast check - <&-", tmp_path)

    assert (piped.returncode, len(piped.stdout.splitlines())) == (0, 3)
    assert closed.returncode == 2
    assert closed.stderr.startswith("Usage: forecast check")


@pytest.mark.slow
@unix
def test_a_folder_in_which_nothing_may_be_made_is_an_error_of_files(tmp_path):
    place = tmp_path / "closed"
    place.mkdir(mode=0o500)
    if os.access(place, os.W_OK):  # root may write anywhere but here
        place = Path("/proc")
        if not place.is_dir():
            pytest.skip("every folder can be written to")

    for words in (f"{PREDICT} --output next.csv", "run nile --models naive", "run nile --models naive --out r"):
        done = shell(f"forecast {words}", place)
        assert (done.returncode, done.stdout) == (5, ""), done.stderr
        assert done.stderr.startswith("error[F104]: cannot write ")


@pytest.mark.slow
@unix
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_in_the_middle_ends_with_130_and_keeps_what_is_finished(tmp_path, jobs):
    words = ["run", "nile", "--models", "mlp", "--preset", "best", "--n-windows", "9", "--out", "r", "-v"]
    with subprocess.Popen(
        [*FORECAST, *words, "--jobs", str(jobs)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        for line in run.stderr:
            if re.match(r"[5-9] of 30: ", line):
                run.send_signal(signal.SIGINT)
                break
        out, err = run.communicate(timeout=60)

    assert (run.returncode, out) == (130, "")
    assert re.search(r"interrupted in .+; finished scores kept in r\.partial\n  try:   forecast run --resume r", err)
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["r.partial"]
    assert json.loads((tmp_path / "r.partial/run.json").read_text("utf-8"))["status"] == "interrupted"


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["config", "--help"], ["errors"]])
def test_what_is_printed_for_a_pipe_has_neither_boxes_nor_colours(call, words):
    _, out, _ = call(*words)

    assert not set(out) & set("\x1b╭╮╰╯│─━┃")


def test_no_module_asks_for_the_click_that_typer_carries():
    package = Path(__file__).parent.parent / "forecast"
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}

    assert len(sources) > 200
    assert [path for path, text in sources.items() if re.search(r"^\s*(import|from) click\b", text, re.MULTILINE)] == []
