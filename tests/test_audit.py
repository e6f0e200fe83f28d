from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from forecast.audit import CHANGES, audit
from forecast.models.arima import ARIMA
from forecast.models.classical import Naive, SeasonalNaive
from forecast.models.ets import ETS
from forecast.models.mlp import MLP
from forecast.models.theta import Theta
from forecast.readers import read_table
from forecast.series import read_series

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
    return audit(table, read, factories, **columns, horizon=6, n_windows=2)


def found(path, **planted):
    return {(check.change, what) for check in checks(path, **planted) for what in check.moved}


def test_nothing_before_a_cutoff_moves_whatever_comes_after_it(sales):
    done = checks(sales)

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
        horizon=3,
        n_windows=1,
    )

    assert [check.moved for check in done] == [()] * 5
