import gc
import weakref
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast import backtesting, tasks
from forecast.backtesting import backtest, fit_all
from forecast.came import truth
from forecast.errors import ModelError
from forecast.models.classical import Naive, SeasonalNaive
from forecast.scoring import common_points, leaderboard, unit_losses
from forecast.split import Split, choose_n_windows
from forecast.tasks import Task, perform, windows

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

    backtest({"spy": Spy}, make_panel(y), Split(5, 3))

    assert sorted(len(past) for past in Spy.seen) == [25, 30, 35]
    assert all((past == y[: len(past)]).all() for past in Spy.seen)


def test_the_truth_is_what_came_after_the_cutoff():
    panel = make_panel(np.arange(20.0), np.arange(100.0, 112.0), season_length=1)
    split = Split(2, 2)
    first = next(windows(panel, split))

    assert truth(panel, first, split)["y"].tolist() == [16, 17, 108, 109]
    assert first.past.ids == ("s0", "s1")


def test_forecasts_meet_the_truth_at_the_same_time():
    y = np.arange(40.0)
    frame = backtest(BASELINES, make_panel(y), Split(4, 2)).frame

    naive = frame[frame["model"] == "naive"]

    assert naive["y"].tolist() == [32, 33, 34, 35, 36, 37, 38, 39]
    assert naive["y_hat"].tolist() == [31] * 4 + [35] * 4
    assert naive["ds"].tolist() == list(pd.date_range("2019-06-01", periods=8, freq="MS"))
    assert naive["step"].tolist() == [1, 2, 3, 4] * 2


def test_a_series_that_did_not_exist_yet_is_left_out_of_a_window():
    frame = backtest(BASELINES, make_panel(np.arange(30.0), np.arange(8.0)), Split(4, 2)).frame

    counts = frame[frame["model"] == "naive"].groupby("cutoff")["unique_id"].nunique()

    assert counts.tolist() == [1, 2]


def test_the_scale_is_that_of_the_past_at_each_cutoff():
    y = np.r_[np.arange(20.0), 20 + 10 * np.arange(20.0)]

    frame = backtest(BASELINES, make_panel(y, season_length=1), Split(10, 2)).frame

    scale = frame[frame["model"] == "naive"].groupby("cutoff")["scale"].first().tolist()
    assert scale == [pytest.approx(np.abs(np.diff(y[:20])).mean()), pytest.approx(np.abs(np.diff(y[:30])).mean())]


def test_a_window_in_which_no_series_has_three_values_is_passed_over():
    tested = backtest(BASELINES, make_panel(np.arange(9.0)), Split(2, 4))
    frame, fits = tested.frame, tested.fits

    assert len(fits) == 3
    assert frame["cutoff"].nunique() == 3


def test_no_window_gives_an_empty_frame():
    tested = backtest(BASELINES, make_panel(np.arange(9.0)), Split(5, 0))
    frame, fits = tested.frame, tested.fits

    assert (len(frame), fits) == (0, [])


def test_a_failing_model_is_written_down_and_the_others_go_on():
    fitted = fit_all({"failing": Failing, **BASELINES}, make_panel(np.arange(40.0)), Split(2, 0))

    assert fitted.failures == [{"model": "failing", "cutoff": "2020-01-01", "reason": "too long for me"}]
    assert set(fitted.forecasts["model"]) == {"seasonal_naive", "naive"}


def test_a_forecast_that_is_not_a_number_is_a_failure():
    fitted = fit_all({"nan": NotANumber, **BASELINES}, make_panel(np.arange(40.0)), Split(2, 0))

    assert [failure["model"] for failure in fitted.failures] == ["nan"]


def test_all_models_failing_ends_the_run():
    with pytest.raises(ModelError, match="every model failed at cutoff 2020-01-01: too long for me"):
        fit_all({"failing": Failing}, make_panel(np.arange(40.0)), Split(2, 0))


def test_models_are_scored_on_the_points_they_share():
    factories = {"failing": Failing, **BASELINES}
    tested = backtest(factories, make_panel(np.arange(40.0)), Split(5, 3))
    frame, fits = tested.frame, tested.fits

    board = leaderboard(common_points(frame), factories, baselines=("naive",), fits=fits).set_index("model")

    assert board["windows"].tolist() == [2, 2, 2]
    assert board.loc["failing", "failures"] == 1
    assert board.loc["naive", "failures"] == 0


def test_the_leaderboard_is_sorted_and_knows_the_skill():
    tested = backtest(BASELINES, make_panel(np.arange(40.0)), Split(4, 3))
    frame, fits = tested.frame, tested.fits

    board = leaderboard(frame, BASELINES, baselines=tuple(BASELINES), fits=fits)

    assert board["model"].tolist() == ["naive", "seasonal_naive"]
    assert board["rank"].tolist() == [1, 2]
    assert board["skill"].tolist() == [pytest.approx(1 - 2.5 / 12), 0.0]
    assert list(board.columns[:7]) == ["rank", "model", "role", "mase", "smape", "mae", "rmse"]


def test_the_unit_of_one_series_is_a_window_and_of_a_panel_a_series():
    one = backtest(BASELINES, make_panel(np.arange(40.0)), Split(4, 3)).frame
    many = backtest(BASELINES, make_panel(np.arange(40.0), np.arange(50.0)), Split(4, 3)).frame

    assert unit_losses(one)[0] == "windows"
    assert len(unit_losses(one)[1]) == 3
    assert unit_losses(many)[0] == "series"
    assert len(unit_losses(many)[1]) == 2


def test_windows_may_overlap_and_leave_a_gap():
    split = Split(3, 4, step_size=2, gap=1)
    frame = backtest({"naive": Naive}, make_panel(np.arange(40.0)), split).frame

    assert split.backs == [10, 8, 6, 4]
    assert frame["y"].tolist() == [31, 32, 33, 33, 34, 35, 35, 36, 37, 37, 38, 39]
    assert frame["y_hat"].tolist() == [29] * 3 + [31] * 3 + [33] * 3 + [35] * 3
    assert frame["step"].tolist() == [1, 2, 3] * 4


def test_forecasts_of_the_future_leave_the_gap_out():
    fitted = fit_all(BASELINES, make_panel(np.arange(40.0), season_length=1), Split(2, 0, gap=3))

    assert fitted.forecasts["step"].tolist() == [1, 2] * 2
    assert fitted.forecasts["ds"].iloc[0] == pd.Timestamp("2020-05-01")


def test_a_sliding_window_shows_the_latest_values_alone():
    Spy.seen = []
    y = np.arange(1.0, 41.0)

    backtest({"spy": Spy}, make_panel(y), Split(5, 2, window_size=7))

    assert sorted(past.tolist() for past in Spy.seen) == [y[23:30].tolist(), y[28:35].tolist()]


@pytest.mark.parametrize(("refit", "fits"), [(1, [28, 32, 36]), (2, [28, 36]), (0, [28])])
def test_models_are_fitted_at_every_so_manieth_window(refit, fits):
    Spy.seen = []
    tested = backtest({"spy": Spy}, make_panel(np.arange(40.0)), Split(4, 3, refit=refit))

    assert sorted(len(past) for past in Spy.seen) == fits
    assert tested.frame["y_hat"].tolist() == [27] * 4 + [31] * 4 + [35] * 4


def test_further_origins_lie_between_the_cutoffs_and_know_no_more_than_their_past():
    tested = backtest({"naive": Naive}, make_panel(np.arange(40.0)), Split(4, 2))
    between = tested.between.frame()
    first = between.groupby("back", sort=False).first()

    assert list(first.index) == [7, 6, 5, 3, 2, 1]
    assert first["y_hat"].tolist() == [32, 33, 34, 36, 37, 38]
    assert (between["y"] - between["y_hat"] == between["step"]).all()
    assert between.groupby("back").size().loc[[1, 2, 3]].tolist() == [1, 2, 3]


def test_what_came_is_the_same_when_series_are_looked_at_two_at_a_time(monkeypatch):
    rng, split = np.random.default_rng(0), Split(3, 2, gap=1)
    panel = make_panel(*(rng.normal(size=length) for length in (30, 12, 9, 4, 25)), season_length=2)
    whole = backtest(BASELINES, panel, split)
    monkeypatch.setattr(backtesting, "TOGETHER", 2)
    monkeypatch.setattr(tasks, "TOGETHER", 2)
    parts = backtest(BASELINES, panel, split)

    assert whole.frame["unique_id"].nunique() == 4  # the fourth has nothing before any cutoff
    pd.testing.assert_frame_equal(parts.frame, whole.frame)
    pd.testing.assert_frame_equal(parts.between.frame(), whole.between.frame())


def test_there_are_no_more_further_origins_than_needed():
    split = Split(30, 4)

    assert sum(len(split.between(block)) for block in split.blocks) == 40


def test_further_origins_are_fewer_where_series_are_very_many_but_one_at_least():
    split = Split(30, 4)
    counts = [sum(len(split.between(b, n_series=n)) for b in split.blocks) for n in (1_000, 10_000, 10_000_000)]

    assert counts == [40, 6, 1]


def test_what_is_not_finished_in_time_is_a_window_less():
    def out_of_time(tasks):
        return [perform(task) if i < 3 else None for i, task in enumerate(tasks)]

    tested = backtest(BASELINES, make_panel(np.arange(40.0)), Split(4, 3), do=out_of_time)

    assert tested.unfinished == 2
    assert tested.frame["back"].unique().tolist() == [4]


def test_a_final_fit_not_finished_in_time_is_a_failure():
    fitted = fit_all(BASELINES, make_panel(np.arange(40.0)), Split(4, 3), do=lambda tasks: [perform(tasks[0]), None])

    assert [(f["model"], f["reason"]) for f in fitted.failures] == [("naive", "not finished in the time there was")]


def test_seasonal_naive_stands_in_where_that_was_asked_for():
    panel = make_panel(np.arange(40.0))
    fitted = fit_all({"failing": Failing, **BASELINES}, panel, Split(2, 0), fallback=True)
    rows = {model: own["y_hat"].tolist() for model, own in fitted.forecasts.groupby("model")}

    assert rows["failing"] == rows["seasonal_naive"]
    assert [notice.code for notice in fitted.notices] == ["W303"]
    assert [failure["model"] for failure in fitted.failures] == ["failing"]


def test_a_task_gives_back_its_model_only_when_asked():
    task = Task("naive", Naive, make_panel(np.arange(9.0)), Split(2, 0))

    assert perform(task).model is None
    assert fit_all(BASELINES, task.panel, task.split).models["naive"].name == "naive"


class Counted(Naive):
    """Notes how many of its kind and of the pasts they were given are alive at each fit."""

    name = "counted"
    alive: ClassVar[list[int]] = []
    everything: ClassVar[weakref.WeakSet] = weakref.WeakSet()

    def fit(self, panel, *, horizon):
        Counted.everything |= {self}
        self.weight = np.zeros(1000)
        gc.collect()
        Counted.alive.append(len(Counted.everything))
        return super().fit(panel, horizon=horizon)


def test_nothing_of_a_window_is_held_but_its_forecasts():
    backtest({"counted": Counted}, make_panel(np.arange(260.0)), Split(horizon=1, n_windows=200))

    assert len(Counted.alive) == 200
    assert max(Counted.alive) == 1
