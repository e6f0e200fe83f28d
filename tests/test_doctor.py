import numpy as np
import pytest
from conftest import make_panel

from forecast.doctor import fillable
from forecast.errors import DataError


def holed(start, stop, n=30):
    y = np.arange(float(n))
    y[start:stop] = np.nan
    return y


def test_a_gap_up_to_a_season_is_fine():
    panel = make_panel(holed(5, 17))

    assert fillable(panel, missing="auto") == (panel, [])


def test_a_gap_longer_than_a_season_is_refused_with_a_repair():
    with pytest.raises(DataError, match=r'13 values missing in a row in "s0" from 2018-01-01 \(limit: 12\)') as caught:
        fillable(make_panel(holed(5, 18)), missing="auto")

    assert (caught.value.code, caught.value.hint) == ("D115", "--missing linear")


def test_a_gap_longer_than_a_season_is_filled_when_the_user_says_how():
    panel = make_panel(holed(5, 18))

    assert fillable(panel, missing="linear") == (panel, [])


def test_any_gap_is_refused_when_the_user_wants_none():
    with pytest.raises(DataError, match="2 missing values, longest run 2") as caught:
        fillable(make_panel(holed(5, 7)), missing="error")

    assert caught.value.code == "D114"


def test_one_bad_series_does_not_stop_a_panel():
    panel, notices = fillable(make_panel(holed(5, 18), holed(5, 7), np.arange(9.0)), missing="auto")

    assert panel.ids == ("s1", "s2")
    assert [notice.code for notice in notices] == ["W204"]
    assert "1 of 3 series left out" in notices[0].message


def test_a_series_without_gaps_passes_even_then():
    panel = make_panel(np.arange(9.0))

    assert fillable(panel, missing="error") == (panel, [])
