"""A run that is asked for totals forecasts sums and series that add up, and scores them with and without."""

import numpy as np
import pandas as pd
import pytest

from forecast import pipeline
from forecast.errors import DataError


def stores(n=48):
    rng = np.random.default_rng(0)
    months = pd.date_range("2018-01-01", periods=n, freq="MS")
    frames = [
        pd.DataFrame({"store": store, "region": region, "month": months, "sales": 100.0 + rng.normal(0, 9, n).cumsum()})
        for store, region in (("a", "n"), ("b", "n"), ("c", "s"), ("total", "s"))
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("totals") / "run"
    pipeline.run(stores(), totals=["region"], models=["drift"], horizon=3, n_windows=3, out=out)
    return out


def read(folder, name):
    return pd.read_csv(folder / name)


@pytest.mark.parametrize("method", ["bottom_up", "mint"])
@pytest.mark.parametrize("name", ["totals.csv", "totals_backtest.csv"])
def test_reconciled_forecasts_add_up_at_every_step(folder, name, method):
    frame = read(folder, name).query("method == @method")
    keys = ["model", "cutoff", "step"]
    series = frame[frame["level"] == "series"].groupby(keys)["y_hat"].sum()

    for level in ("total", "region"):
        sums = frame[frame["level"] == level].groupby(keys)["y_hat"].sum()
        assert sums.to_numpy() == pytest.approx(series.to_numpy())


def test_the_forecasts_as_they_were_made_are_those_of_the_run(folder):
    base = read(folder, "totals.csv").query("method == 'base' and level == 'series'")
    made = read(folder, "forecasts.csv")
    both = base.merge(made, on=["unique_id", "step", "model"], suffixes=("", "_made"))

    assert len(both) == len(made) == len(base)
    assert both["y_hat"].to_numpy() == pytest.approx(both["y_hat_made"].to_numpy())


def test_a_series_that_is_called_total_is_not_the_total(folder):
    frame = read(folder, "totals.csv").query("method == 'base' and unique_id == 'total' and model == 'naive'")

    assert sorted(frame["level"].unique()) == ["series", "total"]
    assert frame.groupby("level")["y_hat"].first().nunique() == 2


def test_scores_are_those_of_the_windows(folder):
    tested, scores = read(folder, "totals_backtest.csv"), read(folder, "totals_scores.csv")
    for row in scores.itertuples():
        for method in ("base", "bottom_up", "mint"):
            own = tested.query("model == @row.model and level == @row.level and method == @method")
            expected = ((own["y"] - own["y_hat"]).abs() / own["scale"]).mean()
            assert getattr(row, method) == pytest.approx(expected)


def test_a_window_is_reconciled_by_the_errors_of_earlier_windows_alone(tmp_path, folder):
    changed = stores()
    changed.loc[changed["month"] >= changed["month"].max() - pd.DateOffset(months=2), "sales"] *= 7
    pipeline.run(changed, totals=["region"], models=["drift"], horizon=3, n_windows=3, out=tmp_path / "r")

    before, after = read(folder, "totals_backtest.csv"), read(tmp_path / "r", "totals_backtest.csv")

    assert before["y_hat"].equals(after["y_hat"])


def test_the_same_bytes_come_out_twice(tmp_path, folder):
    pipeline.run(
        stores().sample(frac=1, random_state=0),
        totals=["region"],
        models=["drift"],
        horizon=3,
        n_windows=3,
        out=tmp_path / "r",
    )

    for name in ("totals.csv", "totals_backtest.csv", "totals_scores.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "r" / name).read_bytes()


def test_without_windows_the_totals_are_untested_but_there(tmp_path):
    pipeline.run(stores(9), totals=["region"], models=["drift"], horizon=6, out=tmp_path / "r")

    assert set(read(tmp_path / "r", "totals.csv")["method"]) == {"base", "bottom_up", "mint"}
    assert read(tmp_path / "r", "totals_scores.csv").empty


def test_series_that_end_at_different_times_are_an_error_before_anything_is_fitted(tmp_path):
    frame = stores()
    frame = frame[~((frame["store"] == "a") & (frame["month"] > "2021-06-01"))]
    with pytest.raises(DataError, match="totals need series that end at one time"):
        pipeline.run(frame, totals=["region"], models=["drift"], horizon=3, n_windows=3, out=tmp_path / "r")

    assert not list(tmp_path.iterdir())


def test_the_page_shows_the_scores_with_and_without(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")

    assert "Totals: mase with and without adding up" in page
    assert page.count(">minimum trace<") == 1
