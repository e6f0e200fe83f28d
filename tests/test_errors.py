"""Errors say what happened, what was found and what to type."""

from __future__ import annotations

import pickle

import pytest

from forecast.errors import ConfigError, DataError, FileError, ForecastError, ModelError, Notice, nearest, shown


@pytest.mark.parametrize(("kind", "code"), [(ConfigError, 2), (DataError, 3), (ModelError, 4), (FileError, 5)])
def test_each_kind_of_error_has_its_exit_code(kind: type[ForecastError], code: int) -> None:
    assert kind("X100", "message").exit_code == code


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(ConfigError, ValueError), (DataError, ValueError), (ModelError, RuntimeError), (FileError, OSError)],
)
def test_each_kind_of_error_is_also_the_builtin_one_expects(kind: type[ForecastError], builtin: type) -> None:
    with pytest.raises(builtin, match="message"):
        raise kind("X100", "message")


def test_an_error_explains_itself_in_three_lines() -> None:
    error = DataError("D104", 'no column "ds"', found="date", hint="forecast run x.csv --time date")
    expected = 'error[D104]: no column "ds"\n  found: date\n  try:   forecast run x.csv --time date'
    assert error.explain() == expected


def test_an_error_without_a_hint_is_its_message() -> None:
    assert str(DataError("D101", "x.csv is empty")) == "x.csv is empty"


def test_an_error_with_a_hint_says_it() -> None:
    assert str(DataError("D101", "x.csv is empty", hint="y.csv")) == "x.csv is empty; try y.csv"


@pytest.mark.parametrize("kind", [ConfigError, DataError, ModelError, FileError])
def test_an_error_survives_the_way_back_from_a_worker_process(kind: type[ForecastError]) -> None:
    error = kind("X100", "message", found="found", hint="hint")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.explain()) == (kind, error.explain())


def test_a_notice_reads_as_a_warning() -> None:
    assert str(Notice("W202", '"a" is constant')) == 'warning[W202]: "a" is constant'


def test_a_shown_value_has_no_control_characters() -> None:
    assert shown("a\x1b[31m\nb\u202ec") == '"a[31mbc"'


def test_a_shown_value_is_cut_at_the_limit() -> None:
    assert shown("x" * 100, limit=10) == '"xxxxxxx..."'


def test_a_shown_value_of_just_the_limit_is_whole() -> None:
    assert shown("x" * 10, limit=10) == f'"{"x" * 10}"'


def test_the_nearest_word_is_found() -> None:
    assert nearest("hiden_sizes", ["members", "hidden_sizes"]) == "hidden_sizes"


def test_a_word_like_no_other_has_no_nearest() -> None:
    assert nearest("xyz", ["members"]) is None
