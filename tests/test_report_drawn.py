"""The page whose first picture can be looked at closely: what its script is given, and that nothing else changes."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_report import EVIL, Page, write_run

from forecast import report
from forecast.clock import Clock
from forecast.errors import ConfigError
from forecast.report import drawn, pace
from forecast.report.view import View
from forecast.runs import load_run
from forecast.verbs.verification import report as report_again

HEAD, TAIL = '<script type="application/json" id="drawn">', "</script>"


def given(folder):
    """Return what the script of the page of a run is given."""
    return drawn.drawn_values(View(load_run(folder)))


def close(values, column):
    return values == pytest.approx(column.to_numpy(np.float64), rel=1e-5)


def test_the_script_is_given_the_numbers_of_the_files(tmp_path):
    folder = write_run(tmp_path, horizon=3)
    history, forecasts = (pd.read_csv(folder / f"{name}.csv") for name in ("history", "forecasts"))

    found = given(folder)

    (one,) = found["series"]
    ahead = dict(iter(forecasts.groupby("model")))
    best, other = (model["name"] for model in one["models"])
    assert (found["season"], found["shown"]) == (12, 36)
    assert close(one["y"], history["y"])
    assert one["times"][-4:] == [time[:7] for time in [history["ds"].iloc[-1], *ahead[best]["ds"]]]
    assert (one["start"], len(one["times"]), one["left_out"]) == (len(history), len(history) + 3, 0)
    for model in one["models"]:
        assert close(model["y_hat"], ahead[model["name"]]["y_hat"])
    assert best != other
    assert [band["level"] for band in one["bands"]] == ["95", "80"]
    for band in one["bands"]:
        assert close(band["lo"], ahead[best][f"lo-{band['level']}"])
        assert close(band["hi"], ahead[best][f"hi-{band['level']}"])
        assert band["calibrated"]


def test_what_is_not_known_is_nothing_and_a_gap_has_room(tmp_path):
    folder = write_run(tmp_path, gaps=2, gap=4)
    history = pd.read_csv(folder / "history.csv")

    (one,) = given(folder)["series"]

    assert [value is None for value in one["y"]] == history["y"].isna().tolist()
    assert one["times"][len(history) : one["start"]] == [""] * 4


def test_of_long_series_the_latest_values_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn, "MOST_VALUES", 100)
    folder = write_run(tmp_path, ids=["a", "b"])
    history = pd.read_csv(folder / "history.csv")

    for one in given(folder)["series"]:
        own = history[history["unique_id"] == one["name"]]
        assert close(one["y"], own["y"].tail(50))
        assert (one["start"], one["left_out"]) == (50, len(own) - 50)


def test_a_series_that_the_best_model_could_not_forecast_has_no_bands(tmp_path):
    folder = write_run(tmp_path, ids=["a", "b"])
    forecasts = pd.read_csv(folder / "forecasts.csv")
    best = given(folder)["series"][0]["models"][0]["name"]
    failed = (forecasts["unique_id"] == "b") & (forecasts["model"] == best)
    forecasts[~failed].to_csv(folder / "forecasts.csv", index=False)

    a, b = given(folder)["series"]

    assert (len(a["models"]), len(a["bands"])) == (2, 2)
    assert (len(b["models"]), b["bands"]) == (1, [])
    assert b["times"] == a["times"]


def test_evil_names_do_not_leave_the_script(tmp_path):
    folder = write_run(tmp_path, ids=EVIL)

    html = report_again(folder, interactive=True).read_text(encoding="utf-8")

    assert json.loads(html.partition(HEAD)[2].partition(TAIL)[0]) == given(folder)
    assert len(given(folder)["series"]) == len(EVIL)
    assert [fault for fault in Page(html).faults if fault != "3 scripts"] == []


def test_the_policy_names_the_scripts_and_styles_that_are_there(tmp_path):
    html = report_again(write_run(tmp_path), interactive=True).read_text(encoding="utf-8")

    texts = re.findall(r"<style>(.*?)</style>|<script>(.*?)</script>", html, re.DOTALL)
    assert len(texts) == 4
    for text in filter(None, (part for parts in texts for part in parts)):
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in html


def test_the_scripts_can_stand_beside_the_page(tmp_path):
    folder = write_run(tmp_path)
    html = report_again(folder, interactive=True, assets="separate").read_text(encoding="utf-8")

    assert HEAD in html
    assert '<script src="interactive.js">' in html
    assert (folder / "interactive.js").stat().st_size > 1_000
    assert (folder / "interactive.css").is_file()


def test_a_page_is_interactive_where_its_run_was_asked_for_that(tmp_path):
    folder = write_run(tmp_path, interactive=True)

    page = report.render(folder).read_bytes()

    assert HEAD.encode() in page
    assert report_again(folder).read_bytes() == page
    without = report_again(folder, interactive=False).read_text(encoding="utf-8")
    assert HEAD not in without
    assert Page(without).faults == []


def test_a_page_for_sharing_has_no_values_for_a_script(tmp_path):
    folder = write_run(tmp_path, interactive=True)

    assert HEAD not in report_again(folder, data=False).read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="which --no-data leaves out"):
        report_again(folder, data=False, interactive=True)


def test_without_a_forecast_there_is_nothing_to_look_at(tmp_path):
    folder = write_run(tmp_path, interactive=True)
    pd.read_csv(folder / "forecasts.csv").assign(y_hat=np.nan).to_csv(folder / "forecasts.csv", index=False)

    assert HEAD not in report.render(folder).read_text(encoding="utf-8")


def test_the_command_line_asks_for_it(call):
    words = ("nile", "--models", "naive", "--n-windows", "1", "--interactive", "--out", "r")

    assert call("run", *words)[0] == 0
    assert HEAD in Path("r/report.html").read_text(encoding="utf-8")
    assert "--interactive" in Path("r/command.txt").read_text(encoding="utf-8")
    assert call("report", "r", "--no-interactive")[0] == 0
    assert HEAD not in Path("r/report.html").read_text(encoding="utf-8")


def test_without_its_first_picture_a_page_has_nothing_to_look_at_closely(tmp_path, monkeypatch):
    monkeypatch.setattr(pace, "SLOW", {"forecast": 1e12})
    folder = write_run(tmp_path, interactive=True)

    assert HEAD not in report.render(folder, clock=Clock(60.0)).read_text(encoding="utf-8")
    assert HEAD in report.render(folder).read_text(encoding="utf-8")
