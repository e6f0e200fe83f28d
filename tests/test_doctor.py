import json

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel
from reference import outlying_places, strength_of_season

from forecast import pipeline
from forecast.doctor import command, examine, fillable, visit
from forecast.doctor.gaps import runs_of, time_at
from forecast.doctor.measures import filled, longest_repeats, outliers, stationarity, strengths
from forecast.doctor.repairs import options_of
from forecast.errors import ConfigError, DataError, FileError
from forecast.models.mlp import MLP
from forecast.series import read_series


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


def frame(**series):
    """Monthly series from 2015 on, NaN left out."""
    rows = [
        (name, time, y)
        for name, values in series.items()
        for time, y in zip(pd.date_range("2015-01-01", periods=len(values), freq="MS"), values, strict=True)
        if not np.isnan(y)
    ]
    return pd.DataFrame(rows, columns=["unique_id", "ds", "y"])


def wave(n=60, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return 100 + 10 * np.sin(np.arange(n) * 2 * np.pi / 12) + noise * rng.normal(size=n)


def codes(checkup):
    return [finding.code for finding in checkup.findings]


def test_a_run_that_is_too_long_says_where_it_begins_and_how_long_it_is():
    with pytest.raises(DataError, match=r'longest run 2 in "s0" from 2018-01-01'):
        fillable(make_panel(holed(5, 7)), missing="error")


def test_a_gap_longer_than_the_series_is_no_case_for_a_line():
    with pytest.raises(DataError) as caught:
        fillable(make_panel(holed(5, 28)), missing="auto")

    assert caught.value.hint == "correct the time that lies far from the others"


def test_without_a_season_three_values_may_be_missing():
    assert fillable(make_panel(holed(5, 8), season_length=1), missing="auto")[1] == []
    with pytest.raises(DataError, match="limit: 3"):
        fillable(make_panel(holed(5, 9), season_length=1), missing="auto")


def test_runs_are_those_of_a_loop_over_series():
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 9, 50)
    offsets = np.r_[0, np.cumsum(lengths)]
    marked = rng.random(offsets[-1]) < 0.6
    expected = []
    for s in range(50):
        run = 0
        for place in range(offsets[s], offsets[s + 1]):
            run = run + 1 if marked[place] else 0
            if run and (place + 1 == offsets[s + 1] or not marked[place + 1]):
                expected.append((place - run + 1, run))

    assert list(zip(*map(np.ndarray.tolist, runs_of(marked, offsets)), strict=True)) == expected


def test_the_time_of_a_place_is_counted_from_the_end_of_its_series():
    panel = make_panel(np.arange(3.0), np.arange(4.0))

    assert [str(time_at(panel, place))[:7] for place in (0, 2, 3, 6)] == ["2019-11", "2020-01", "2019-10", "2020-01"]


def test_a_gap_is_filled_by_a_line_within_its_own_series():
    panel = make_panel([2.0, np.nan, 4.0], [-8.0, np.nan, np.nan, 4.0])

    assert filled(panel).values.tolist() == [0.5, 0.75, 1.0, -1.0, -0.5, 0.0, 0.5]


def test_the_strength_of_season_is_that_of_a_decomposition_by_loops():
    series = [wave(60, 5.0, seed) + seed * np.arange(60.0) for seed in range(4)]
    found = strengths(filled(make_panel(*series)))
    expected = [strength_of_season(list(y / np.abs(y).max()), 12) for y in series]

    np.testing.assert_allclose(np.c_[found.trend, found.season], expected, atol=1e-9)


def test_strengths_are_near_one_for_a_pure_season_and_a_pure_trend_and_none_for_a_short_series():
    found = strengths(filled(make_panel(wave(60, 0.01), np.arange(60.0), np.arange(9.0), np.ones(60))))

    assert found.season[0] > 0.99
    assert found.trend[1] > 0.99
    assert np.isnan([found.trend[2], found.season[2]]).all()
    assert (found.trend[3], found.season[3]) == (0.0, 0.0)


def test_a_series_without_a_season_has_no_strength_of_one():
    found = strengths(filled(make_panel(np.arange(30.0), season_length=1)))

    assert np.isnan(found.season[0])
    assert found.trend[0] > 0.99


@pytest.mark.parametrize("at", [0, 5, 30, 59])
def test_a_spike_is_an_outlier_wherever_it_stands_and_nothing_else_is(at):
    y = wave()
    y[at] += 100

    assert np.flatnonzero(outliers(filled(make_panel(wave(seed=3), y)))).tolist() == [60 + at]


def test_a_change_of_level_is_no_outlier():
    y = wave()
    y[30:] += 100

    assert not outliers(filled(make_panel(y))).any()


def test_a_spike_in_a_short_series_is_held_against_its_neighbours():
    y = np.r_[np.arange(10.0) % 2, 50, np.arange(5.0) % 2]

    assert np.flatnonzero(outliers(make_panel(y))).tolist() == [10]


def test_a_spike_among_equal_values_is_an_outlier():
    y = np.r_[np.ones(20), 9, np.ones(20)]

    assert np.flatnonzero(outliers(make_panel(y, season_length=1))).tolist() == [20]


def test_outliers_do_not_depend_on_the_other_series_or_the_unit():
    y = wave()
    y[7] = 0
    alone = outliers(filled(make_panel(y)))

    assert (outliers(filled(make_panel(wave(seed=5), 1e-9 * y)))[60:] == alone).all()


@pytest.mark.parametrize("lengths", [(60, 60, 60), (61, 48, 37)])
@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_outliers_are_those_of_the_definition(lengths, gaps):
    rng = np.random.default_rng(len(set(lengths)))
    series = [rng.normal(size=n) + 20 * (rng.random(n) < 0.05) for n in lengths]
    series = [np.where(rng.random(len(y)) < gaps, np.nan, y) for y in series]
    panel = make_panel(*series)
    found = outliers(panel)

    expected = [outlying_places(list(y), 12) for y in series]
    assert all(expected)
    assert [np.flatnonzero(part).tolist() for part in np.split(found, panel.offsets[1:-1])] == expected


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (["north", "south"], ""),
        (["North", "north"], '"North" and "north"'),
        (["a b", "ab"], '"a b" and "ab"'),
        (["a", " a"], '" a" and "a"'),
        (["7", "007"], '"007" and "7"'),
        (["a\nb", "a", "b"], ""),
    ],
)
def test_names_that_differ_in_capitals_spaces_or_zeros_alone_are_named(names, alike):
    frame = pd.DataFrame({"unique_id": np.repeat(names, 5), "ds": np.tile(np.arange(5), len(names)), "y": 1.0})
    frame["y"] += np.random.default_rng(0).normal(size=len(frame))
    found = [finding.series for finding in examine(read_series(frame)).findings if finding.code == "W213"]

    assert found == ([alike] if alike else [])


@pytest.mark.parametrize("longer", [0, 2])
def test_the_start_is_that_of_the_series_that_begins_first(longer):
    days = pd.date_range("2024-03-01", periods=12, freq="D")
    parts = [("a", days[4:]), ("b", days[longer:8]), ("c", days[3:8])]
    frame = pd.concat([pd.DataFrame({"unique_id": name, "ds": ds, "y": np.arange(len(ds)) % 3}) for name, ds in parts])

    assert examine(read_series(frame)).facts["start"] == f"2024-03-0{1 + longer}"


def test_the_longest_repeat_stays_within_its_series():
    assert longest_repeats(make_panel([1, 2, 2, 2, 3], [3, 3, 1, 4, 4])).tolist() == [3, 2]


def test_a_season_of_numbered_rows_is_hinted_at_with_what_to_type():
    rows = pd.DataFrame({"y": np.tile([5.0, 1, 1, 2, 9, 8, 3], 8) + np.random.default_rng(0).normal(size=56) / 9})
    hints = {f.code: f.repair for f in examine(read_series(rows)).findings}

    assert hints["I203"] == "--season-length 7"


def test_the_card_says_whether_the_season_is_in_the_values():
    facts = examine(read_series("airline")).facts

    assert facts["seasons"] == "season 12 confirmed (autocorrelation 0.83)"


def test_noise_is_stationary_and_a_random_walk_is_to_be_differenced():
    rng = np.random.default_rng(0)
    noise = [rng.normal(size=200) for _ in range(3)]
    walks = [rng.normal(size=200).cumsum() for _ in range(3)]

    assert stationarity(make_panel(*noise))["stationary"] >= 2
    assert stationarity(make_panel(*walks))["difference"] >= 2


def test_the_tests_look_at_twenty_series_and_pass_over_constant_and_short_ones():
    rng = np.random.default_rng(0)

    assert stationarity(make_panel(*rng.normal(size=(50, 20))))["tested"] == 20
    assert stationarity(make_panel(np.ones(30), np.arange(5.0)))["tested"] == 0


def test_a_good_series_has_facts_and_no_findings():
    checkup = examine(read_series("airline"))

    assert (checkup.findings, checkup.refused, checkup.exit_code) == ((), False, 0)
    assert checkup.facts["start"] == "1949-01-01"
    assert checkup.facts["season_strength"] > 0.7
    assert [entry["name"] for entry in checkup.facts["transforms"]] == ["root", "step_scale", "deseasonalize"]


def test_dead_series_are_listed_and_stop_nothing():
    data = frame(a=wave(), zero=np.zeros(60), early=wave(30), gone=np.r_[wave(20), np.full(30, np.nan), wave(10)])
    checkup = examine(read_series(data))

    assert not checkup.refused
    assert {"W202", "W204", "W207"} <= set(codes(checkup))
    by_code = {finding.code: finding for finding in checkup.findings}
    assert by_code["W207"].series == '"early"'
    assert by_code["W207"].where == "2017-06-01"


def test_a_series_almost_without_values_is_said():
    y = np.full(60, np.nan)
    y[[0, 30, 59]] = 5, 6, 7
    checkup = examine(read_series(frame(a=wave(), b=y), freq="MS"), missing="linear")

    assert "W206" in codes(checkup)


def test_a_series_that_is_refused_is_a_finding_with_its_repair():
    checkup = examine(read_series(frame(a=np.r_[wave(20), np.full(13, np.nan), wave(20)])))

    assert checkup.exit_code == 3
    assert (checkup.findings[0].code, checkup.findings[0].repair) == ("D115", "--missing linear")


def test_findings_stand_errors_first():
    y = np.r_[wave(20), np.full(13, np.nan), wave(20)]
    y[3] = -999
    found = [finding.severity for finding in examine(read_series(frame(a=y))).findings]

    assert found == sorted(found, key=["error", "warning", "info"].index)
    assert set(found) == {"error", "warning", "info"}


def test_a_checkup_is_plain_json():
    found = json.loads(json.dumps(pipeline.check(frame(a=holed(5, 7, 60))).to_json(), allow_nan=False))

    assert (found["schema"], found["refused"]) == (1, False)
    assert found["findings"][0]["code"] == "W205"


def test_what_stands_behind_the_first_problem_is_found_too(tmp_path):
    path = tmp_path / "x y.csv"
    rows = [f"{s},{2015 + i // 12}-{i % 12 + 1:02d},{i},{i + 1}" for i in range(24) for s in "ab"]
    path.write_text("\n".join(["shop,month,north,south", *rows]), encoding="utf-8")
    checkup = pipeline.check(path)
    errors = [finding for finding in checkup.findings if finding.severity == "error"]

    assert [finding.code for finding in errors] == ["D105"]
    assert errors[-1].repair == f"forecast check '{path}' --target north"
    assert not pipeline.check(path, target="north").refused


def test_a_frame_is_examined_too_and_told_what_to_change():
    checkup = pipeline.check(pd.concat([frame(a=wave()), frame(a=wave() + 1)]))

    assert codes(checkup)[0] == "D111"
    assert checkup.findings[0].repair == 'duplicates="mean"'


def test_wrong_options_and_missing_files_are_errors_and_not_findings(tmp_path):
    with pytest.raises(FileError):
        pipeline.check(tmp_path / "none.csv")
    with pytest.raises(ConfigError):
        pipeline.check("airline", freq="fortnight")


def test_a_repair_that_does_not_help_ends_the_search():
    def look(options):
        raise DataError("D113", "no", hint="--freq D")

    checkup = visit("x.csv", {"freq": None}, look)

    assert [finding.repair for finding in checkup.findings] == ["forecast check x.csv --freq D", "--freq D"]


def test_a_repair_that_leads_to_wrong_options_ends_the_search():
    def look(options):
        if options["freq"]:
            raise ConfigError("U101", "no")
        raise DataError("D113", "no", hint="--freq D")

    assert codes(visit("x.csv", {"freq": None}, look)) == ["D113"]


@pytest.mark.parametrize(
    ("hint", "options"),
    [
        (None, {}),
        ('mend the quotes (")', {}),
        ("forecast run 'a b.csv' --date-format '%d %m'", {"date_format": "%d %m"}),
        ('--decimal , or --decimal "."', {"decimal": ","}),
        ("--freq MS; the times between become gaps", {"freq": "MS"}),
    ],
)
def test_options_are_read_out_of_a_hint(hint, options):
    assert options_of(hint) == options


def test_a_command_names_its_lists_with_commas():
    assert command("x.csv", {"models": ["a", "b"], "seed": None}, verb="run") == "forecast run x.csv --models a,b"


def test_an_error_of_a_run_proposes_a_command_with_the_flags_already_given(tmp_path):
    path = tmp_path / "x.csv"
    frame(a=np.r_[wave(20), np.full(13, np.nan), wave(20)]).to_csv(path, index=False)

    with pytest.raises(DataError, match="x.csv") as caught:
        pipeline.run(path, target="y", horizon=3)

    assert caught.value.hint == f"forecast run {path} --horizon 3 --target y --missing linear"


def test_rows_without_a_value_at_the_ends_are_said():
    y = wave()
    data = frame(a=y)
    data.loc[[0, 1, 59], "y"] = np.nan

    assert "3 rows without a value at the start or end of a series left out" in read_series(data).notes


def test_the_network_forecasts_a_constant_series_by_its_constant():
    panel = make_panel(wave(), np.full(60, 7.0), np.zeros(60))
    y_hat = MLP(members=2, max_steps=20).fit(panel, horizon=4).predict()["y_hat"].to_numpy().reshape(3, 4)

    assert (y_hat[1:] == [[7.0] * 4, [0.0] * 4]).all()


def test_a_run_on_a_constant_series_ends_with_its_constant(tmp_path):
    result = pipeline.run(frame(a=np.full(40, 5.0)), models=["mlp", "arima"], n_windows=1, out=tmp_path / "r")

    assert (result.forecasts["y_hat"] == 5.0).all()
    assert "W202" in [finding["code"] for finding in result.info["findings"]]
    assert "nan" not in result.verdict
