"""What a program is answered, and what CI can ask for."""

import json
from pathlib import Path

import pandas as pd
import pytest
from undrawn import leave_undrawn

from forecast import load_run
from forecast.config import resolve
from forecast.pipeline import backtest
from forecast.verbs.trials import expected

QUICK = ("--models", "naive", "--n-windows", "2", "--horizon", "3")


def test_a_run_is_one_object(call, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    code, out, _ = call("run", "nile", *QUICK, "--out", "r", "--json", "--open", "--fail-if", "mase>0")
    answer = json.loads(out)

    assert code == 6
    assert (answer["schema"], answer["folder"], answer["metric"]) == (1, "r", "mase")
    assert Path(answer["report"]).is_file()
    assert opened == [Path("r/report.html").resolve().as_uri()]
    assert [row["model"] for row in answer["leaderboard"]] == pd.read_csv("r/leaderboard.csv")["model"].tolist()
    whole = {"rank": [1, 2], "windows": [2, 2], "failures": [0, 0], "cases-80": [1, 1]}
    assert {name: [row[name] for row in answer["leaderboard"]] for name in whole} == whole
    assert '"rank": 1,' in out
    assert answer["forecast"]["series"] == 1
    assert [row["ds"] for row in answer["forecast"]["values"]] == ["1971-01-01", "1972-01-01", "1973-01-01"]
    assert {"y_hat", "lo-80", "hi-95"} <= set(answer["forecast"]["values"][0])
    assert call("report", "r", "--open")[0] == 0
    assert len(opened) == 2


@pytest.mark.parametrize("words", [("--format", "json"), ("--json",)])
def test_forecasts_are_one_object_too(call, words):
    rows = json.loads(call("predict", "nile", *QUICK, *words)[1])["forecasts"]

    assert [(row["unique_id"], row["ds"], row["model"], row["y_hat"]) for row in rows] == [
        ("flow", f"{year}-01-01", "naive", 740.0) for year in (1971, 1972, 1973)
    ]


def test_a_condition_that_is_true_ends_with_6_and_the_scores_are_printed_all_the_same(call):
    code, out, err = call("backtest", "nile", *QUICK, "--fail-if", "not beats seasonal_naive", "-q")

    assert code == 6
    assert out.startswith("model\tmase")
    assert err == "--fail-if: not beats seasonal_naive is true\n"


def test_a_condition_that_is_false_changes_nothing(call):
    assert call("backtest", "nile", *QUICK, "--fail-if", "mase>100")[0] == 0


def test_a_condition_that_cannot_be_read_is_refused_before_any_work(call, tmp_path):
    code, out, err = call("run", "nosuch.csv", "--fail-if", "exec('x')")

    assert (code, out) == (2, "")
    assert "error[U101]: --fail-if" in err


@pytest.mark.parametrize("verb", ["run", "backtest"])
@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("msae>1", 'no score "msae"'),
        ("mase>1 and coverage-90<80", 'no score "coverage-90"; did you mean coverage-95?'),
        ("beats theta", 'no model "theta" runs'),
        ("not beats naiv", 'no model "naiv" runs; did you mean naive?'),
        ("ets.mase>1", 'no model "ets" runs'),
    ],
)
def test_a_condition_on_what_there_will_not_be_is_refused_before_any_work(call, verb, condition, message):
    code, out, err = call(verb, "nosuch.csv", *QUICK, "--fail-if", condition)

    assert (code, out) == (2, "")
    assert f"error[U101]: --fail-if: {message}" in err


@pytest.mark.parametrize("options", [{}, {"level": [90.5]}, {"quantile": 0.9}, {"models": ["naive", "combination"]}])
def test_a_condition_may_ask_for_all_models_and_scores_of_the_leaderboard(options):
    given = {"models": ["naive", "drift"], "horizon": 3, "n_windows": 2, **options}

    board = backtest("nile", **given).leaderboard

    models, scores = expected(resolve(None, given))
    assert sorted(models) == sorted(board["model"])
    assert scores == [name for name in board if name not in ("model", "role", "reason") and "judgement" not in name]


@pytest.mark.parametrize("words", [("run", "--resume", "r.partial"), ("predict", "nile", "--from", "r")])
def test_what_trains_nothing_anew_has_no_plan(call, words):
    code, out, err = call(*words, "--dry-run")

    assert (code, out) == (2, "")
    assert f"error[U101]: --dry-run plans what is trained anew, which is not so with {' '.join(words[-2:])}" in err


@pytest.mark.parametrize("verb", ["run", "backtest", "predict"])
def test_a_doubt_about_the_data_is_an_error_where_warnings_are(call, tmp_path, verb):
    rows = "".join(f"{1900 + i},{1_000_000 if i == 30 else i % 7 + 1}\n" for i in range(60))
    Path("spike.csv").write_text("year,y\n" + rows, encoding="utf-8")

    code, out, err = call(verb, "spike.csv", *QUICK, "--strict")

    assert (code, out) == (3, "")
    assert "error[W201]" in err
    assert "(--strict" in err
    assert [path.name for path in tmp_path.iterdir()] == ["spike.csv"]


@pytest.mark.parametrize("verb", ["run", "backtest", "predict"])
def test_a_model_that_fails_is_an_error_where_warnings_are(call, tmp_path, verb, monkeypatch):
    def refuse(self, panel, *, horizon):
        raise FloatingPointError("no luck")

    monkeypatch.setattr("forecast.models.theta.Theta.fit", refuse)
    words = ("--models", "theta,naive", "--n-windows", "2", "--horizon", "3")

    code, out, err = call(verb, "nile", *words, "--strict")

    assert (code, out) == (4, "")
    assert "error[W306]: theta failed" in err
    assert list(tmp_path.rglob("*.csv")) == []


def test_names_that_a_spreadsheet_would_reckon_with_are_made_texts(call):
    rows = "".join(f"{name},{1900 + i},{i}\n" for name in ("=1+1", "plain") for i in range(20))
    Path("x.csv").write_text("id,year,y\n" + rows, encoding="utf-8")
    words = ("predict", "x.csv", "--models", "naive", "--horizon", "1", "--excel-safe")

    printed = call(*words)[1]
    call(*words, "--output", "f.csv")

    assert [line.split(",")[0] for line in printed.splitlines()] == ["unique_id", "'=1+1", "plain"]
    assert Path("f.csv").read_text(encoding="utf-8") == printed


def test_a_folder_with_names_that_are_safe_is_looked_at_again_as_any_other(call, monkeypatch):
    leave_undrawn(monkeypatch)
    rows = "".join(f"{name},{1900 + i},{i % 3}\n" for name in ("=1+1", "-5", "'x", "'=2") for i in range(20))
    Path("x.csv").write_text("id,year,y\n" + rows, encoding="utf-8")
    words = ("run", "x.csv", "--models", "naive", "--n-windows", "2", "--horizon", "1", "--out")

    assert call(*words, "plain")[0] == call(*words, "safe", "--excel-safe")[0] == 0

    tables = {path.name: path.read_text(encoding="utf-8") for path in Path("safe").glob("*.csv")}
    assert all(line[:1] not in "=+-@" for text in tables.values() for line in text.splitlines())
    assert "series,'=1+1,naive," in tables["scores.csv"]
    assert "series,'-5,naive," in tables["scores.csv"]
    assert "\n'=1+1," in tables["backtest.csv"]
    assert "\n'x," in tables["backtest.csv"]
    one, other = load_run("plain"), load_run("safe")
    for name in ("backtest", "forecasts", "history", "leaderboard"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.more("scores.csv"), other.more("scores.csv"))
    assert "--excel-safe" in Path("safe/command.txt").read_text(encoding="utf-8")
    assert call("report", "safe", "--verify", "--series", "=1+1")[0] == 0
    assert call("compare", "plain", "safe")[0] == 0


@pytest.mark.parametrize("words", [("backtest", "x.csv", "--models", "naive"), ("score", "r", "x.csv")])
def test_names_are_safe_in_every_file_of_forecasts(call, monkeypatch, words):
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
    rows = [f"{name},{1900 + i},{i % 3}\n" for i in range(20) for name in ("=1+1", "plain")]
    Path("x.csv").write_text("id,year,y\n" + "".join(rows), encoding="utf-8")
    Path("earlier.csv").write_text("id,year,y\n" + "".join(rows[:-4]), encoding="utf-8")
    call("run", "earlier.csv", "--models", "naive", "--n-windows", "1", "--horizon", "2", "--out", "r")

    assert call(*words, "--output", "plain.csv")[0] == call(*words, "--output", "safe.csv", "--excel-safe")[0] == 0

    plain, safe = (Path(name).read_text(encoding="utf-8") for name in ("plain.csv", "safe.csv"))
    assert "=1+1," in plain
    assert safe == plain.replace("=1+1,", "'=1+1,")


def test_a_setting_is_given_by_its_place(call):
    words = ("config", "show", "--set", "models.mlp.hidden_sizes=[8,4]", "--set", "report.title=Two words", "--json")

    found = json.loads(call(*words)[1])["settings"]

    assert found["models.mlp.hidden_sizes"] == {"value": [8, 4], "origin": "flag --set"}
    assert found["report.title"] == {"value": "Two words", "origin": "flag --set"}


def test_a_setting_given_by_its_place_goes_before_file_and_environment_and_is_written_down(call, monkeypatch):
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
    Path("forecast.toml").write_text("[backtest]\nhorizon = 9\n[models.theta]\n", encoding="utf-8")
    monkeypatch.setenv("FORECAST_HORIZON", "8")

    settings = ("--set", "backtest.horizon=4", "--set", "models.theta.method=standard")

    _, _, err = call("run", "nile", *settings, "--n-windows", "1", "-o", "r")

    assert "4 steps ahead" in err
    assert 'method = "standard"' in Path("r/config.toml").read_text(encoding="utf-8")
    command = Path("r/command.txt").read_text(encoding="utf-8")
    assert "--set backtest.horizon=4 --set models.theta.method=standard" in command


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("models.mlp.membrs=2", "models.mlp.membrs is not a setting; did you mean members?"),
        ("horizon=2", "horizon is not a setting; did you mean backtest.horizon?"),
        ("seed.x=2", "seed should be"),
        ("members", '--set "members" is no setting'),
        ("models.tsb.alpha=0.2", '--set "models.tsb.alpha=0.2": tsb does not run'),
        ("models.tbs.alpha=0.2", 'no model "tbs"; did you mean tsb?'),
        ("backtest.horizon=0", "backtest.horizon should be greater than 0"),
    ],
)
def test_a_setting_that_is_none_is_refused(call, setting, message):
    code, _, err = call("predict", "nile", "--set", setting)

    assert code == 2
    assert f"error[U101]: {message}" in err
    assert "\n  try:   " in err


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--strict",), 3), (("--set", "strict=true"), 3)])
def test_a_check_calls_doubts_errors_where_a_run_would(call, words, code):
    rows = "".join(f"{1900 + i},{1_000_000 if i == 30 else i % 7 + 1}\n" for i in range(60))
    Path("spike.csv").write_text("year,y\n" + rows, encoding="utf-8")

    found, out, _ = call("check", "spike.csv", *words, "--json")

    assert found == code
    assert json.loads(out)["refused"] is bool(code)
    assert "W201" in {finding["code"] for finding in json.loads(out)["findings"]}


def test_a_check_without_doubts_passes_where_they_count_as_errors(call):
    assert call("check", "airline", "--strict")[0] == 0


def test_a_check_looks_behind_a_problem_whatever_flags_were_given(call):
    rows = "".join(f"{1900 + i},{i % 7 + 1},{i}\n" for i in range(60))
    Path("two.csv").write_text("year,a,b\n" + rows, encoding="utf-8")
    words = ("two.csv", "--strict", "--set", "data.missing=linear", "--set", "seed=1")

    code, out, _ = call("check", *words, "--json")

    findings = json.loads(out)["findings"]
    assert code == 3
    assert findings[0]["code"] == "D105"
    assert json.loads(out)["facts"]["rows"] == 60
    line = "forecast check two.csv --target b --strict --set data.missing=linear --set seed=1"
    assert findings[0]["repair"] == line
