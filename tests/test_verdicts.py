"""What a run says of its models, from made-up losses."""

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
    assert said["verdict"]["sentence"].startswith("mlp: MASE 0.")
    assert " over 12 windows; 0.7" in said["verdict"]["sentence"]


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
    assert said["verdict"]["sentence"].count("too little data to tell (a verdict takes 8)") == 1


def test_a_ratio_to_next_to_no_error_is_not_spelled_out():
    board, frame = made(windows=5)
    exact = frame["model"] == "seasonal_naive"
    frame = frame.assign(y_hat=frame["y_hat"].where(~exact, frame["y"] + 1e-9))

    assert "over 1,000 times seasonal_naive's error" in verdicts(board, frame)["verdict"]["sentence"]


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

    assert said["verdict"]["sentence"].endswith("nothing to compare it with.")
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
    assert said["sentence"].startswith(f"{said['model']}: {word} ")
    assert said["pairs"][0]["ratio"] == pytest.approx(means[said["model"]] / means["seasonal_naive"])
