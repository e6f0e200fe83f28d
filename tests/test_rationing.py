"""Under a budget slow models are tried on some of the series, the same for all, and it is said."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

import forecast
from forecast import rationing
from forecast.engine import Workers
from forecast.rationing import rationed
from forecast.ready import MODELS
from forecast.split import Split
from forecast.strata import drawn_by_strata, volatility
from forecast.tasks import Task

SPLIT = Split(horizon=2, n_windows=2)
SERIES, LEAST = 30, 6


def panel_of(n_series=160, seed=0):
    """Return short and long, calm and wild series in equal parts."""
    rng = np.random.default_rng(seed)
    return make_panel(
        *(100.0 + (1 + 9 * (s // 2 % 2)) * rng.normal(size=20 + 30 * (s % 2)) for s in range(n_series)),
        season_length=1,
    )


def test_every_stratum_has_its_part_of_the_sample():
    panel = panel_of()

    drawn = drawn_by_strata(panel, 40, seed=0)

    assert len(set(drawn.tolist())) == 40
    assert sorted(drawn.tolist()) == drawn.tolist()
    assert {len([s for s in drawn if (s % 2, s // 2 % 2) == kind]) for kind in np.ndindex(2, 2)} == {10}


def test_the_seed_alone_decides_who_is_drawn():
    panel = panel_of()

    first, again, other = (drawn_by_strata(panel, 30, seed=seed).tolist() for seed in (1, 1, 2))

    assert first == again != other
    assert drawn_by_strata(panel, 500, seed=0).tolist() == list(range(160))


def test_volatility_is_the_mean_step_over_the_mean_value_where_these_are_known():
    panel = make_panel([1.0, 3.0, np.nan, 2.0], [5.0, 5.0], [0.0, 0.0], [np.nan, 4.0])

    assert volatility(panel).tolist() == pytest.approx([2.0 / 2.0, 0.0, 0.0, 0.0])


def ration(monkeypatch, panel, models, seconds=10.0, cost=1.0):
    monkeypatch.setattr(rationing, "_seconds", lambda models, *_: [cost] * len(models))
    with Workers(1, seconds=seconds) as workers:
        return rationed({name: MODELS[name] for name in models}, panel, SPLIT, workers, seed=0)


def test_slow_models_get_as_many_series_as_their_part_of_the_budget_lasts_for(monkeypatch):
    panel = panel_of(400)

    beside = ration(monkeypatch, panel, ["mlp", "theta", "ets", "naive"], seconds=120.0)
    alone = ration(monkeypatch, panel, ["theta", "ets", "naive"], seconds=120.0)

    # two models, three fits of a second each for eight series
    assert beside.account == {"models": ["theta", "ets"], "series": 79, "of": 400}
    assert alone.panel.n_series == 127
    assert beside.panels["theta"] is beside.panels["ets"]


def test_the_ration_has_its_part_of_every_stratum(monkeypatch):
    by_kind = panel_of().take(sorted(range(160), key=lambda s: s % 4))
    drawn = [int(name[1:]) % 4 for name in ration(monkeypatch, by_kind, ["ets"], seconds=30.0).panel.ids]

    assert set(np.bincount(drawn, minlength=4).tolist()) <= {len(drawn) // 4, len(drawn) // 4 + 1}


def test_there_is_no_ration_without_need(monkeypatch):
    panel = panel_of()

    assert ration(monkeypatch, panel, ["theta", "naive"], seconds=None) is None
    assert ration(monkeypatch, panel, ["theta", "naive"], seconds=1e6) is None
    assert ration(monkeypatch, panel, ["mlp", "naive"], seconds=1.0) is None
    assert ration(monkeypatch, panel.take(range(40)), ["theta"], seconds=0.1) is None
    assert ration(monkeypatch, panel, ["theta"], seconds=0.1).panel.n_series == rationing.LEAST


def test_nothing_after_the_first_cutoff_decides_who_is_drawn(monkeypatch):
    panel = panel_of()
    values = panel.values.copy()
    for back in range(1, SPLIT.backs[0] + 1):
        values[panel.offsets[1:] - back] *= np.linspace(-50.0, 50.0, panel.n_series)

    one, other = (ration(monkeypatch, p, ["theta"], seconds=20.0) for p in (panel, panel.with_values(values)))

    assert one.panel.ids == other.panel.ids
    assert one.panel.n_series < panel.n_series


@pytest.fixture
def scarce(monkeypatch, tmp_path):
    """Let a budget last for six of thirty series."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rationing, "LEAST", LEAST)
    monkeypatch.setattr(rationing, "_seconds", lambda models, *_: [1e6] * len(models))
    rng, ds = np.random.default_rng(0), pd.date_range("2020-01-01", periods=30, freq="MS")
    return pd.concat(
        pd.DataFrame({"unique_id": f"s{s:02d}", "ds": ds, "y": 50.0 + (1 + s % 4) * rng.normal(size=30)})
        for s in range(SERIES)
    )


GIVEN = {"models": ["theta", "drift"], "horizon": 3, "n_windows": 2, "budget": "10m", "jobs": 1}


def test_a_run_compares_all_models_on_the_same_series_and_says_so(scarce, tmp_path):
    run = forecast.run(scarce, out=tmp_path / "run", **GIVEN)

    tried = set(run.backtest.query("model == 'theta'")["unique_id"])
    points = run.leaderboard.set_index("model")["points"]
    assert len(tried) == LEAST
    assert set(points) == {LEAST * 2 * 3}
    assert run.forecasts.groupby("model")["unique_id"].nunique().to_dict() == {
        **dict.fromkeys(["drift", "naive", "seasonal_naive"], SERIES),
        "theta": LEAST,
    }
    info = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert info["budget"]["rationed"] == {"models": ["theta"], "series": LEAST, "of": SERIES}
    said = "theta tried on 6 of 30 series, drawn by length and volatility, on which all models are compared"
    assert any(notice["code"] == "W305" and said in notice["message"] for notice in info["notices"])
    assert said in run.report.read_text(encoding="utf-8")


def test_a_backtest_does_likewise(scarce, call):
    scarce.to_csv("series.csv", index=False)

    words = ("--models", "theta", "--horizon", "3", "--n-windows", "1", "--budget", "10m", "--jobs", "1", "--json")
    code, out, err = call("backtest", "series.csv", *words)

    assert code == 0
    assert {row["points"] for row in json.loads(out)["models"]} == {LEAST * 3}
    assert "warning[W305]: budget: theta tried on 6 of 30 series" in err


def test_slow_models_are_timed_on_a_few_series(monkeypatch):
    tried = []

    def try_out(self, function, tasks, seconds):
        tried.extend((task.model, task.panel.n_series) for task in tasks)
        assert 19.0 < seconds <= 20.0
        return [0.0, None]

    monkeypatch.setattr(Workers, "try_out", try_out)
    factories = {name: MODELS[name] for name in ("theta", "mlp", "ets", "naive")}
    with Workers(1, seconds=100.0) as workers:
        ration = rationed(factories, panel_of(160), SPLIT, workers, seed=0)

    assert tried == [("theta", rationing.FEW), ("ets", rationing.FEW)]
    assert ration.panel.n_series == rationing.LEAST  # what was stopped takes as long as it was given, at least


def test_a_model_is_timed_once_it_is_loaded(monkeypatch):
    now, done = [0.0], []
    monkeypatch.setattr(rationing, "perf_counter", lambda: now[0])

    def perform(task):
        done.append(task.panel.n_series)
        now[0] += 10.0 if len(done) == 1 else 0.5

    monkeypatch.setattr(rationing, "perform", perform)

    assert rationing.timed(Task("theta", MODELS["theta"], panel_of(8), SPLIT)) == 0.5
    assert done == [1, 8]
