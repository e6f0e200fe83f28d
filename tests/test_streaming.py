"""More series than memory: a folder of Parquet files is forecast chunk by chunk as it is in one piece."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import pipeline
from forecast.errors import ConfigError, DataError, FileError, ModelError
from forecast.streaming import parquet_folders
from forecast.streaming.learned import Learned

pq = pytest.importorskip("pyarrow.parquet")

N_SERIES, HORIZON = 30, 4
GIVEN = {"id": "shop", "target": "units", "engine": "serial"}
FAST = GIVEN | {"horizon": HORIZON, "preset": "fast", "n_windows": 1}
SMALL = ["models.mlp.max_steps=20", "models.mlp.members=2"]


def sales(n_series=N_SERIES):
    """Return monthly series of different lengths, one of them too short to be used."""
    rng, frames = np.random.default_rng(3), []
    for s in range(n_series):
        length = 2 if s == 7 else 36 - s % 5
        ds = pd.date_range("2020-01-01", periods=36, freq="MS")[-length:]
        level = 50.0 + s + rng.normal(size=length).cumsum() + 8.0 * np.sin(np.arange(length) * np.pi / 6)
        frames.append(pd.DataFrame({"shop": f"s{s:02d}", "month": ds, "units": level.round(2), "size": float(s % 3)}))
    return pd.concat(frames, ignore_index=True)


def written(folder, frame, files=4):
    """Write a folder of files in each of which every fourth series stands, all its rows."""
    folder.mkdir()
    of = pd.factorize(frame["shop"])[0] % files
    for n in range(files):
        rows = frame[of == n].sample(frac=1.0, random_state=1)
        rows.to_parquet(folder / f"file-{n}.parquet", index=False, row_group_size=50)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("data") / "sales", sales())


def by_chunks(folder, output, **options):
    account = pipeline.predict(folder, output=output, **{"sample_series": 1_000, **FAST, **options})
    return account, pd.concat([pd.read_parquet(path) for path in sorted(output.glob("*.parquet"))])


def ordered(frame):
    return frame.sort_values(["model", "unique_id", "ds"]).reset_index(drop=True)


def test_where_the_sample_is_the_whole_the_forecasts_are_those_made_in_memory(folder, tmp_path):
    models = ["mlp", "theta", "naive", "combination"]

    at_once = pipeline.predict(folder, models=models, set=SMALL, **FAST)
    account, chunked = by_chunks(folder, tmp_path / "out", models=models, set=SMALL, chunk_series=8)

    assert account["series"].sum() == N_SERIES - 1
    assert account["rows"].sum() == len(at_once) == (N_SERIES - 1) * HORIZON * len(models)
    pd.testing.assert_frame_equal(ordered(chunked), ordered(at_once), rtol=1e-6, check_dtype=False)


def test_neither_chunks_nor_workers_change_a_byte(folder, tmp_path):
    options = {"models": ["mlp", "theta"], "static": ["size"], "set": SMALL}
    _, small = by_chunks(folder, tmp_path / "small", chunk_series=3, **options)
    _, large = by_chunks(folder, tmp_path / "large", chunk_series=20, jobs=2, engine="processes", **options)
    _, again = by_chunks(folder, tmp_path / "again", chunk_series=3, **options)

    pd.testing.assert_frame_equal(ordered(small), ordered(large), check_exact=True)
    assert [p.read_bytes() for p in sorted((tmp_path / "small").iterdir())] == [
        p.read_bytes() for p in sorted((tmp_path / "again").iterdir())
    ]
    assert len(again) == len(small)


def test_no_more_series_are_held_than_a_chunk_or_the_sample_has(folder, tmp_path, held):
    by_chunks(folder, tmp_path / "out", models=["naive"], chunk_series=4, sample_series=6)

    assert held == [6, *[4] * 7, 2]


def test_the_sample_is_drawn_over_all_files_by_the_seed_and_said(folder, tmp_path, monkeypatch):
    learned_from, of = [], Learned.of

    def noted(table, *args, **given):
        learned_from.append(sorted(table.frame["shop"].unique()))
        return of(table, *args, **given)

    monkeypatch.setattr(Learned, "of", noted)
    for n, (seed, size) in enumerate([(0, 10), (0, 4), (1, 10)]):
        by_chunks(folder, tmp_path / str(n), models=["naive"], chunk_series=size, sample_series=8, seed=seed)

    first, other_chunk, other_seed = learned_from
    assert len(first) == 8
    assert first == other_chunk != other_seed
    assert len({int(name[1:]) % 4 for name in first}) > 1
    about = json.loads((tmp_path / "0" / parquet_folders.ABOUT).read_text(encoding="utf-8"))
    assert (about["series"], about["sample"], about["chunk"], about["seed"]) == (N_SERIES, 8, 10, 0)


def test_it_is_said_how_many_series_a_member_learns_from(folder, tmp_path, call, monkeypatch):
    monkeypatch.setattr(parquet_folders, "BAG", 6)
    _, _, err = call(
        *("predict", str(folder), "--id", "shop", "--target", "units", "--models", "naive", "--sample-series", "8"),
        *("--chunk-series", "10", "--output", "out", "--engine", "serial"),
    )
    about = json.loads((Path("out") / parquet_folders.ABOUT).read_text(encoding="utf-8"))

    assert "learn from 8 of them, drawn by lot, each member of a network from its own 6" in err
    assert (about["sample"], about["bag"]) == (8, 6)


def test_what_was_said_of_the_sample_is_not_said_of_a_chunk_again(folder, tmp_path, call):
    _, _, err = call(
        *("predict", str(folder), "--id", "shop", "--target", "units", "--models", "naive"),
        *("--chunk-series", "10", "--output", "out", "--engine", "serial"),
    )

    assert err.count('"s07" has fewer than 3 values') == 1


def test_series_that_were_not_in_the_sample_have_forecasts_and_intervals_of_every_model(folder, tmp_path):
    models = ["mlp", "theta", "drift"]

    _, frame = by_chunks(folder, tmp_path / "out", models=models, set=SMALL, chunk_series=9, sample_series=12)

    assert frame.groupby("model")["unique_id"].nunique().to_dict() == dict.fromkeys(models, N_SERIES - 1)
    assert (frame["lo-80"] < frame["hi-80"]).all()


def test_a_chunk_of_series_too_short_is_left_out_and_said(folder, tmp_path, call):
    code, out, err = call(
        *("predict", str(folder), "--id", "shop", "--target", "units", "--models", "naive", "--horizon", "2"),
        *("--chunk-series", "1", "--output", "out", "--engine", "serial"),
    )

    assert (code, out) == (0, "")
    assert "30 series, 1 at a time; networks and intervals learn from all of them" in err
    assert err.count("warning[W204]") >= 1
    assert len(list(Path("out").glob("*.parquet"))) == N_SERIES - 1


def test_folders_named_after_the_series_are_read_by_their_names(tmp_path):
    frame = sales(6).drop(columns="size")
    for name, rows in frame.groupby("shop"):
        part = tmp_path / "hive" / f"shop={name}"
        part.mkdir(parents=True)
        rows.drop(columns="shop").to_parquet(part / "rows.parquet", index=False)

    _, found = by_chunks(tmp_path / "hive", tmp_path / "out", models=["naive"], chunk_series=4)

    assert sorted(found["unique_id"].unique()) == sorted(frame["shop"].unique())


@pytest.mark.parametrize("kind", ["int64", "category"])
def test_names_of_series_may_be_numbers_or_categories(kind, tmp_path):
    frame = sales(6)
    frame = frame.assign(shop=frame["shop"].str[1:].astype(int).astype(kind))
    folder = tmp_path / "data"
    folder.mkdir()
    frame.to_parquet(folder / "all.parquet", index=False)

    _, found = by_chunks(folder, tmp_path / "out", models=["naive"], chunk_series=4)

    assert sorted(found["unique_id"].unique()) == ["0", "1", "2", "3", "4", "5"]


def refused(kind, folder, output="out", **options):
    given = {"chunk_series": 5, "output": output, "models": ["naive"], **GIVEN, **options}
    with pytest.raises(kind) as caught:
        pipeline.predict(folder, **given)
    assert not [path for path in Path().iterdir() if path.name.startswith("out")]
    return caught.value


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_column_of_names_is_needed(folder, here):
    assert refused(DataError, folder, id=None).explain().startswith("error[D104]: no column of series names in ")
    assert refused(DataError, folder, id="store").code == "D104"


def test_a_series_in_two_files_is_named_with_both(here):
    frame = sales(5)
    folder = written(here / "data", frame)
    frame[frame["shop"] == "s02"].to_parquet(folder / "more.parquet", index=False)

    error = refused(DataError, folder)

    assert error.code == "D125"
    assert 'the series "s02" is split over two files: "file-2.parquet" and "more.parquet"' in error.message
    assert error.hint == "files partitioned by series, or without --chunk-series"


def test_files_with_other_columns_are_named(here):
    folder = written(here / "data", sales(5))
    sales(9).query("shop == 's08'").drop(columns="size").to_parquet(folder / "more.parquet", index=False)

    error = refused(DataError, folder)

    assert error.code == "D125"
    assert '"file-0.parquet" and "more.parquet" do not have the same columns: "size" in one alone' in error.message


def test_a_row_without_a_name_and_a_damaged_file_are_refused(here):
    folder = written(here / "data", sales(5))
    sales(1).assign(shop=None).astype({"shop": "str"}).assign(shop=None).to_parquet(folder / "none.parquet")
    assert refused(DataError, folder).code == "D106"

    (folder / "none.parquet").write_bytes(b"PAR1 and no more")
    assert refused(FileError, folder).code == "F102"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"totals": ["size"]}, "--totals"),
        ({"fallback": True}, "--fallback"),
        ({"budget": "60s"}, "--budget"),
        ({"series": ["s01"]}, "--series"),
        ({"layout": "columns"}, "--layout columns"),
        ({"models": ["hybrid"]}, "hybrid"),
        ({"output": None}, "standard output"),
        ({"output": "out.csv"}, "out.csv"),
        ({"from_run": "run"}, "--from"),
        ({"chunk_series": 0}, "at least one"),
    ],
)
def test_what_chunks_cannot_do_is_said_at_once(options, word, folder, here):
    error = refused(ConfigError, folder, **options)

    assert (error.code, word in error.message) == ("U101", True)


def test_a_plan_is_made_of_what_is_read_at_once(folder, here, call):
    code, _, err = call("predict", str(folder), "--chunk-series", "5", "--output", "out", "--dry-run")

    assert code == 2
    assert "error[U101]: --dry-run plans what is read at once" in err


def test_chunks_are_for_folders(here):
    assert refused(ConfigError, sales()).code == "U101"
    assert refused(ConfigError, "nile").code == "U101"
    assert refused(FileError, "nowhere").code == "F101"


def test_texts_that_tell_series_apart_are_those_of_the_sample(here):
    frame = sales(12)
    folder = written(here / "data", frame.assign(size=frame["shop"].map(lambda name: f"kind {int(name[1:]) % 5}")))
    options = {"static": ["size"], "models": ["mlp"], "set": SMALL}

    at_once = pipeline.predict(folder, **FAST, **options)
    _, chunked = by_chunks(folder, here / "by chunks", chunk_series=2, **options)

    pd.testing.assert_frame_equal(ordered(chunked), ordered(at_once), rtol=1e-6, check_dtype=False)
    error = refused(DataError, folder, static=["size"], sample_series=3)
    assert error.code == "D125"
    assert 'no series of the sample has "size=kind ' in error.message


def test_what_is_there_is_replaced_only_when_told_and_only_if_it_is_such_a_folder(folder, here):
    options = {
        "id": "shop",
        "target": "units",
        "models": ["naive"],
        "engine": "serial",
        "chunk_series": 20,
        "horizon": 2,
    }
    pipeline.predict(folder, output="out", **options)
    with pytest.raises(FileError, match="out exists"):
        pipeline.predict(folder, output="out", **options)

    assert len(pipeline.predict(folder, output="out", overwrite=True, **options | {"chunk_series": 10})) == 3
    assert sorted(p.name for p in Path("out").iterdir()) == [
        *(parquet_folders.ABOUT, "part-00000.parquet", "part-00001.parquet", "part-00002.parquet")
    ]
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(FileError, match="will not overwrite mine"):
        pipeline.predict(folder, output="mine", overwrite=True, **options)
    Path("mine").rename("new.partial")
    with pytest.raises(FileError, match=r"new\.partial exists"):
        pipeline.predict(folder, output="new", **options)
    with pytest.raises(FileError, match="no folder"):
        pipeline.predict(folder, output="not/there", **options)


@pytest.mark.parametrize(("error", "code"), [(OSError(28, "No space left"), "F105"), (OSError(5, "I/O"), "F104")])
def test_nothing_half_written_is_left(error, code, folder, here, monkeypatch):
    def fails(frame, path):
        if "00001" in path.name:
            raise error
        write(frame, path)

    write = parquet_folders.write_file
    monkeypatch.setattr(parquet_folders, "write_file", fails)

    assert refused(FileError, folder, horizon=2).code == code


def test_a_folder_that_another_writes_is_left_alone(folder, here):
    Path("out.partial/parts").mkdir(parents=True)
    with parquet_folders.locked(Path("out.partial/lock")), pytest.raises(FileError, match="another forecast"):
        pipeline.predict(folder, output="out", models=["naive"], chunk_series=5, **GIVEN)
    assert Path("out.partial/parts").is_dir()


def test_a_model_that_fails_on_a_chunk_is_said_and_the_others_stand(folder, here, monkeypatch):
    from forecast.models.theta import Theta

    fit, said = Theta.fit, []

    def fails(self, panel, *, horizon):
        if panel.n_series < 10:
            raise ModelError("M101", "no fit")
        return fit(self, panel, horizon=horizon)

    monkeypatch.setattr(Theta, "fit", fails)

    class Listener(pipeline.Silent):
        def say(self, line):
            said.append(line)

    options = {"models": ["theta", "naive"], "chunk_series": 5, "listener": Listener()}
    _, frame = by_chunks(folder, Path("out"), **options)

    assert set(frame["model"]) == {"naive"}
    assert "warning[W310]: theta failed: no fit" in [line.splitlines()[0] for line in said]
    with pytest.raises(ModelError, match="every model failed"):
        by_chunks(folder, Path("other"), **options | {"models": ["theta"]})


def test_a_shared_model_that_fails_is_said_too(folder, here, monkeypatch):
    from forecast.models.classical import Drift, Mean

    def fails(self, panel=None, **given):
        raise ModelError("M101", "no forecast")

    said = []
    monkeypatch.setattr(Mean, "predict", fails)  # on the sample
    predict = Drift.predict
    monkeypatch.setattr(Drift, "predict", lambda self, panel=None: (predict if panel is None else fails)(self, panel))

    class Listener(pipeline.Silent):
        def say(self, line):
            said.append(line.splitlines()[0])

    _, frame = by_chunks(folder, Path("out"), models=["mean", "drift", "naive"], listener=Listener())

    assert set(frame["model"]) == {"naive"}
    assert [line for line in said if "no forecast" in line] == [
        "warning[W310]: mean failed: no forecast",
        "warning[W310]: drift failed: no forecast",
    ]
    whole = written(here / "data", sales(6))
    with pytest.raises(ModelError, match="mean failed: no forecast"):
        by_chunks(whole, Path("other"), models=["mean", "naive"], strict=True)


def test_warnings_of_a_chunk_are_errors_as_well(here):
    folder = written(here / "data", sales(8))

    with pytest.raises(DataError) as caught:
        by_chunks(folder, Path("out"), models=["naive"], chunk_series=4, sample_series=2, seed=1, strict=True)

    assert caught.value.code == "W204"
    assert list(here.iterdir()) == [folder]


@pytest.mark.parametrize(
    "options", [{"resample": "W"}, {"gap": 2, "season_length": [7, 30], "level": [50, 90], "integer": True}]
)
def test_chunks_are_read_as_the_sample_was(options, here):
    Path("days").mkdir()
    rng = np.random.default_rng(0)
    for n in range(4):
        times = pd.date_range("2022-01-03", periods=120 - 3 * n)
        rows = pd.DataFrame({"id": n, "ds": times, "y": rng.poisson(5.0, len(times)).astype(float)})
        rows.to_parquet(f"days/{n}.parquet", index=False)
    given = {"models": ["theta", "seasonal_naive"], "horizon": 3, "engine": "serial", "n_windows": 1, **options}

    at_once = pipeline.predict("days", **given)
    pipeline.predict("days", output="out", chunk_series=2, **given)

    pd.testing.assert_frame_equal(ordered(pd.read_parquet("out")), ordered(at_once), check_dtype=False)


def test_a_quantile_is_moved_as_in_memory(folder, here):
    options = {"models": ["drift"], "quantile": 0.9, "min": 0.0, "n_windows": 3}

    at_once = pipeline.predict(folder, **FAST | options)
    _, chunked = by_chunks(folder, Path("out"), chunk_series=7, **options)

    pd.testing.assert_frame_equal(ordered(chunked), ordered(at_once), check_dtype=False)


def test_warnings_are_errors_where_that_was_asked_for(folder, here):
    with pytest.raises(DataError) as caught:
        pipeline.predict(folder, output="out", models=["naive"], chunk_series=5, strict=True, **GIVEN)
    assert caught.value.code == "W204"


def test_very_many_rows_are_read_by_chunks_without_being_asked(folder, here, monkeypatch):
    monkeypatch.setattr(parquet_folders, "MANY_ROWS", 100)
    options = GIVEN | {"models": ["naive"], "horizon": 2}

    assert list(pipeline.predict(folder, output="out", **options).columns) == ["part", "series", "rows"]
    assert "y_hat" in pipeline.predict(folder, output="out.csv", **options)
