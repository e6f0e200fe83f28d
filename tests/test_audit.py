import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import pipeline, ready
from forecast.audit import CHANGES, CONTROL, Check, audit
from forecast.models.arima import ARIMA
from forecast.models.classical import Naive, SeasonalNaive
from forecast.models.ets import ETS
from forecast.models.mlp import MLP
from forecast.models.theta import Theta
from forecast.reading.readers import read_table
from forecast.series import read_series
from forecast.split import Split
from forecast.verbs import inspection

MODELS = {
    "mlp": partial(MLP, members=2, max_steps=30),
    "arima": ARIMA,
    "ets": ETS,
    "theta": Theta,
    "seasonal_naive": SeasonalNaive,
}


@pytest.fixture
def sales(tmp_path):
    """Two monthly series with a season, gaps (one of them across a cutoff) and unequal ends."""
    rng, rows = np.random.default_rng(0), []
    for name, n in (("a", 60), ("b", 54)):
        t = np.arange(n)
        y = 100 + t + 10 * np.sin(2 * np.pi * t / 12) + rng.normal(size=n)
        y[[20, 21, n - 7, n - 6]] = np.nan
        times = pd.date_range("2015-01-01", periods=n, freq="MS").strftime("%Y-%m-%d")
        rows.append(pd.DataFrame({"store": name, "month": times, "sales": y.round(3)}))
    path = tmp_path / "sales.csv"
    pd.concat(rows).to_csv(path, index=False)
    return path


def checks(path, *, read=lambda path: read_series(path, target="sales", id="store").panel, factories=lambda _: MODELS):
    table = read_table(path)
    columns = {"time": "month", "target": "sales", "id": "store"}
    done = audit(table, read, factories, Split(6, 2), **columns)
    control = [check for check in done if check.cutoff == CONTROL]
    assert ["forecasts of control" in check.moved for check in control] == [True] * len(CHANGES)
    return [check for check in done if check.cutoff != CONTROL]


def found(path, *, factories=lambda _: {"seasonal_naive": SeasonalNaive}, **planted):
    return {(check.change, what) for check in checks(path, factories=factories, **planted) for what in check.moved}


@pytest.mark.parametrize("names", [("mlp", "theta"), pytest.param(("arima", "ets"), marks=pytest.mark.slow)])
def test_nothing_before_a_cutoff_moves_whatever_comes_after_it(sales, names):
    done = checks(sales, factories=lambda _: {name: MODELS[name] for name in names})

    assert [check.moved for check in done] == [()] * 2 * len(CHANGES)
    assert [check.change for check in done[:5]] == ["cut off", "scaled", "negated", "blanked", "shuffled"]


def test_a_gap_filled_from_the_future_is_found(sales):
    def read(path):
        panel = read_series(path, target="sales", id="store").panel
        series = [pd.Series(panel.series(s)).interpolate().to_numpy() for s in range(panel.n_series)]
        return panel.with_values(np.concatenate(series))

    assert ("scaled", "past") in found(sales, read=read)


def test_a_scale_learned_from_all_values_is_found(sales):
    def read(path):
        panel = read_series(path, target="sales", id="store").panel
        return panel.with_values(panel.values / np.nanmax(np.abs(panel.values)))

    assert ("scaled", "past") in found(sales, read=read)


def test_a_season_chosen_on_all_values_is_found(sales):
    def read(path):
        panel = read_series(path, target="sales", id="store").panel
        return replace(panel, season_length=12 if np.nanstd(panel.values) < 1000 else 6)

    assert ("scaled", "past") in found(sales, read=read)


class Planted(Naive):
    """A naive method that was told something about the whole data, and perhaps uses it in its forecast."""

    name = "planted"

    def __init__(self, whole, *, used):
        self.whole, self.used = whole, used

    def fit(self, panel, *, horizon):
        super().fit(panel, horizon=horizon)
        self.choices_ = {"lambda": float(np.nanmean(self.whole.values))}
        return self

    def _ahead(self, panel):
        ahead = super()._ahead(panel)
        return ahead + self.choices_["lambda"] if self.used else ahead


@pytest.mark.parametrize("used", [False, True])
def test_a_model_that_knows_the_future_is_found_by_its_choices_and_by_its_forecasts(sales, used):
    seen = found(sales, factories=lambda whole: {"planted": partial(Planted, whole, used=used)})

    assert ("shuffled", "choices of planted") not in seen  # a mean does not see the order
    assert {("cut off", "choices of planted"), ("negated", "choices of planted")} <= seen
    assert (("blanked", "forecasts of planted") in seen) == used


def test_an_order_leak_is_found_by_shuffling_alone(sales):
    def read(path):
        panel = read_series(path, target="sales", id="store").panel
        rising = np.nansum(np.diff(panel.values[-12:]) > 0)
        return replace(panel, season_length=int(rising) + 2)

    assert "shuffled" in {change for change, _ in found(sales, read=read)}


def test_rows_without_times_are_counted(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("y\n" + "\n".join(str(v) for v in np.random.default_rng(0).normal(10, 1, 40).round(2)))
    done = audit(
        read_table(path),
        lambda path: read_series(path).panel,
        lambda _: {"naive": Naive},
        time=None,
        target="y",
        id=None,
        split=Split(3, 1),
    )

    assert [check.moved for check in done] == [()] * 5 + [("forecasts of control",)] * 5


def test_the_command_shows_that_nothing_moves(call, sales):
    code, out, _ = call("audit", str(sales), "--target", "sales", "--models", "naive", "--n-windows", "1", "-H", "3")
    rows = [line.split("\t") for line in out.splitlines()]

    assert code == 0
    assert rows[0] == ["cutoff", "after it", "moved"]
    assert [row[2] for row in rows[1:6]] == ["nothing"] * 5
    assert [row[0] for row in rows[6:]] == ["control"] * 5


def test_the_command_fails_where_something_moves(call, sales, monkeypatch):
    class Leaking(Naive):
        """Seems to know the past alone, and has an open file beside it."""

        def _ahead(self, panel):
            latest = read_series(file[0], target="sales", id="store").panel.values[-1]
            return np.full((panel.n_series, self.horizon_), latest)

    file = [None]
    panel_of = ready.panel_of
    monkeypatch.setattr(ready, "panel_of", lambda path, *rest: file.insert(0, path) or panel_of(path, *rest))
    monkeypatch.setattr(inspection, "factories_of", lambda _: {"naive": Leaking})

    code, out, err = call("audit", str(sales), "--target", "sales", "--n-windows", "1", "-H", "3")

    assert code == 4
    assert "forecasts of naive" in out
    assert err.splitlines()[-1].startswith("error[M106]: ")


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("day;sales\n" + "\n".join(f"2020-01-{d:02};{d % 7},5" for d in range(1, 31)), []),
        ("\n".join(["day,a,b"] + [f"2020-01-{d:02},{d % 5},{d % 3}" for d in range(1, 31)]), ["--layout", "columns"]),
        (
            "day,y,promo\n" + "\n".join(f"2020-01-{d:02},{d % 7 if d < 28 else ''},{d % 2}" for d in range(1, 32)),
            ["--future", "promo"],
        ),
        ("day,y\n" + "\n".join(f"2020-01-{d:02},{d % 7 or -999}" for d in range(1, 31)), ["--na", "-999"]),
    ],
    ids=["semicolons", "wide", "future", "sentinels"],
)
def test_files_of_other_forms_can_be_audited(call, tmp_path, text, flags):
    path = tmp_path / "days.csv"
    path.write_text(text + "\n")

    code, out, err = call("audit", str(path), "--models", "naive", "--n-windows", "1", "-H", "3", *flags)

    assert (code, out.count("nothing")) == (0, 5), err


def test_a_frame_can_be_audited():
    frame = pd.DataFrame({"ds": pd.date_range("2020", periods=40, freq="D"), "y": np.arange(40.0) % 7})

    assert [c.moved for c in pipeline.audit(frame, models=["naive"], horizon=2, n_windows=1)][:5] == [()] * 5


def test_the_checks_are_one_object_where_that_is_asked_for(call):
    code, out, _ = call("audit", "nile", "--models", "naive", "--n-windows", "1", "-H", "3", "--json")
    checks = json.loads(out)["checks"]

    assert code == 0
    assert [bool(check["moved"]) for check in checks] == [check["cutoff"] == "control" for check in checks]


def test_a_run_with_an_audit_keeps_what_it_found(call, monkeypatch):
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
    words = ("run", "nile", "--models", "naive", "--n-windows", "2", "-H", "3", "--audit", "--out", "r")

    assert call(*words)[0] == 0
    checks = json.loads(Path("r/audit.json").read_text(encoding="utf-8"))["checks"]
    assert len(checks) == 3 * len(CHANGES)  # two windows and the control
    assert "--audit" in Path("r/command.txt").read_text(encoding="utf-8")


def test_a_run_whose_audit_finds_a_leak_leaves_nothing(call, monkeypatch, tmp_path):
    leak = Check("2000-01-01", "cut", ("forecasts of naive",))
    monkeypatch.setattr("forecast.verbs.inspection.audit", lambda *given, **more: [leak])

    code, out, err = call("run", "nile", "--models", "naive", "--n-windows", "1", "--audit", "--out", "r")

    assert (code, out) == (4, "")
    assert "error[M106]: 1 of 1 checks failed: 2000-01-01, cut: forecasts of naive moved" in err
    assert list(tmp_path.iterdir()) == []


def german(name):
    """Write data in a way that needs a word to be read: months of day.month, local hours, grouped numbers, ..."""
    months, hours = (
        pd.date_range("2019-01-01", periods=60, freq="MS"),
        pd.date_range("2024-03-20", periods=480, freq="h"),
    )
    days = pd.date_range("2023-01-01 08:30", periods=480, freq="D")
    values = [950.5 + 37.25 * i + 80 * (i % 12) for i in range(480)]
    grouped = [f"{v:,.2f}".translate(str.maketrans(",.", ".,")) for v in values]
    local = hours.tz_localize("UTC").tz_convert("Europe/Berlin").strftime("%Y-%m-%d %H:%M")
    lines = {
        "dates": ["Monat,Umsatz", *(f"{t:%d.%m.%Y},{v}" for t, v in zip(months, values, strict=False))],
        "zone": ["Zeit,Last", *(f"{t},{v}" for t, v in zip(local, values, strict=False))],
        "thousands": ["Monat;Umsatz", *(f"{t:%Y-%m-%d};{v}" for t, v in zip(months, grouped, strict=False))],
        "wide": ["Monat,Nord,Sued", *(f"{t:%Y-%m-%d},{v},{2 * v}" for t, v in zip(months, values, strict=False))],
        "orders": ["Zeit,Betrag", *(f"{t:%Y-%m-%d %H:%M},{v}" for t, v in zip(days, values, strict=False))],
        "sales": ["Zeit,Betrag", *(f"{t:%Y-%m-%d %H:%M},{v}" for t, v in zip(hours, values, strict=False))],
    }[name]
    Path(f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dates", ["--date-format", "%d.%m.%Y"]),
        ("zone", ["--tz", "Europe/Berlin"]),
        ("thousands", []),
        ("wide", ["--layout", "columns"]),
        ("sales", ["--resample", "D"]),
        ("sales", ["--resample", "12h"]),
        ("orders", ["--resample", "W"]),
        ("orders", ["--resample", "MS"]),
    ],
)
def test_data_that_need_a_word_to_be_read_are_audited_by_it(call, monkeypatch, name, words):
    monkeypatch.setattr("forecast.report.render", lambda folder, **_: None)
    german(name)
    words = [f"{name}.csv", *words, "--models", "naive", "--n-windows", "2", "--horizon", "3"]

    code, out, err = call("audit", *words, "--json")
    assert code == 0, err
    checks = json.loads(out)["checks"]
    assert [bool(check["moved"]) for check in checks] == [check["cutoff"] == "control" for check in checks]

    assert call("run", *words, "--out", "r")[0] == 0
    made = json.loads(Path("r/checks.json").read_text(encoding="utf-8"))["checks"]
    assert len(made) == 6
    assert all(check["passed"] for check in made)
