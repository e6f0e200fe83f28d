from __future__ import annotations

import pandas as pd
import pytest

import forecast
from forecast import clock, evidence
from forecast.clock import Clock
from forecast.report import pace

FLAGS = {"models": ["naive", "seasonal_naive"], "horizon": 4, "n_windows": 3}


@pytest.fixture(autouse=True)
def _without_a_page(monkeypatch):
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: folder)


@pytest.fixture
def sales(tmp_path):
    path = tmp_path / "sales.csv"
    days = pd.date_range("2024-01-01", periods=40)
    pd.DataFrame({"day": days, "sales": range(10, 50)}).to_csv(path, index=False)
    return path


def checks(data, tmp_path, **flags):
    run = forecast.run(data, out=tmp_path / "run", **(FLAGS | flags))
    return {check["check"]: check for check in run.notes("checks.json")["checks"]}, run


def test_a_run_shows_that_its_past_does_not_know_its_future(sales, tmp_path):
    found, run = checks(sales, tmp_path)

    assert all(check["passed"] for check in found.values())
    past = found["The past is the same bits after a change of the future"]
    assert (past["held"], past["of"]) == (3, 3)
    assert past["note"].endswith("in the file")
    assert set(run.info["timings"]["checks"]) == {"seasonal_naive"}


def test_large_data_are_changed_in_memory_and_for_the_latest_window(sales, tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_VALUES", 10)
    found, _ = checks(sales, tmp_path)

    past = found["The past is the same bits after a change of the future"]
    assert (past["held"], past["of"]) == (1, 1)
    assert past["note"].endswith("in memory; 1 of 3 windows, the data being large")


def test_a_leak_between_file_and_models_fails_the_check(sales, tmp_path, monkeypatch):
    original = evidence.changeable

    def leaking(data, settings, ready):
        table, read = original(data, settings, ready)

        def shifted(path):
            panel = read(path)
            return panel.with_values(panel.values - panel.values.mean())

        return table, shifted

    monkeypatch.setattr(evidence, "changeable", leaking)
    found, _ = checks(sales, tmp_path)

    assert found["The past is the same bits after a change of the future"]["passed"] is False


def test_changed_data_that_cannot_be_read_end_no_run(sales, tmp_path, monkeypatch):
    def broken(data, settings, ready):
        raise ValueError("no such cells")

    monkeypatch.setattr(evidence, "changeable", broken)
    found, _ = checks(sales, tmp_path)

    first = next(iter(found.values()))
    assert first["passed"] is None
    assert "no such cells" in first["note"]


def test_without_windows_nothing_is_claimed(sales, tmp_path):
    found, _ = checks(sales, tmp_path, horizon=30, n_windows=None)

    assert {check["passed"] for check in found.values()} == {None}


def test_under_a_budget_the_latest_windows_are_looked_at_as_long_as_there_is_time(sales, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(evidence, "_within", lambda *_: lambda: asked.append(1) or len(asked) <= 2)
    found, _ = checks(sales, tmp_path, budget="10m", jobs=1)

    past = found["The past is the same bits after a change of the future"]
    assert (past["held"], past["of"]) == (2, 2)
    assert past["note"].endswith("in the file; 2 of 3 windows, to keep the budget")
    assert found["A model that was made to look ahead is found out"]["passed"]


def test_a_window_is_looked_at_where_it_leaves_time_for_the_page(monkeypatch):
    now = [0.0]
    for module in (evidence, clock):
        monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    rest, pictures = pace.rest_seconds(1, 0), pace.page_seconds(1)
    go_on = evidence._within(Clock(10.0 + rest + 2.0 + pictures / 2), 1, 10.0)

    assert go_on()  # the first one takes ten seconds and is before all pictures

    now[0] += 1.0
    assert go_on()  # the second one takes as long as the first did
    now[0] += 8.9
    assert not go_on()


def test_without_time_for_any_window_nothing_is_claimed(sales, tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "_within", lambda *_: lambda: False)
    found, _ = checks(sales, tmp_path, budget="10m", jobs=1)

    past = found["The past is the same bits after a change of the future"]
    assert past["passed"] is None
    assert past["note"].endswith("0 of 3 windows, to keep the budget")
