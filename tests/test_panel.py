"""A panel is the series frame as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.frequency import Frequency
from forecast.panel import Panel, forecast_frame, of_columns, of_rows, with_ends


def panel_of(lengths: dict[str, int], *, alias: str = "MS", start: str = "2020-01-01") -> Panel:
    """Return a panel of series that count 1, 2, 3, ... and start together."""
    frames = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range(start, periods=length, freq=alias).to_numpy().astype("datetime64[us]"),
                "y": np.arange(1.0, length + 1),
            }
        )
        for name, length in lengths.items()
    ]
    return Panel.from_frame(pd.concat(frames, ignore_index=True), Frequency(alias), season_length=12)


def days(times: np.ndarray) -> list[str]:
    return times.astype("datetime64[D]").astype(str).tolist()


def test_a_panel_knows_its_series() -> None:
    panel = panel_of({"a": 5, "b": 3})
    assert (panel.n_series, panel.ids, panel.lengths.tolist()) == (2, ("a", "b"), [5, 3])


def test_a_panel_knows_the_last_time_of_each_series() -> None:
    assert days(panel_of({"a": 5, "b": 3}).last) == ["2020-05-01", "2020-03-01"]


def test_a_panel_does_not_share_memory_with_its_frame() -> None:
    frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2], "y": [1.0, 2.0]})
    Panel.from_frame(frame, Frequency("int"), season_length=1).values[0] = 9.0
    assert frame["y"].tolist() == [1.0, 2.0]


def test_a_series_is_a_view() -> None:
    panel = panel_of({"a": 5, "b": 3})
    assert np.shares_memory(panel.series(1), panel.values)


def test_other_values_stand_in_the_same_places() -> None:
    panel = panel_of({"a": 2, "b": 1}).with_values(np.array([7.0, 8.0, 9.0]))
    assert panel.series(1).tolist() == [9.0]


def test_dropping_nothing_changes_nothing() -> None:
    panel = panel_of({"a": 5})
    assert panel.drop_last(0) is panel


def test_dropping_the_end_moves_the_last_time_back() -> None:
    panel = panel_of({"a": 5, "b": 4}).drop_last(2)
    assert (days(panel.last), panel.values.tolist()) == (["2020-03-01", "2020-02-01"], [1, 2, 3, 1, 2])


@pytest.mark.parametrize(
    ("alias", "start", "expected"),
    [
        ("ME", "2020-01-31", "2020-02-29"),
        ("B", "2020-01-02", "2020-01-03"),
        ("W-SAT", "2020-01-04", "2020-01-11"),
        ("QE-DEC", "2020-03-31", "2020-06-30"),
        ("YS-JAN", "1500-01-01", "1501-01-01"),
    ],
)
def test_dropping_the_end_walks_back_on_the_calendar(alias: str, start: str, expected: str) -> None:
    frame = pd.DataFrame({"unique_id": "a", "y": [1.0, 2.0, 3.0]})
    from forecast.frequency import advance

    frame["ds"] = advance(np.datetime64(start), np.arange(3), Frequency(alias))
    panel = Panel.from_frame(frame, Frequency(alias), season_length=1)
    assert days(panel.drop_last(1).last) == [expected]


def test_a_series_that_is_dropped_whole_is_left_out() -> None:
    assert panel_of({"a": 5, "b": 2}).drop_last(2).ids == ("a",)


def test_a_panel_may_be_dropped_whole() -> None:
    panel = panel_of({"a": 2}).drop_last(2)
    assert (panel.n_series, len(panel.values), panel.offsets.tolist()) == (0, 0, [0])


def test_chosen_series_come_in_the_order_chosen() -> None:
    panel = panel_of({"a": 2, "b": 1, "c": 3}).take([2, 0])
    assert (panel.ids, panel.values.tolist(), panel.offsets.tolist()) == (("c", "a"), [1, 2, 3, 1, 2], [0, 3, 5])


def test_the_tail_has_the_last_values_of_each_series() -> None:
    assert panel_of({"a": 5, "b": 3}).tail(2).tolist() == [[4, 5], [2, 3]]


def test_before_a_short_series_the_tail_has_nothing() -> None:
    np.testing.assert_array_equal(panel_of({"a": 5, "b": 1}).tail(2), [[4, 5], [np.nan, 1]])


def test_a_forecast_frame_has_a_row_for_each_series_and_step() -> None:
    frame = forecast_frame(panel_of({"a": 5, "b": 3}), np.array([[1.0, 2.0], [3.0, 4.0]]), model="naive")
    assert frame["unique_id"].tolist() == ["a", "a", "b", "b"]
    assert frame["step"].tolist() == [1, 2, 1, 2]
    assert frame["y_hat"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert days(frame["ds"].to_numpy()) == ["2020-06-01", "2020-07-01", "2020-04-01", "2020-05-01"]
    assert days(frame["cutoff"].to_numpy()) == ["2020-05-01", "2020-05-01", "2020-03-01", "2020-03-01"]


def test_a_forecast_frame_of_no_series_is_empty() -> None:
    frame = forecast_frame(panel_of({"a": 1}).drop_last(1), np.empty((0, 3)), model="naive")
    assert list(frame.columns) == ["unique_id", "cutoff", "ds", "step", "model", "y_hat"]
    assert len(frame) == 0


def test_parts_are_the_panel_one_after_another() -> None:
    panel = panel_of({"a": 5, "b": 3, "c": 4})
    parts = list(panel.parts(2))
    assert [part.ids for part in parts] == [("a", "b"), ("c",)]
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), panel.values)
    assert next(panel.parts(3)) is panel


def test_columns_are_shared_with_the_frame_they_are_of() -> None:
    frame = forecast_frame(panel_of({"a": 5, "b": 3}), np.zeros((2, 3)), model="m").set_axis(range(6, 0, -1))
    chosen = of_columns(frame, ["step", "y_hat"])
    pd.testing.assert_frame_equal(chosen, frame[["step", "y_hat"]])
    assert np.shares_memory(chosen["y_hat"].to_numpy(), frame["y_hat"].to_numpy())


def test_ends_stand_beside_the_forecasts_and_what_they_are_set_to_is_seen_by_no_other_frame() -> None:
    frame = forecast_frame(panel_of({"a": 5}), np.zeros((1, 2)), model="m").assign(y=[1.0, 2.0])
    wider = with_ends(frame, {"lo-80": np.array([-1.0, -2.0]), "hi-80": np.array([1.0, 2.0])}, [80])
    assert wider.columns[-4:].tolist() == ["y_hat", "lo-80", "hi-80", "y"]
    wider["y_hat"] = 7.0
    assert frame["y_hat"].tolist() == [0.0, 0.0]


def test_all_rows_of_a_frame_are_the_frame() -> None:
    frame = pd.DataFrame({"y": [5.0, 6.0, 7.0]})
    assert of_rows(frame, np.arange(3)) is frame
    assert of_rows(frame, np.array([0, 2]))["y"].tolist() == [5.0, 7.0]
