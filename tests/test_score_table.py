"""The table of all scores at once, against the plain functions applied to one group of rows after the other."""

import numpy as np
import pandas as pd
import pytest

from forecast import metrics
from forecast.covered import binomial_band
from forecast.score_table import LEVEL_SCORES, POINT_SCORES, levels_of, referenced, row_losses, score_table

QUANTILES = {"lo-95": 0.025, "lo-80": 0.1, "y_hat": 0.5, "hi-80": 0.9, "hi-95": 0.975}


def made(*, seed=0, series=3, windows=4, steps=5, models=("mlp", "seasonal_naive", "naive")):
    """Return backtested rows with intervals, some truths and some intervals missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(series):
        for w in range(windows):
            before, truths = rng.normal(10, 2), rng.normal(10, 2, steps)
            for model in models:
                for h in range(steps):
                    y_hat = truths[h] + rng.normal()
                    widths = rng.uniform(0.5, 1.5), rng.uniform(1.5, 3)
                    rows.append(
                        {
                            "unique_id": f"s{s}",
                            "cutoff": w,
                            "step": h + 1,
                            "model": model,
                            "y": truths[h] if rng.random() > 0.1 else np.nan,
                            "y_hat": y_hat,
                            "lo-95": y_hat - widths[1] if w else np.nan,
                            "lo-80": y_hat - widths[0],
                            "hi-80": y_hat + widths[0],
                            "hi-95": y_hat + widths[1] if w else np.nan,
                            "scale": 0.5 + s if s < 2 else 0.0,
                            "rms_scale": 0.7 + s if s < 2 else 0.0,
                            "before": before,
                        }
                    )
    return pd.DataFrame(rows)


def arrays(own, *names):
    return [own[name].to_numpy() for name in names]


def one_by_one(own):
    """Return the scores of some rows by the plain functions."""
    y, y_hat, scale, rms, before, naive, seasonal = arrays(
        own, "y", "y_hat", "scale", "rms_scale", "before", "naive", "seasonal_naive"
    )
    smape, mase = metrics.smape(y, y_hat), metrics.mase(y, y_hat, scale)
    found = {
        "mase": mase,
        "smape": smape,
        "mae": metrics.mae(y, y_hat),
        "rmse": metrics.rmse(y, y_hat),
        "rmsse": metrics.rmsse(y, y_hat, rms),
        "mse": metrics.mse(y, y_hat),
        "mape": metrics.mape(y, y_hat),
        "wape": metrics.wape(y, y_hat),
        "owa": metrics.owa(
            smape, mase, naive_smape=metrics.smape(y, seasonal), naive_mase=metrics.mase(y, seasonal, scale)
        ),
        "bias": metrics.bias(y, y_hat),
        "theils_u": metrics.theils_u(y, y_hat, naive),
        "directional_accuracy": metrics.directional_accuracy(y, y_hat, before),
    }
    whole = own.dropna(subset=list(QUANTILES))
    losses = [metrics.pinball(whole["y"], whole[name], q) for name, q in QUANTILES.items()]
    found["pinball"] = np.mean(losses)
    lows, highs = arrays(whole, "lo-80", "lo-95"), arrays(whole, "hi-80", "hi-95")
    found["wis"] = metrics.weighted_interval_score(whole["y"], whole["y_hat"], lows, highs, [80, 95])
    found["crps"] = metrics.crps(whole["y"], whole[list(QUANTILES)], list(QUANTILES.values()))
    for level in (80, 95):
        judged = own.dropna(subset=["y", f"lo-{level}"])
        y, low, high, scale = arrays(judged, "y", f"lo-{level}", f"hi-{level}", "scale")
        share, cases = metrics.coverage(y, low, high), len(judged[["unique_id", "cutoff"]].drop_duplicates())
        band = binomial_band(share, cases) if cases else (np.nan, np.nan)
        rest = (
            metrics.mean_width(low, high),
            metrics.winkler(y, low, high, level),
            metrics.msis(y, low, high, level, scale),
        )
        values = (share, *band, cases, *rest)
        found |= {f"{name}-{level}": value for name, value in zip(LEVEL_SCORES, values, strict=True)}
    return found


@pytest.mark.parametrize("key", ["model", "step", "cutoff", "unique_id"])
def test_every_group_has_the_scores_of_its_rows(key):
    rows = referenced(made())
    table = score_table(rows, [rows[key]])

    for place, own in rows.groupby(key):
        assert table.loc[place].to_dict() == pytest.approx(one_by_one(own), nan_ok=True, rel=1e-9)


def test_two_keys_make_a_group_of_each_pair():
    rows = referenced(made(series=1))
    table = score_table(rows, [rows["step"], rows["model"]])

    own = rows[(rows["step"] == 2) & (rows["model"] == "mlp")]
    assert table.loc[(2, "mlp")].to_dict() == pytest.approx(one_by_one(own), nan_ok=True, rel=1e-9)


def test_the_references_stand_beside_every_row_of_their_point():
    rows = referenced(made(series=1, windows=1, steps=2))

    naive = rows.loc[rows["model"] == "naive", "y_hat"].tolist()
    assert [own["naive"].tolist() for _, own in rows.groupby("model")] == [naive] * 3


def test_the_reference_itself_scores_one():
    rows = referenced(made(series=2))
    table = score_table(rows, [rows["model"]])

    assert table.loc["seasonal_naive", "owa"] == pytest.approx(1.0)
    assert table.loc["naive", "theils_u"] == pytest.approx(1.0)


def test_without_the_references_their_scores_are_unknown():
    rows = referenced(made(models=("mlp",)))
    table = score_table(rows, [rows["model"]])

    assert table.loc["mlp", ["owa", "theils_u"]].isna().all()
    assert table.loc["mlp", list(POINT_SCORES[:8])].notna().all()


def test_without_intervals_there_are_no_scores_of_them():
    rows = referenced(made().drop(columns=["lo-95", "lo-80", "hi-80", "hi-95"]))

    assert list(score_table(rows, [rows["model"]]).columns) == list(POINT_SCORES)


def test_without_rows_the_table_is_empty_and_has_all_columns():
    rows = referenced(made().iloc[:0])
    table = score_table(rows, [rows["model"]])

    assert len(table) == 0
    assert list(table.columns) == list(score_table(referenced(made()), [made()["model"]]).columns)


def test_a_quantile_has_its_loss_first_and_no_interval_score_that_needs_the_median():
    rows = referenced(made())
    table = score_table(rows, [rows["model"]], quantile=0.9)
    own = rows[rows["model"] == "mlp"]
    scale = own["scale"].where(own["scale"] > 0)
    error = own["y"] - own["y_hat"]
    expected = 2 * np.maximum(0.9 * error, -0.1 * error) / scale

    assert table.columns[0] == "quantile_loss"
    assert table.loc["mlp", "quantile_loss"] == pytest.approx(expected.mean())
    assert np.isnan(table.loc["mlp", "wis"])
    assert table.loc["mlp", "crps"] > 0


def test_the_loss_at_one_half_is_the_scaled_error():
    rows = made()

    np.testing.assert_allclose(row_losses(rows, 0.5), row_losses(rows, None))


def test_zeros_and_constants_have_an_answer():
    rows = made().assign(y=0.0, y_hat=0.0, scale=0.0, rms_scale=0.0, before=0.0)
    table = score_table(referenced(rows), [rows["model"]]).loc["mlp"]

    assert table[["smape", "mae", "rmse", "mse", "bias"]].tolist() == [0.0] * 5
    assert table[["mase", "rmsse", "mape", "wape", "owa", "theils_u", "directional_accuracy"]].isna().all()
    assert table["msis-80"] != table["msis-80"]


def test_levels_are_ordered_as_numbers():
    assert levels_of(pd.DataFrame(columns=["lo-99.5", "lo-100", "lo-80", "hi-80"])) == ["80", "99.5", "100"]
