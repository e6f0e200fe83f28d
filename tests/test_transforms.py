import numpy as np
import pytest
import reference
from conftest import make_panel
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.errors import ConfigError
from forecast.transforms import MSTL, STL, Deseasonalize, Fill, Log, Root, SampleScale, StepScale, seasonal_indices

PATTERN = np.array([3.0, -1.0, -2.0, 0.0])


def seasonal(n, *, trend=0.0, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return 50 + trend * np.arange(n) + np.tile(PATTERN, n // 4 + 1)[:n] + noise * rng.normal(size=n)


@pytest.mark.parametrize("transform", [Log(), Root(), StepScale(), Deseasonalize(), Fill()])
@settings(max_examples=25, deadline=None)
@given(y=arrays(np.float64, 24, elements=st.floats(0.5, 1e4)))
def test_invert_undoes_apply(transform, y):
    panel = make_panel(y, y[::-1].copy(), season_length=4)
    transform.fit(panel)

    transformed = transform.apply(panel).values.reshape(2, 24)

    np.testing.assert_allclose(transform.invert(transformed), panel.values.reshape(2, 24), rtol=1e-9, atol=1e-9)


def test_the_input_is_left_as_it_was():
    panel = make_panel(seasonal(24), season_length=4)
    before = panel.values.copy()

    for transform in (Fill(), Log(), Root(), StepScale(), Deseasonalize()):
        transform.fit(panel).apply(panel)

    np.testing.assert_array_equal(panel.values, before)


def test_only_positive_series_are_logged():
    panel = make_panel([1.0, np.e, np.nan], [0.0, 1.0, 2.0])

    values = Log().fit(panel).apply(panel).values

    np.testing.assert_allclose(values, [0.0, 1.0, np.nan, 0.0, 1.0, 2.0])


def test_an_absurd_logarithm_becomes_a_huge_number_and_not_infinity():
    log = Log().fit(make_panel([1.0, 2.0]))

    assert np.isfinite(log.invert(np.array([[1e6]]))).all()


def test_step_scale_measures_in_typical_steps():
    panel = make_panel([0.0, 2.0, np.nan, 6.0], [5.0, 5.0])

    np.testing.assert_allclose(StepScale().fit(panel).size_, [3.0, 1.0])


def test_seasonal_indices_are_those_of_the_slow_reference():
    for m in (4, 7):
        y = np.random.default_rng(m).normal(size=40)
        np.testing.assert_allclose(seasonal_indices(y, m), reference.seasonal_indices(y.tolist(), m))


def test_a_planted_season_is_found_and_taken_out():
    panel = make_panel(seasonal(40, trend=0.5), season_length=4)
    transform = Deseasonalize().fit(panel)

    flat = transform.apply(panel).values

    assert transform.found_.tolist() == [True]
    np.testing.assert_allclose(np.diff(flat), 0.5, atol=1e-9)


def test_the_season_is_put_back_in_its_place():
    y = seasonal(46, trend=0.5)
    past = make_panel(y[:40], season_length=4)
    transform = Deseasonalize().fit(past)

    y_hat = transform.invert((50 + 0.5 * np.arange(40, 46))[None])

    np.testing.assert_allclose(y_hat[0], y[40:])


def test_a_trend_alone_is_no_season():
    rng = np.random.default_rng(0)
    panels = [make_panel(np.cumsum(1 + 0.3 * rng.normal(size=80)), season_length=4) for _ in range(40)]

    found = [bool(Deseasonalize().fit(panel).found_[0]) for panel in panels]

    assert np.mean(found) < 0.25


@pytest.mark.parametrize("y", [np.ones(40), np.arange(40.0), seasonal(8)])
def test_a_constant_a_line_and_a_short_series_have_no_season(y):
    panel = make_panel(y, season_length=4)

    assert not Deseasonalize().fit(panel).found_.any()


def test_without_a_season_length_nothing_is_taken_out():
    panel = make_panel(seasonal(40), season_length=1)

    np.testing.assert_array_equal(Deseasonalize().fit(panel).apply(panel).values, panel.values)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_a_season_is_found_and_none_is_in_any_unit(unit):
    with_season, without = seasonal(40), np.random.default_rng(0).normal(size=40)

    assert Deseasonalize().fit(make_panel(unit * with_season, unit * without, season_length=4)).found_.tolist() == [
        True,
        False,
    ]


def test_only_the_latest_seasons_make_the_indices():
    old = np.r_[50 + 10 * np.tile(PATTERN, 10), seasonal(40)]
    transform = Deseasonalize(seasons=4).fit(make_panel(old, season_length=4))

    np.testing.assert_allclose(transform.indices_[0], PATTERN - PATTERN.mean(), atol=1e-9)


@pytest.mark.parametrize(
    ("method", "expected"),
    [("linear", [1, 2, 3, 4, 4]), ("ffill", [1, 1, 1, 4, 4]), ("zero", [1, 0, 0, 4, 0]), ("auto", [1, 2, 3, 4, 4])],
)
def test_gaps_are_filled_by_the_named_method(method, expected):
    panel = make_panel([1.0, np.nan, np.nan, 4.0, np.nan], [7.0, 8.0], season_length=1)

    filled = Fill(method).fit(panel).apply(panel).values

    assert filled.tolist() == [*expected, 7, 8]


def test_a_gap_in_a_seasonal_series_is_filled_with_its_season():
    y = seasonal(24, trend=0.25)
    holed = y.copy()
    holed[[9, 10]] = np.nan
    panel = make_panel(holed, season_length=4)

    filled = Fill().fit(panel).apply(panel).values

    np.testing.assert_allclose(filled, y, atol=0.8)
    assert np.abs(filled - y).max() < np.abs(Fill("linear").apply(panel).values - y).max()


def test_a_filled_gap_before_the_cutoff_does_not_know_what_came_after():
    y = seasonal(24)
    y[19] = np.nan
    changed = y.copy()
    changed[20:] = -1e6

    fills = [Fill().apply(make_panel(values, season_length=4).drop_last(4)).values for values in (y, changed)]

    np.testing.assert_array_equal(fills[0], fills[1])


@pytest.mark.parametrize(
    ("method", "expected"), [("difference", 2.0), ("std", np.std([1.0, 3.0, 5.0])), ("level", 3.0), ("unit", 1.0)]
)
def test_a_sample_is_measured_by_its_inputs(method, expected):
    level, size = SampleScale(method).measure(np.array([1.0, 3.0, 5.0]))

    assert (level[0], size[0]) == (5.0, pytest.approx(expected))


def test_a_constant_sample_has_unit_size():
    _, size = SampleScale().measure(np.full((2, 4), 7.0))

    assert size.tolist() == [[1.0], [1.0]]


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ConfigError, match="difference, std, level, unit or zero"):
        SampleScale("mean")


def test_a_panel_without_a_known_value_has_the_unit_step():
    assert StepScale().fit(make_panel([np.nan, np.nan])).size_.tolist() == [1.0]


def test_a_series_without_a_known_value_has_no_season():
    panel = make_panel(np.full(10, np.nan), np.tile([1.0, 2.0, 3.0, 4.0], 5), season_length=4)

    assert STL().fit(panel).season_[:10].tolist() == [0.0] * 10


def test_of_several_seasons_a_series_of_two_shortest_ones_has_the_shortest():
    panel = make_panel(np.tile([1.0, 5.0], 2), season_length=2)

    assert MSTL().fit(panel).season_ == pytest.approx(STL().fit(panel).season_)
