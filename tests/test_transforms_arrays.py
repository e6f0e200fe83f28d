import numpy as np
import pytest
import reference_transforms as slow
from conftest import make_panel
from scipy import stats

from forecast.transforms import (
    STL,
    BoxCox,
    Deseasonalize,
    Detrend,
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
    correlations,
    seasonal_indices,
)

SEASON = np.array([3.0, -1.0, -2.0, 0.0])


def ragged(m, *, seed=0, gaps=0.1, count=60):
    """Series of 1 to 15 seasons of very different sizes, with gaps, every third with a season."""
    rng = np.random.default_rng(seed)
    series = []
    for s in range(count):
        n = int(rng.integers(1, 15 * m))
        y = rng.normal(size=n).cumsum() * 0.2 + 5
        y += 3 * np.sin(2 * np.pi * np.arange(n) / m) if s % 3 == 0 else 0
        y[1:][rng.random(n - 1) < (gaps if s % 2 else 0)] = np.nan
        series.append(y * 10.0 ** rng.integers(-6, 8))
    return make_panel(*series, season_length=m)


@pytest.fixture(params=[2**20, 50], ids=["large blocks", "small blocks"])
def block(request, monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", request.param)


def each(panel):
    return [panel.series(s) for s in range(panel.n_series)]


def assert_close(actual, expected, panel):
    size = np.repeat([np.nanmax(np.abs(y)) for y in each(panel)], panel.lengths)
    np.testing.assert_allclose(actual / size, expected / size, rtol=0, atol=1e-10)


@pytest.mark.parametrize("method", ["auto", "seasonal", "linear", "ffill", "zero"])
@pytest.mark.parametrize("m", [1, 4, 7])
def test_gaps_are_filled_as_series_by_series(method, m, block):
    panel = ragged(m, seed=m)

    expected = np.concatenate([slow.filled(y, method, m) for y in each(panel)])

    assert_close(Fill(method).fit(panel).apply(panel).values, expected, panel)


@pytest.mark.parametrize("method", ["auto", "linear", "ffill"])
def test_a_series_of_gaps_alone_stays_one(method):
    panel = make_panel([np.nan] * 9, [1.0, np.nan, 3.0], season_length=4)

    filled = Fill(method).fit(panel).apply(panel)

    assert np.isnan(filled.series(0)).all()
    assert np.isfinite(filled.series(1)).all()


@pytest.mark.parametrize("m", [4, 7, 12])
def test_seasons_are_found_as_series_by_series(m, block):
    panel = ragged(m, seed=m)
    transform = Deseasonalize().fit(panel)

    assert transform.found_.tolist() == [slow.has_season(y, m) for y in each(panel)]
    assert 5 < transform.found_.sum() < 50
    for s, y in enumerate(each(panel)):
        expected = slow.season_of(y, m)
        np.testing.assert_allclose(transform.indices_[s], expected, atol=1e-10 * np.nanmax(np.abs(y)))


@pytest.mark.parametrize("m", [2, 4, 7])
def test_indices_of_one_series_are_those_of_the_loop(m):
    y = np.random.default_rng(m).normal(size=5 * m + 1)
    y[[0, 4, 2 * m]] = np.nan

    np.testing.assert_allclose(seasonal_indices(y, m), slow.indices(y, m), atol=1e-12)


def test_steps_are_measured_as_series_by_series():
    panel = ragged(4)

    np.testing.assert_allclose(StepScale().fit(panel).size_, [slow.step(y) for y in each(panel)], rtol=1e-10)


def test_quantiles_are_those_of_numpy(block):
    panel = ragged(4)

    expected = [np.nanquantile(y, [0.1, 0.5, 1.0]) for y in each(panel)]

    np.testing.assert_allclose(arrays.quantiles(panel, [0.1, 0.5, 1.0]), expected, rtol=1e-12)


def test_levels_and_sizes_are_those_of_numpy():
    panel = ragged(4)

    for kind, level, size in [
        (Standardize, np.nanmean, np.nanstd),
        (Robust, np.nanmedian, lambda y: np.subtract(*np.nanquantile(y, [0.75, 0.25]))),
        (MinMax, np.nanmin, lambda y: np.nanmax(y) - np.nanmin(y)),
    ]:
        transform = kind().fit(panel)
        sizes = np.array([size(y) for y in each(panel)])
        np.testing.assert_allclose(transform.level_, [level(y) for y in each(panel)], rtol=1e-9)
        np.testing.assert_allclose(transform.size_, np.where(sizes > 0, sizes, 1.0), rtol=1e-9)


def test_mostly_equal_values_are_scaled_robustly_by_their_whole_range():
    assert Robust().fit(make_panel([0.0] * 9 + [8.0])).size_.tolist() == [2.0]


def test_a_line_is_that_of_polyfit():
    y = np.array([3.0, np.nan, 4.0, 8.0, 7.0])
    slope, level = np.polyfit([-4, -2, -1, 0], y[[0, 2, 3, 4]], 1)
    transform = Detrend().fit(make_panel([1.0], y))

    np.testing.assert_allclose([transform.slope_[1], transform.level_[1]], [slope, level])
    assert (transform.slope_[0], transform.level_[0]) == (0.0, 1.0)


def test_an_outlier_is_brought_back_and_a_change_of_level_is_not():
    y = np.r_[np.tile([10.0, 11, 12, 11], 5), np.tile([30.0, 31, 32, 31], 5)]
    holed = y.copy()
    y[7], holed[7] = 500.0, np.nan

    values = Winsorize().fit(make_panel(y, holed)).apply(make_panel(y, holed)).values

    assert values[7] == 11 + 5 * 1.4826
    np.testing.assert_array_equal(np.delete(values[:40], 7), np.delete(y, 7))
    np.testing.assert_array_equal(values[40:], holed)


@pytest.mark.parametrize("m", [1, 4])
def test_guerrero_takes_the_lambda_of_least_variation(m, block):
    rng = np.random.default_rng(0)
    series = [np.exp(rng.normal(size=n).cumsum() * 0.1 + 3) + 2 for n in (24, 33, 50, 61)]
    found = BoxCox().fit(make_panel(*series, season_length=m)).lambda_

    grid = np.linspace(0, 1, 201)
    for y, power in zip(series, found, strict=True):
        best = min(slow.guerrero(y, max(2, m), p) for p in grid)
        assert slow.guerrero(y, max(2, m), power) == pytest.approx(best, rel=1e-9)


def test_the_likely_lambda_of_values_that_were_squared_is_a_half():
    rng = np.random.default_rng(0)
    z = 10 + 0.05 * np.arange(2000) + rng.normal(size=2000)
    powers = BoxCox("likelihood").fit(make_panel(z**2, np.exp(z / 3), z, np.full(5, 2.0))).lambda_

    np.testing.assert_allclose(powers, [0.5, 0.0, 1.0, 1.0], atol=0.15)


def test_the_likely_lambda_of_values_without_a_trend_is_near_that_of_scipy():
    y = np.random.default_rng(1).gamma(4.0, size=5000)

    assert BoxCox("likelihood").fit(make_panel(y)).lambda_[0] == pytest.approx(stats.boxcox(y)[1], abs=0.02)


@pytest.mark.parametrize(("kind", "tolerance"), [("log", 0.002), ("root", 0.0001), ("boxcox", 0.01)])
def test_the_mean_is_that_of_simulated_values(kind, tolerance):
    rng = np.random.default_rng(0)
    y = (10 + rng.normal(size=400)) ** 2
    transform = {"log": Log(), "root": Root(), "boxcox": BoxCox("likelihood")}[kind]
    panel = make_panel(y, -y)
    transform.fit(panel)
    mu, variance = float(np.mean(transform.apply(panel).series(0))), 0.04
    draws = transform.invert(np.tile(mu + np.sqrt(variance) * rng.normal(size=400_000), (2, 1)))[0]

    means = transform.mean(np.full((2, 1), mu), np.full((2, 1), variance))

    assert means[0, 0] == pytest.approx(draws.mean(), rel=tolerance)
    assert means[0, 0] > transform.invert(np.full((2, 1), mu))[0, 0]
    assert means[1, 0] == mu


@pytest.mark.parametrize("degree", [1.0, 2.0, 3.0, 4.5])
def test_roots_are_taken_of_series_without_values_below_zero(degree):
    panel = make_panel([0.0, 1.0, 64.0, np.nan], [-1.0, 8.0])
    transform = Root(degree).fit(panel)

    values = transform.apply(panel).values

    np.testing.assert_allclose(values, [0.0, 1.0, 64.0 ** (1 / degree), np.nan, -1.0, 8.0])
    forecasts = transform.invert(np.array([[values[2], -5.0], [-2.0, 3.0]]))
    np.testing.assert_allclose(forecasts, [[64.0, 0.0], [-2.0, 3.0]])


def test_a_power_below_all_values_is_zero():
    transform = BoxCox().fit(make_panel([1.0, 2.0, 3.0, 5.0]))
    transform.lambda_[:] = 0.5

    assert transform.invert(np.array([[-1e9, np.nan]])).tolist()[0][0] == 0.0


def test_the_signed_logarithm_takes_zeros_and_negatives():
    panel = make_panel([-2.0, 0.0, 2.0, np.nan], [0.0, 0.0])

    values = SignedLog().fit(panel).apply(panel).values

    np.testing.assert_allclose(values, [-np.log(2.5), 0, np.log(2.5), np.nan, 0, 0])


def test_stl_takes_a_season_out_and_puts_the_latest_back():
    y = 50 + np.resize(SEASON, 40)
    panel = make_panel(y, [1.0, 2.0, 3.0], season_length=4)
    transform = STL().fit(panel)

    flat = transform.apply(panel)

    np.testing.assert_allclose(flat.series(0), 50, atol=1e-6)
    assert flat.series(1).tolist() == [1, 2, 3]
    np.testing.assert_allclose(transform.invert(np.full((2, 6), 50.0))[0], 50 + np.resize(SEASON, 6), atol=1e-6)
    longer = make_panel(np.r_[50 + SEASON, y], [1.0, 1.0, 2.0, 3.0], season_length=4)
    np.testing.assert_allclose(transform.apply(longer).series(0), 50, atol=1e-6)


@pytest.mark.parametrize("least", [0.0, 0.2, 2.0])
@pytest.mark.parametrize("lag", [1, 4, 40])
def test_autocorrelations_are_worked_out_where_the_last_is_large_enough(lag, least):
    x = np.random.default_rng(lag).normal(size=(30, 50))
    x[3] = 0.0
    slow = np.array(
        [[sum(row[k:] * row[: len(row) - k]) / max(sum(row * row), 1e-9) for k in range(lag + 1)] for row in x]
    )

    found, above, r = correlations.correlated(x, (x * x).sum(axis=1), lag, np.full(30, least))

    np.testing.assert_allclose(found, slow[:, lag], atol=1e-12)
    assert above.tolist() == [row for row in range(30) if slow[row, lag] > least]
    np.testing.assert_allclose(r, slow[above], atol=1e-12)
