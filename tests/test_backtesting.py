from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast.backtesting import (
    backtest,
    choose_n_windows,
    common_points,
    fit_all,
    leaderboard,
    truth,
    unit_losses,
    windows,
)
from forecast.errors import ModelError
from forecast.models.classical import Naive, SeasonalNaive

BASELINES = {"seasonal_naive": SeasonalNaive, "naive": Naive}


class Spy(Naive):
    """Notes what it is shown."""

    name = "spy"
    seen: ClassVar[list[np.ndarray]] = []

    def fit(self, panel, *, horizon):
        Spy.seen.append(panel.values.copy())
        return super().fit(panel, horizon=horizon)


class Failing(Naive):
    """Fails on a past that is longer than 30 values."""

    name = "failing"

    def fit(self, panel, *, horizon):
        if len(panel.values) > 30:
            raise ValueError("too long for me")
        return super().fit(panel, horizon=horizon)


class NotANumber(Naive):
    name = "nan"

    def predict(self, panel=None):
        return super().predict(panel).assign(y_hat=np.nan)


@pytest.mark.parametrize(
    ("length", "horizon", "season", "expected"),
    [
        (144, 12, 12, 6),
        (1000, 12, 12, 12),
        (60, 12, 12, 3),
        (40, 12, 1, 2),
        (20, 12, 1, 0),
        (30, 1, 1, 12),
        (5, 1, 1, 2),
    ],
)
def test_the_number_of_windows_follows_the_length(length, horizon, season, expected):
    assert choose_n_windows(make_panel(np.arange(length), season_length=season), horizon) == expected


def test_each_window_shows_the_past_and_nothing_else():
    Spy.seen = []
    y = np.arange(1.0, 41.0)

    backtest({"spy": Spy}, make_panel(y), horizon=5, n_windows=3)

    assert [len(past) for past in Spy.seen] == [25, 30, 35]
    assert all((past == y[: len(past)]).all() for past in Spy.seen)


def test_the_truth_is_what_came_after_the_cutoff():
    panel = make_panel(np.arange(20.0), np.arange(100.0, 112.0), season_length=1)
    first = next(windows(panel, horizon=2, n_windows=2))

    assert truth(panel, first)["y"].tolist() == [16, 17, 108, 109]
    assert first.past.ids == ("s0", "s1")


def test_forecasts_meet_the_truth_at_the_same_time():
    y = np.arange(40.0)
    frame, _ = backtest(BASELINES, make_panel(y), horizon=4, n_windows=2)

    naive = frame[frame["model"] == "naive"]

    assert naive["y"].tolist() == [32, 33, 34, 35, 36, 37, 38, 39]
    assert naive["y_hat"].tolist() == [31] * 4 + [35] * 4
    assert naive["ds"].tolist() == list(pd.date_range("2019-06-01", periods=8, freq="MS"))
    assert naive["step"].tolist() == [1, 2, 3, 4] * 2


def test_a_series_that_did_not_exist_yet_is_left_out_of_a_window():
    frame, _ = backtest(BASELINES, make_panel(np.arange(30.0), np.arange(8.0)), horizon=4, n_windows=2)

    counts = frame[frame["model"] == "naive"].groupby("cutoff")["unique_id"].nunique()

    assert counts.tolist() == [1, 2]


def test_the_scale_is_that_of_the_past_at_each_cutoff():
    y = np.r_[np.arange(20.0), 20 + 10 * np.arange(20.0)]

    frame, _ = backtest(BASELINES, make_panel(y, season_length=1), horizon=10, n_windows=2)

    scale = frame[frame["model"] == "naive"].groupby("cutoff")["scale"].first().tolist()
    assert scale == [pytest.approx(np.abs(np.diff(y[:20])).mean()), pytest.approx(np.abs(np.diff(y[:30])).mean())]


def test_a_window_in_which_no_series_has_three_values_is_passed_over():
    frame, fits = backtest(BASELINES, make_panel(np.arange(9.0)), horizon=2, n_windows=4)

    assert len(fits) == 3
    assert frame["cutoff"].nunique() == 3


def test_no_window_gives_an_empty_frame():
    frame, fits = backtest(BASELINES, make_panel(np.arange(9.0)), horizon=5, n_windows=0)

    assert (len(frame), fits) == (0, [])


def test_a_failing_model_is_written_down_and_the_others_go_on():
    fitted = fit_all({"failing": Failing, **BASELINES}, make_panel(np.arange(40.0)), horizon=2)

    assert fitted.failures == [{"model": "failing", "cutoff": "2020-01-01", "reason": "too long for me"}]
    assert set(fitted.forecasts["model"]) == {"seasonal_naive", "naive"}


def test_a_forecast_that_is_not_a_number_is_a_failure():
    fitted = fit_all({"nan": NotANumber, **BASELINES}, make_panel(np.arange(40.0)), horizon=2)

    assert [failure["model"] for failure in fitted.failures] == ["nan"]


def test_all_models_failing_ends_the_run():
    with pytest.raises(ModelError, match="every model failed at cutoff 2020-01-01: too long for me"):
        fit_all({"failing": Failing}, make_panel(np.arange(40.0)), horizon=2)


def test_models_are_scored_on_the_points_they_share():
    factories = {"failing": Failing, **BASELINES}
    frame, fits = backtest(factories, make_panel(np.arange(40.0)), horizon=5, n_windows=3)

    board = leaderboard(common_points(frame), factories, baselines=("naive",), fits=fits).set_index("model")

    assert board["windows"].tolist() == [2, 2, 2]
    assert board.loc["failing", "failures"] == 1
    assert board.loc["naive", "failures"] == 0


def test_the_leaderboard_is_sorted_and_knows_the_skill():
    frame, fits = backtest(BASELINES, make_panel(np.arange(40.0)), horizon=4, n_windows=3)

    board = leaderboard(frame, BASELINES, baselines=tuple(BASELINES), fits=fits)

    assert board["model"].tolist() == ["naive", "seasonal_naive"]
    assert board["rank"].tolist() == [1, 2]
    assert board["skill"].tolist() == [pytest.approx(1 - 2.5 / 12), 0.0]
    assert list(board.columns[:7]) == ["rank", "model", "role", "mase", "smape", "mae", "rmse"]


def test_the_unit_of_one_series_is_a_window_and_of_a_panel_a_series():
    one, _ = backtest(BASELINES, make_panel(np.arange(40.0)), horizon=4, n_windows=3)
    many, _ = backtest(BASELINES, make_panel(np.arange(40.0), np.arange(50.0)), horizon=4, n_windows=3)

    assert unit_losses(one)[0] == "windows"
    assert len(unit_losses(one)[1]) == 3
    assert unit_losses(many)[0] == "series"
    assert len(unit_losses(many)[1]) == 2


def test_progress_is_told_before_every_fit():
    told = []

    backtest(BASELINES, make_panel(np.arange(40.0)), horizon=4, n_windows=2, tick=told.append)

    assert told == ["seasonal_naive", "naive"] * 2
