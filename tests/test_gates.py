"""Conditions on scores, and warnings that count as errors."""

import pytest

from forecast.errors import ConfigError, DataError, ModelError, Notice
from forecast.gates import Condition, refuse_warnings

NAN = float("nan")
BOARD = [
    {"model": "ets", "role": "candidate", "mase": 0.8, "coverage-80": 70.0, "reason": ""},
    {"model": "mlp", "role": "candidate", "mase": 0.9, "coverage-80": 85.0, "reason": ""},
    {"model": "arima(2,1,1)(0,1,1)12", "role": "candidate", "mase": NAN, "coverage-80": NAN, "reason": "no luck"},
    {"model": "naive", "role": "baseline", "mase": 1.2, "coverage-80": 50.0, "reason": ""},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mase>1", False),
        ("mase > 0.85", True),
        ("not mase>1", True),
        ("mase<=0.9", True),
        ("mase<0.9", False),
        ("mase>=0.9", True),
        ("ets.mase>0.85", False),
        ("naive.mase>1", True),
        ("coverage-80<80", False),
        ("ets.coverage-80<80", True),
        ("beats naive", True),
        ("not beats naive", False),
        ("beats ets", False),
        ("not beats ets", True),
        ("mase>1 or beats naive", True),
        ("mase>1 and beats naive", False),
        ("mase>1 and beats naive or ets.mase<1", True),
        ("arima(2,1,1)(0,1,1)12.mase>5", True),
        ("not beats arima(2,1,1)(0,1,1)12", True),
    ],
)
def test_a_condition_is_of_the_leading_model_unless_it_names_another(text, expected):
    assert Condition.read(text).holds(BOARD, "mase") is expected


def test_without_the_network_the_first_candidate_leads_and_without_any_the_first_model():
    assert Condition.read("mase<0.85").holds([row for row in BOARD if row["model"] != "mlp"], "mase")
    assert Condition.read("mase>1").holds(BOARD[-1:], "mase")


@pytest.mark.parametrize(
    "text",
    ["", "mase", "mase>", "mase>high", "mase>nan", "mase=1", "beats", "__import__('os')", "mase>1 or", "mase>1;"],
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ConfigError, match="is no condition on a score") as caught:
        Condition.read(text)

    assert caught.value.code == "U101"
    assert caught.value.hint.startswith("--fail-if ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("msae>1", 'no score "msae"; did you mean mase'),
        ("reason>1", 'no score "reason"; try'),
        ("beats naiv", 'no model "naiv" runs; did you mean naive'),
        ("xyzzy.mase>1", 'no model "xyzzy" runs; try'),
    ],
)
def test_a_name_that_is_not_on_the_leaderboard_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        Condition.read(text).holds(BOARD, "mase")


def test_without_warnings_nothing_is_refused():
    assert refuse_warnings([]) is None


@pytest.mark.parametrize(("code", "kind"), [("W203", DataError), ("W302", ModelError)])
def test_a_warning_becomes_an_error_of_its_kind(code, kind):
    with pytest.raises(kind, match=r"too short \(--strict, the first of 2 warnings\)") as caught:
        refuse_warnings([Notice(code, "too short"), Notice("W201", "far off")])

    assert caught.value.code == code
