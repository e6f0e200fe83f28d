"""Every option is declared once, and the functions, the command line and the file know it by the same name."""

import inspect
from pathlib import Path

import pytest

from forecast import pipeline
from forecast.cli import looking, running
from forecast.config import resolve
from forecast.options import CheckOptions, RunOptions, declared

KNOWN = declared(RunOptions)


def test_a_wrong_keyword_is_refused_and_the_right_one_named():
    with pytest.raises(TypeError, match=r"run\(\) got an unexpected keyword argument 'horizn'; did you mean 'horizon'"):
        pipeline.run("nile", horizn=3)


def test_a_keyword_like_no_other_is_refused():
    with pytest.raises(TypeError, match=r"check\(\) got an unexpected keyword argument 'qqqqqqqq'$"):
        pipeline.check("nile", qqqqqqqq=3)


def test_help_shows_every_option_with_its_words():
    for name, one in KNOWN.items():
        assert name in inspect.signature(pipeline.run).parameters
        assert f"{name}\n        {one.option.help}" in pipeline.run.__doc__


@pytest.mark.parametrize(
    ("verb", "command", "options"), [("run", running.run, RunOptions), ("check", looking.check, CheckOptions)]
)
def test_the_data_come_first_and_the_options_before_the_rest(verb, command, options):
    for function in (getattr(pipeline, verb), command):
        names = list(inspect.signature(function).parameters)

        assert names[: len(declared(options)) + 1] == ["data", *declared(options)]


@pytest.mark.parametrize("name", [name for name, one in KNOWN.items() if one.option.example])
def test_every_example_is_a_value_that_is_taken(name):
    one = KNOWN[name]
    parts = one.option.example.split(",")
    value = [float(part) for part in parts] if one.each is float else parts[0]

    resolve(None, {name: int(value) if isinstance(value, str) and value.isdigit() else value})


def test_a_wrong_setting_in_the_file_is_answered_as_it_is_written_there(tmp_path):
    file = Path(tmp_path / "forecast.toml")
    file.write_text("[forecast]\nlevel = [200]\n", encoding="utf-8")

    with pytest.raises(ValueError, match="forecast.level") as caught:
        resolve(file, {})

    assert caught.value.hint == "level = [80, 95]"


def test_a_wrong_word_in_the_file_is_answered_with_quotes(tmp_path):
    file = Path(tmp_path / "forecast.toml")
    file.write_text('[data]\nmissing = "no"\n', encoding="utf-8")

    with pytest.raises(ValueError, match="data.missing") as caught:
        resolve(file, {})

    assert caught.value.hint == 'missing = "auto"'
