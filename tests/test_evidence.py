from __future__ import annotations

import pandas as pd
import pytest

import forecast
from forecast import evidence

FLAGS = {"models": ["naive", "seasonal_naive"], "horizon": 4, "n_windows": 3}


@pytest.fixture(autouse=True)
def _without_a_page(monkeypatch):
    monkeypatch.setattr("forecast.report.render", lambda folder: folder)


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
