from pathlib import Path

import pytest

from forecast.config import RunConfig, resolve
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
