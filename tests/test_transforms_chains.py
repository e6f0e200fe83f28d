import copy
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from conftest import make_panel
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import ConfigError, DataError
from forecast.transforms import (
    MSTL,
    STL,
    TRANSFORMS,
    BoxCox,
    Chain,
    Deseasonalize,
    Detrend,
    Difference,
    Fill,
    Log,
    MinMax,
    Robust,
    Root,
    SignedLog,
    Standardize,
    StepScale,
    Winsorize,
    arrays,
    base,
    choices_of,
    choose_transforms,
    parse_chain,
    require_transforms,
)

FAST = {
    "fill": Fill,
    "fill zero": lambda: Fill("zero"),
    "fill ffill": lambda: Fill("ffill"),
    "log": Log,
    "root": Root,
    "root 1.5": lambda: Root(1.5),
    "boxcox": BoxCox,
    "boxcox likelihood": lambda: BoxCox("likelihood"),
    "signed_log": SignedLog,
    "difference": Difference,
    "difference 4": lambda: Difference(4),
    "detrend": Detrend,
    "deseasonalize": Deseasonalize,
    "step_scale": StepScale,
    "standardize": Standardize,
    "robust": Robust,
    "minmax": MinMax,
    "winsorize": Winsorize,
}
SEASON = np.array([3.0, -1.0, -2.0, 0.0])


@st.composite
def a_series(draw):
    """Noise, season, steps or a constant, at any size, of either sign, with zeros and gaps."""
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["noise", "season", "positive", "two", "constant", "zero", "walk"]))
    size = 10.0 ** draw(st.integers(-6, 8))
    y = {
        "noise": rng.normal(size=n),
        "season": 9 + np.resize(SEASON, n) + 0.1 * rng.normal(size=n) + 0.2 * np.arange(n),
        "positive": np.exp(3 * rng.normal(size=n)),
        "two": rng.choice([1.0, 2.0], n),
        "constant": np.full(n, draw(st.sampled_from([-1.0, 1.0, 7.3]))),
        "zero": np.zeros(n),
        "walk": np.cumsum(rng.normal(size=n)).round(1),
    }[kind] * size
    if draw(st.booleans()):
        y[1:][rng.random(n - 1) < draw(st.sampled_from([0.1, 0.5]))] = np.nan
    return y


panels = st.lists(a_series(), min_size=1, max_size=4).map(lambda series: make_panel(*series, season_length=4))


def assert_restored(transform, panel):
    again = transform.fit(panel).restore(transform.apply(panel))

    np.testing.assert_array_equal(np.isnan(again.values), np.isnan(panel.values))
    for s in range(panel.n_series):
        y, back = panel.series(s), again.series(s)
        assert np.nanmax(np.abs(back - y)) <= 1e-9 * np.nanmax(np.abs(y))


@pytest.mark.parametrize("name", FAST)
@settings(max_examples=30, deadline=None)
@given(panel=panels)
def test_restore_undoes_apply_for_every_transform(name, panel):
    assert_restored(FAST[name](), panel)


@settings(max_examples=300, deadline=None)
@given(panel=panels, names=st.lists(st.sampled_from(list(FAST)), min_size=2, max_size=3))
def test_restore_undoes_apply_for_every_chain(panel, names):
    assert_restored(Chain([FAST[name]() for name in names]), panel)


@pytest.mark.parametrize("kind", [STL, MSTL])
@pytest.mark.parametrize("after", [Log, Difference, Standardize])
def test_restore_undoes_the_slow_decompositions(kind, after):
    rng = np.random.default_rng(0)
    y = 50 + np.resize(SEASON, 41) + rng.normal(size=41)
    y[20] = np.nan
    panel = make_panel(y, y[:5], [np.nan, np.nan, 1.0], season_length=4)

    assert_restored(Chain([kind(), after()]), panel)


def learned(transform):
    """The fitted attributes, as bytes."""
    if isinstance(transform, Chain):
        return [learned(part) for part in transform.transforms]
    return {k: np.asarray(v).tobytes() for k, v in vars(transform).items() if k.endswith("_")}


class Leaky(Standardize):
    """Looks at an array that goes on after the cutoff."""

    def __init__(self, everything):
        super().__init__()
        self.everything = everything

    def fit(self, panel):
        super().fit(panel)
        self.level_ = np.array([np.nanmean(self.everything)])
        return self


def moved_by_the_future(build, y, ahead, change):
    """Whether what `build(raw)` learns from the past of y changes when the values after the cutoff do."""
    changed = y.copy()
    changed[-ahead:] = change(changed[-ahead:])
    found = []
    for raw in (y, changed):
        panel = make_panel(raw, season_length=4).drop_last(ahead)
        transform = build(raw).fit(panel)
        found.append((learned(transform), transform.apply(panel).values.tobytes()))
    return found[0] != found[1]


CHANGES = [lambda x: 1e6 * x, lambda x: -x, lambda x: x * np.nan, lambda x: x[::-1]]


@pytest.mark.parametrize("name", FAST)
@settings(max_examples=20, deadline=None)
@given(y=a_series().filter(lambda y: len(y) > 6), change=st.sampled_from(CHANGES))
def test_nothing_learned_depends_on_what_comes_after(name, y, change):
    assert not moved_by_the_future(lambda _raw: FAST[name](), y, 5, change)


def test_a_planted_leak_is_found():
    y = np.arange(20.0)

    assert moved_by_the_future(Leaky, y, 5, CHANGES[0])


@pytest.mark.parametrize("name", FAST)
def test_quantiles_keep_their_order_and_agree_with_forecasts(name):
    rng = np.random.default_rng(1)
    panel = make_panel(50 + rng.normal(size=30), 5 + np.resize(SEASON, 26), -np.ones(9), season_length=4)
    transform = FAST[name]().fit(panel)
    quantiles = np.sort(rng.normal(size=(3, 6, 5)), axis=2)

    inverted = transform.invert(quantiles)

    assert (np.diff(inverted, axis=2) >= 0).all()
    for q in range(5):
        np.testing.assert_allclose(inverted[:, :, q], transform.invert(quantiles[:, :, q]))


@pytest.mark.parametrize("name", [name for name in FAST if not name.startswith("winsor")])
def test_the_right_forecast_of_the_transformed_series_is_the_right_forecast(name):
    y = 60 + 0.5 * np.arange(48) + np.resize(SEASON, 48)
    past = make_panel(y[:40], season_length=4)
    whole = make_panel(y, season_length=4)
    transform = FAST[name]().fit(past)

    fitted = copy.deepcopy(transform)
    if hasattr(fitted, "level_") and hasattr(fitted, "slope_"):
        fitted.level_ = fitted.level_ + 8 * fitted.slope_
    transformed = fitted.apply(whole).values[None, 40:]

    np.testing.assert_allclose(transform.invert(transformed)[0], y[40:], rtol=1e-9)


def test_differences_are_summed_up_from_the_last_known_values():
    panel = make_panel([1.0, 2.0, 4.0, np.nan], [np.nan, np.nan], [5.0], season_length=1)
    transform = Difference(2).fit(panel)

    assert transform.invert(np.ones((3, 3))).tolist() == [[5, 3, 6], [1, 1, 2], [6, 6, 7]]


def test_a_chain_is_read_from_its_names():
    chain = parse_chain("log, difference(12),boxcox(likelihood),winsorize(4.5),fill(zero),root(2)")

    assert [type(step).__name__ for step in chain] == ["Log", "Difference", "BoxCox", "Winsorize", "Fill", "Root"]
    assert (chain[5].degree, chain[5].required) == (2.0, True)
    assert (chain[1].lag, chain[2].method, chain[3].limit, chain[4].method) == (12, "likelihood", 4.5, "zero")
    assert parse_chain("none") == []


def test_every_name_of_the_table_is_read():
    assert [type(parse_chain(name)[0]) for name in TRANSFORMS] == list(TRANSFORMS.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lg", "no transform 'lg'; did you mean log"),
        ("log,zzz", "no transform 'zzz'"),
        ("log(", r"no transform 'log\('; did you mean log"),
        ("difference(0)", "difference takes a number above 0"),
        ("difference(x)", "difference takes a number above 0"),
        ("minmax(3)", "minmax takes nothing"),
        ("root(x)", "root takes a number above 0"),
        ("root(0.5)", "no root of degree 0.5"),
        ("fill(cubic)", "fill takes auto or seasonal"),
    ],
)
def test_a_wrong_chain_is_refused(text, message):
    with pytest.raises(ConfigError, match=message.replace("'", ".")) as caught:
        parse_chain(text)

    assert caught.value.code == "U101"


@pytest.mark.parametrize("build", [lambda: Difference(0), lambda: BoxCox("guess")])
def test_a_wrong_argument_is_refused(build):
    with pytest.raises(ConfigError):
        build()


@pytest.mark.parametrize("name", ["log", "boxcox"])
def test_a_logarithm_that_was_named_needs_positive_values(name):
    panel = make_panel([1.0, 2.0], [3.0, -3.0, 0.0])

    with pytest.raises(DataError, match=rf"{name} needs values > 0; 2 are <= 0 \(min -3 in series .s1., value 2\)"):
        choose_transforms(panel, name)
    assert choose_transforms(panel)[2][1].series.tolist() == [True, False]


def test_a_root_that_was_named_needs_values_of_zero_or_more():
    panel = make_panel([1.0, 2.0], [3.0, -3.0, 0.0])

    with pytest.raises(DataError, match=r"root needs values >= 0; 1 is < 0 \(min -3 in series .s1., value 2\)"):
        choose_transforms(panel, "root")
    assert choose_transforms(make_panel([0.0, 8.0]), "root")[1].values.tolist() == [0.0, 2.0]


def test_the_rule_fills_logs_scales_and_takes_the_season_out():
    rng = np.random.default_rng(0)
    y = np.exp(0.2 * np.resize(SEASON, 60) + 0.01 * rng.normal(size=60))
    y[30] = np.nan
    panel = make_panel(y, rng.normal(size=60), season_length=4)

    chain, transformed, choices = choose_transforms(panel)

    assert [choice.name for choice in choices] == ["fill", "root", "step_scale", "deseasonalize"]
    assert [choice.series.tolist() for choice in choices[:3]] == [[True, False], [True, False], [True, True]]
    assert all(choice.why for choice in choices)
    by_hand = panel
    for step in (Fill(), Root(), StepScale(), Deseasonalize()):
        by_hand = step.fit(by_hand).apply(by_hand)
    np.testing.assert_array_equal(transformed.values, by_hand.values)
    np.testing.assert_array_equal(chain.apply(panel).values, by_hand.values)


def test_without_transforms_gaps_are_filled_all_the_same():
    chain, transformed, _ = choose_transforms(make_panel([1.0, np.nan, 3.0]), "none")

    assert transformed.values.tolist() == [1, 2, 3]
    assert len(chain.transforms) == 1


def test_a_chain_undoes_its_transforms_in_the_opposite_order():
    panel = make_panel(np.exp(np.arange(8.0)))
    chain = Chain([Log(), Difference()]).fit(panel)

    np.testing.assert_allclose(chain.invert(np.ones((1, 3)))[0], np.exp([8.0, 9, 10]))


def test_a_series_of_which_nothing_is_known_has_no_logarithm_and_is_no_error():
    log = Log(required=True).fit(make_panel([1.0, 2.0], [np.nan, np.nan]))

    assert log.positive_.tolist() == [True, False]


def test_only_logarithms_are_held_against_the_values_beforehand():
    panel = make_panel([-1.0, 2.0, 3.0])

    require_transforms(panel, "auto")
    require_transforms(panel, "detrend,standardize")
    with pytest.raises(DataError, match="boxcox needs values > 0"):
        require_transforms(panel, "boxcox")


def test_several_seasons_are_taken_out_one_after_another():
    t = np.arange(240)
    y = 50 + np.resize(SEASON, 240) + 4 * np.sin(2 * np.pi * t / 24)
    panel = replace(make_panel(y, y[:20], season_length=4), longer_seasons=(24,))
    transform = MSTL().fit(panel)

    assert np.std(transform.apply(panel).series(0)[24:-24]) < 0.2
    assert np.std(transform.apply(panel).series(1)) < np.std(y[:20])
    np.testing.assert_allclose(transform.invert(np.full((2, 6), 50.0))[0], y[:6], atol=0.5)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(base, "PART", 100)


def several():
    rng = np.random.default_rng(3)
    lengths = (30, 60, 5, 250, 40, 40, 40, 1)
    series = [10 + np.tile([3.0, -1.0, -2.0, 0.0], 63)[:n] + rng.normal(size=n) for n in lengths]
    series[4] -= 12
    series[1][7:9] = np.nan
    return make_panel(*series, season_length=4)


def test_a_large_panel_is_cut_between_series_into_parts_of_bounded_size(small_parts):
    assert base.parts_of(several()) == [0, 3, 4, 6, 8]


@pytest.mark.parametrize("transform", ["auto", "none", "signed_log, difference(4), standardize", "winsorize, robust"])
def test_a_large_panel_is_transformed_in_parts_as_it_would_be_whole(transform, monkeypatch):
    panel = several()
    chain, transformed, choices = choose_transforms(panel, transform)
    monkeypatch.setattr(base, "PART", 100)
    parts, in_parts, found = choose_transforms(panel, transform)
    y_hat = np.random.default_rng(0).normal(size=(panel.n_series, 5))

    np.testing.assert_allclose(in_parts.values, transformed.values, rtol=1e-12)
    np.testing.assert_allclose(parts.invert(y_hat), chain.invert(y_hat), rtol=1e-12)
    np.testing.assert_allclose(parts.restore(in_parts).values, panel.values, rtol=1e-9)
    np.testing.assert_allclose(parts.fit(panel).apply(panel).values, transformed.values, rtol=1e-12)
    assert [(c.name, c.series.tolist(), c.why) for c in found] == [(c.name, c.series.tolist(), c.why) for c in choices]


def test_values_that_a_logarithm_cannot_take_are_counted_over_all_parts(small_parts):
    panel = several()
    below = int((panel.values <= 0).sum())

    with pytest.raises(DataError, match=f"{below} are <= 0"):
        choose_transforms(panel, "log")


def test_a_large_panel_takes_no_more_memory_than_itself_and_a_part(monkeypatch):
    monkeypatch.setattr(base, "PART", 2**12)
    monkeypatch.setattr(arrays, "BLOCK", 2**12)
    panel = make_panel(*np.random.default_rng(0).normal(100, 1, (5_000, 100)))
    own = panel.values.nbytes
    tracemalloc.start()
    kept = choose_transforms(panel)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(kept) == 3
    assert peak < 1.3 * own + 2**20


@pytest.mark.parametrize("transform", ["auto", "step_scale,deseasonalize"])
@pytest.mark.parametrize("missing", [0.1, 0.0])
@pytest.mark.parametrize("below", [0.0, 20.0])
def test_what_would_be_chosen_is_what_is_chosen_also_of_many_groups(monkeypatch, transform, missing, below):
    rng = np.random.default_rng(3)
    season = np.tile([5.0, 9.0, 4.0, 1.0] * 3, 5)
    series = [
        season + rng.normal(size=60),
        rng.normal(size=60) + 9 - below,
        np.where(rng.random(60) < missing, np.nan, season),
    ]
    panel = make_panel(*(np.r_[1.0, y, 1.0] for y in series))
    chosen = choose_transforms(panel, transform)[2]
    monkeypatch.setattr("forecast.transforms.choosing.SMALL", 70)

    found = choices_of(panel, transform)

    assert [choice.name for choice in found] == [choice.name for choice in chosen]
    assert [choice.series.tolist() for choice in found] == [choice.series.tolist() for choice in chosen]
    assert chosen[-1].series.any()
    assert not chosen[-1].series.all()
