"""The errors that users meet, one of each kind, all told in the same form: code, what, where, what to type."""

import errno
import shutil
from pathlib import Path

import pytest

from forecast.codes import CODES

FILES = Path(__file__).parent / "bad_inputs"
SALES = "year,sales\n" + "".join(f"{1950 + i},{i % 7}\n" for i in range(40))
NOT_THERE, A_FOLDER, NO_SETTING, EXISTS, FOREIGN, FULL, DIVERGES, UNEQUAL = range(8)
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
    "disk full": (FULL, "run nile --models naive --n-windows 1 --out r", 5, "F105"),
    "loss diverging in all models": (DIVERGES, "predict nile --models theta", 4, "M101"),
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
    elif what == FULL:

        def full(folder):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("forecast.report.render", full)
    elif what == DIVERGES:

        def diverge(self, panel, *, horizon):
            raise FloatingPointError("diverged at step 12")

        monkeypatch.setattr("forecast.models.theta.Theta.fit", diverge)
    elif what == UNEQUAL:
        monkeypatch.setattr("forecast.report.render", lambda folder: None)
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


def test_a_name_that_was_nearly_right_is_proposed(call, monkeypatch):
    prepare(NOT_THERE, monkeypatch, call)

    assert 'no file "slaes.csv"; did you mean "sales.csv"?' in call("run", "slaes.csv")[2]
    assert "did you mean hidden_sizes?" in call("run", "nile", "--set", "models.mlp.hiden_sizes=3")[2]


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
    assert "internal error in test_error_table.py" in err
    assert "forecast doctor --json" in err
    assert "Traceback" not in err
