"""The errors that users meet, one of each kind, all told in the same form: code, what, where, what to type."""

import errno
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from undrawn import leave_undrawn

from forecast.codes import CODES
from forecast.models import arima_exact

FILES = Path(__file__).parent / "bad_inputs"
SALES = "year,sales\n" + "".join(f"{1950 + i},{i % 7}\n" for i in range(40))
NOT_THERE, A_FOLDER, NO_SETTING, EXISTS, FOREIGN, DIVERGES, UNEQUAL, OTHER, DAMAGED = range(9)
"""What has to be made first, where no file of bad_inputs/ says it all."""

ERRORS = {
    "file missing": (NOT_THERE, "run slaes.csv", 5, "F101"),
    "a folder": (A_FOLDER, "run folder", 5, "F102"),
    "empty file": ("empty.csv", "", 3, "D101"),
    "header only": ("header_only.csv", "", 3, "D101"),
    "not UTF-8": ("mixed_encodings.csv", "", 3, "D102"),
    "wrong delimiter": ("wrong_separator.csv", "--delimiter ,", 3, "D103"),
    "missing column": ("missing_column.csv", "--time date", 3, "D104"),
    "two candidate target columns": ("two_targets.csv", "", 3, "D105"),
    "ragged rows": ("ragged.csv", "", 3, "D106"),
    "text in target": ("text_in_target.csv", "", 3, "D107"),
    "decimal comma or thousands": ("decimal_or_thousands.csv", "", 3, "D108"),
    "unparseable dates": ("no_such_day.csv", "", 3, "D109"),
    "ambiguous day and month": ("day_or_month_dots.csv", "", 3, "D110"),
    "duplicate timestamps": ("two_series_no_id.csv", "", 3, "D111"),
    "mixed offsets": ("two_offsets.csv", "", 3, "D112"),
    "irregular steps": ("irregular.csv", "", 3, "D113"),
    "gaps": ("gap.csv", "--missing error", 3, "D114"),
    "gap too long to fill": ("long_gap.csv", "", 3, "D115"),
    "infinite value": ("infinite.csv", "", 3, "D116"),
    "fewer than three points": ("one_row.csv", "", 3, "D117"),
    "horizon longer than series": (None, "run nile --horizon 500", 3, "D118"),
    "log of zeros": ("zeros_and_a_logarithm.csv", "--transform log", 3, "D120"),
    "target in the features": ("copy_of_the_target.csv", "-y visits --future visitors", 3, "D121"),
    "too large for memory": ("too_large.csv.zip", "", 3, "D122"),
    "bad flag value": (None, "run nile --horizon soon", 2, "U101"),
    "unknown flag": (None, "run nile --horizn 3", 2, "U101"),
    "unknown setting": (NO_SETTING, "run nile", 2, "U101"),
    "output exists": (EXISTS, "run nile --out there", 5, "F103"),
    "output is not ours": (FOREIGN, "run nile --out there --overwrite", 5, "F104"),
    "loss diverging in all models": (DIVERGES, "predict nile --models theta", 4, "M101"),
    "saved models that do not fit the data": (OTHER, "predict airline --from r", 4, "M201"),
    "a damaged model file": (DAMAGED, "predict nile --from r", 4, "M202"),
    "unequal runs": (UNEQUAL, "compare a b", 2, "U201"),
}
WARNINGS = {
    "too short to test": ("few_rows.csv", "predict few_rows.csv --models naive", "W203"),
    "constant series": ("constant.csv", "predict constant.csv --models naive --horizon 2", "W202"),
    "absurd value": ("absurd.csv", "predict absurd.csv --models naive --horizon 2", "W201"),
}


def prepare(what, monkeypatch, call):
    """Make what a case needs."""
    Path("sales.csv").write_text(SALES, encoding="utf-8")
    if isinstance(what, str):
        shutil.copy(FILES / what, what)
    elif what == A_FOLDER:
        Path("folder").mkdir()
    elif what == NO_SETTING:
        Path("forecast.toml").write_text("[models.mlp]\nhiden_sizes = [3]\n", encoding="utf-8")
    elif what in (EXISTS, FOREIGN):
        Path("there").mkdir()
    elif what == DIVERGES:

        def diverge(self, panel, *, horizon):
            raise FloatingPointError("diverged at step 12")

        monkeypatch.setattr("forecast.models.theta.Theta.fit", diverge)
    elif what in (OTHER, DAMAGED):
        monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
        call("run", "nile", "--models", "naive", "--n-windows", "1", "--horizon", "2", "--out", "r")
        if what == DAMAGED:
            Path("r/models/naive.npz").write_bytes(b"x")
    elif what == UNEQUAL:
        monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
        for name, horizon in (("a", 2), ("b", 3)):
            call("run", "nile", "--models", "naive", "--n-windows", "1", "--horizon", horizon, "--out", name)


@pytest.mark.parametrize(("what", "words", "exit_code", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_has_its_code_its_exit_and_a_command_to_try(call, monkeypatch, tmp_path, what, words, exit_code, code):
    prepare(what, monkeypatch, call)
    before = sorted(tmp_path.iterdir())

    found, out, err = call(*(["run", what, *words.split()] if isinstance(what, str) else words.split()))

    assert (found, out) == (exit_code, "")
    assert f"error[{code}]: " in err
    assert "\n  try:   " in err
    assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before
    assert CODES[code].exit_code == exit_code
    assert call("errors", code)[1].startswith(f"{code} (")


@pytest.mark.parametrize(("file", "words", "code"), WARNINGS.values(), ids=WARNINGS.keys())
def test_what_is_only_doubtful_is_a_warning_and_an_error_where_that_is_asked_for(call, monkeypatch, file, words, code):
    prepare(file, monkeypatch, call)

    exit_code, out, err = call(*words.split())
    strictly = call(*words.split(), "--strict")

    assert exit_code == 0
    assert out.startswith("unique_id,")
    assert f"warning[{code}]: " in err
    assert strictly[:2] == (3, "")
    assert f"error[{code}]: " in strictly[2]
    assert CODES[code].exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        "run nosuch.csv --out there",
        "run nosuch.csv --out there --dry-run",
        "run nosuch.csv --out there --overwrite",
        "tune nosuch.csv --out there",
        "tune nosuch.csv --out there --dry-run",
        "backtest nosuch.csv --output sales.csv",
        "backtest nosuch.csv --output sales.csv --dry-run",
        "predict nosuch.csv --output sales.csv --dry-run",
    ],
)
def test_that_the_output_exists_is_said_before_the_data_are_read(call, monkeypatch, words):
    if words.startswith("tune"):
        pytest.importorskip("optuna")
    prepare(EXISTS, monkeypatch, call)

    code, out, err = call(*words.split())

    assert (code, out) == (5, "")
    assert ("error[F104]" if "--overwrite" in words else "error[F103]") in err
    assert "nosuch.csv" not in err


@pytest.mark.parametrize(
    "words",
    [
        "run nosuch.csv --out sales.csv/r",
        "run nosuch.csv --out sales.csv/deep/er/r --dry-run",
        "tune nosuch.csv --out sales.csv/r",
        "backtest nosuch.csv --output there --overwrite",
        "predict nosuch.csv --output sales.csv/next.csv",
    ],
)
def test_that_the_output_cannot_be_written_is_said_before_the_data_are_read(call, monkeypatch, tmp_path, words):
    if words.startswith("tune"):
        pytest.importorskip("optuna")
    prepare(EXISTS, monkeypatch, call)
    before = sorted(tmp_path.rglob("*"))

    code, out, err = call(*words.split())

    assert (code, out) == (5, "")
    assert err.startswith(f"error[F104]: cannot write {words.split()[3]}: ")
    assert sorted(tmp_path.rglob("*")) == before


def test_that_there_can_be_no_folder_of_reports_is_said_before_the_data_are_read(call):
    Path("reports").write_text("", encoding="utf-8")

    code, out, err = call("run", "nosuch.csv")

    assert (code, out) == (5, "")
    assert err.startswith("error[F104]: cannot write reports")


@pytest.mark.parametrize("verb", ["predict", "backtest"])
def test_an_output_with_the_suffix_of_no_table_is_refused_before_the_data_are_read(call, tmp_path, verb):
    code, out, err = call(verb, "nosuch.csv", "--output", "next month.foo")

    assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
    assert "error[U101]: cannot write next month.foo: its suffix should be .csv, .xlsx or .parquet\n" in err
    assert err.endswith("  try:   --output 'next month.csv'\n")


def test_a_suffix_in_capitals_is_the_same_suffix(call):
    words = ("--models", "naive", "--horizon", "1", "--n-windows", "1", "--output", "NEXT.CSV")

    assert call("predict", "nile", *words)[0] == 0
    assert Path("NEXT.CSV").read_text(encoding="utf-8").startswith("unique_id,ds,model,y_hat")


def test_a_plan_for_an_output_that_may_be_replaced_is_made(call, monkeypatch):
    prepare(EXISTS, monkeypatch, call)

    words = ("--models", "naive", "--horizon", "2", "--output", "sales.csv", "--overwrite", "--dry-run")
    code, out, _ = call("predict", "nile", *words)

    assert (code, out.startswith("plan\tvalue\n")) == (0, True)
    assert Path("sales.csv").read_text(encoding="utf-8") == SALES


def test_a_name_that_was_nearly_right_is_proposed(call, monkeypatch):
    prepare(NOT_THERE, monkeypatch, call)

    assert 'no file "slaes.csv"; did you mean "sales.csv"?' in call("run", "slaes.csv")[2]
    assert "did you mean hidden_sizes?" in call("run", "nile", "--set", "models.mlp.hiden_sizes=3")[2]


def test_a_full_disk_keeps_what_is_finished_and_the_run_goes_on_from_there(call, monkeypatch):
    words = ("run", "nile", "--models", "naive", "--n-windows", "2", "--horizon", "2", "--out", "r")
    with monkeypatch.context() as patch:

        def full(folder, **_):
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr("forecast.report.render", full)
        code, out, err = call(*words)
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)

    assert (code, out) == (5, "")
    assert re.search(r"error\[F105\]: disk full after [\d.]+ MB; kept r\.partial\n", err)
    assert err.endswith("  try:   free some space, then: forecast run --resume r.partial\n")
    assert not Path("r").exists()
    assert call("run", "--resume", "r.partial")[0] == 0
    assert [path.name for path in Path().glob("r*")] == ["r"]


FILE_OF = 16 * 1024
"""Bytes that a file may have, as the system is told below: fewer than the page of a run."""
IN_LITTLE_ROOM = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({FILE_OF}, {FILE_OF}))
from forecast import cli
cli.main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there the system has no such limit")
def test_a_file_that_the_system_has_no_room_for_is_a_full_disk(tmp_path, call):
    words = ["run", "nile", "--models", "naive", "--n-windows", "1", "--horizon", "2", "--out", "r", "--jobs", "1"]

    done = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_ROOM, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (5, "")
    assert "error[F105]: disk full" in done.stderr
    assert "forecast run --resume r.partial" in done.stderr
    assert (tmp_path / "r.partial" / "tasks").is_dir()


def test_a_fit_of_arima_that_did_not_converge_is_said_and_stands_on_the_page(call, monkeypatch):
    original = arima_exact.fit_exact

    def stopped(problem, start):
        fit = original(problem, start)
        return fit and replace(fit, converged=False)

    monkeypatch.setattr(arima_exact, "fit_exact", stopped)
    leave_undrawn(monkeypatch)
    words = ("run", "nile", "--models", "arima", "--n-windows", "2", "--horizon", "2", "--out", "r", "--jobs", "1")
    code, _, err = call(*words)

    assert code == 0
    assert re.search(r"warning\[W302\]: the fit of arima\(.+ did not converge: .+ \(final fit\)\n", err)
    assert re.search(r"warning\[W302\]: the fit of arima\(.+ \(\d of 2 windows\)\n", err)
    assert "W302" in Path("r/report.html").read_text(encoding="utf-8")
    assert call(*words, "--overwrite", "--strict")[0] == 4


def test_an_interrupt_ends_with_130_and_says_so(call, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("forecast.ready.read_series", interrupt)

    code, out, err = call("predict", "nile")

    assert (code, out) == (130, "")
    assert "interrupted" in err


def test_a_bug_of_ours_ends_with_1_and_asks_for_a_report(call, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("forecast.ready.read_series", broken)

    code, out, err = call("check", "nile")

    assert (code, out) == (1, "")
    assert "internal error in ready.py:" in err
    assert "forecast doctor --json" in err
    assert "Traceback" not in err
