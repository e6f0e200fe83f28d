import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import COMMANDS
from undrawn import drawn

import forecast
from forecast import cli, pipeline
from forecast.cli import running, telling
from forecast.errors import ConfigError

ONLY_TYPED = {"json", "dry_run", "fail_if", "browse"}
QUICK = ("--models", "naive", "--n-windows", "2")


def test_a_run_prints_the_path_of_the_report_and_nothing_else_to_stdout(call):
    code, out, err = call("run", "nile", *QUICK, "--out", "r")

    assert (code, out) == (0, f"{Path('r') / 'report.html'}\n")
    assert Path("r/report.html").is_file()
    assert "naive" in err


def test_standard_error_says_how_the_data_were_understood_and_who_is_best(call):
    _, _, err = call("run", "nile", *QUICK, "--out", "r")

    assert '"year"' in err
    assert '"flow"' in err
    assert "yearly (inferred" in err
    assert "model\tmase\tsmape\tmae\trmse\tskill\t80% covered\t95% covered" in err
    assert len(err.splitlines()) <= 12


def test_a_run_of_many_series_and_models_says_all_in_twelve_lines(call):
    words = ("--models", "drift,mean,theta", "--n-windows", "1", "--horizon", "4", "--out", "r", "--jobs", "1")

    code, _, err = call("run", "macro", *words)

    assert code == 0
    assert len(err.splitlines()) <= 12, err
    assert 'time: column "quarter"; target: column "value"; id: column "indicator" (8 series)\n' in err
    assert "... and 1 more model: all of them stand on the page\n" in err
    assert " over 8 series (MASE " in err.splitlines()[-1]


def test_quiet_prints_the_path_alone(call):
    code, out, err = call("run", "nile", *QUICK, "-q", "-o", "r")

    assert (code, err) == (0, "")
    assert out.endswith("report.html\n")


def test_no_file_is_written_outside_the_run_folder(call, tmp_path):
    with drawn():
        call("run", "nile", *QUICK, "--out", "r")

    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    assert list((tmp_path / "r" / "figures").glob("*.png"))


def test_the_flags_are_those_of_the_function():
    ours = set(inspect.signature(running.run).parameters) - {*telling.FLAGS, *ONLY_TYPED}
    theirs = set(inspect.signature(pipeline.run).parameters) - {"listener", "spent"}

    assert ours == theirs


def test_settings_in_the_folder_are_used(call):
    Path("forecast.toml").write_text("[backtest]\nhorizon = 3\n[models.naive]\n", encoding="utf-8")

    _, _, err = call("run", "nile", "--out", "r", "--n-windows", "1")

    assert "3 steps ahead, 1 test window\n" in err


def test_a_semicolon_file_with_decimal_commas_is_read(call):
    rows = [f"{2000 + i // 12}-{i % 12 + 1:02d};{i},5" for i in range(48)]
    Path("x.csv").write_text("\n".join(["Monat;Umsatz", *rows]), encoding="utf-8")

    code, _, err = call("run", "x.csv", *QUICK, "--out", "r")

    assert code == 0
    assert "monthly (inferred" in err
    assert "47.5" in Path("r/history.csv").read_text(encoding="utf-8")


def test_headings_of_ones_own_are_understood(call):
    rows = [f"{2000 + i // 12}-{i % 12 + 1:02d},{i}" for i in range(48)]
    Path("x.csv").write_text("\n".join(["Month,Passengers", *rows]), encoding="utf-8")

    code, _, err = call("run", "x.csv", *QUICK, "--out", "r")

    assert code == 0
    assert '"Passengers"' in err


BAD = {
    "missing file": (None, [], 5, "F101"),
    "empty file": ("", [], 3, "D101"),
    "header only": ("ds,y\n", [], 3, "D101"),
    "no numeric column": ("ds,name\n2020-01,a\n2020-02,b\n2020-03,c\n", [], 3, "D1"),
    "unparsable dates": ("ds,y\n2020-01-01,1\n31.02.2020,2\n2020-01-03,3\n2020-01-04,3\n", [], 3, "D109"),
    "too few rows": ("ds,y\n2020-01,1\n2020-02,2\n2020-03,3\n2020-04,3\n", ["--horizon", "12"], 3, "D118"),
    "two rows": ("ds,y\n2020-01,1\n2020-02,2\n", [], 3, "D117"),
    "horizon 0": ("ds,y\n2020-01,1\n2020-02,2\n2020-03,3\n", ["--horizon", "0"], 2, "U101"),
    "unknown model": ("ds,y\n2020-01,1\n2020-02,2\n2020-03,3\n", ["--models", "mpl"], 2, "U101"),
    "level": ("ds,y\n2020-01,1\n2020-02,2\n2020-03,3\n", ["--level", "many"], 2, "U101"),
    "missing column": ("ds,y\n2020-01,1\n2020-02,2\n2020-03,3\n", ["--target", "sales"], 3, "D104"),
    "no such settings": ("ds,y\n2020-01,1\n2020-02,2\n2020-03,3\n", ["--config", "no.toml"], 5, "F101"),
    "a long gap": (
        "ds,y\n" + "".join(f"{y},{'' if 1950 < y < 1970 else y}\n" for y in range(1900, 2000)),
        [],
        3,
        "D115",
    ),
}


@pytest.mark.parametrize(("text", "flags", "expected", "code"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_an_error_with_a_code_and_leaves_nothing(call, tmp_path, text, flags, expected, code):
    if text is not None:
        Path("x.csv").write_text(text, encoding="utf-8")
    before = sorted(path.name for path in tmp_path.iterdir())

    exit_code, out, err = call("run", "x.csv", *flags)

    assert (exit_code, out) == (expected, "")
    assert f"error[{code}" in err
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_an_existing_folder_is_an_error_of_files(call):
    Path("r").mkdir()

    code, _, err = call("run", "nile", *QUICK, "--out", "r")

    assert code == 5
    assert "error[F103]" in err


def test_an_unknown_flag_is_an_error_of_usage(call):
    assert call("run", "--horizn", "3")[0] == 2


def test_a_word_that_is_no_number_is_an_error_of_usage(call):
    assert call("run", "nile", "--horizon", "soon")[0] == 2


def test_no_words_at_all_print_the_help(call):
    code, out, err = call()

    assert code == 2
    assert "run" in out + err


def test_the_version_is_printed(call):
    assert call("--version") == (0, f"forecast {forecast.__version__}\n", "")


def test_a_bug_of_ours_is_said_in_two_lines_without_a_traceback(call, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(pipeline, "run", broken)

    code, _, err = call("run", "nile")

    assert code == 1
    assert "internal error in cli/running.py:" in err
    assert "Traceback" not in err


def test_a_bug_within_a_run_is_kept_with_its_trace_beside_the_folder_that_was_to_be(call, monkeypatch, tmp_path):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("forecast.report.render", broken)

    code, out, err = call("run", "nile", *QUICK, "--out", "r")

    assert (code, out) == (1, "")
    assert f"ZeroDivisionError: oops; details in {Path('r.log')}\n" in err
    assert [path.name for path in tmp_path.iterdir()] == ["r.log"]
    log = Path("r.log").read_text(encoding="utf-8")
    assert "forecast run nile --models naive --n-windows 2" in log
    assert "Traceback (most recent call last)" in log
    assert log.endswith("ZeroDivisionError: oops\n")


def test_a_bug_of_ours_can_be_seen_whole(monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(pipeline, "run", broken)
    monkeypatch.setattr(sys, "argv", ["forecast", "run", "nile"])
    monkeypatch.setenv("FORECAST_TRACEBACK", "1")

    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_an_interrupted_run_says_so_and_keeps_what_it_finished(call, monkeypatch, tmp_path):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("forecast.report.render", interrupt)

    code, out, err = call("run", "nile", *QUICK)

    assert (code, out) == (130, "")
    (partial,) = (tmp_path / "reports").iterdir()
    assert f"interrupted in the report; finished scores kept in reports/{partial.name}" in err
    assert f"forecast run --resume reports/{partial.name}" in err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="head is a Unix command")
def test_a_reader_that_stops_early_is_no_error(tmp_path):
    command = (
        f"{sys.executable} -m forecast run nile --models naive --n-windows 1 -q --out r | true; echo ${{PIPESTATUS[0]}}"
    )

    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "0"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_a_command_does_and_shows_it_at_work(call, name):
    code, out, _ = call(*name.split(), "--help")

    assert code == 0
    assert f"Example: forecast {name}" in out


HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "statsmodels", "jinja2", "pydantic"}


@pytest.mark.parametrize("words", [["--help"], *([*name.split(), "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_heavy(tmp_path, words):
    code = (
        f"import sys; sys.argv = ['forecast', *{words!r}]\n"
        "from forecast.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "--help" in done.stdout


def test_help_of_one_command_loads_no_other(tmp_path):
    code = (
        "import sys; sys.argv = ['forecast', 'errors', '--help']\n"
        "from forecast.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*(name for name in sys.modules if name.startswith('forecast.cli.')), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert "forecast.cli.reference" in done.stderr
    assert "forecast.cli.running" not in done.stderr


def test_the_help_of_the_whole_shows_every_command_with_a_line_that_fits(call):
    _, out, _ = call("--help")

    for name, (_, line) in cli.COMMANDS.items():
        assert f"  {name.ljust(9)}  {line}\n" in out


def test_python_m_forecast_is_the_same_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "forecast", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"forecast {forecast.__version__}\n"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_two_processes(tmp_path):
    for name in ("a", "b"):
        words = ["run", "airline", "--models", "mlp", "--n-windows", "1", "--seed", "3", "-q", "--out", name]
        subprocess.run([sys.executable, "-m", "forecast", *words], cwd=tmp_path, check=True, capture_output=True)

    assert (tmp_path / "a/forecasts.csv").read_bytes() == (tmp_path / "b/forecasts.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_a_person_at_a_terminal_sees_progress_and_a_table(tmp_path):
    import pty

    leader, follower = pty.openpty()
    words = [sys.executable, "-m", "forecast", "run", "nile", *QUICK, "--out", "r"]
    done = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=follower, env=os.environ | {"TERM": "xterm"}
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            shown += os.read(leader, 4096)
        except OSError:
            break
    out, _ = done.communicate()

    assert out.decode().strip().endswith("report.html")
    assert b"seasonal_naive" in shown
    assert b"\x1b[" in shown


def test_the_options_for_seasons_periods_and_bounds_are_carried_out(call):
    rng = np.random.default_rng(0)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60 * 24 * 60, 4000), unit="min")
    pd.DataFrame({"when": when, "sales": rng.integers(0, 3, 4000)}).to_csv("sales.csv", index=False)
    words = "--models naive --resample D --aggregate sum --season-length 7,28 --min 40.5 --max 80 --integer"
    code, _, err = call("run", "sales.csv", *words.split(), "-H", "3", "--n-windows", "4", "-o", "out")
    assert code == 0, err
    assert "daily (resampled), season 7 and 28" in err
    forecasts = pd.read_csv("out/forecasts.csv")[["y_hat", "lo-80", "hi-80"]].to_numpy()
    assert (forecasts == np.rint(forecasts)).all()
    assert forecasts.min() >= 41
    assert forecasts.max() <= 80
    assert (pd.read_csv("out/backtest.csv")["y_hat"] >= 41).all()
    assert " --integer" in json.loads(Path("out/run.json").read_text(encoding="utf-8"))["command"]
    code, _, err = call("run", "sales.csv", "-c", "out/config.toml", "-o", "again")
    assert code == 0, err
    assert Path("again/forecasts.csv").read_bytes() == Path("out/forecasts.csv").read_bytes()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("--season-length 7,x", '"7,x" should be whole numbers', "--season-length 12"),
        ("--season-length 0", "data.season_length should be", "--season-length 12"),
        ("--min 5 --max 1", "the smallest forecast, 5, is larger than the largest, 1", "--min 1 --max 5"),
        ("--resample weekly", '"weekly" is not a period', "--resample W"),
        ("--aggregate median", "data.aggregate should be", "--aggregate sum"),
        ("--aggregate mean", "--resample, which is missing", "--resample W --aggregate mean"),
    ],
)
def test_wrong_options_for_seasons_periods_and_bounds_are_refused(call, words, message, hint):
    code, _, err = call("run", "airline", *words.split())
    assert code == 2, err
    assert message in err
    assert hint in err


def test_a_logarithm_that_was_named_needs_positive_values(call, tmp_path):
    rows = "".join(f"{1900 + i},{i % 7 - 3}\n" for i in range(60))
    (tmp_path / "odd.csv").write_text("year,y\n" + rows, encoding="utf-8")

    code, _, err = call("run", "odd.csv", "--transform", "log", "--out", "r")

    assert code == 3
    assert "error[D120]: odd.csv: log needs values > 0; 36 are <= 0 (min -3 in series" in err
    assert err.endswith("try:   forecast run odd.csv --transform none\n")
    assert not (tmp_path / "r").exists()


def test_a_transform_that_does_not_exist_is_refused_before_anything_is_done(call, tmp_path):
    code, _, err = call("run", "nile", "--transform", "logg", "--out", "r")

    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert 'error[U101]: no transform "logg"; did you mean log?' in err
    assert "--transform log" in err


def test_named_transforms_are_recorded_with_their_reasons(call, tmp_path):
    call("run", "nile", *QUICK, "--models", "linear", "--transform", "log,difference(1)", "--out", "r")

    chosen = json.loads((tmp_path / "r" / "choices.json").read_text(encoding="utf-8"))["final"]["linear"]
    assert (chosen["log"], chosen["log_why"], chosen["difference"]) == ("yes", "named by the user", "yes")
    assert 'transform = "log,difference(1)"' in (tmp_path / "r" / "config.toml").read_text(encoding="utf-8")


def test_a_page_with_its_files_beside_it_is_made_so_again(call):
    code, _, _ = call("run", "nile", *QUICK, "--assets", "separate", "--out", "r")
    page = Path("r/report.html").read_bytes()

    assert code == 0
    assert Path("r/report.css").is_file()
    assert b'<script src="report.js">' in page
    assert "--assets separate" in Path("r/command.txt").read_text(encoding="utf-8")
    assert call("report", "r")[0] == 0
    assert Path("r/report.html").read_bytes() == page
    assert call("report", "r", "--assets", "inline")[0] == 0
    assert b"<style>" in Path("r/report.html").read_bytes()


def test_what_the_assets_of_a_page_cannot_be_is_said_before_anything_is_read():
    with pytest.raises(ConfigError, match='assets should be inline or separate, not "beside"'):
        pipeline.run("nosuch.csv", assets="beside")
