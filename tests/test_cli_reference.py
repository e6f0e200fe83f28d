"""Commands that say what there is: codes, bundled sets, models and settings."""

import json
import re
from pathlib import Path

import pytest

import forecast
from forecast.cli.catalogue import describe_model
from forecast.codes import CODES
from forecast.config import SECTIONS, resolve
from forecast.defaults import BUNDLED, MODEL_NAMES

pytestmark = pytest.mark.usefixtures("no_page")

SOURCES = Path(forecast.__file__).parent


def raised_codes():
    """Every code that stands as a text of its own in the sources, but for the table itself."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py") if path.name != "codes.py"]
    return {code for text in texts for code in re.findall(r'"([UDMFWI]\d{3})"', text)}


def test_every_code_that_is_raised_has_a_text_and_every_text_a_code():
    assert raised_codes() == set(CODES)


def test_the_table_of_codes_is_in_order_of_letter_and_number():
    order = "UDMFWI"
    assert list(CODES) == sorted(CODES, key=lambda code: (order.index(code[0]), code))


def test_a_code_is_explained_with_what_to_do(call):
    code, out, err = call("errors", "d104")

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "D104 (data, exit 3)"
    assert CODES["D104"].meaning in out
    assert f"try: {CODES['D104'].mend}" in out


def test_a_warning_stops_nothing(call):
    assert call("errors", "W203")[1].splitlines()[0] == "W203 (warning, stops nothing)"


def test_all_codes_are_listed_a_line_each(call):
    _, out, _ = call("errors")

    assert [line.split("\t")[0] for line in out.splitlines()] == ["code", *CODES]


def test_codes_are_given_to_a_program(call):
    assert json.loads(call("errors", "F103", "--json")[1])["codes"]["F103"]["exit_code"] == 5


@pytest.mark.parametrize(("typed", "guess"), [("D140", "D1"), ("nonsense", "D104")])
def test_an_unknown_code_is_refused(call, typed, guess):
    code, _, err = call("errors", typed)

    assert code == 2
    assert f'error[U101]: no code "{typed}"' in err
    assert f"forecast errors {guess}" in err


def test_the_bundled_sets_are_listed_with_rows_frequency_and_source(call):
    _, out, _ = call("data")

    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[0] for line in lines] == ["name", *BUNDLED]
    assert lines[1][1:3] == ["144", "monthly"]
    assert "Box & Jenkins" in lines[1][4]


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_set_is_printed_as_the_file_it_is(call, name):
    out = call("data", name)[1]

    assert out.encode() == (SOURCES.parent / "data" / f"{name}.csv").read_bytes()
    assert json.loads(call("data", "--json")[1])["sets"][name]["rows"] == len(out.splitlines()) - 1
    one = json.loads(call("data", name, "--json")[1])
    assert (list(one["sets"]), Path(one["path"]).read_text(encoding="utf-8")) == ([name], out)


def test_an_unknown_set_is_a_missing_file(call):
    code, out, err = call("data", "airlines")

    assert (code, out) == (5, "")
    assert "error[F101]" in err


def test_all_models_are_listed_a_line_each_with_when_they_run(call):
    _, out, _ = call("models")

    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[0] for line in lines[1:]] == list(MODEL_NAMES)
    assert {line[0] for line in lines if line[1] == "always"} == {"seasonal_naive", "naive"}
    assert all(line[2] for line in lines)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_setting_of_a_model_is_explained_in_the_words_of_its_class(name):
    model = describe_model(name)

    assert [one.name for one in model.settings] == list(SECTIONS[name].model_fields)
    assert all(one.meaning and one.values for one in model.settings)


def test_the_settings_of_a_model_are_shown_with_the_defaults_of_a_run(call):
    out = call("models", "mlp")[1]

    rows = {line.split("\t")[0]: line.split("\t")[1] for line in out.splitlines()[3:]}
    section = resolve(None, {}).models.mlp
    assert set(rows) == set(type(section).model_fields)
    assert (rows["patience"], rows["activation"]) == (str(section.patience), f'"{section.activation}"')


def test_fixed_orders_are_a_model_as_well(call):
    out = call("models", "arima(2, 1, 1)(0,1,1)[12]", "--json")[1]

    model = json.loads(out)["models"]["arima(2,1,1)(0,1,1)12"]
    assert [one["name"] for one in model["settings"]] == ["transform"]
    assert "(2, 1, 1)" in model["summary"]


@pytest.mark.parametrize(("name", "code"), [("mpl", "U101"), ("arima(2,1", "U102")])
def test_an_unknown_model_is_refused(call, name, code):
    exit_code, _, err = call("models", name)

    assert exit_code == 2
    assert f"error[{code}]" in err


def test_the_file_that_is_written_changes_nothing(call):
    code, out, _ = call("config", "init")

    assert (code, out) == (0, "forecast.toml\n")
    assert resolve(Path("forecast.toml"), {}) == resolve(None, {})


@pytest.mark.parametrize(("words", "path"), [((), "forecast.toml"), (("--output", "-"), None)])
def test_what_was_written_is_told_to_a_program(call, words, path):
    code, out, _ = call("config", "init", *words, "--json")

    answer = json.loads(out)
    assert (code, answer["schema"], answer["path"]) == (0, 1, path)
    assert Path("forecast.toml").is_file() == (path is not None)
    assert path is None or Path(path).read_text(encoding="utf-8") == answer["text"]
    assert answer["text"].startswith("# The settings of a run")


def test_every_setting_in_the_file_stands_under_its_words(call):
    lines = call("config", "init", "--output", "-")[1].split("# Further models")[0].splitlines()

    settings = [i for i, line in enumerate(lines) if re.match(r"\w+ = ", line)]
    assert len(settings) > 60
    assert all(re.match(r"# \w.{5,}", lines[i - 1]) for i in settings)


def test_the_models_that_stand_in_comments_run_when_these_are_taken_away(call):
    head, more = call("config", "init", "--output", "-")[1].split("# Further models")
    tables = "\n".join(line[2:] for line in more.splitlines() if re.match(r"# (\[|\w+ = )", line))
    Path("x.toml").write_text(head + tables, encoding="utf-8")

    settings = resolve(Path("x.toml"), {})

    assert all(getattr(settings.models, name) is not None for name in MODEL_NAMES)
    assert settings.models.linear == SECTIONS["linear"]()


def test_a_file_that_is_there_is_never_replaced(call):
    Path("forecast.toml").write_text("seed = 3\n", encoding="utf-8")

    code, _, err = call("config", "init")

    assert code == 5
    assert "error[F103]: forecast.toml exists" in err
    assert Path("forecast.toml").read_text(encoding="utf-8") == "seed = 3\n"


def test_a_file_in_a_folder_that_is_not_there_cannot_be_written(call):
    code, _, err = call("config", "init", "--output", "no/forecast.toml")

    assert code == 5
    assert "error[F104]" in err


def test_settings_are_shown_with_their_origin(call, monkeypatch):
    Path("forecast.toml").write_text("[backtest]\nhorizon = 3\ngap = 1\n", encoding="utf-8")
    monkeypatch.setenv("FORECAST_REFIT", "2")

    out = call("config", "show", "--horizon", "6", "--level", "90")[1]

    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in out.splitlines()}
    assert rows["backtest.horizon"] == ["6", "flag --horizon"]
    assert rows["backtest.gap"] == ["1", "forecast.toml line 3"]
    assert rows["backtest.refit"] == ["2", "environment FORECAST_REFIT"]
    assert rows["backtest.n_windows"] == ['"auto"', "default"]
    assert rows["forecast.level"] == ["[90.0]", "flag --level"]


def test_settings_are_given_to_a_program(call):
    found = json.loads(call("config", "show", "--seed", "7", "--json")[1])["settings"]

    assert found["seed"] == {"value": 7, "origin": "flag --seed"}


def test_what_the_environment_set_stands_in_the_command_of_the_run(call, monkeypatch):
    monkeypatch.setenv("FORECAST_HORIZON", "3")
    monkeypatch.setenv("FORECAST_SEED", "8")

    code, _, err = call("run", "nile", "--models", "naive", "--n-windows", "1", "--seed", "4", "--out", "r")

    assert code == 0, err
    command = json.loads(Path("r/run.json").read_text(encoding="utf-8"))["command"]
    assert "--horizon 3" in command
    assert "--seed 4" in command
