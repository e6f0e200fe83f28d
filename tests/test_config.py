from pathlib import Path

import pytest

from forecast.config import RunConfig, environment, origins, resolve
from forecast.errors import ConfigError, FileError


def config_file(tmp_path, text):
    path = tmp_path / "forecast.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_all_models_run_with_their_defaults():
    settings = resolve(None, {})

    assert settings.models.mlp is not None
    assert settings.models.arima is not None
    assert settings.backtest.horizon == "auto"


def test_a_flag_goes_before_the_file_and_the_file_before_the_default(tmp_path):
    path = config_file(tmp_path, "seed = 5\n[backtest]\nhorizon = 7\nn_windows = 3\n")

    settings = resolve(path, {"horizon": 9, "seed": None})

    assert (settings.backtest.horizon, settings.backtest.n_windows, settings.seed) == (9, 3, 5)


def test_a_table_of_a_model_makes_it_run_and_no_other_candidate(tmp_path):
    settings = resolve(config_file(tmp_path, "[models.mlp]\nmembers = 3\n"), {})

    assert settings.models.mlp.members == 3
    assert settings.models.arima is None


def test_named_models_keep_what_the_file_sets_for_them(tmp_path):
    path = config_file(tmp_path, "[models.mlp]\nmembers = 3\n[models.arima]\norder = [1, 1, 0]\n")

    settings = resolve(path, {"models": ["arima"]})

    assert settings.models.mlp is None
    assert settings.models.arima.order == (1, 1, 0)


def test_what_is_written_reads_back_as_the_same_settings(tmp_path):
    settings = resolve(None, {"horizon": 12, "models": ["mlp"], "level": [90], "seed": 3})

    again = resolve(config_file(tmp_path, settings.to_toml()), {})

    assert again == settings


def test_a_remark_stands_above_its_setting_and_is_not_read_back(tmp_path):
    settings = resolve(None, {"horizon": 12})
    text = settings.to_toml({"data.transform": ["log: 1 of 1 series", 'deseasonalize = "x"']})

    assert '# log: 1 of 1 series\n# deseasonalize = "x"\ntransform = "auto"\n' in text
    assert resolve(config_file(tmp_path, text), {}) == settings
    assert settings.to_toml({"transform": ["of another section"]}) == settings.to_toml()


def test_every_default_is_written_out():
    text = RunConfig().to_toml()

    assert 'missing = "auto"' in text
    assert "n_windows" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[models.mlp]\n\nhiden_sizes = [3]\n", "line 3 is not a setting; did you mean hidden_sizes?"),
        ("[data]\ntarge = 'x'\n", "line 2 is not a setting; did you mean target?"),
        ("[models.mpl]\n", 'no model "mpl" in .*line 1; did you mean mlp?'),
        ("[models]\nxyz = {}\n", 'no model "xyz"'),
        ("[backtest]\nhorizon = 0\n", "backtest.horizon in .*line 2 should be greater than 0"),
        ("[backtest]\nhorizon = 'soon'\n", "backtest.horizon"),
        ("[models.arima]\norder = [1, -1, 0]\n", "models.arima.order"),
        ("[forecast]\nlevel = [0]\n", "forecast.level"),
        ("[forecast]\nlevel = 80\n", "forecast.level"),
        ("seed = \n", "is not valid TOML"),
        ("models = 3\n", "models in .* should be"),
        ("sed = 3\n", "did you mean seed?"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        resolve(config_file(tmp_path, text), {})

    assert caught.value.code == "U101"


@pytest.mark.parametrize(
    ("flags", "hint"),
    [({"horizon": 0}, "--horizon 12"), ({"n_windows": -1}, "--n-windows 8"), ({"missing": "foo"}, "--missing auto")],
)
def test_a_wrong_flag_is_met_with_one_that_works(flags, hint):
    with pytest.raises(ConfigError) as caught:
        resolve(None, flags)

    assert caught.value.hint == hint


def test_a_missing_file_is_said():
    with pytest.raises(FileError, match="no file") as caught:
        resolve(Path("nowhere.toml"), {})

    assert caught.value.exit_code == 5


def test_a_folder_is_not_a_settings_file(tmp_path):
    with pytest.raises(FileError, match="cannot read"):
        resolve(tmp_path, {})


def test_a_settings_file_must_be_text(tmp_path):
    path = tmp_path / "forecast.toml"
    path.write_bytes(b"title = '\xff'")

    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        resolve(path, {})


def test_the_environment_goes_before_the_file_and_a_flag_before_the_environment(tmp_path, monkeypatch):
    path = config_file(tmp_path, "[backtest]\nhorizon = 7\nn_windows = 3\nrefit = 2\n")
    monkeypatch.setenv("FORECAST_HORIZON", "8")
    monkeypatch.setenv("FORECAST_N_WINDOWS", "4")

    chosen = resolve(path, {"horizon": 9, "n_windows": None}).backtest

    assert (chosen.horizon, chosen.n_windows, chosen.refit) == (9, 4, 2)


@pytest.mark.parametrize(
    ("name", "text", "table", "expected"),
    [
        ("LEVEL", "60,90", "forecast", (60.0, 90.0)),
        ("INTEGER", "true", "forecast", True),
        ("SEASON_LENGTH", "24,168", "data", (24, 168)),
        ("TARGET", "sales", "data", "sales"),
        ("QUANTILE", "", "forecast", "none"),
    ],
)
def test_a_variable_is_read_as_its_flag_is(monkeypatch, name, text, table, expected):
    monkeypatch.setenv(f"FORECAST_{name}", text)

    assert getattr(getattr(resolve(None, {}), table), name.lower()) == expected


def test_models_can_be_named_in_the_environment(monkeypatch):
    monkeypatch.setenv("FORECAST_MODELS", "ets,arima(2,1,1)")

    models = resolve(None, {}).models

    assert (models.mlp, list(models.fixed)) == (None, ["arima(2,1,1)"])
    assert models.ets is not None


def test_a_variable_that_is_no_setting_is_an_error_with_the_nearest_one(monkeypatch):
    monkeypatch.setenv("FORECAST_HORIZN", "3")

    with pytest.raises(ConfigError, match="FORECAST_HORIZN is not a setting; did you mean FORECAST_HORIZON?") as caught:
        resolve(None, {})

    assert (caught.value.code, caught.value.hint) == ("U101", "unset FORECAST_HORIZN")


def test_a_variable_like_no_setting_is_an_error_too(monkeypatch):
    monkeypatch.setenv("FORECAST_XYZXYZ", "3")

    with pytest.raises(ConfigError, match="FORECAST_XYZXYZ is not a setting; try unset"):
        environment()


def test_a_wrong_variable_is_named_with_one_that_works(monkeypatch):
    monkeypatch.setenv("FORECAST_HORIZON", "soon")

    with pytest.raises(ConfigError, match="backtest.horizon in FORECAST_HORIZON should be") as caught:
        resolve(None, {})

    assert caught.value.hint == "FORECAST_HORIZON=12"


def test_a_wrong_flag_is_not_blamed_on_the_variable_it_goes_before(monkeypatch):
    monkeypatch.setenv("FORECAST_HORIZON", "12")

    with pytest.raises(ConfigError, match="backtest.horizon should be"):
        resolve(None, {"horizon": 0})


def test_every_setting_says_where_it_is_from(tmp_path, monkeypatch):
    text = '[backtest]\ngap = 1\n\n[models.mlp]\nmembers = 3\n[models."arima( 2,1,1 )"]\ntransform = "log"\n'
    path = config_file(tmp_path, "models.ets = {}\n" + text)
    monkeypatch.setenv("FORECAST_SEED", "5")

    found = origins(path, {"horizon": 9, "seed": None})

    assert found["backtest.horizon"] == (9, "flag --horizon")
    assert found["seed"] == (5, "environment FORECAST_SEED")
    assert found["backtest.gap"] == (1, f"{path} line 3")
    assert found["models.mlp.members"] == (3, f"{path} line 6")
    assert found["models.arima(2,1,1).transform"] == ("log", f"{path} line 8")
    assert found["models.ets"] == ("runs", f"{path} line 1")
    assert found["models.mlp.patience"] == (200, "default")
    assert found["models.naive"] == ("runs", "default")


def test_a_setting_in_an_inline_table_stands_on_the_line_of_that_table(tmp_path):
    path = config_file(tmp_path, "seed = 1\n[models]\nmlp = { members = 3 }\n")

    found = origins(path, {})

    assert found["models.mlp.members"] == (3, f"{path} line 3")
    assert found["models.mlp.patience"] == (200, "default")


def test_models_that_were_named_run_because_of_the_flag(monkeypatch):
    assert origins(None, {"models": ["ets"]})["models.ets"] == ("runs", "flag --models")

    monkeypatch.setenv("FORECAST_MODELS", "ets")
    assert origins(None, {})["models.ets"] == ("runs", "environment FORECAST_MODELS")


def test_a_setting_of_one_table_is_not_looked_for_in_another(tmp_path):
    path = config_file(tmp_path, '[models.arima]\ntransform = "none"\n[data]\ntransform = 3\n')

    with pytest.raises(ConfigError, match="data.transform in .*line 4 should be"):
        resolve(path, {})
