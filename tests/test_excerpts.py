"""Some of the series, and what lies after a date."""

import numpy as np
import pandas as pd
import pytest

import forecast
from forecast.errors import ConfigError, DataError
from forecast.excerpts import excerpt
from forecast.series import read_series


@pytest.fixture
def panel():
    """Three series of 12 months; the second has a gap in April, the third begins in November, which is known ahead."""
    months = pd.date_range("2020-01-01", periods=12, freq="MS")
    rows = [("a", month, i, 0.5 * i) for i, month in enumerate(months)]
    rows += [("b", month, 10.0 + i, 1.0 * i) for i, month in enumerate(months) if month.month != 4]
    rows += [("c", month, 20.0 + i, 2.0 * i) for i, month in enumerate(months) if month.month > 8]
    frame = pd.DataFrame(rows, columns=["unique_id", "ds", "y", "temperature"])
    return read_series(frame, past=["temperature"])


def test_named_series_are_taken_in_the_order_of_the_data(panel):
    part = excerpt(panel, series=["c", "a"])

    assert part.panel.ids == ("a", "c")
    np.testing.assert_array_equal(part.panel.series(1), [28.0, 29.0, 30.0, 31.0])
    assert "2 of 3 series, as named" in part.notes


def test_what_lies_before_a_date_is_left_out_with_its_covariates(panel):
    part = excerpt(panel, since="2020-06-01").panel

    assert part.lengths.tolist() == [7, 7, 4]
    np.testing.assert_array_equal(part.series(0), np.arange(5.0, 12.0))
    expected = panel.frame[panel.frame["ds"] >= "2020-06-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.to_frame(), expected)


def test_a_series_begins_with_a_value(panel):
    assert excerpt(panel, since="2020-04-01").panel.lengths.tolist() == [9, 8, 4]


def test_a_date_with_an_offset_is_one_of_the_world():
    data = read_series(
        pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=48, freq="h"), "y": np.arange(48.0) % 7})
    )

    assert excerpt(data, since="2020-01-02T12:00+02:00").panel.lengths.tolist() == [14]


def test_a_series_with_too_little_left_is_left_out_and_that_is_said(panel):
    later = excerpt(panel, since="2020-10-01", least=3)
    shorter = excerpt(panel, series=["a", "c"], since="2020-01-15", least=5)

    assert later.panel.ids == ("a", "b", "c")
    assert shorter.panel.ids == ("a",)
    assert [notice.code for notice in shorter.notices] == ["W204"]


def test_without_a_wish_all_is_as_it_was(panel):
    assert excerpt(panel).panel is panel.panel


def test_numbered_times_are_cut_at_a_number():
    data = read_series(pd.DataFrame({"ds": range(10), "y": np.arange(10.0) ** 2}))

    assert excerpt(data, since="6").panel.lengths.tolist() == [4]
    with pytest.raises(ConfigError, match="no whole number"):
        excerpt(data, since="2020-01-01")


@pytest.mark.parametrize(
    ("wish", "kind", "message"),
    [
        ({"series": ["d"]}, ConfigError, 'no series "d"; try'),
        ({"series": ["aa"]}, ConfigError, 'no series "aa"; did you mean "a"'),
        ({"since": "soon"}, ConfigError, '--since "soon" is no date'),
        ({"since": "2030-01-01"}, DataError, "no series has 3 values since 2030-01-01"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(panel, wish, kind, message):
    with pytest.raises(kind, match=message):
        excerpt(panel, **wish)


def test_every_verb_takes_them(tmp_path):
    rows = [(name, 1990 + i, i % 5) for name in "abc" for i in range(30)]
    pd.DataFrame(rows, columns=["store", "year", "sales"]).to_csv(tmp_path / "s.csv", index=False)

    facts = forecast.check(tmp_path / "s.csv", series=["b"], since="2000").facts
    frame = forecast.predict(tmp_path / "s.csv", series=["b", "c"], since="2000", models=["naive"], horizon=2)

    assert (facts["series"], facts["rows"]) == (1, 20)
    assert frame["unique_id"].tolist() == ["b", "b", "c", "c"]


@pytest.mark.parametrize("integers", [False, True])
def test_a_date_that_leaves_too_little_is_answered_with_the_latest_that_does_not(integers):
    times = range(1, 13) if integers else pd.date_range("2020-01-01", periods=12, freq="MS")
    data = read_series(pd.DataFrame({"ds": times, "y": [*range(10), None, 10.0]}))

    with pytest.raises(DataError) as caught:
        excerpt(data, since="12" if integers else "2020-12-01", least=3)

    latest = "9" if integers else "2020-09-01"
    assert caught.value.hint == f"--since {latest}"
    assert excerpt(data, since=latest, least=3).panel.n_series == 1
