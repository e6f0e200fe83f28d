"""What a budget of time cut short is said and written down."""

import json
import re
from pathlib import Path

import pytest

import forecast
from forecast import engine, pipeline, record
from forecast.report import pace
from forecast.report.pictures import SINGLE
from forecast.tasks import perform
from forecast.verbs.verification import report


class Said:
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def progress(self, done, total, what):
        pass


@pytest.fixture
def out_of_time(monkeypatch):
    """Let time run out after so many tasks; the next one is stopped in the middle."""

    def after(count):
        left = [count]

        def do(self, function, tasks, tick=lambda _: None, **_):
            done = []
            for task in tasks:
                tick(task)
                done.append(perform(task) if left[0] > 0 else None)
                if left[0] == 0:
                    self.cut.append(task)
                left[0] -= 1
            return done

        monkeypatch.setattr(engine.Workers, "do", do)

    return after


def run(folder, **options):
    said = Said()
    result = forecast.run(
        "nile", models=["drift"], n_windows=4, budget="60s", out=folder / "r", listener=said, **options
    )
    return result, said.lines


def test_enough_time_cuts_nothing(tmp_path):
    result, lines = run(tmp_path, jobs=1)

    budget = result.info["budget"]
    assert result.info["timings"]["total"] <= budget.pop("used") < 60.0
    assert budget == {
        "seconds": 60.0,
        "windows": 4,
        "windows_given_up": 0,
        "no_forecast": [],
        "not_finished": {},
        "stopped": {},
        "totals_left_out": False,
        "rationed": None,
        "left_out": {},
    }
    assert lines[-1].startswith("budget 60 s, used ")
    assert lines[-1].endswith(": nothing was cut short")


def test_windows_and_fits_that_were_given_up_are_counted(tmp_path, out_of_time):
    out_of_time(3 + 3 + 1)  # all models on all data, in the latest window, and one more
    result, lines = run(tmp_path)
    budget = result.info["budget"]

    assert budget["windows_given_up"] == 3
    assert budget["not_finished"] == {"drift": 2, "seasonal_naive": 3, "naive": 3}
    assert budget["stopped"] == {"seasonal_naive": 1}
    assert lines[-1].split(": ", 1)[1] == (
        "3 of 4 windows given up; not finished: 2 fits of drift, "
        "3 fits of seasonal_naive (1 stopped in the middle), 3 fits of naive"
    )
    assert {"W305"} == {notice["code"] for notice in result.info["notices"]}
    assert "the budget of 60 s cut the run short" in result.report.read_text(encoding="utf-8")
    assert result.leaderboard["windows"].tolist() == [1, 1, 1]


def test_baselines_are_there_first(tmp_path, out_of_time):
    out_of_time(2)
    result, lines = run(tmp_path)

    assert set(result.forecasts["model"]) == {"seasonal_naive", "naive"}
    assert result.info["budget"]["no_forecast"] == ["drift"]
    assert "no forecast by drift" in lines[-1]
    assert result.verdict == "Untested: no window was finished in the time there was."
    assert result.leaderboard.set_index("model").loc["drift", "reason"] == "not finished in the time there was"


def test_without_any_forecast_a_longer_budget_is_asked_for(tmp_path, out_of_time):
    out_of_time(0)

    with pytest.raises(forecast.ModelError, match="not finished in the time there was") as caught:
        run(tmp_path)

    assert caught.value.hint == "a longer --budget"


def test_what_was_spent_before_a_run_counts(tmp_path):
    with pytest.raises(forecast.ConfigError, match="a budget of 60 s is too short: the smallest run") as caught:
        run(tmp_path, spent=60.0)

    assert caught.value.code == "U103"
    assert float(re.fullmatch(r"--budget (\d+)s", caught.value.hint)[1]) > 60.0
    assert list(tmp_path.iterdir()) == []


def test_pictures_for_which_there_is_no_time_are_left_out_and_said(tmp_path, monkeypatch):
    slow = {name: lambda view: "drawn" for name in SINGLE} | {"forecast": lambda view: "drawn first"}
    monkeypatch.setattr("forecast.report.pictures.SINGLE", slow)
    monkeypatch.setattr(pace, "SLOW", dict.fromkeys(SINGLE, 1e12) | {"forecast": 0.0})
    result, lines = run(tmp_path, jobs=1)

    left_out = len(SINGLE) - 1
    page = result.report.read_text(encoding="utf-8")
    assert result.info["budget"]["left_out"] == {"picture": left_out}
    assert lines[-1].endswith(f": {left_out} pictures left out (forecast report RUN draws what they have to show)")
    assert page.count("left out to keep the budget of 60 s; forecast report RUN draws what it has to show") == left_out
    assert "No picture here: drawn first" in page
    assert "left out to keep" not in report(result.folder).read_text(encoding="utf-8")


def test_an_audit_is_made_whole_or_not_at_all(tmp_path, monkeypatch):
    whole, _ = run(tmp_path / "a", jobs=1, audit=True)
    monkeypatch.setattr(record, "AUDITED", 1e12)
    without, lines = run(tmp_path / "b", jobs=1, audit=True)

    assert len(whole.notes("audit.json")["checks"]) > 4
    assert lines[-1].endswith(": audit left out (forecast audit DATA makes it)")
    assert without.notes("audit.json") == {}


def test_seeds_for_which_there_is_no_time_are_left_out(tmp_path, out_of_time):
    out_of_time(3 * 3)  # all models on all data and in both windows
    said = Said()
    given = {"models": ["linear"], "preset": "fast", "horizon": 2, "n_windows": 2, "seeds": 3}
    result = forecast.run("nile", budget="60s", out=tmp_path / "r", listener=said, **given)

    assert said.lines[-1].endswith(": 2 seeds left out")
    assert result.info["seeds"] == []


def test_a_seed_that_was_cut_in_the_middle_has_no_score(tmp_path, out_of_time):
    out_of_time(3 * 3 + 1)  # all models on all data and in both windows, and one window of the next seed
    given = {"models": ["linear"], "preset": "fast", "horizon": 2, "n_windows": 2, "seeds": 2, "listener": Said()}
    result = forecast.run("nile", budget="60s", out=tmp_path / "r", **given)

    assert result.info["seeds"] == []
    assert result.info["budget"]["left_out"]["seed"] == 1


def test_with_strict_what_a_budget_leaves_out_after_the_models_is_an_error_too(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "AUDITED", 1e12)
    result, _ = run(tmp_path / "a", jobs=1, audit=True)

    assert [(notice["code"], "audit left out" in notice["message"]) for notice in result.info["notices"]] == [
        ("W305", True)
    ]
    with pytest.raises(forecast.ModelError, match="audit left out"):
        run(tmp_path / "b", jobs=1, audit=True, strict=True)


def test_files_that_no_page_shows_are_left_out_first(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.results.BETWEEN_ROW", 1e12)
    result, lines = run(tmp_path, jobs=1)

    assert lines[-1].endswith(": between.csv left out")
    assert not (result.folder / "between.csv").exists()


def test_a_run_without_a_budget_has_no_account(tmp_path):
    said = Said()
    result = forecast.run("nile", models=["naive"], n_windows=1, out=tmp_path / "r", listener=said)

    assert result.info["budget"] is None
    assert not any("budget" in line for line in said.lines)


def panel(folder: Path) -> Path:
    rows = [f"{i},{s},{'ab'[s % 2]},{10 * s + i % 4 + 0.1 * i}" for s in range(4) for i in range(1, 41)]
    path = folder / "panel.csv"
    path.write_text("ds,id,region,y\n" + "\n".join(rows), encoding="utf-8")
    return path


def test_totals_for_which_there_is_no_time_are_left_out_and_said(tmp_path, out_of_time):
    out_of_time(2 * 3)  # the series on all data and in both windows
    said = Said()
    result = forecast.run(
        panel(tmp_path),
        id="id",
        totals=["region"],
        models=["naive"],
        n_windows=2,
        horizon=2,
        budget="60s",
        out=tmp_path / "r",
        listener=said,
    )

    assert result.info["budget"]["totals_left_out"]
    assert said.lines[-1].endswith(": totals left out")
    assert not (result.folder / "totals.csv").exists()


def test_totals_that_fail_without_a_budget_end_the_run(tmp_path, out_of_time):
    out_of_time(2 * 3)

    with pytest.raises(forecast.ModelError):
        forecast.run(
            panel(tmp_path), id="id", totals=["region"], models=["naive"], n_windows=2, horizon=2, out=tmp_path / "r"
        )


def test_forecasts_alone_come_with_their_coverage_and_the_account(tmp_path):
    said = Said()
    pipeline.predict("nile", models=["drift"], horizon=2, n_windows=8, budget="60s", jobs=1, listener=said)

    assert said.lines[-1].startswith("budget 60 s, used")
    assert said.lines[-2].startswith("The 95% interval of drift covered ")
    assert said.lines[-2].endswith("Too few to judge, which takes 20 windows.")


def test_the_account_is_plain_json(tmp_path):
    result, _ = run(tmp_path, jobs=1)

    assert json.loads((result.folder / "run.json").read_text(encoding="utf-8"))["budget"]["windows"] == 4
