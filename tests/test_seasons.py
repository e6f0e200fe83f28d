"""A season is what the values show, tested length by length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import make_panel

from forecast.frequency import Frequency
from forecast.seasons import autocorrelations, confirm_seasons, find_season, season_strengths
from forecast.transforms import arrays
from forecast.transforms.correlations import differences


def slow_season(y, m, lag=1):
    """The test of one series by loops over single numbers."""
    steps = [y[t] - y[t - lag] for t in range(lag, len(y))]
    known = [(t, d) for t, d in enumerate(steps) if not math.isnan(d)]
    middle, mean = sum(t for t, _ in known) / len(known), sum(d for _, d in known) / len(known)
    slope = sum((t - middle) * (d - mean) for t, d in known) / sum((t - middle) ** 2 for t, _ in known)
    x = [0.0 if math.isnan(d) else d - mean - slope * (t - middle) for t, d in enumerate(steps)]
    total = sum(v * v for v in x)
    r = [sum(x[t] * x[t - k] for t in range(k, len(x))) / total for k in range(m + 1)]
    limit = 1.6448536269514722 * math.sqrt((1 + 2 * sum(v * v for v in r[1:m])) / len(known))
    return r[m] > limit and r[m] > r[m // 2], r[m]


def hours(n=24 * 7 * 6, *, day=3.0, week=3.0, noise=1.0, seed=0):
    t = np.arange(n)
    rng = np.random.default_rng(seed)
    return day * np.sin(2 * np.pi * t / 24) + week * np.sin(2 * np.pi * t / 168) + noise * rng.normal(size=n)


@pytest.mark.parametrize(("m", "lag"), [(7, 1), (12, 1), (28, 7)])
def test_the_array_gives_what_loops_give(m, lag):
    rng = np.random.default_rng(1)
    series = [np.cumsum(rng.normal(size=n)) + (n % 3) * np.tile(rng.normal(size=7), 40)[:n] for n in range(95, 130, 5)]
    series[2][30:33] = np.nan
    found, strength = season_strengths(make_panel(*series), m, lag=lag)
    expected = [slow_season(list(y), m, lag) for y in series]
    assert found.tolist() == [bool(e[0]) for e in expected]
    np.testing.assert_allclose(strength, [e[1] for e in expected], atol=1e-12)


@pytest.mark.parametrize("unit", [1e-200, 1e-120, 1.0, 1e120, 1e200])
@pytest.mark.parametrize("gap", [False, True])
def test_a_season_is_found_in_any_unit(unit, gap):
    rng = np.random.default_rng(2)
    series = [np.cumsum(rng.normal(size=100)) + k * np.tile(rng.normal(size=4), 25) for k in range(8)]
    if gap:
        series[5][40] = np.nan
    series[7] = np.full(100, 3.0)

    (found, strength), (other, same) = (
        season_strengths(make_panel(*[unit * y for y in series], season_length=4), 4) for unit in (1.0, unit)
    )

    assert found.any()
    assert not found.all()
    assert other.tolist() == found.tolist()
    np.testing.assert_allclose(same, strength, atol=1e-9)


@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("lag", [1, 3])
def test_whole_series_have_the_differences_of_those_that_are_looked_at_with_care(lag, line):
    rng = np.random.default_rng(lag)
    y = np.cumsum(rng.normal(size=(6, 30)), axis=1) + 50
    y[4] = 7.0
    whole, holed = make_panel(*y), make_panel(*y[:, :-1], np.r_[np.nan, y[5]])
    x, counts, total = differences(whole, np.arange(6), lag, line=line)
    slow = y[:, lag:] - y[:, :-lag]
    places = np.vander(np.arange(slow.shape[1]), 2 if line else 1)
    slow -= (places @ np.linalg.lstsq(places, slow.T, rcond=None)[0]).T

    np.testing.assert_allclose(x, slow, atol=1e-9)
    np.testing.assert_allclose(total, (slow**2).sum(axis=1), atol=1e-9)
    assert counts.tolist() == [30 - lag] * 6
    assert total[4] == 0.0
    one, known, _ = differences(holed, np.array([6]), lag, line=line)
    assert known.tolist() == [30 - lag]
    np.testing.assert_allclose(one[0, 1:] / np.abs(one).max(), slow[5] / np.abs(slow[5]).max(), atol=1e-9)


def test_hours_have_a_day_and_a_week():
    panel = make_panel(hours(), frequency="h", season_length=24)
    assert confirm_seasons(panel, Frequency("h").season_lengths).lengths == (24, 168)


def test_a_day_alone_is_no_week():
    many = [hours(week=0.0, seed=s) for s in range(40)]
    found = confirm_seasons(make_panel(*many, frequency="h", season_length=24), (24, 168))
    assert found.lengths == (24,)
    assert "season 168 not confirmed in" in found.reason


def test_a_week_alone_is_found_without_a_day():
    t = np.arange(24 * 7 * 8)
    weekend = np.where(t // 24 % 7 >= 5, -5.0, 0.0) + np.random.default_rng(0).normal(size=len(t)) * 0.2
    assert confirm_seasons(make_panel(weekend, frequency="h"), (24, 168)).lengths == (168,)


def test_days_have_a_week():
    y = np.tile([5.0, 5, 5, 5, 6, 9, 2], 20) + np.random.default_rng(0).normal(size=140)
    seasons = confirm_seasons(make_panel(y, frequency="D", season_length=7))
    assert (seasons.lengths, seasons.season_length) == ((7,), 7)
    assert seasons.strengths[0] == pytest.approx(slow_season(list(y), 7)[1])


@pytest.mark.parametrize("m", [4, 7, 12, 24])
@pytest.mark.parametrize("kind", ["noise", "walk", "trend", "curve", "slow"])
def test_without_a_season_none_is_found_more_often_than_chance_gives(m, kind):
    rng = np.random.default_rng(3)
    t = np.arange(150)
    make = {
        "noise": lambda: rng.normal(size=150),
        "walk": lambda: np.cumsum(rng.normal(size=150)),
        "trend": lambda: 3.0 * t + rng.normal(size=150),
        "curve": lambda: 0.01 * t**2 + rng.normal(size=150),
        "slow": lambda: 5 * np.sin(t / 40) + rng.normal(size=150),
    }[kind]
    panel = make_panel(*[make() for _ in range(400)], season_length=m)
    found, _ = season_strengths(panel, m)
    assert found.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert confirm_seasons(panel).lengths == ()


def test_a_straight_line_and_a_constant_have_no_season():
    found, strength = season_strengths(make_panel(np.arange(100.0) * 0.1, np.full(100, 3.7), np.zeros(100)), 12)
    assert not found.any()
    assert strength.tolist() == [0.0, 0.0, 0.0]


def test_short_series_are_not_asked():
    short, long = np.random.default_rng(0).normal(size=30), np.tile(np.arange(12.0), 8)
    assert confirm_seasons(make_panel(short, long)).lengths == (12,)
    assert confirm_seasons(make_panel(short)).reason == "season 12 not tested: no series has three"
    assert season_strengths(make_panel(short), 12)[0].tolist() == [False]


def test_a_panel_without_a_usual_season_has_nothing_to_test():
    assert confirm_seasons(make_panel(np.arange(50.0), season_length=1)).reason == "no season to test"


def test_what_comes_after_the_past_does_not_matter():
    y = np.tile([5.0, 5, 5, 5, 6, 9, 2], 20)
    past = make_panel(y, frequency="D", season_length=7).drop_last(20)
    other = make_panel(np.r_[y[:-20], -1e6 * y[-20:]], frequency="D", season_length=7).drop_last(20)
    assert confirm_seasons(past) == confirm_seasons(other)


@pytest.mark.parametrize("m", [3, 7, 13, 48])
def test_a_season_stands_out_of_numbered_rows(m):
    rng = np.random.default_rng(m)
    y = np.tile(rng.normal(size=m) * 4, 400 // m + 1)[:400] + rng.normal(size=400)
    assert find_season(make_panel(y, frequency="int", season_length=1)).lengths == (m,)


def test_a_season_that_stands_out_in_a_panel_is_counted():
    series = [np.tile([0.0, 3, 1, 7, 2], 15) + np.random.default_rng(s).normal(size=75) for s in range(5)]
    seasons = find_season(make_panel(*series, np.arange(5.0), frequency="int", season_length=1))
    assert seasons.lengths == (5,)
    assert seasons.reason.startswith("a season of 5 seems to be there in 5 of 5 series (autocorrelation 0.")


def test_nothing_stands_out_of_noise_and_walks_more_often_than_chance_gives():
    rng = np.random.default_rng(5)
    n = 200
    noise = [find_season(make_panel(rng.normal(size=120), frequency="int")).lengths for _ in range(n)]
    walks = [find_season(make_panel(np.cumsum(rng.normal(size=120)), frequency="int")).lengths for _ in range(n)]
    most = n * (0.05 + 3 * math.sqrt(0.05 * 0.95 / n))
    assert sum(map(bool, noise)) <= most
    assert sum(map(bool, walks)) <= most


def test_very_short_series_have_nothing_that_stands_out():
    assert find_season(make_panel(np.arange(8.0), frequency="int")).reason == "no season stands out"


def test_series_of_any_length_come_in_blocks_each_once(monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", 130)
    panel = make_panel(*[np.arange(float(n)) ** 2 for n in (1, 2, 40, 300, 40)])
    blocks = [block for block, _, _ in autocorrelations(panel, 5)]
    assert sorted(np.concatenate(blocks).tolist()) == [1, 2, 3, 4]
    assert len(blocks) == 3
