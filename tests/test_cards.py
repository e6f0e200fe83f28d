import inspect
import json

import pandas as pd
import pytest
from rich.console import Console

from forecast import pipeline
from forecast.cli import cards, looking
from forecast.doctor import Checkup, Finding

BAD = "[red]x\t\x1b[31m"
CHECKUP = Checkup(
    "x.csv",
    {"rows": 1440, "season_strength": None, "notes": ["a", "b"], "frequency_confidence": 0.985},
    (
        Finding(
            "D115", "error", BAD, series='"a"', where="2020-01-01", done="stops the run", repair="--missing linear"
        ),
        Finding("I201", "info", "3 zeros"),
    ),
)


def test_a_pipe_gets_rows_separated_by_tabs(capsys):
    cards.print_checkup(CHECKUP)
    facts, findings = capsys.readouterr().out.split("\n\n")

    assert facts.splitlines() == [
        "what\tvalue",
        "rows\t1,440",
        "season strength\tnone",
        "notes\ta",
        "notes\tb",
        "frequency confidence\t98.5%",
    ]
    assert findings.splitlines() == [
        "severity\tcode\tproblem\tseries\twhere\tdone\trepair",
        'error\tD115\t[red]x  [31m\t"a"\t2020-01-01\tstops the run\t--missing linear',
        "info\tI201\t3 zeros\t\t\t\t",
    ]


def test_a_program_gets_one_object(capsys):
    cards.print_checkup(CHECKUP, json=True)
    found = json.loads(capsys.readouterr().out)

    assert (found["schema"], found["data"], found["refused"]) == (1, "x.csv", True)
    assert found["findings"][0]["message"] == BAD


@pytest.mark.parametrize("checkup", [CHECKUP, Checkup("x.csv", {}, ())])
def test_a_person_gets_tables_without_markup_from_the_data(capsys, monkeypatch, checkup):
    monkeypatch.setattr("rich.console.Console", lambda **words: Console(**words, force_terminal=True, width=80))

    cards.print_checkup(checkup)
    out = capsys.readouterr().out

    assert ("no problems found" in out) == (not checkup.findings)
    assert ("[red]x" in out) == bool(checkup.findings)
    assert ("try:   --missing linear" in out) == bool(checkup.findings)
    assert ("1,440" in out) == bool(checkup.facts)


def test_check_ends_with_0_on_good_data_and_3_on_what_a_run_would_refuse(call, tmp_path):
    pd.DataFrame({"ds": ["2020-01-01"] * 4, "y": range(4)}).to_csv(tmp_path / "x.csv", index=False)

    assert [call("check", "airline")[0], call("check", "x.csv")[0]] == [0, 3]
    assert [call("check", "x.csv", "--missing", "often")[0], call("check", "no.csv")[0], call("check")[0]] == [2, 5, 2]


def test_check_writes_nothing(call, tmp_path):
    call("check", "airline")

    assert list(tmp_path.iterdir()) == []


def test_check_prints_json_and_nothing_else(call):
    code, out, err = call("check", "airline", "--json")

    assert (code, err) == (0, "")
    assert json.loads(out)["facts"]["rows"] == 144


def test_check_reads_the_settings_in_the_folder(call, tmp_path):
    (tmp_path / "forecast.toml").write_text("[data]\nseason_length = 6\n[backtest]\nn_windows = 2\n", encoding="utf-8")

    assert json.loads(call("check", "airline", "--json")[1])["facts"]["season_length"] == 6


def test_the_flags_of_check_are_those_of_the_function_and_read_as_run_does():
    ours = set(inspect.signature(looking.check).parameters) - {"json"}
    theirs = set(inspect.signature(pipeline.check).parameters)
    of_run = set(inspect.signature(pipeline.run).parameters)

    assert ours == theirs
    assert theirs <= of_run
