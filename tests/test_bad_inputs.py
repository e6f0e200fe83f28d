"""Every file in bad_inputs/ gives the exit code, the findings and the words of its line in cases.toml."""

import csv
import io
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from undrawn import drawn

from forecast import cli

FOLDER = Path(__file__).parent / "bad_inputs"
CASES = tomllib.loads((FOLDER / "cases.toml").read_text(encoding="utf-8"))["case"]
REFUSED = [case for case in CASES if case["exit"]]
READ = [case for case in CASES if case["exit"] == 0]
DATA_CODES = [f"D{number}" for number in range(101, 123)] + [f"W{number}" for number in range(201, 214)] + ["F102"]
LIMIT = 5.0
"""Seconds of computing for a file, which only a hang can take: whatever else the machine does is not counted."""


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=[case["file"] for case in cases])


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line beside a copy of one file; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(words, file):
        if not Path(file).exists():
            shutil.copy(FOLDER / file, file)
        monkeypatch.setattr(sys, "argv", ["forecast", *words])
        start = time.process_time()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert time.process_time() - start < LIMIT
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "internal error" not in err
        return int(caught.value.code or 0), out, err

    return run


@pytest.fixture(scope="module")
def said():
    """What check says of each file, which is asked once."""
    return {}


@pytest.fixture
def checked(call, said):
    """What check says of the file of a case."""

    def check(case):
        file = case["file"]
        if file not in said:
            said[file] = call(["check", file, *case.get("args", [])], file)
        return said[file]

    return check


def findings(out):
    """The rows under the second heading of what check prints."""
    table = out.partition("\n\n")[2]
    return list(csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_every_file_has_its_case_and_every_case_its_file():
    assert sorted(case["file"] for case in CASES) == sorted({p.name for p in FOLDER.iterdir()} - {"cases.toml"})


@pytest.mark.parametrize("code", DATA_CODES)
def test_every_code_that_data_can_cause_has_two_files(code):
    assert Counter(code for case in CASES for code in case["codes"])[code] >= 2


def test_no_two_files_hold_the_same():
    contents = [path.read_bytes() for path in FOLDER.iterdir()]

    assert len(set(contents)) == len(contents)


@named(CASES)
def test_check_finds_what_is_there_and_names_it(checked, case):
    code, out, err = checked(case)

    assert code == case["exit"]
    found = findings(out)
    text = out + err
    if code == 5:
        assert f"error[{case['codes'][0]}]" in err
    else:
        assert {row["code"] for row in found} - {"W203"} == set(case["codes"]) - {"W203"}
        assert set(case["codes"]) <= {row["code"] for row in found}
        assert all(row["repair"] for row in found)
    for words in case.get("words", []):
        assert words in text


@named(REFUSED)
def test_run_refuses_with_the_same_words_and_leaves_nothing(call, case, tmp_path):
    code, out, err = call(["run", case["file"], *case.get("args", [])], case["file"])

    assert (code, out) == (case["exit"], "")
    assert any(f"error[{expected}]" in err for expected in case["codes"])
    assert "\n  try:   " in err or case["codes"] == ["F102"]
    assert case["file"] in err
    assert [path.name for path in tmp_path.iterdir()] == [case["file"]]


@named([case for case in REFUSED if case.get("repaired")])
def test_what_check_tells_one_to_type_repairs_the_file(call, checked, case):
    _, out, _ = checked(case)
    errors = [row["repair"] for row in findings(out) if row["severity"] == "error"]
    words = shlex.split(errors[-1])

    code, _, _ = call(words[1:], case["file"])

    assert (words[:2], code) == (["forecast", "check"], 0)


@named(CASES)
def test_every_other_command_that_check_prints_can_be_typed_too(call, checked, case):
    _, out, _ = checked(case)
    rows = [row for row in findings(out) if row["severity"] != "error"]
    commands = [shlex.split(row["repair"]) for row in rows if row["repair"].startswith("forecast check")]

    assert [call(words[1:], case["file"])[0] for words in commands] == [0] * len(commands)


@named([case for case in READ if case["file"] in ("few_rows.csv", "short_gap.csv")])
def test_the_repair_of_an_untested_forecast_tests_it(call, case):
    _, out, _ = call(["check", case["file"]], case["file"])
    (repair,) = [row["repair"] for row in findings(out) if row["code"] == "W203"]

    code, out, err = call([*shlex.split(repair)[1:], "--models", "naive"], case["file"])

    assert code == 0
    assert "W203" not in err


@named([case for case in READ if case["file"] in ("constant.csv", "one_long_gap.csv", "ended_early.csv")])
def test_a_run_on_what_is_only_doubtful_leaves_a_whole_folder(call, case):
    with drawn():
        code, _, _ = call(["run", case["file"], "--models", "naive", "--n-windows", "1", "--out", "r"], case["file"])

    assert code == 0
    assert sorted(path.name for path in Path().iterdir()) == sorted([case["file"], "r"])
    assert "What was found in the data" in Path("r/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["nul_byte.csv", "largest_floats.csv"])
def test_a_process_of_its_own_ends_the_same_way(file, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "forecast", "check", str(FOLDER / file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
