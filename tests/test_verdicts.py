"""What a run says of its models, from made-up losses."""

import re

import numpy as np
import pandas as pd
import pytest

from forecast.verdicts import verdicts

FACTORS = {"mlp": 0.7, "arima": 0.75, "seasonal_naive": 1.0, "naive": 1.6}


def made(*, series=1, windows=12, factors=FACTORS, seed=0):
    """Return a leaderboard and the scored rows behind it: errors of one step, in proportion to the factors."""
    rng = np.random.default_rng(seed)
    rows = [
        {"unique_id": f"s{s}", "cutoff": w, "model": model, "y": 0.0, "y_hat": size * factor * noise, "scale": 1.0}
        for s in range(series)
        for w in range(windows)
        for size in [rng.uniform(0.8, 1.2)]
        for (model, factor), noise in zip(factors.items(), rng.uniform(0.9, 1.1, len(factors)), strict=True)
    ]
    frame = pd.DataFrame(rows)
    board = frame.groupby("model")["y_hat"].mean().rename("mase").reset_index().sort_values("mase", ignore_index=True)
    board["role"] = ["baseline" if "naive" in model else "candidate" for model in board["model"]]
    return board.assign(reason=""), frame


def test_the_network_is_held_against_the_baseline_and_the_other_candidates():
    said = verdicts(*made())

    assert [(p["against"], p["word"]) for p in said["verdict"]["pairs"]] == [
        ("seasonal_naive", "better"),
        ("arima", "better"),
    ]


def test_every_pair_stands_once_the_better_ranked_model_first():
    found = [(p["model"], p["against"]) for p in verdicts(*made())["pairs"]]

    assert found == [
        *(("mlp", "arima"), ("mlp", "seasonal_naive"), ("mlp", "naive")),
        *(("arima", "seasonal_naive"), ("arima", "naive"), ("seasonal_naive", "naive")),
    ]


def test_few_windows_have_neither_set_nor_interval_but_what_it_would_take():
    said = verdicts(*made(windows=5))

    assert said["confidence_set"] is None
    assert {p["word"] for p in said["pairs"]} == {"too little data to tell"}
    assert all(p["ratio_low"] is None and p["units_needed"] >= 8 for p in said["pairs"])


def test_a_ratio_to_next_to_no_error_is_not_spelled_out():
    board, frame = made(windows=5)
    exact = frame["model"] == "seasonal_naive"
    frame = frame.assign(y_hat=frame["y_hat"].where(~exact, frame["y"] + 1e-9))

    assert "makes over 1,000 times seasonal_naive's error" in verdicts(board, frame)["verdict"]["sentence"]


def test_few_windows_are_told_as_shares_before_what_they_do_not_tell():
    board, frame = made(windows=5)
    said = verdicts(board, frame)["verdict"]
    ratios = [f"{pair['ratio']:.2f}" for pair in said["pairs"]]
    score = board.set_index("model").loc["mlp", "mase"]

    assert said["sentence"] == (
        f"mlp makes {ratios[0]} of seasonal_naive's error and {ratios[1]} of arima's over 5 windows of the past "
        f"(MASE {score:.2f}): too little data to tell whether by chance (at least 8 windows are needed)."
    )


def test_with_enough_windows_each_model_stands_behind_its_wording_with_ratio_and_interval():
    board, frame = made()
    said = verdicts(board, frame)["verdict"]
    names = ("ratio", "ratio_low", "ratio_high")
    (first, low, high), (second, *ends) = ([f"{pair[name]:.2f}" for name in names] for pair in said["pairs"])
    score = board.set_index("model").loc["mlp", "mase"]

    assert said["sentence"] == (
        f"mlp is better than seasonal_naive ({first} of its error, 95% interval {low} to {high}) and arima "
        f"({second}, {ends[0]} to {ends[1]}) over 12 windows of the past (MASE {score:.2f})."
    )


def test_models_that_cannot_be_told_apart_stand_with_what_it_would_take():
    said = verdicts(*made(factors={"mlp": 0.7, "arima": 0.685, "theta": 0.6, "seasonal_naive": 1.0}))["verdict"]
    needed = {pair["against"]: pair["units_needed"] for pair in said["pairs"]}

    assert re.fullmatch(
        r"mlp is better than seasonal_naive \([^;]+\), is worse than theta \([^;]+\), and "
        rf"cannot be told apart from arima \([^;]+; about {needed['arima']:,} windows would tell\) "
        r"over 12 windows of the past \(MASE 0\.\d\d\)\.",
        said["sentence"],
    )


@pytest.mark.parametrize(
    ("settings", "where"),
    [({"windows": 1}, "over 1 window of the past (MASE"), ({"series": 9, "windows": 2}, "over 9 series (MASE")],
)
def test_what_was_counted_is_named_as_it_is(settings, where):
    assert where in verdicts(*made(**settings))["verdict"]["sentence"]


def test_beside_a_model_without_error_there_is_no_ratio():
    board, frame = made(windows=5)
    exact = frame["model"] == "arima"
    frame = frame.assign(y_hat=frame["y_hat"].where(~exact, frame["y"]))

    assert " and n/a of arima's over " in verdicts(board, frame)["verdict"]["sentence"]


def test_the_confidence_set_holds_the_best_and_leaves_the_worst_out():
    together = verdicts(*made())["confidence_set"]

    assert together["members"][0] == "mlp"
    assert "naive" not in together["members"]
    assert (together["units"], together["unit"], together["confidence"]) == (12, "windows", 90.0)


def test_ranks_are_those_over_the_series_of_a_panel():
    said = verdicts(*made(series=10, windows=2))
    ranks = said["ranks"]

    assert said["confidence_set"]["unit"] == "series"
    assert ranks["units"] == 10
    assert ranks["models"]["naive"]["rank"] == 4.0
    assert not ranks["models"]["naive"]["with_best"]
    for entry in ranks["models"].values():
        assert entry["high"] - entry["low"] == pytest.approx(ranks["critical_difference"])


def test_a_series_that_one_model_could_not_be_scored_on_is_left_out_of_what_compares_all():
    board, frame = made(series=10, windows=2)
    frame.loc[(frame["unique_id"] == "s3") & (frame["model"] == "arima"), "y"] = np.nan

    assert verdicts(board, frame)["ranks"]["units"] == 9


def test_one_model_alone_has_nothing_to_be_compared_with():
    said = verdicts(*made(factors={"mlp": 1.0}))

    assert said["verdict"]["sentence"].startswith("mlp has nothing to be compared with (MASE ")
    assert (said["pairs"], said["confidence_set"]) == ([], None)


def test_without_windows_it_says_why():
    board, frame = made()
    said = verdicts(board, frame.iloc[:0], untested="no window was finished")

    assert said["verdict"]["sentence"] == "Untested: no window was finished."


def test_where_no_series_changes_there_is_no_verdict():
    board, frame = made()
    said = verdicts(board.assign(mase=np.nan), frame.assign(scale=0.0))

    assert said["verdict"]["sentence"].startswith("No verdict: scaled errors are undefined")
    assert said["confidence_set"] is None


def test_the_same_seed_gives_the_same_set():
    board, frame = made(factors={"mlp": 1.0, "arima": 1.02, "naive": 1.05})

    assert verdicts(board, frame, seed=1) == verdicts(board, frame, seed=1)


@pytest.mark.parametrize(("metric", "word"), [("mae", "MAE"), ("smape", "sMAPE")])
def test_the_verdict_is_on_the_metric_that_was_chosen(metric, word):
    board, frame = made()
    frame = frame.assign(y=100.0, y_hat=100.0 + frame["y_hat"])

    said = verdicts(board.assign(**{metric: board["mase"]}), frame, metric=metric)["verdict"]

    rows = frame[frame["model"].isin([said["model"], "seasonal_naive"])]
    error = (rows["y"] - rows["y_hat"]).abs()
    loss = error if metric == "mae" else 200 * error / (rows["y"].abs() + rows["y_hat"].abs())
    means = loss.groupby([rows["model"], rows["cutoff"]]).mean().groupby("model").mean()
    assert re.search(rf" over 12 windows of the past \({word} \d", said["sentence"])
    assert said["pairs"][0]["ratio"] == pytest.approx(means[said["model"]] / means["seasonal_naive"])
