"""What columns known ahead lift a series by: taken out before networks learn, put back after."""

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


def learned(panel, observed=None):
    observed = known(panel) if observed is None else observed
    return Lifts().fit(panel, observed).see(panel, observed)


def jumps(lifts, panel):
    """What a promotion adds to each series, [S]."""
    added = lifts.before(panel)
    known = panel.covariates
    promo = [known.known[start : start + n, 0] for start, n in zip(known.offsets, panel.lengths, strict=False)]
    own = np.split(added, panel.offsets[1:-1])
    return np.array([y[p == 1].mean() - y[p == 0].mean() for y, p in zip(own, promo, strict=True)])


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
    lifts = learned(panel)
    promo = panel.covariates.known[:3000]
    change, d = promo[7:] - promo[:-7], panel.values[7:] - panel.values[:-7]
    expected = np.linalg.lstsq(change, d, rcond=None)[0]

    found = np.linalg.lstsq(np.c_[promo, np.ones(3000)], lifts.before(panel), rcond=None)[0]

    np.testing.assert_allclose(found[0], expected[0], rtol=0.01)
    np.testing.assert_allclose(found[:2], [30, 0], atol=0.5)


@pytest.mark.parametrize("lengths", [[120], [60] * 5])
def test_of_what_is_chance_next_to_nothing_is_taken_out(lengths):
    panels = [promoted(*lengths, lift=0.0, seed=seed)[0] for seed in range(40)]

    assert sum(not learned(panel).before(panel).any() for panel in panels) >= 36


def test_intervals_of_the_network_are_lifted_as_its_forecasts_are():
    panel, _ = promoted(150)
    promo = panel.covariates.known[150:, 0] == 1
    model = MLP(members=2, max_steps=60, head="quantiles", prior="none").fit(panel, horizon=H)

    found = model.predict(level=[80])

    for column in ("lo-80", "y_hat", "hi-80"):
        assert found[column][promo].mean() - found[column][~promo].mean() == pytest.approx(30, abs=8)


def test_a_model_says_which_columns_lift():
    panel, _ = promoted(150, columns=2)
    settings = {"members": 2, "max_steps": 10, "prior": "none"}

    assert MLP(**settings).fit(panel, horizon=H).choices_["lifts"] == ["promo"]
    assert "lifts" not in MLP(**settings, transform="none").fit(panel, horizon=H).choices_
    assert "lifts" not in MLP(**settings).fit(without(panel), horizon=H).choices_


def test_a_series_that_differs_from_the_others_has_its_own_effect():
    first, _ = promoted(*[200] * 8, seed=1)
    panel = first.with_values(
        first.values
        - 60 * first.covariates.known[np.arange(1600) + 14 * (np.arange(1600) // 200), 0] * (np.arange(1600) >= 1400)
    )

    found = jumps(learned(panel), panel)

    np.testing.assert_allclose(found[:-1], 30, atol=3)
    np.testing.assert_allclose(found[-1], -30, atol=3)


def test_equal_series_share_one_effect_whatever_noise_says_of_each():
    panel, _ = promoted(*[60] * 30, noise=20.0)
    each = [jumps(learned(one), one)[0] for one in (panel.take([s]) for s in range(30))]

    assert np.std(jumps(learned(panel), panel)) < 0.5 * np.std(each)


def test_effects_learned_once_are_those_of_other_series_later():
    panel, _ = promoted(*[100] * 5)
    lifts = Lifts().fit(panel, known(panel))
    alone = panel.take([3]).drop_last(90)

    assert jumps(lifts.see(alone, known(alone)), alone)[0] == pytest.approx(30, rel=0.2)


def test_what_is_taken_out_before_and_put_back_after_is_one_line_in_the_columns():
    panel, _ = promoted(60, 80)
    lifts = learned(panel)

    before, ahead = lifts.before(panel), lifts.ahead(panel, H)

    rows = panel.covariates.known[:, 0]
    for s, (start, n) in enumerate([(0, 60), (60 + H, 80)]):
        added = np.r_[before[panel.offsets[s] : panel.offsets[s + 1]], ahead[s]]
        promo = rows[start : start + n + H]
        on, off = added[promo == 1], added[promo == 0]
        assert np.ptp(on) < 1e-9
        assert np.ptp(off) < 1e-9
        assert 20 < on[0] - off[0] < 40


def warmed(n, seed=0):
    """A series that is high where it is cold and where it is hot, and what comes after it, [1, H]."""
    rng = np.random.default_rng(seed)
    heat = np.round(15 + 10 * np.sin(2 * np.pi * np.arange(n + H) / 90) + rng.normal(0, 4, n + H))
    y = 100 + 0.2 * (heat - 15) ** 2 + rng.normal(0, 2, n + H)
    covariates = Covariates.of_known(heat[:, None], np.array([0, n + H]), ("heat",), values=n)
    return replace(make_panel(y[:n], frequency="D", season_length=7), covariates=covariates), y[None, n:]


@pytest.mark.parametrize("make", [Prior, lambda: MLP(preset="fast")])
def test_networks_forecast_what_acts_in_a_curve(make):
    panel, truth = warmed(150)

    assert error(make(), panel, truth) < 0.4 * error(make(), without(panel), truth)


def test_beyond_the_values_seen_a_curve_goes_on_as_a_line():
    panel, _ = warmed(150)
    panel.covariates.known[150:153, 0] = [100, 200, 300]

    added = learned(panel).ahead(panel, 3)[0]

    np.testing.assert_allclose(np.diff(added, n=2), 0, atol=1e-9)


def test_a_short_series_has_the_effect_that_all_have():
    panel, _ = promoted(*[100] * 20, 30)
    found = jumps(learned(panel), panel)

    assert found[-1] == pytest.approx(np.mean(found[:-1]), rel=0.25)


def test_effects_are_in_the_unit_of_the_series_however_short_one_is():
    panel, _ = promoted(*[60] * 8, 6)  # the last is shorter than a season
    small = panel.with_values(panel.values / 1e6)

    found, in_millions = (learned(p).ahead(p, H)[-1] for p in (panel, small))

    assert np.abs(found).max() > 1
    np.testing.assert_allclose(in_millions * 1e6, found, rtol=1e-6)


def test_gaps_tell_nothing():
    panel, _ = promoted(200)
    observed = known(panel)
    observed[50:90] = False
    wild = panel.with_values(np.where(observed, panel.values, 1e6))

    assert learned(wild, observed).ahead(wild, H).tolist() == learned(panel, observed).ahead(panel, H).tolist()


def test_few_changes_lift_nothing():
    panel, _ = promoted(5)

    assert not learned(panel).before(panel).any()


def test_a_column_that_never_changes_lifts_nothing():
    panel, _ = promoted(60)
    panel = replace(panel, covariates=replace(panel.covariates, known=np.ones_like(panel.covariates.known)))

    assert not learned(panel).before(panel).any()


def with_columns(panel, *columns):
    known = replace(panel.covariates, known=np.column_stack(columns), known_names=tuple(map(str, range(len(columns)))))
    return replace(panel, covariates=known)


def test_columns_that_say_the_same_share_the_effect():
    panel, _ = promoted(150)
    promo = panel.covariates.known[:, 0]
    twice = with_columns(panel, promo, promo, 1 - promo)

    assert jumps(learned(twice), twice)[0] == pytest.approx(jumps(learned(panel), panel)[0], rel=0.05)


def test_many_columns_that_never_change_leave_the_others_their_effect():
    panel, _ = promoted(40)
    promo = panel.covariates.known[:, 0]
    many = with_columns(panel, promo, *[np.ones(40 + H)] * 30)

    assert learned(many).before(many) == pytest.approx(learned(panel).before(panel), rel=1e-3)


def test_without_columns_nothing_is_added():
    panel = without(promoted(50)[0])
    lifts = learned(panel)

    assert not lifts.before(panel).any()
    assert not lifts.ahead(panel, 3).any()


def test_after_the_last_row_of_a_column_its_last_value_goes_on():
    panel, _ = promoted(100)
    panel.covariates.known[100:105, 0] = [0, 1, 0, 0, 1]
    fewer = replace(panel, covariates=panel.covariates.until(panel.lengths, 2))
    lifts = learned(fewer)

    ahead = lifts.ahead(panel, 5)[0]
    assert lifts.ahead(fewer, 5)[0].tolist() == [ahead[0], *[ahead[1]] * 4]
    assert ahead[0] != ahead[1]
