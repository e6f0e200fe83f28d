"""Times of a zone, with the jumps of its clock, and seconds since 1970."""

import numpy as np
import pandas as pd
import pytest

from forecast.errors import ConfigError, DataError
from forecast.series import read_series

BERLIN = "Europe/Berlin"
YEAR = pd.date_range("2023-01-01", "2024-01-01", freq="h", inclusive="left", tz=BERLIN)


def frame(times):
    return pd.DataFrame({"time": times, "load": np.arange(len(times)) % 24})


FORMS = {
    "on the clock": lambda year: year.strftime("%Y-%m-%d %H:%M"),
    "with offsets": lambda year: [time.isoformat() for time in year],
    "in UTC": lambda year: year.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ"),
}


@pytest.mark.parametrize("form", FORMS)
def test_no_hour_of_a_year_is_lost_or_doubled(form):
    data = read_series(frame(FORMS[form](YEAR)), tz=BERLIN)

    assert len(data.frame) == 8760
    assert data.frame["y"].notna().all()
    assert data.frame["ds"].iloc[0] == pd.Timestamp("2022-12-31 23:00")
    assert any("turned to UTC" in note for note in data.notes)


def test_the_doubled_hour_is_taken_in_the_order_of_the_rows_of_each_series():
    two = pd.concat([frame(FORMS["on the clock"](YEAR)).assign(id=name) for name in "ab"])
    data = read_series(two, id="id", target="load", tz=BERLIN)

    assert data.panel.lengths.tolist() == [8760, 8760]
    assert data.panel.series(0).tolist() == list(np.arange(8760) % 24)


def test_days_keep_their_dates():
    days = [time.isoformat() for time in pd.date_range("2024-03-25", periods=14, tz=BERLIN)]
    data = read_series(frame(days), tz=BERLIN)

    assert data.frequency.alias == "D"
    assert data.frame["ds"].iloc[0] == pd.Timestamp("2024-03-25")
    assert "dates as in Europe/Berlin" in data.notes


def test_a_time_that_the_clock_left_out_is_refused():
    times = ["2024-03-31 01:00", "2024-03-31 02:30", "2024-03-31 03:00"]
    with pytest.raises(DataError, match="first 2024-03-31 02:30:00: it was put forward") as caught:
        read_series(frame(times), tz=BERLIN)

    assert caught.value.code == "D112"


def test_two_offsets_without_a_zone_are_refused_with_a_zone_that_works(tmp_path):
    path = tmp_path / "load.csv"
    frame(FORMS["with offsets"](YEAR)).to_csv(path, index=False)
    with pytest.raises(DataError) as caught:
        read_series(path)

    assert caught.value.code == "D112"
    assert caught.value.hint.endswith("--tz Europe/Berlin")
    assert len(read_series(path, tz=BERLIN).frame) == 8760


def test_times_with_and_without_an_offset_are_refused():
    with pytest.raises(DataError, match=r"UTC offsets none and \+0100"):
        read_series(frame(["2024-01-01 00:00", "2024-01-01 01:00+01:00", "2024-01-01 02:00"]), tz=BERLIN)


@pytest.mark.parametrize(("zone", "guess"), [(BERLIN, BERLIN), ("America/New_York", "America/New_York")])
def test_the_hour_that_comes_twice_is_not_proposed_to_be_averaged(zone, guess):
    times = pd.date_range("2023-10-01", "2023-11-30", freq="h", tz=zone).strftime("%Y-%m-%d %H:%M")
    with pytest.raises(DataError) as caught:
        read_series(frame(times))

    assert (caught.value.code, caught.value.hint) == ("D111", f'tz="{guess}"')
    assert "comes twice when summer ends" in caught.value.found


def test_an_unknown_zone_is_refused():
    with pytest.raises(ConfigError, match="no time zone"):
        read_series(frame(FORMS["in UTC"](YEAR)), tz="Europe/Berlln")


@pytest.mark.parametrize(("unit", "word"), [("s", "seconds"), ("ms", "milliseconds")])
def test_seconds_since_1970_are_times(unit, word):
    hours = pd.date_range("2024-01-01", periods=100, freq="h")
    numbers = hours.to_numpy().astype(f"datetime64[{unit}]").astype(np.int64)
    data = read_series(frame(numbers.astype(str)), time="time", target="load")

    assert data.frequency.alias == "h"
    assert data.frame["ds"].tolist() == list(hours)
    assert f"times are {word} since 1970, in UTC" in data.notes


def test_seconds_stay_numbers_where_whole_numbers_were_asked_for():
    numbers = 1_704_067_200 + 3600 * np.arange(50)

    assert read_series(frame(numbers), time="time", target="load", freq="int").frequency.step == 3600


def test_other_whole_numbers_stay_numbers():
    assert read_series(frame(np.arange(100, 150)), time="time", target="load").frequency.is_integer
