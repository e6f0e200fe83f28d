"""An ARIMA of fixed orders is named by them, wherever models are named."""

import numpy as np
import pytest
from conftest import make_panel

from forecast import pipeline
from forecast.config import RunConfig, resolve
from forecast.errors import ConfigError
from forecast.models.arima import ARIMA
from forecast.orders import FixedOrders, canonical, listed
from forecast.ready import factories_of

pytestmark = pytest.mark.usefixtures("no_page")

FULL = "arima(2,1,1)(0,1,1)12"


def config_file(tmp_path, text):
    path = tmp_path / "forecast.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "typed", [FULL, "arima (2, 1, 1) (0,1,1) 12", "ARIMA(2,1,1)(0,1,1)[12]", " arima(02,1,1)(0,1,1)[ 12 ] "]
)
def test_every_way_to_write_orders_is_the_same_name(typed):
    assert canonical(typed) == FULL


def test_a_season_that_does_nothing_is_no_part_of_the_name():
    assert FixedOrders.read("arima(2,1,1)(0,0,0)12") == FixedOrders.read("arima(2,1,1)")
    assert canonical("arima(2,1,1)(0,0,0)12") == "arima(2,1,1)"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("arima(2,1)", "should be arima"),
        ("arima(2,1,1", "should be arima"),
        ("arima(2,1,1)(0,1,1)", "should be arima"),
        ("arima(2,-1,1)", "should be arima"),
        ("arima 2,1,1", "should be arima"),
        ("arima(2,3,1)", "d is 3, at most 2"),
        ("arima(2,1,1)(0,4,1)12", "D is 4, at most 2"),
        ("arima(25,1,1)", "p is 25, at most 24"),
        ("arima(2,1,1)(0,1,1)1", "a season of 1 values"),
        ("arima(2,1,1)(0,1,1)168", "a season of 168 values"),
    ],
)
def test_badly_written_orders_are_met_with_what_to_type(typed, message):
    with pytest.raises(ConfigError, match=message) as caught:
        canonical(typed)

    assert caught.value.code == "U102"
    assert typed.strip() in caught.value.message
    assert caught.value.hint.startswith('--models "arima(2,1,1)')


def test_the_proposed_names_are_names():
    with pytest.raises(ConfigError) as caught:
        canonical("arima(1,1,0)(0,1,1)52")

    assert canonical(caught.value.hint.split('"')[1]) == "arima(1,1,0)"


def test_a_list_is_not_cut_within_parentheses():
    assert listed("mlp,arima(2,1,1)(0,1,1)12 ,, naive") == ["mlp", FULL, "naive"]
    assert listed("arima(2,1,1,mlp") == ["arima(2,1,1,mlp"]
    assert listed("a),b") == ["a)", "b"]


@pytest.mark.parametrize("flags", [{"models": [FULL, "mlp"]}, {"models": ["arima(2, 1, 1)(0, 1, 1)[12]", "mlp"]}])
def test_orders_in_a_list_of_models_become_an_arima_that_has_them(flags):
    factories = factories_of(resolve(None, flags))
    model = factories[FULL]()

    assert list(factories) == ["mlp", FULL, "seasonal_naive", "naive"]
    assert (model.order, model.seasonal_order, model.season_length) == ((2, 1, 1), (0, 1, 1), 12)
    assert model.name == FULL


def test_orders_in_the_file_may_have_settings(tmp_path):
    settings = resolve(config_file(tmp_path, '[models."arima(0,1,1)"]\ntransform = "log"\n[models.arima]\n'), {})

    assert list(factories_of(settings))[:2] == ["arima", "arima(0,1,1)"]
    assert factories_of(settings)["arima(0,1,1)"]().transform == "log"


def test_named_orders_find_their_table_however_both_are_spelled(tmp_path):
    file = config_file(tmp_path, '[models."arima(0, 1, 1)"]\ntransform = "log"\n[models."arima(1,1,0)"]\n')
    settings = resolve(file, {"models": ["arima(0,1,1)"]})

    assert {name: one.transform for name, one in settings.models.fixed.items()} == {"arima(0,1,1)": "log"}


def test_what_is_written_reads_back_as_the_same_settings(tmp_path):
    settings = resolve(None, {"models": [FULL, "arima(1,0,0)"]})

    assert resolve(config_file(tmp_path, settings.to_toml()), {}) == settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[models.mlp]\n[models."arima(2,1)"]\n', r'"arima\(2,1\)" should be arima.* in .*line 2'),
        ('[models."arima(2,1,1)"]\nordr = 3\n', r"line 2 is not a setting"),
        ('[models."arima(2,1,1)"]\ntransfrm = "log"\n', r"did you mean transform\?"),
        ('[models."arima(2,1,1)"]\ntransform = "sqrt"\n', r"transform in .*line 2 should be"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        resolve(config_file(tmp_path, text), {})


def test_settings_made_by_hand_know_no_other_models():
    with pytest.raises(ValueError, match='no model "arimax"'):
        RunConfig.model_validate({"models": {"arimax": {}}})


def test_a_combination_may_have_members_with_orders(tmp_path):
    text = '[models.combination]\nmembers = ["arima(0, 1, 1)", "naive"]\n'

    assert resolve(config_file(tmp_path, text), {}).models.combination.members == ("arima(0,1,1)", "naive")


def test_the_season_of_fixed_orders_is_the_one_that_was_named():
    y = np.tile([1.0, 5.0, 2.0, 9.0], 12) + np.random.default_rng(0).normal(0, 0.1, 48)
    model = ARIMA(**FixedOrders.read("arima(0,0,0)(0,1,1)4").settings).fit(make_panel(y), horizon=4)

    assert model.choices_["s0"]["seasonal_order"] == [0, 1, 1, 4]
    np.testing.assert_allclose(model.predict()["y_hat"], [1.0, 5.0, 2.0, 9.0], atol=0.3)
    assert set(model.predict()["model"]) == {"arima(0,0,0)(0,1,1)4"}


def test_orders_run_from_the_command_line_beside_the_search(call):
    code, out, err = call("predict", "nile", "--models", "arima(1,0,0),arima(0,1,1)", "--n-windows", "2", "-H", "3")
    assert (code, "arima(1,0,0)" in out, "arima(0,1,1)" in out) == (0, True, True), err


def test_badly_written_orders_at_the_command_line_end_in_three_lines(call):
    code, out, err = call("run", "nile", "--models", "arima(2,1),mlp")

    assert (code, out) == (2, "")
    assert err.splitlines()[0].startswith('error[U102]: "arima(2,1)" should be arima(p,d,q)')


def test_every_fixed_order_has_its_row_in_the_leaderboard(tmp_path):
    run = pipeline.run("nile", models=["arima(0,1,1)", "arima(1,0,0)"], n_windows=2, horizon=3, out=tmp_path / "r")

    assert {"arima(0,1,1)", "arima(1,0,0)"} < set(run.leaderboard["model"])
    assert run.choices["final"]["arima(0,1,1)"]["flow"]["order"] == [0, 1, 1]
