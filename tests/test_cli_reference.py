"""Commands that say what there is: codes, bundled sets, models and settings."""

import json
import re
from pathlib import Path

import pytest

import forecast
from forecast.codes import CODES

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
    assert json.loads(call("errors", "F103", "--json")[1])["F103"]["exit_code"] == 5


@pytest.mark.parametrize(("typed", "guess"), [("D140", "D1"), ("nonsense", "D104")])
def test_an_unknown_code_is_refused(call, typed, guess):
    code, _, err = call("errors", typed)

    assert code == 2
    assert f'error[U101]: no code "{typed}"' in err
    assert f"forecast errors {guess}" in err
