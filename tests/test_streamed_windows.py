"""More series than memory: windows and scores of a folder of Parquet files are those that all series at once have."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import pipeline
from forecast.errors import ConfigError, DataError, FileError, ModelError
from forecast.models.classical import Drift
from forecast.models.theta import Theta
from forecast.streaming.parquet_folders import ABOUT

pytest.importorskip("pyarrow.parquet")

N_SERIES, HORIZON = 16, 3
GIVEN = {"id": "shop", "target": "units", "engine": "serial", "horizon": HORIZON, "n_windows": 3, "preset": "fast"}
SMALL = ["models.mlp.max_steps=20", "models.mlp.members=2"]


def sales(n_series=N_SERIES):
    """Return monthly series of different lengths with gaps, one of them too short to be used and one to be tested."""
    rng, frames = np.random.default_rng(3), []
    for s in range(n_series):
        length = {5: 2, 6: 5}.get(s, 40 - s % 5)
        ds = pd.date_range("2020-01-01", periods=40, freq="MS")[-length:]
        level = 50.0 + s + rng.normal(size=length).cumsum() + 8.0 * np.sin(np.arange(length) * np.pi / 6)
        frames.append(pd.DataFrame({"shop": f"s{s:02d}", "month": ds, "units": level.round(2), "size": float(s % 3)}))
        if s % 4 == 0:
            frames[-1].loc[frames[-1].index[-2], "units"] = np.nan
    return pd.concat(frames, ignore_index=True)


def written(folder, frame, files=3):
    folder.mkdir()
    of = pd.factorize(frame["shop"])[0] % files
    for n in range(files):
        frame[of == n].to_parquet(folder / f"file-{n}.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("data") / "sales", sales())


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def by_chunks(folder, output, **options):
    trial = pipeline.backtest(folder, output=output, **{"chunk_series": 7, **GIVEN, **options})
    windows = pd.concat([pd.read_parquet(path) for path in sorted(Path(output, "windows").glob("*.parquet"))])
    return trial, windows


def ordered(frame):
    keys = ["model", "unique_id", "cutoff", "step"]
    columns = sorted(frame.columns)
    return frame.assign(cutoff=frame["cutoff"].astype(str)).sort_values(keys)[columns].reset_index(drop=True)


CASES = {
    "networks and models of each series": {"models": ["mlp", "theta", "combination"], "set": SMALL, "n_windows": 2},
    "weights from earlier windows": {
        "models": ["theta", "drift", "combination"],
        "set": ["models.combination.method=inverse_error"],
    },
    "a quantile within bounds": {"models": ["drift", "theta"], "quantile": 0.8, "min": 50.0, "integer": True},
    "levels that follow misses": {"models": ["drift"], "adaptive": True, "level": [50, 80], "n_windows": 5},
    "own intervals": {"models": ["arima(0,1,1)"], "n_windows": 1, "level": [80]},
    "one fit for several windows, with a gap": {"models": ["theta", "drift"], "refit": 2, "gap": 1, "step_size": 2},
    "the latest values alone, by another metric": {"models": ["drift"], "window_size": 20, "metric": "mae"},
}


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_where_the_sample_is_the_whole_windows_and_scores_are_those_made_in_memory(options, folder, tmp_path):
    at_once = pipeline.backtest(folder, **GIVEN | options)

    trial, windows = by_chunks(folder, tmp_path / "out", **options)

    pd.testing.assert_frame_equal(ordered(windows), ordered(at_once.backtest), rtol=1e-6, check_dtype=False)
    pd.testing.assert_frame_equal(trial.leaderboard, at_once.leaderboard, rtol=1e-6, check_dtype=False)
    assert (trial.metric, trial.horizon, trial.n_windows) == (at_once.metric, at_once.horizon, at_once.n_windows)
    kept = pd.read_csv(tmp_path / "out" / "leaderboard.csv", keep_default_na=False, na_values=[""])
    assert kept["model"].tolist() == at_once.leaderboard["model"].tolist()


def test_scores_of_each_series_are_written_and_average_to_those_of_all(folder, tmp_path):
    by_chunks(folder, tmp_path / "out", models=["drift"], min=0.0)

    scores = pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / "out" / "scores").iterdir())])

    assert len(scores) == len(scores[["unique_id", "model"]].drop_duplicates()) == (N_SERIES - 2) * 3
    alone = pipeline.backtest(sales().query("shop == 's03'"), **GIVEN | {"models": ["drift"], "min": 0.0})
    own = scores[scores["unique_id"] == "s03"].set_index("model")["mase"]
    pd.testing.assert_series_equal(own.sort_index(), alone.leaderboard.set_index("model")["mase"].sort_index())


def test_chunks_do_not_change_a_digit(folder, tmp_path):
    options = {"models": ["mlp", "drift"], "set": SMALL, "sample_series": 10, "n_windows": 1}

    few, small = by_chunks(folder, tmp_path / "small", chunk_series=4, **options)
    more, large = by_chunks(folder, tmp_path / "large", chunk_series=20, **options)

    pd.testing.assert_frame_equal(ordered(small), ordered(large), check_exact=True)
    pd.testing.assert_frame_equal(few.leaderboard, more.leaderboard, rtol=1e-12)


def test_series_that_were_not_in_the_sample_are_tested_by_every_model(folder, tmp_path):
    trial, windows = by_chunks(
        folder, tmp_path / "out", models=["mlp", "theta"], set=SMALL, sample_series=9, n_windows=1
    )

    assert windows.groupby("model")["unique_id"].nunique().to_dict() == dict.fromkeys(
        ["mlp", "theta", "seasonal_naive", "naive"], N_SERIES - 2
    )
    assert len(set(trial.leaderboard["points"])) == 1
    about = json.loads((tmp_path / "out" / ABOUT).read_text(encoding="utf-8"))
    assert (about["series"], about["sample"], about["chunk"]) == (N_SERIES, 9, 7)
    assert sum(part["rows"] for part in about["parts"]) == len(windows) == trial.backtest["rows"].sum()


def test_no_more_series_are_held_than_a_chunk_or_the_sample_has(folder, tmp_path, held):
    by_chunks(folder, tmp_path / "out", models=["naive"], chunk_series=10, sample_series=5)

    assert held == [5, 10, 6]


def test_the_command_prints_the_scores_and_writes_a_folder(folder, here, call):
    words = ("backtest", str(folder), "--id", "shop", "--target", "units", "--models", "drift", "--horizon", "3")
    code, out, err = call(*words, "--n-windows", "2", "--chunk-series", "9", "--output", "out", "--engine", "serial")

    assert code == 0, err
    assert out.startswith("model\tmase")
    assert "16 series, 9 at a time" in err
    assert sorted(path.name for path in Path("out").iterdir()) == [ABOUT, "leaderboard.csv", "scores", "windows"]
    assert list(pd.read_parquet("out/windows").columns)[:6] == ["unique_id", "cutoff", "ds", "step", "model", "y"]
    assert call(*words, "--chunk-series", "9", "--dry-run")[0] == 2


def test_what_cannot_be_tested_by_chunks_is_refused_and_nothing_is_left(folder, here):
    for options, kind, code in (
        ({"output": None}, ConfigError, "U101"),
        ({"output": "out.csv"}, ConfigError, "U101"),
        ({"totals": ["size"]}, ConfigError, "U101"),
        ({"horizon": 38, "n_windows": "auto"}, DataError, "D124"),
        ({"output": "no/folder"}, FileError, "F104"),
    ):
        with pytest.raises(kind) as caught:
            pipeline.backtest(folder, **{**GIVEN, "chunk_series": 5, "output": "out", "models": ["naive"], **options})
        assert caught.value.code == code
    assert list(here.iterdir()) == []


def test_a_model_that_fails_on_a_chunk_is_counted_and_its_series_score_for_nobody(folder, here, monkeypatch):
    fit = Theta.fit

    def fails(self, panel, *, horizon):
        if "s01" in panel.ids and panel.n_series < 10:
            raise ModelError("M101", "no fit")
        return fit(self, panel, horizon=horizon)

    monkeypatch.setattr(Theta, "fit", fails)
    trial, windows = by_chunks(folder, "out", models=["theta"])

    board = trial.leaderboard.set_index("model")
    assert board.loc["theta", ["failures", "reason"]].tolist() == [3, "no fit"]
    assert board.loc["naive", "failures"] == 0
    assert len(set(board["points"])) == 1
    assert board.loc["naive", "points"] < windows.query("model == 'naive'")["y"].count()
    sound = written(here / "sound", sales(4).query("shop != 's00'"))
    with pytest.raises(ModelError, match="theta failed: no fit"):
        by_chunks(sound, "other", models=["theta"], strict=True)
    assert not Path("other").exists()


def test_a_model_that_fails_on_the_sample_has_no_scores_and_the_others_have(folder, here, monkeypatch):
    def fails(self, panel, *, horizon):
        raise ModelError("M101", "no line")

    monkeypatch.setattr(Drift, "fit", fails)
    at_once = pipeline.backtest(folder, **GIVEN | {"models": ["drift"]})

    trial, windows = by_chunks(folder, "out", models=["drift"])

    assert set(windows["model"]) == {"naive", "seasonal_naive"}
    pd.testing.assert_frame_equal(trial.leaderboard, at_once.leaderboard, check_dtype=False)


def test_a_chunk_too_short_for_any_window_is_left_out(here):
    frame = sales(8)
    folder = written(Path("data"), frame, files=8)

    trial, windows = by_chunks(folder, "out", models=["naive"], chunk_series=1)

    assert windows["unique_id"].nunique() == 6
    assert trial.leaderboard["points"].tolist() == windows.groupby("model")["y"].count().tolist()
