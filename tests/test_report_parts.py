"""The parts of the page that only some runs have: many series, one of them, checks, changes, and other forms of it."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from test_report import EVIL, Page, read, write_run
from undrawn import drawn, leave_undrawn

from forecast import report
from forecast.errors import ConfigError
from forecast.report.part import one_series, safe_name
from forecast.report.pictures import pictures_of
from forecast.report.series import chosen_series
from forecast.report.view import View, turned
from forecast.runs import load_run
from forecast.verbs.verification import report as report_again


@pytest.fixture(autouse=True)
def _unpainted_here(monkeypatch):
    leave_undrawn(monkeypatch)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return the run folder of thirty stores, the last of which no model forecasts well."""
    folder = write_run(tmp_path_factory.mktemp("many"), ids=[f"store {i}" for i in range(30)], n_windows=3, horizon=4)
    backtest = pd.read_csv(folder / "backtest.csv")
    wrong = (backtest["unique_id"] == "store 29") & (backtest["model"] == "mlp")
    backtest.loc[wrong, "y_hat"] *= 3
    backtest.to_csv(folder / "backtest.csv", index=False)
    return folder


def test_many_series_are_looked_at_together(many):
    with drawn():
        page = read(report.render(many).parent)

    assert page.faults == []
    assert {"figure-ratio-curve", "figure-series-scatter", "figure-error-map", "table-series"} <= set(page.ids)
    assert "figure-residuals-arima" not in page.ids
    assert re.search(r"mlp erred less than seasonal naive on \d+ of 30 series", page.reads())
    assert "geometric mean ratio" in page.reads()
    assert page.tags.count("polyline") == 30


def test_the_worst_series_stands_first_and_is_drawn(many):
    view = View(load_run(many))
    page = read(report.render(many).parent)

    assert next(iter(view.chosen)) == "store 29"
    assert list(view.chosen.values()) == ["worst"] * 8 + ["middle"] * 8 + ["by lot"] * 8
    assert "Shown are 24 of 30 series" in page.reads()
    rows = re.search(r'<table id="table-series".*?<tbody>(.*?)</tbody>', (many / "report.html").read_text(), re.DOTALL)
    assert re.findall(r"<th.*?>(.*?)</th>", rows.group(1))[0] == "store 29"


def test_all_of_a_few_series_are_drawn(tmp_path):
    view = View(load_run(write_run(tmp_path, ids=[f"s{i}" for i in range(24)], n_windows=1)))

    assert view.drawn["unique_id"].nunique() == 24
    assert view.rule == ""
    assert len(pictures_of(view)) == 20


def test_series_without_a_ratio_are_drawn_by_lot():
    assert set(chosen_series(list("abcdef"), pd.Series(dtype=float), seed=1, third=1).values()) == {"by lot"}


def test_a_comparison_can_be_turned_around():
    pair = {"model": "a", "against": "b", "word": "better", "ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.8,
            "difference": -2.0, "p_value": 0.01}  # fmt: skip

    assert turned(pair) == {"model": "b", "against": "a", "word": "worse", "ratio": 2.0, "ratio_low": 1.25,
                            "ratio_high": 2.5, "difference": 2.0, "p_value": 0.01}  # fmt: skip


def test_the_page_of_one_series_shows_it_alone(many):
    folder = load_run(many).folder
    path = report_again(folder, series="store 7")
    page = Page(path.read_text(encoding="utf-8"))
    own = pd.read_csv(folder / "backtest.csv").query("unique_id == 'store 7' and model == 'mlp'")

    assert path == folder / "series" / f"{safe_name('store 7')}.html"
    assert page.faults == []
    assert "store 8" not in page.reads()
    assert all((path.parent / file).is_file() for file in page.files)
    board = one_series(load_run(folder), "store 7").leaderboard.set_index("model")
    assert board.loc["mlp", "mae"] == pytest.approx((own["y"] - own["y_hat"]).abs().mean())


def test_an_unknown_series_is_refused_with_the_nearest_one(many):
    with pytest.raises(ConfigError, match="did you mean") as caught:
        report_again(many, series="stoer 7")
    assert caught.value.code == "U101"


@pytest.mark.parametrize("name", ["../../x", "a/b", "CON", "", "日本", "x" * 300])
def test_a_file_named_after_a_series_stays_in_its_folder(name):
    assert re.fullmatch(r"[a-z0-9-]{1,60}", safe_name(name))


def test_files_of_series_that_differ_in_case_alone_are_two():
    assert safe_name("Store") != safe_name("store")


def test_a_page_for_sharing_keeps_scores_and_leaves_out_the_values(tmp_path):
    folder = write_run(tmp_path)
    path = report_again(folder, data=False)
    page = Page(path.read_text(encoding="utf-8"))
    forecasts = pd.read_csv(folder / "forecasts.csv")

    assert path.name == "shared.html"
    assert page.faults == []
    assert page.files == []
    assert {"table-values", "table-worst"}.isdisjoint(page.ids)
    assert "details" not in page.tags
    assert f"{forecasts['y_hat'].iloc[0]:.1f}" not in path.read_text(encoding="utf-8")
    assert "table-leaderboard" in page.ids
    assert list((folder / "shared").glob("*.csv")) == []


def test_style_script_and_pictures_can_stand_beside_the_page(tmp_path):
    folder = write_run(tmp_path)
    html = report_again(folder, assets="separate").read_text(encoding="utf-8")

    assert "base64" not in html
    assert "<style" not in html
    assert (folder / "report.css").stat().st_size > 1_000
    sources = re.findall(r'src="([^"]+)"', html)
    assert "report.js" in sources
    assert all((folder / source).is_file() for source in sources)
    assert "style-src 'self'; script-src 'self'" in html
    with pytest.raises(ConfigError, match='assets should be inline or separate, not "seperate"') as caught:
        report_again(folder, assets="seperate")
    assert (caught.value.code, caught.value.hint) == ("U101", "--assets separate")


def test_what_was_changed_in_the_data_is_listed(tmp_path):
    folder = write_run(tmp_path, gaps=1)
    row = {"unique_id": "airline", "ds": "1951-07-01", "old": None, "new": 141.5, "rule": "missing: a line"}
    pd.DataFrame([row]).to_csv(folder / "changes.csv", index=False)

    assert "Every change made to the data: 1" in read(report.render(folder).parent).reads()
    assert "airline 1951-07 \u2013 141.5 missing: a line" in read(folder).reads()


def test_checks_of_the_run_say_whether_they_held(tmp_path):
    folder = write_run(tmp_path)
    checks = [
        {"check": "Nothing moved", "held": 5, "of": 6, "passed": False, "note": "by window"},
        {"check": "The network moved not", "held": 0, "of": 0, "passed": None, "note": "no time"},
    ]
    (folder / "checks.json").write_text(json.dumps({"checks": checks}), encoding="utf-8")
    text = read(report.render(folder).parent).reads()

    assert "Nothing moved FAILED 5 of 6 by window" in text
    assert "The network moved not not tried 0 of 0 no time" in text


def test_scores_of_several_seeds_are_drawn(tmp_path):
    folder = write_run(tmp_path)
    pd.DataFrame({"seed": [0, 1, 2], "model": "mlp", "mase": [0.5, 0.55, 0.6]}).to_csv(
        folder / "seeds.csv", index=False
    )

    assert "The 3 seeds of mlp lie within 18.18% of each other" in read(report.render(folder).parent).reads()


def test_seeds_without_a_score_are_no_picture(tmp_path):
    folder = write_run(tmp_path)
    pd.DataFrame({"seed": [0, 1], "model": "mlp", "mase": [None, None]}).to_csv(folder / "seeds.csv", index=False)

    assert "no seed was tested in a window, so none has a score" in read(report.render(folder).parent).reads()


def test_a_score_stands_with_its_interval_and_its_cost(tmp_path):
    folder = write_run(tmp_path)
    metrics = json.loads((folder / "metrics.json").read_text())
    pair = {"model": "mlp", "against": "arima", "unit": "windows", "word": "better", "ratio": 0.9, "ratio_low": 0.8,
            "ratio_high": 0.99, "p_value": 0.01, "units": 9, "difference": -0.06, "standard_error": 0.02}  # fmt: skip
    metrics |= {"pairs": [pair], "intervals": {"mlp": {"low": 0.31, "high": 0.44, "standard_error": 0.03}}}
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    (folder / "anatomy.json").write_text(json.dumps({"parameters": {"mlp": 2552}}), encoding="utf-8")
    notice = {"code": "W302", "message": "mlp did not converge"}
    (folder / "run.json").write_text(
        json.dumps(json.loads((folder / "run.json").read_text()) | {"notices": [notice]}), encoding="utf-8"
    )
    text = read(report.render(folder).parent).reads()

    assert "mlp candidate 1 0.372 0.31\u20130.44 0.60 \u2013" in text
    assert "+0.06 ± 0.02 worse" in text
    assert "1.20 10 2,552 1 0" in text


def test_evil_names_do_no_harm_anywhere(tmp_path):
    names = [*EVIL, "</script>", "../../x", "case", "CASE"]
    ids = [*names, *(f"plain {i}" for i in range(15))]
    folder = write_run(tmp_path / "run", ids=ids, n_windows=2, horizon=3, length=40)
    pages = [read(report.render(folder).parent)]
    pages += [Page(report_again(folder, series=name).read_text(encoding="utf-8")) for name in (EVIL[0], "../../x")]

    assert [page.faults for page in pages] == [[], [], []]
    assert all(page.tags.count("script") == 1 for page in pages)
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    assert "<script>alert" not in (folder / "report.html").read_text(encoding="utf-8")
