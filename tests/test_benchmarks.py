"""The measuring instrument measures right: its cuts, its scores against loops, its cache, its notes."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import reference
from conftest import make_panel

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
OURS = ("accuracy", "measuring", "spine")
ALIASES = {"monthly_many_gaps.csv": "MS"}
"""Steps that are not inferred: too many are missing."""


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(BENCHMARKS))
    import accuracy
    import spine
    from measuring import files, forecasts, made, peers, published, scores, sets

    yield SimpleNamespace(
        accuracy=accuracy,
        files=files,
        forecasts=forecasts,
        made=made,
        peers=peers,
        published=published,
        scores=scores,
        sets=sets,
        spine=spine,
    )
    sys.path.remove(str(BENCHMARKS))
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]


def m3_like(lengths=(34, 30, 40), horizon=6, seed=0, freq="MS"):
    rng = np.random.default_rng(seed)
    frames = []
    for s, n in enumerate(lengths):
        ds = np.arange(1, n + 1) if freq == "int" else pd.date_range("2000-01-01", periods=n, freq=freq)
        y = 100 + 10 * np.sin(np.arange(n) / 2) + rng.normal(size=n)
        split = np.where(np.arange(n) < n - horizon, "train", "test")
        frames.append(pd.DataFrame({"unique_id": f"N{s}", "ds": ds, "y": y, "split": split}))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for part, freq, horizon in [
        ("yearly", "YS", 6),
        ("quarterly", "QS", 8),
        ("monthly", "MS", 18),
        ("other", "int", 8),
    ]:
        m3_like((60, 66, 70), horizon, freq=freq).to_csv(data / f"m3_{part}.csv.gz", index=False)
    m3_like((70, 66), 18).to_csv(data / "nn3_monthly.csv.gz", index=False)
    return data


def smape_by_loops(cases):
    terms = []
    for y, y_hat in cases:
        terms += [200 * abs(a - b) / (abs(a) + abs(b)) for a, b in zip(y, y_hat, strict=True)]
    return sum(terms) / len(terms)


def test_validation_holds_out_the_end_of_the_training_part_and_never_holds_the_test_part(bench):
    frame = m3_like()
    train = frame[frame["split"] == "train"]

    case = bench.sets.competition(frame, "m3", "monthly", 6, test=False, single=False)

    for s, (_, own) in enumerate(train.groupby("unique_id")):
        np.testing.assert_array_equal(case.whole.series(s), own["y"])
        np.testing.assert_array_equal(case.truth()[0, s], own["y"].tail(6))


def test_test_forecasts_the_test_part(bench):
    frame = m3_like()

    case = bench.sets.competition(frame, "m3", "monthly", 6, test=True, single=False)

    np.testing.assert_array_equal(case.truth()[0].ravel(), frame.loc[frame["split"] == "test", "y"])


def test_the_last_value_is_scored_as_by_loops(bench):
    frame = m3_like()
    case = bench.sets.competition(frame, "m3", "monthly", 6, test=False, single=False)
    series = [own["y"].tolist() for _, own in frame[frame["split"] == "train"].groupby("unique_id")]
    y_hat = np.array([[[y[-7]] * 6 for y in series]])

    found = bench.scores.score([bench.scores.points(case, y_hat)], [], ("smape", "mase"))

    assert found["smape"] == pytest.approx(smape_by_loops([(y[-6:], [y[-7]] * 6) for y in series]))
    loops = [reference.mase(y[-6:], [y[-7]] * 6, y[:-6], 12) for y in series]
    assert found["mase"] == pytest.approx(sum(loops) / len(loops))


def test_a_total_is_a_mean_over_points_not_over_parts(bench):
    points = bench.scores.Points
    parts = [
        points(np.full((1, 1, 2), 100.0), np.full((1, 1, 2), 50.0), np.ones((1, 1, 1))),
        points(np.full((1, 3, 6), 100.0), np.full((1, 3, 6), 100.0), np.ones((1, 3, 1))),
    ]

    found = bench.scores.score(parts, [], ("smape",))

    assert found["smape"] == pytest.approx(200 * 50 / 150 * 2 / 20)


def test_owa_is_one_for_naive_2_and_half_where_both_errors_are_half(bench):
    y = np.full((1, 1, 2), 100.0)
    naive = bench.scores.Points(y, y + 10, np.full((1, 1, 1), 5.0))
    better = bench.scores.Points(y, y + 10 / 2.05, np.full((1, 1, 1), 5.0))

    assert bench.scores.score([naive], [naive], ("owa",))["owa"] == pytest.approx(1.0)
    smape, mase = (200 * 10 / 2.05 / (200 + 10 / 2.05)) / (200 * 10 / 210), 1 / 2.05
    assert bench.scores.score([better], [naive], ("owa",))["owa"] == pytest.approx((smape + mase) / 2)


def test_wape_is_over_all_and_by_zone(bench):
    y = np.array([[[100.0, 100.0], [1.0, 1.0]], [[100.0, 100.0], [1.0, 1.0]]])
    y_hat = y + np.array([10.0, 0.5])[None, :, None]

    found = bench.scores.score([bench.scores.Points(y, y_hat, y[..., :1])], [], ("wape", "wape_zones"))

    assert found == pytest.approx({"wape": 100 * 42 / 404, "wape_zones": (10 + 50) / 2})


def ett_like(bench, monkeypatch):
    monkeypatch.setattr(bench.sets, "ETT_HOURS", (60, 30, 30))
    hours = pd.date_range("2020-01-01", periods=130, freq="h").strftime("%Y-%m-%d %H:%M:%S")
    rng = np.random.default_rng(0)
    return pd.DataFrame({"date": hours, "A": rng.normal(5, 2, 130), "B": rng.normal(-1, 9, 130)})


@pytest.mark.parametrize("test", [False, True])
def test_every_hour_of_the_part_with_a_horizon_left_is_a_cutoff(bench, monkeypatch, test):
    frame = ett_like(bench, monkeypatch)

    (case,) = bench.sets.etth1(frame, (7,), test=test)

    end = 120 if test else 90
    scaled = [(frame[c] - frame[c][:60].mean()) / frame[c][:60].std(ddof=0) for c in "AB"]
    windows = [[y[start : start + 7].tolist() for y in scaled] for start in range(end - 30, end - 6)]
    np.testing.assert_allclose(case.truth(), windows)
    assert case.whole.drop_last(case.fits[0].learn).lengths.tolist() == [60, 60]


def test_cutoffs_forecast_together_are_forecast_as_one_by_one(bench, monkeypatch):
    (case,) = bench.sets.etth1(ett_like(bench, monkeypatch), (7,), test=False)
    ((piece,),) = bench.forecasts.pieces(case, "seasonal_naive", {}, context=48)
    monkeypatch.setattr(bench.forecasts, "BLOCK", 500)

    y_hat = bench.forecasts.perform(piece).y_hat

    assert y_hat.shape == case.truth().shape
    for c, back in enumerate(case.fits[0].backs):
        np.testing.assert_allclose(y_hat[c], case.whole.drop_last(back).tail(24)[:, :7], rtol=1e-6)


def gefcom_like(hours=24 * 7 * 30):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"ds": pd.date_range("2004-01-01", periods=hours, freq="h").strftime("%Y-%m-%d %H:%M")})
    for z in (1, 2):
        frame[f"zone{z}"] = 100.0 * z + rng.normal(size=hours)
        frame[f"temp{z}"] = 10.0 * z + rng.normal(size=hours)
    hidden = 24 * 7 * 25
    frame.loc[hidden : hidden + 167, ["zone1", "zone2"]] = np.nan
    return frame, hidden


@pytest.mark.parametrize("test", [False, True])
def test_the_eight_weeks_before_the_hidden_one_are_test_and_those_before_validation(bench, test):
    frame, hidden = gefcom_like()

    case = bench.sets.gefcom(frame, "gefcom_temperature", test=test, refit=4)

    end = hidden if test else hidden - 8 * 168
    weeks = [[frame[f"zone{z}"][start : start + 168].tolist() for z in (1, 2)] for start in range(end - 1344, end, 168)]
    np.testing.assert_array_equal(case.truth(), weeks)
    assert [fit.learn for fit in case.fits] == [1344, 672]


def test_the_temperature_is_known_for_the_week_ahead_and_no_further(bench):
    frame, hidden = gefcom_like()
    case = bench.sets.gefcom(frame, "gefcom_temperature", test=True)

    past = case.whole.drop_last(336).until(case.horizon)

    mean = frame[["temp1", "temp2"]].mean(axis=1)
    known = past.covariates.known[: past.covariates.offsets[1], 0]
    np.testing.assert_allclose(known, mean[: hidden - 336 + 168])
    assert len(past.series(0)) == hidden - 336


def test_all_stations_can_be_given(bench):
    case = bench.sets.gefcom(gefcom_like()[0], "gefcom_temperature", test=False, temperature="all")

    assert case.whole.covariates.known_names == ("temp1", "temp2")


def test_kept_forecasts_are_read_and_not_made_again(bench, tmp_path, monkeypatch):
    case = bench.sets.competition(m3_like(), "m3", "monthly", 6, test=False, single=False)
    ((piece,),) = bench.forecasts.pieces(case, "naive", {}, context=48)
    (first,) = bench.forecasts.kept_or_made([piece], tmp_path, jobs=0, fresh=False)

    def refuse(piece):
        raise AssertionError(piece)

    monkeypatch.setattr(bench.forecasts, "perform", refuse)
    (again,) = bench.forecasts.kept_or_made([piece], tmp_path, jobs=0, fresh=False)
    with pytest.raises(AssertionError):
        bench.forecasts.kept_or_made([piece], tmp_path, jobs=0, fresh=True)

    np.testing.assert_array_equal(first.y_hat, again.y_hat)
    assert (first.seconds, first.busy, first.failures) == (again.seconds, again.busy, again.failures)


def test_an_interrupted_measurement_goes_on_where_it_was(bench, tmp_path, monkeypatch):
    case = bench.sets.competition(m3_like(), "m3", "monthly", 6, test=False, single=True)
    (work,) = bench.forecasts.pieces(case, "theta", {}, context=48)
    perform, done = bench.forecasts.perform, []

    def interrupted(piece):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(piece)
        return perform(piece)

    monkeypatch.setattr(bench.forecasts, "perform", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench.forecasts.kept_or_made(work, tmp_path, jobs=0, fresh=False)
    monkeypatch.setattr(bench.forecasts, "perform", lambda piece: done.append(piece) or perform(piece))
    outcomes = bench.forecasts.kept_or_made(work, tmp_path, jobs=0, fresh=False)

    assert len(work) == 3
    assert [piece.panel.ids for piece in done] == [("N0",), ("N1",), ("N2",)]
    assert [outcome.y_hat.shape for outcome in outcomes] == [(1, 1, 6)] * 3


def test_the_key_knows_values_settings_and_source(bench, monkeypatch):
    panel = make_panel(np.arange(40.0))
    fit = bench.sets.Fit(6, (6,))

    def key(model="mlp", settings=(("seed", 0),), panel=panel, horizon=6):
        return bench.forecasts.Piece(model, settings, panel, horizon, fit, single=False, context=9).key()

    keys = {key(), key(settings=(("seed", 1),)), key(panel=make_panel(np.arange(1.0, 41.0))), key(horizon=5)}
    monkeypatch.setattr(bench.forecasts, "source_hash", lambda model: "edited")

    assert len(keys | {key()}) == 5


def test_the_source_of_theta_is_not_that_of_the_network(bench):
    theta = bench.forecasts._sources("forecast.models.theta", {})
    network = bench.forecasts._sources("forecast.models.mlp", {})

    assert "forecast.models.mlp" not in theta
    assert {"forecast.models.theta", "forecast.transforms.fill", "forecast.panel"} <= set(theta)
    assert {"forecast.nn.optimizers", "forecast.models.prior", "forecast.samples"} <= set(network)


def test_settings_are_given_only_to_constructors_that_have_them(bench):
    given = {"seed": 3, "members": 2, "method": "standard", "nonsense": 1}

    assert bench.forecasts.accepted("mlp", given) == {"seed": 3, "members": 2}
    assert bench.forecasts.accepted("hybrid", given) == {"seed": 3, "members": 2}
    assert bench.forecasts.accepted("theta", given) == {"method": "standard"}
    assert bench.forecasts.accepted("ets", given) == {}


def test_a_failing_series_costs_its_own_points_and_is_named(bench, monkeypatch):
    from forecast.errors import ModelError

    class Fragile(bench.peers.Naive2):
        def fit(self, panel, *, horizon):
            if panel.ids[0] == "N1":
                raise ModelError("M101", "no")
            return super().fit(panel, horizon=horizon)

    monkeypatch.setitem(bench.forecasts.MAKERS, "fragile", Fragile)
    case = bench.sets.competition(m3_like(), "m3", "monthly", 6, test=False, single=True)

    found = [bench.forecasts.perform(piece) for piece in bench.forecasts.pieces(case, "fragile", {}, context=9)[0]]

    assert [bool(np.isnan(outcome.y_hat).all()) for outcome in found] == [False, True, False]
    assert [outcome.failures for outcome in found] == [(), ("fragile, N1: no",), ()]


def test_the_ridge_finds_a_linear_law(bench):
    y = [1.0, 2.0]
    for _ in range(118):
        y.append(1.5 * y[-1] - 0.9 * y[-2])
    panel = make_panel(y).drop_last(5)

    frame = bench.peers.Ridge(input_size=4, penalty=1e-12).fit(panel, horizon=5).predict()

    np.testing.assert_allclose(frame["y_hat"], y[-5:], rtol=1e-4, atol=1e-8)


def test_naive_2_puts_the_season_back(bench):
    factors = np.tile([0.5, 1.0, 1.5, 1.0], 10)

    frame = bench.peers.Naive2().fit(make_panel(100 * factors, season_length=4), horizon=4).predict()

    np.testing.assert_allclose(frame["y_hat"], [50, 100, 150, 100], rtol=1e-6)


def test_the_command_prints_validation_scores_of_models_means_and_baselines(bench, folder, capsys):
    words = ["--data", folder, "--set", "m3,nn3_single", "--models", "theta,theta+naive", "--baselines", "none"]

    bench.accuracy.main([*map(str, words), "--cache", str(folder / "cache"), "--jobs", "0", "--json"])

    said = json.loads(capsys.readouterr().out)
    assert said["test"] is False
    assert [row["model"] for row in said["sets"]["m3"]] == ["theta", "theta+naive"]
    assert list(said["sets"]["m3"][0]["scores"]) == ["yearly", "quarterly", "monthly", "other", "total"]
    assert 0 < said["sets"]["m3"][0]["scores"]["total"]["owa"] < 10
    assert all(row["failures"] == [] for row in said["sets"]["nn3_single"])
    assert not (folder / "RESULTS.md").exists()


def test_processes_come_to_the_same_forecasts(bench, folder):
    (case,) = bench.sets.load("nn3", folder, test=False)
    (work,) = bench.forecasts.pieces(case, "theta", {}, context=9)

    here = bench.forecasts.kept_or_made(work, folder / "here", jobs=0, fresh=False)
    there = bench.forecasts.kept_or_made(work, folder / "there", jobs=2, fresh=False)

    assert [a.y_hat.tobytes() for a in here] == [b.y_hat.tobytes() for b in there]


def test_only_test_notes_its_scores_each_in_a_row_of_the_same_table(bench, folder, capsys):
    results = folder / "RESULTS.md"
    results.write_text("# Results\n\n## Older\n\n| a |\n|---|\n| 1 |\n", encoding="utf-8")
    words = ["--data", folder, "--set", "nn3", "--models", "naive", "--baselines", "naive2", "--jobs", "0"]
    words += ["--cache", folder / "cache", "--results", results]

    bench.accuracy.main([*map(str, words)])
    assert "Accuracy" not in results.read_text()
    bench.accuracy.main([*map(str, words), "--test"])
    results.write_text(results.read_text() + "\n## Younger\n\n| b |\n|---|\n| 2 |\n", encoding="utf-8")
    bench.accuracy.main([*map(str, words), "--test", "--seed", "7"])

    older, test, younger = results.read_text().split("\n## ")[1:]
    assert (older, younger) == ("Older\n\n| a |\n|---|\n| 1 |\n", "Younger\n\n| b |\n|---|\n| 2 |\n")
    rows = [line.strip("| ").split(" | ") for line in test.splitlines()[4:] if line]
    assert [(row[2], row[4], row[5]) for row in rows] == [("nn3", "0", "naive"), ("nn3", "7", "naive")]
    assert all("monthly smape" in row[6] for row in rows)
    assert "Wildi, winner of 2007" in capsys.readouterr().out


def test_an_unknown_set_or_model_is_refused(bench, capsys):
    for words in (["--data", ".", "--set", "m5"], ["--data", ".", "--models", "mlp+oracle"], ["--set", "m3"]):
        with pytest.raises(SystemExit) as caught:
            bench.accuracy.main(words)
        assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "unknown: m5" in said
    assert "unknown: oracle" in said
    assert "one of --data" in said


def test_figures_of_a_part_are_those_of_its_column(bench):
    rows = bench.published.figures("m3_monthly_single")

    assert {"model": "Theta of 2000", "monthly smape": 13.89}.items() <= rows[2].items()
    assert all("total smape" not in row for row in rows)
    assert bench.published.figures("gefcom") == []


@pytest.mark.slow
def test_made_panels_are_the_same_for_a_seed_and_read_as_they_are_meant(bench, tmp_path):
    from forecast import read_series

    horizons = bench.made.write_panels(tmp_path, seed=1)

    pd.testing.assert_frame_equal(bench.made.panel("daily", seed=1), bench.made.panel("daily", seed=1))
    assert not bench.made.panel("daily", seed=1).equals(bench.made.panel("daily", seed=2))
    assert bench.files.files(tmp_path, None) == [(tmp_path / name, horizon) for name, horizon in horizons.items()]
    frames = {name: read_series(tmp_path / name, freq=ALIASES.get(name)).panel for name in horizons}
    assert frames["hourly_two_seasons.csv"].season_lengths == (24, 168)
    assert frames["numbered.csv"].season_lengths == ()
    assert np.isnan(frames["monthly_gaps.csv"].values).any()
    assert frames["daily_negative.csv"].values.min() < 0


@pytest.mark.slow
def test_a_file_is_forecast_without_its_end_and_scored_by_time(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.files, "BASELINES", ("seasonal_naive",))
    rng = np.random.default_rng(0)
    y = {"a": 50 + rng.normal(size=30), "b": 90 + rng.normal(size=24)}
    frames = [pd.DataFrame({"id": n, "day": np.arange(1, len(v) + 1), "y": v}) for n, v in y.items()]
    pd.concat(frames).to_csv(tmp_path / "numbers.csv", index=False)

    rows = bench.files.measure(tmp_path / "numbers.csv", 4, ["naive"], words=["--seed", "1"])

    by_model = {row["model"]: row for row in rows}
    assert list(by_model) == ["naive", "seasonal_naive"]
    expected = smape_by_loops([(v[-4:], [v[-5]] * 4) for v in y.values()])
    assert by_model["naive"]["smape"] == pytest.approx(expected, rel=1e-4)
    assert by_model["naive"]["missing"] == 0
    assert bench.files.doubts(rows) == []


def test_a_file_that_is_refused_is_a_row_that_says_why(bench, tmp_path):
    (tmp_path / "words.csv").write_text("a,b\nx,y\nz,w\n", encoding="utf-8")

    (row,) = bench.files.measure(tmp_path / "words.csv", 4, ["naive"])

    assert row["trouble"]
    assert bench.files.doubts([row]) == [f"words.csv, horizon 4: any failed: {row['trouble']}"]


def test_doubts_name_failures_missing_points_and_bad_scores(bench):
    base = {"file": "f.csv", "horizon": 3, "missing": 0, "mase": 1.0}
    rows = [
        base | {"model": "mlp", "smape": 12.0},
        base | {"model": "linear", "smape": 10.2, "missing": 2},
        {"file": "f.csv", "horizon": 3, "model": "prior", "trouble": "exit 4: no"},
        base | {"model": "theta", "smape": 11.0},
        base | {"model": "ets", "smape": 10.0},
    ]

    assert bench.files.doubts(rows) == [
        "f.csv, horizon 3: mlp has smape 12.000, the better of Theta and ETS 10.000",
        "f.csv, horizon 3: linear left out 2 points",
        "f.csv, horizon 3: prior failed: exit 4: no",
    ]


def test_a_changed_file_makes_the_commit_dirty_and_the_results_do_not(bench, tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    (tmp_path / "benchmarks").mkdir()
    results, other = tmp_path / "benchmarks" / "RESULTS.md", tmp_path / "benchmarks" / "mlp.py"
    for path in (results, other):
        path.write_text("a", encoding="utf-8")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    monkeypatch.setattr(bench.accuracy, "HERE", tmp_path / "benchmarks")

    results.write_text("b", encoding="utf-8")
    clean = bench.accuracy.commit(results)
    other.write_text("b", encoding="utf-8")

    assert len(clean) >= 7
    assert "dirty" not in clean
    assert bench.accuracy.commit(results) == f"{clean}-dirty"


@pytest.mark.slow
def test_growth_is_measured_through_the_command_line():
    command = [
        sys.executable,
        BENCHMARKS / "scale.py",
        "--series",
        "3,6",
        "--length",
        "30",
        "--models",
        "naive",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    first, second = json.loads(done.stdout)
    assert (first["rows_written"], second["rows_written"]) == (36, 72)
    assert first["linear"] == 1.0
    assert not second["trouble"]


@pytest.mark.slow
def test_saved_models_are_measured_without_the_run_that_made_them():
    words = ["--saved", "--series", "3", "--length", "30", "--models", "naive", "--json"]
    done = subprocess.run([sys.executable, BENCHMARKS / "scale.py", *words], capture_output=True, text=True, check=True)

    (row,) = json.loads(done.stdout)
    assert (row["rows_written"], row["trouble"]) == (36, "")
    assert row["models_mb"] < 0.1


HELD = "import subprocess, sys, time; x = b'1' * 80_000_000; time.sleep(0.6)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HELD!r}], check=True)"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the system has no /proc")
def test_memory_is_that_of_a_process_and_all_that_it_started(bench, tmp_path):
    found = bench.spine.watched([sys.executable, "-c", PARENT], folder=str(tmp_path))

    assert 80 < found["largest_mb"] < found["together_mb"] + 10
    assert found["together_mb"] < 160


def test_a_command_that_fails_ends_the_benchmark(bench, tmp_path):
    with pytest.raises(SystemExit, match="ended with 3"):
        bench.spine.watched([sys.executable, "-c", "raise SystemExit(3)"], folder=str(tmp_path))


def test_a_process_that_has_ended_holds_nothing(bench):
    assert bench.spine.kilobytes(bench.spine.proc_text(Path("/proc/none/status")), "VmHWM") == 0


def test_help_is_timed_beside_the_bare_import(bench, monkeypatch):
    seconds = {"-c": 0.1, "-m": 0.15}
    monkeypatch.setattr(bench.spine, "timed", lambda words, folder: (seconds[words[1]], 10.0))

    rows = bench.spine.starts(3)

    assert [(row["help"], row["times_typer"], row["allowed"]) for row in rows] == [
        ("import typer", 1.0, 1.0),
        ("--help", 1.5, 2.0),
        ("run --help", 1.5, 2.5),
    ]
