"""What columns known ahead lift a series by."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import make_panel

from forecast.covariates import Covariates
from forecast.models.lifts import Lifts
from forecast.models.mlp import MLP
from forecast.models.prior import Prior

H = 14


def promoted(*lengths, lift=30.0, noise=2.0, seed=0, columns=1):
    """Weekly series that promotions lift, with what comes after them, [S, H]."""
    rng = np.random.default_rng(seed)
    known, values, truth = [], [], []
    for n in lengths:
        promo = (rng.random((n + H, columns)) < 0.3).astype(float)
        y = 100 + lift * promo[:, 0] + 10 * np.sin(2 * np.pi * np.arange(n + H) / 7) + rng.normal(0, noise, n + H)
        known.append(promo)
        values.append(y[:n])
        truth.append(y[n:])
    offsets = np.r_[0, np.cumsum([n + H for n in lengths])]
    covariates = Covariates.of_known(np.concatenate(known), offsets, ("promo", "other")[:columns], values=sum(lengths))
    return replace(make_panel(*values, frequency="D", season_length=7), covariates=covariates), np.array(truth)


def without(panel):
    return replace(panel, covariates=None)


def error(model, panel, truth):
    y_hat = model.fit(panel, horizon=H).predict()["y_hat"].to_numpy()
    return float(np.abs(y_hat - truth.ravel()).mean())


def known(panel):
    return ~np.isnan(panel.values)


@pytest.mark.parametrize("make", [Prior, lambda: MLP(preset="fast")])
def test_networks_forecast_the_promotions_that_are_planned(make):
    panel, truth = promoted(150)

    assert error(make(), panel, truth) < 0.4 * error(make(), without(panel), truth)


def test_a_column_that_tells_nothing_changes_next_to_nothing():
    panel, truth = promoted(150, lift=0.0)

    found = [Prior().fit(p, horizon=H).predict()["y_hat"].to_numpy() for p in (panel, without(panel))]

    np.testing.assert_allclose(found[0], found[1], rtol=0.02)
    assert truth.shape == (1, H)


def test_the_effect_of_a_long_series_is_that_of_least_squares():
    panel, _ = promoted(3000, columns=2)
    lifts = Lifts().fit(panel, known(panel))
    promo = panel.covariates.known[:3000]
    change, d = promo[7:] - promo[:-7], panel.values[7:] - panel.values[:-7]
    expected = np.linalg.lstsq(change, d, rcond=None)[0]

    effects = lifts.effects_[0] * lifts.size_[0] / promo.std(axis=0)

    np.testing.assert_allclose(effects, expected, atol=0.5)
    np.testing.assert_allclose(effects, [30, 0], atol=1.0)


def test_what_is_taken_out_before_and_put_back_after_is_one_line_in_the_columns():
    panel, _ = promoted(60, 80)
    lifts = Lifts().fit(panel, known(panel))

    before, ahead = lifts.before(panel), lifts.ahead(panel, H)

    rows = panel.covariates.known[:, 0]
    for s, (start, n) in enumerate([(0, 60), (60 + H, 80)]):
        added = np.r_[before[panel.offsets[s] : panel.offsets[s + 1]], ahead[s]]
        promo = rows[start : start + n + H]
        on, off = added[promo == 1], added[promo == 0]
        assert np.ptp(on) < 1e-9
        assert np.ptp(off) < 1e-9
        assert 20 < on[0] - off[0] < 40


def test_a_short_series_has_the_effect_that_all_have():
    panel, _ = promoted(*[100] * 20, 30)
    lifts = Lifts().fit(panel, known(panel))

    jumps = lifts.effects_[:, 0] * lifts.size_

    assert jumps[-1] == pytest.approx(np.mean(jumps[:-1]), rel=0.25)


def test_gaps_tell_nothing():
    panel, _ = promoted(200)
    observed = known(panel)
    observed[50:90] = False
    wild = panel.with_values(np.where(observed, panel.values, 1e6))

    assert Lifts().fit(wild, observed).effects_.tolist() == Lifts().fit(panel, observed).effects_.tolist()


def test_few_changes_lift_nothing():
    panel, _ = promoted(5)

    assert not Lifts().fit(panel, known(panel)).effects_.any()


def test_a_column_that_never_changes_lifts_nothing():
    panel, _ = promoted(60)
    constant = replace(panel.covariates, known=np.ones_like(panel.covariates.known))

    assert not Lifts().fit(replace(panel, covariates=constant), known(panel)).effects_.any()


def test_without_columns_nothing_is_added():
    panel = without(promoted(50)[0])
    lifts = Lifts().fit(panel, known(panel))

    assert not lifts.before(panel).any()
    assert not lifts.ahead(panel, 3).any()


def test_after_the_last_row_of_a_column_its_last_value_goes_on():
    panel, _ = promoted(100)
    panel.covariates.known[100:105, 0] = [0, 1, 0, 0, 1]
    fewer = replace(panel, covariates=panel.covariates.until(panel.lengths, 2))
    lifts = Lifts().fit(fewer, known(panel))

    ahead = lifts.ahead(panel, 5)[0]
    assert lifts.ahead(fewer, 5)[0].tolist() == [ahead[0], *[ahead[1]] * 4]
    assert ahead[0] != ahead[1]
