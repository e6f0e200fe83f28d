"""A search for better settings: it never sees the test windows, goes on where it stopped, and gives the same bytes."""

import html
import inspect
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast
from forecast import pipeline
from forecast.bounds import Bounds
from forecast.cli import telling, tuning
from forecast.config import origins, resolve
from forecast.engine import Workers
from forecast.errors import ConfigError, DataError, FileError, ModelError
from forecast.metrics import mae, mase, mase_scale, smape
from forecast.models.intermittent import Croston
from forecast.ready import prepare
from forecast.report.search import search_shown
from forecast.report.words import DASH
from forecast.series import read_series
from forecast.split import Split
from forecast.tasks import Outcome, perform
from forecast.tuning.journal import JOURNAL, Journal, Tried
from forecast.tuning.search import Searched
from forecast.tuning.space import Choice, Span, space_of
from forecast.tuning.validation import Validation, mean_loss, validation_split
from forecast.tuning_record import TuningSection, seen_notices

pytest.importorskip("optuna")

WHERE = {"horizon": 4, "n_windows": 4}
"""The test windows on nile: the last 16 of its 100 values."""
TINY = "[models.mlp]\nmembers = 1\nmax_steps = 10\nprior = 'none'\n"
FILES = ("best.toml", "trials.csv")


def written(folder):
    return [(Path(folder) / name).read_bytes() for name in FILES]


def searched(folder, data="nile", *, resume=False, **options):
    where = {"resume": folder} if resume else {"out": folder}
    return pipeline.tune(data, **where, **{"models": ["croston"], "trials": 7, **WHERE, **options})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search in one go, to be read and not to be touched."""
    return searched(tmp_path_factory.mktemp("whole") / "s")


@pytest.fixture
def flow():
    return read_series("nile").frame[["ds", "y"]]


@pytest.mark.parametrize(
    "change", [lambda y: y * 1e3, lambda y: -y, lambda y: y[::-1]], ids=["scaled", "negated", "back"]
)
def test_what_comes_after_the_first_test_cutoff_changes_no_byte(tmp_path, whole, flow, change):
    other = flow.copy()
    other.loc[84:, "y"] = change(flow["y"].to_numpy()[84:])

    searched(tmp_path / "b", other)

    assert written(tmp_path / "b") == written(whole.folder)


def test_the_network_is_tuned_without_the_test_part_too(tmp_path, flow):
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    other = flow.copy()
    other.loc[84:, "y"] *= -7.0

    for name, data in {"a": flow, "b": other}.items():
        searched(tmp_path / name, data, models=None, trials=6, config=tmp_path / "tiny.toml")

    assert written(tmp_path / "a") == written(tmp_path / "b")
    trials = pd.read_csv(tmp_path / "a" / "trials.csv")
    assert set(trials["model"]) == {"mlp"}
    assert trials["models.mlp.learning_rate"][0] == "auto"
    assert "models.mlp.prior" not in trials  # it was named in the file


def test_no_covariate_after_the_first_test_cutoff_is_looked_at(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    rng, days = np.random.default_rng(0), pd.date_range("2024-01-01", periods=94)
    promo = rng.integers(0, 2, 94).astype(float)
    y = np.where(np.arange(94) < 90, 100 + 20 * promo + rng.normal(size=94), np.nan)
    frame = pd.DataFrame({"ds": days, "y": y, "promo": promo, "rain": rng.normal(size=94)})
    other = frame.copy()
    other.loc[74:, ["promo", "rain"]] = 5.0 - other.loc[74:, ["promo", "rain"]]
    asked = {"models": None, "trials": 2, "config": tmp_path / "tiny.toml", "future": ["promo"], "past": ["rain"]}

    searched(tmp_path / "a", frame, **asked)
    searched(tmp_path / "b", other, **asked)
    again = searched(tmp_path / "a", other, resume=True, **asked)  # it is the same search

    assert written(tmp_path / "a") == written(tmp_path / "b")
    assert len(again.trials) == 2


def test_a_value_before_the_cutoff_does_change_the_search(tmp_path, whole, flow):
    other = flow.copy()
    other.loc[83, "y"] *= 3.0

    searched(tmp_path / "b", other)

    assert written(tmp_path / "b") != written(whole.folder)


def test_the_number_of_workers_changes_no_byte(tmp_path, whole, monkeypatch):
    engine = sys.modules[Workers.__module__]
    monkeypatch.setattr(engine, "WORTH", -1.0)
    monkeypatch.setattr(engine, "AT_LEAST", -1.0)

    searched(tmp_path / "b", jobs=2)

    assert written(tmp_path / "b") == written(whole.folder)


def test_the_order_in_which_fits_finish_changes_no_byte(tmp_path, whole, monkeypatch):
    def backwards(self, function, tasks, *args, **kwargs):
        return [function(task) for task in tasks[::-1]][::-1]

    monkeypatch.setattr(Workers, "do", backwards)
    searched(tmp_path / "b")

    assert written(tmp_path / "b") == written(whole.folder)


def test_a_search_that_goes_on_is_the_search_in_one_go(tmp_path, whole):
    searched(tmp_path / "parts", trials=3)

    searched(tmp_path / "parts", trials=7, resume=True)

    assert written(tmp_path / "parts") == written(whole.folder)


def test_a_search_that_was_killed_goes_on_from_its_finished_trials(tmp_path, monkeypatch):
    fits, last, real = [], 10**9, perform

    def counted(task):
        fits.append(task)
        if len(fits) == last:
            raise KeyboardInterrupt
        return real(task)

    monkeypatch.setattr("forecast.tuning.verb.perform", counted)
    searched(tmp_path / "whole")
    whole, last = len(fits), len(fits) + 30
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "parts")
    with (tmp_path / "parts" / JOURNAL).open("a") as file:
        file.write('{"op_code": 4, "half a li')
    fits.clear()

    searched(tmp_path / "parts", resume=True)

    assert written(tmp_path / "parts") == written(tmp_path / "whole")
    assert 0 < len(fits) < whole


def test_trials_that_are_known_are_not_made_again(tmp_path, whole, monkeypatch):
    shutil.copytree(whole.folder, tmp_path / "s")
    monkeypatch.setattr("forecast.tuning.verb.perform", lambda task: pytest.fail("a fit"))

    after = searched(tmp_path / "s", resume=True)

    pd.testing.assert_frame_equal(whole.trials, after.trials)


def test_the_value_of_a_trial_is_the_mase_of_its_model_on_windows_before_the_test(whole):
    found = whole
    panel = read_series("nile").panel.drop_last(16)
    split = validation_split(panel, Split(4, 4))
    losses = []
    for back in split.backs:
        past, y = panel.drop_last(back), panel.series(0)[len(panel.values) - back :][:4]
        y_hat = Croston(alpha=float(found.trials["models.croston.alpha"][2])).fit(past, horizon=4).predict()["y_hat"]
        losses.append(mase(y, y_hat, mase_scale(past.series(0), 1)))

    assert found.trials["state"][2] == "complete"
    assert found.trials["mase"][2] == pytest.approx(np.mean(losses))
    assert split.n_windows >= 8


@pytest.mark.parametrize(("metric", "word", "score"), [("mae", "MAE", mae), ("smape", "sMAPE", smape)])
def test_the_metric_of_the_run_is_what_is_made_small(tmp_path, metric, word, score):
    found = searched(tmp_path / "s", metric=metric, trials=2)

    panel = read_series("nile").panel.drop_last(16)
    losses = []
    for back in validation_split(panel, Split(4, 4)).backs:
        y = panel.series(0)[len(panel.values) - back :][:4]
        losses.append(score(y, Croston().fit(panel.drop_last(back), horizon=4).predict()["y_hat"]))
    assert found.trials[metric][0] == pytest.approx(np.mean(losses))
    assert "mase" not in found.trials
    assert found.sentences[0].startswith(f"croston: {word} ")
    assert (found.settings.tuning.metric, found.settings.backtest.metric) == (metric, metric)
    tuned = {"tuning": found.settings.tuning.model_dump(mode="json"), "notices": []}
    shown = search_shown(tuned, ["croston"])
    assert shown.tried.head[4] == shown.best.head[2] == f"Validation {metric}"


def test_the_defaults_come_first_and_the_best_is_the_smallest(whole):
    complete = whole.trials[whole.trials["state"] == "complete"]
    assert whole.trials["models.croston.alpha"][0] == "0.1"
    record = tomllib.loads(whole.best.read_text(encoding="utf-8"))["tuning"]["models"]["croston"]
    assert record["score"] == complete["mase"].min()
    assert record["default_score"] == whole.trials["mase"][0]
    assert record["best"][0]["number"] == complete["mase"].idxmin()
    assert record["verdict"] in ("better", "cannot be told apart", "worse", "too little data to tell")
    assert record["pruned"] == (whole.trials["state"] == "pruned").sum()


def test_a_poor_trial_is_given_up_after_its_first_windows(tmp_path):
    found = searched(tmp_path / "s", trials=13)

    assert "pruned" in set(found.trials["state"])


def test_a_small_space_is_gone_through_point_by_point(tmp_path):
    found = searched(tmp_path / "s", models=["theta", "croston"], trials=2)

    tried = found.trials.groupby("model", sort=False)["number"].count().to_dict()
    assert tried == {"theta": 2, "croston": 2}
    assert found.trials["models.theta.method"].tolist() == ["dynamic", "standard", "", ""]


def trial(number, value, losses):
    return Tried(number, "complete", value, {"alpha": number}, (value,), tuple(losses))


def test_the_best_of_many_must_be_clearer_than_one_alone():
    y = np.arange(1.0, 11.0)
    near = 0.9 * y + 0.35 * (-1.0) ** np.arange(10)  # p between 0.05 / 20 and 0.05

    few = Searched("mlp", [trial(0, y.mean(), y), trial(1, near.mean(), near)], 2, 1)
    many = Searched("mlp", [*few.trials, *(trial(n, 9.0, y) for n in range(2, 21))], 21, 1)

    assert few.comparison.word == "better"
    assert many.comparison.word == "cannot be told apart"


def test_settings_that_were_tried_are_not_tried_again(tmp_path, monkeypatch):
    first, fitted, real = searched(tmp_path / "s", trials=17).trials, [], perform

    def noted(task):
        fitted.append(str(task.make.keywords["alpha"]))
        return real(task)

    monkeypatch.setattr("forecast.tuning.verb.perform", noted)
    found = searched(tmp_path / "s", trials=33, resume=True)

    known = set(first.loc[first["state"] == "complete", "models.croston.alpha"])
    again = found.trials[17:][found.trials["models.croston.alpha"][17:].isin(known)]
    assert len(again) > 0
    assert set(again["state"]) == {"complete"}
    assert not known & set(fitted)
    best = tomllib.loads(found.best.read_text(encoding="utf-8"))["tuning"]["models"]["croston"]["best"]
    assert len({repr(one["settings"]) for one in best}) == len(best)


def test_less_than_eight_windows_are_too_little_to_tell():
    few = Searched("mlp", [trial(0, 2.0, [2.0] * 7), trial(1, 1.0, [1.0] * 7)], 2, 1)

    assert few.comparison.word == "too little data to tell"


def test_a_setting_that_was_named_is_not_searched():
    panel = read_series("airline").panel
    settings = resolve(None, {"transform": "log"})
    named = settings.model_copy(
        update={
            "models": settings.models.model_copy(update={"mlp": settings.models.mlp.model_copy(update={"loss": "mse"})})
        }
    )

    before = {p.setting for p in space_of("mlp", settings, panel, 12, shortest=60)}
    after = {p.setting for p in space_of("mlp", named, panel, 12, shortest=60)}

    assert "data.transform" not in before
    assert before - after == {"models.mlp.loss"}


def test_the_logarithm_is_tried_of_positive_values_alone():
    settings = resolve(None, {"models": ["arima"]})
    panel = read_series("airline").panel

    (positive,) = space_of("arima", settings, panel, 12, shortest=60)
    (negative,) = space_of("arima", settings, panel.with_values(panel.values - 200.0), 12, shortest=60)

    assert positive.options == ("auto", "none", "log")
    assert negative.options == ("auto", "none")


@pytest.mark.parametrize("model", ["mlp", "linear", "hybrid", "arima", "theta", "croston", "tsb"])
def test_every_point_of_a_space_is_a_setting_that_is_taken(model):
    settings = resolve(None, {"models": [model]})
    space = space_of(model, settings, read_series("airline").panel, 12, shortest=60)

    assert space
    for p in space:
        for value in p.options if isinstance(p, Choice) else (p.low, p.high, p.default):
            table, *rest = p.setting.split(".")
            tree = {table: {rest[0]: value if len(rest) == 1 else {rest[1]: value}}}
            type(settings).model_validate({"models": {model: {}}} | tree)
        assert isinstance(p, Choice) or p.low < p.at < p.high


def test_look_backs_leave_half_of_the_shortest_past():
    settings = resolve(None, {"models": ["linear"]})
    (look_back,) = [
        p
        for p in space_of("linear", settings, read_series("airline").panel, 12, shortest=40)
        if p.setting == "models.linear.input_size"
    ]

    assert look_back.options == ("auto", 12, 18)


def test_a_panel_is_judged_series_by_series(tmp_path):
    found = searched(tmp_path / "s", "macro", models=["theta"], horizon=2)

    record = tomllib.loads(found.best.read_text(encoding="utf-8"))["tuning"]["models"]["theta"]
    assert record["units"] == 8
    assert "(8 series)" in found.sentences[0] or "by default" in found.sentences[0]


def test_a_trial_that_fails_is_a_row_with_its_reason(tmp_path, monkeypatch):
    real = perform

    def fails(task):
        return Outcome(failure="no luck") if task.make.keywords["alpha"] > 0.2 else real(task)

    monkeypatch.setattr("forecast.tuning.verb.perform", fails)
    found = searched(tmp_path / "s")

    failed = found.trials[found.trials["state"] == "failed"]
    assert set(failed["reason"]) == {"no luck"}
    assert failed["mase"].isna().all()
    assert (failed["models.croston.alpha"].astype(float) > 0.2).all()


def test_defaults_that_fail_leave_nothing_to_compare_with(tmp_path, monkeypatch):
    real = perform
    monkeypatch.setattr(
        "forecast.tuning.verb.perform",
        lambda task: Outcome(failure="no luck") if task.make.keywords["alpha"] == 0.1 else real(task),
    )

    found = searched(tmp_path / "s")

    assert "the defaults failed: too little data to tell" in found.sentences[0]


def test_all_trials_failing_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.tuning.verb.perform", lambda task: Outcome(failure="no luck"))

    with pytest.raises(ModelError, match="croston failed in every trial: no luck") as caught:
        searched(tmp_path / "s")

    assert caught.value.code == "M101"
    assert list(tmp_path.iterdir()) == []


def test_a_series_that_never_changes_has_no_scaled_error(tmp_path):
    frame = pd.DataFrame({"ds": pd.date_range("1900", periods=90, freq="YS"), "y": 5.0})

    with pytest.raises(ModelError, match="scaled errors are undefined"):
        searched(tmp_path / "s", frame)


def test_a_budget_that_ends_keeps_the_trials_before_it(tmp_path, whole, monkeypatch):
    left = iter([*range(30), *[None] * 1000])

    def some(self, function, tasks, *args, **kwargs):
        return [function(task) if next(left) is not None else None for task in tasks]

    monkeypatch.setattr(Workers, "do", some)
    cut = searched(tmp_path / "cut", budget="60s")

    assert 0 < len(cut.trials) < 7
    pd.testing.assert_frame_equal(cut.trials, whole.trials[: len(cut.trials)])
    assert tomllib.loads(cut.best.read_text(encoding="utf-8"))["tuning"]["budget"] == "60s"
    assert tomllib.loads(cut.best.read_text(encoding="utf-8"))["budget"] == "none"


def test_a_budget_too_short_for_the_defaults_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="before croston was tried once") as caught:
        searched(tmp_path / "s", budget="0.001s")

    assert caught.value.code == "M111"
    assert list(tmp_path.iterdir()) == []


def test_without_optuna_the_package_to_install_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)

    with pytest.raises(ConfigError, match="optuna") as caught:
        searched(tmp_path / "s")

    assert (caught.value.code, caught.value.hint) == ("U111", 'pip install "forecast[tune]"')
    assert list(tmp_path.iterdir()) == []


def test_models_without_settings_cannot_be_tuned(tmp_path):
    with pytest.raises(ConfigError, match="nothing to tune: ets, naive have no settings") as caught:
        searched(tmp_path / "s", models=["ets", "naive"])

    assert caught.value.code == "U112"


def test_models_may_be_named_by_a_variable(call, monkeypatch):
    monkeypatch.setenv("FORECAST_MODELS", "theta")

    code, _, err = call("tune", "nile", "--out", "s", "--trials", "1")

    assert code == 0, err
    assert "tuning theta on" in err


def test_a_file_without_the_network_asks_for_models(tmp_path):
    (tmp_path / "f.toml").write_text("[models.theta]\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="nothing to tune") as caught:
        searched(tmp_path / "s", models=None, config=tmp_path / "f.toml")

    assert caught.value.hint == "--models theta"


def test_a_model_whose_settings_were_all_named_cannot_be_tuned(tmp_path):
    (tmp_path / "f.toml").write_text("[models.croston]\nalpha = 0.3\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="all settings of croston") as caught:
        searched(tmp_path / "s", config=tmp_path / "f.toml")

    assert caught.value.code == "U112"


def test_a_series_with_nothing_before_its_test_windows_cannot_be_tuned_on(tmp_path, flow):
    with pytest.raises(DataError, match="4 test windows of 4 leave nothing") as caught:
        searched(tmp_path / "s", flow[:22])

    assert caught.value.code == "D124"
    assert list(tmp_path.iterdir()) == []


def test_a_series_without_test_windows_cannot_be_tuned_on(tmp_path, flow):
    with pytest.raises(DataError) as caught:
        searched(tmp_path / "s", flow[:8], horizon=6, n_windows=None)

    assert caught.value.code == "D124"


def test_a_folder_that_is_there_is_not_written_to(tmp_path):
    searched(tmp_path / "s", trials=1)
    (tmp_path / "other").mkdir()

    with pytest.raises(FileError, match="exists") as caught:
        searched(tmp_path / "s")
    assert (caught.value.code, caught.value.hint) == ("F103", f"--resume {tmp_path / 's'} to go on, or another --out")
    with pytest.raises(FileError, match="exists") as caught:
        searched(tmp_path / "other")
    assert "--resume" not in caught.value.hint


def test_a_folder_that_cannot_be_made_is_an_error_of_files(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(FileError, match="cannot write") as caught:
        searched(tmp_path / "file" / "s")

    assert caught.value.code == "F104"


def test_settings_that_cannot_be_written_are_an_error_of_files(tmp_path):
    searched(tmp_path / "s", trials=1)
    (tmp_path / "s" / "best.toml").unlink()
    (tmp_path / "s" / "best.toml").mkdir()

    with pytest.raises(FileError, match="best.toml") as caught:
        searched(tmp_path / "s", resume=True)

    assert caught.value.code == "F104"
    assert not list((tmp_path / "s").glob("*.partial"))


def test_a_search_goes_on_in_its_own_folder(tmp_path):
    with pytest.raises(ConfigError, match="in its own folder"):
        searched(tmp_path / "s", resume=True, out=tmp_path / "other")


def test_only_a_search_can_go_on(tmp_path):
    with pytest.raises(FileError, match="no search to go on with") as caught:
        searched(tmp_path / "s", resume=True)

    assert caught.value.code == "F104"
    assert list(tmp_path.iterdir()) == []


def test_a_search_of_other_data_cannot_go_on(tmp_path, flow):
    searched(tmp_path / "s", trials=1)
    before = written(tmp_path / "s")

    with pytest.raises(ConfigError, match="other data or with other settings") as caught:
        searched(tmp_path / "s", flow.assign(y=2 * flow["y"]), resume=True)

    assert caught.value.code == "U113"
    assert written(tmp_path / "s") == before


def test_a_search_with_another_seed_cannot_go_on(tmp_path):
    searched(tmp_path / "s", trials=1)

    with pytest.raises(ConfigError) as caught:
        searched(tmp_path / "s", seed=1, resume=True)

    assert caught.value.code == "U113"


def test_a_trial_that_another_version_would_not_have_asked_for_is_found(tmp_path, monkeypatch):
    searched(tmp_path / "s")
    monkeypatch.setattr("forecast.tuning.search.BATCH", 2)

    with pytest.raises(ConfigError, match="made by another version") as caught:
        searched(tmp_path / "s", resume=True)

    assert caught.value.code == "U113"


@pytest.mark.parametrize("content", [b"no journal\nat all\n", b'{"op_code": 99}\n{"op_code": 1}\n', b"[1]\n[2]\n"])
def test_a_damaged_journal_is_an_error_of_files(tmp_path, content):
    searched(tmp_path / "s", trials=1)
    (tmp_path / "s" / JOURNAL).write_bytes(content)

    with pytest.raises(FileError, match="is damaged") as caught:
        searched(tmp_path / "s", resume=True)

    assert caught.value.code == "F111"


def test_a_journal_that_cannot_be_written_is_an_error_of_files(tmp_path, monkeypatch):
    journal = Journal(tmp_path / JOURNAL, "q")
    journal.trials("croston")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("optuna.study.Study.add_trial", full)
    with pytest.raises(FileError, match="No space left") as caught:
        journal.add("croston", Tried(0, "failed", None, {}), {}, {})

    assert caught.value.code == "F104"


def test_a_run_that_tests_on_what_the_search_saw_says_so(tmp_path):
    found = searched(tmp_path / "s", trials=1)

    ready = prepare("nile", resolve(found.best, {"n_windows": 6}), flags={})

    (notice,) = [one for one in ready.notices if one.code == "W311"]
    assert "values up to 1954-01-01" in notice.message
    assert "after 1946-01-01" in notice.message


def test_dates_of_other_data_are_not_compared():
    section = {"start": "1", "validated_from": "2", "horizon": 1, "windows": 1, "models": {}}
    dates, numbers = TuningSection(until="2024-01-01", **section), TuningSection(until="50", **section)

    assert seen_notices(dates, np.array([10])) == []
    assert len(seen_notices(numbers, np.array([49]))) == 1
    assert seen_notices(numbers, np.array([50])) == []
    assert seen_notices(None, np.array([50])) == []


def test_validation_windows_of_one_series_are_as_many_as_a_verdict_takes():
    panel = read_series("nile").panel

    assert validation_split(panel.drop_last(50), Split(6, 8)) == Split(6, 8, 2)
    assert validation_split(panel.drop_last(50), Split(6, 8, 6)).n_windows == 4
    assert validation_split(panel.drop_last(90), Split(6, 1)).n_windows == 0


def test_a_plan_of_a_search_counts_what_the_search_then_does(tmp_path, whole):
    one = pipeline.plan_search("nile", out=tmp_path / "s", models=["croston"], trials=7, **WHERE)

    assert (one.trials, one.folder, one.horizon) == (len(whole.trials), str(tmp_path / "s"), WHERE["horizon"])
    assert one.n_windows == whole.settings.tuning.windows
    assert one.fits == one.trials * one.n_windows
    assert (one.values, one.models) == (100, ("croston",))


def test_a_plan_of_a_search_leaves_as_many_trials_as_a_budget_has_room_for(monkeypatch):
    monkeypatch.setattr("forecast.tuning.expected.seconds_of_fits", lambda models, *_: dict.fromkeys(models, 0.05))
    few = {"models": ["theta", "croston"], "preset": "fast", "jobs": 1, **WHERE, "horizon": 2}
    windows = pipeline.plan_search("nile", **few).n_windows

    within = pipeline.plan_search("nile", budget=f"{2 * 5.5 * windows * 0.05:g}s", **few)
    none = pipeline.plan_search("nile", budget="0.01s", **few)

    assert within.trials == 2 + 5  # both forms of theta, and croston while there is time
    assert within.seconds == pytest.approx(7 * windows * 0.05, abs=0.06)
    assert (none.trials, none.seconds) == (2, 0.0)


def test_a_dry_run_of_a_search_prints_its_plan_and_writes_nothing(call, tmp_path):
    words = ("tune", "nile", "--models", "croston", "--trials", "3", "--n-windows", "2", "--dry-run")

    code, out, err = call(*words)

    rows = dict(line.split("\t") for line in out.splitlines())
    assert (code, err) == (0, "")
    assert (rows["trials"], rows["models"], rows["series"]) == ("3", "croston", "1")
    assert json.loads(call(*words, "--json")[1])["trials"] == 3
    assert list(tmp_path.iterdir()) == []
    code, _, err = call(*words, "--resume", "s")
    assert code == 2
    assert "error[U101]: --dry-run plans what is trained anew, which is not so with --resume s" in err


def test_refits_are_shared_as_in_a_run():
    panel = read_series("nile").panel.drop_last(16)
    validation = Validation(panel, Split(4, 8, 4, refit=4), lambda *_: Croston, bounds=Bounds())

    tasks = validation.tasks("croston", [{}, {}], 0)

    assert [task.backs for task in tasks] == [(32, 28, 24, 20), (16, 12, 8, 4)] * 2
    results = validation.losses(0, [perform(task) for task in tasks])
    assert [sorted(set(one["unit"])) for one in results] == [list(range(-32, 0, 4))] * 2
    assert mean_loss(results[:1]) == mean_loss(results[1:])


def test_the_command_prints_the_path_of_the_settings_and_nothing_else_to_stdout(call):
    code, out, err = call("tune", "nile", "--models", "theta", "--out", "s", "--n-windows", "2")

    assert (code, out) == (0, f"{Path('s') / 'best.toml'}\n")
    assert "tuning theta on 8 windows" in err
    assert err.splitlines()[-1].startswith("theta: MASE")
    assert sorted(path.name for path in Path("s").iterdir()) == ["best.toml", JOURNAL, "trials.csv"]


def test_the_command_prints_one_object_for_a_program(call):
    code, out, err = call("tune", "nile", "--models", "theta", "--out", "s", "--json", "-q")

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["best"] == str(Path("s") / "best.toml")
    assert told["tuning"]["models"]["theta"]["trials"] == 2


@pytest.mark.parametrize("finished", [0, 1])
def test_an_interrupted_command_says_how_to_go_on_where_there_is_anything_to_go_on_with(call, monkeypatch, finished):
    words = ("tune", "nile", "--models", "theta", "--n-windows", "2", "--horizon", "4", "--jobs", "1", "--out", "s")
    left = [finished * pipeline.plan_search("nile", models=["theta"], n_windows=2, horizon=4).n_windows]

    def stop(task):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return perform(task)

    monkeypatch.setattr("forecast.tuning.verb.perform", stop)
    code, out, err = call(*words)

    kept = "interrupted; the trials that were finished are kept in s\n  try:   forecast tune DATA --resume s, with"
    assert (code, out) == (130, "")
    assert (kept if finished else "interrupted; nothing was written\n") in err
    assert Path("s").exists() == bool(finished)


def test_the_flags_are_those_of_the_function():
    ours = set(inspect.signature(tuning.tune).parameters) - {*telling.FLAGS, "json", "dry_run"}

    assert ours == set(inspect.signature(pipeline.tune).parameters) - {"listener", "spent"}


def test_the_file_of_settings_reads_back_to_what_was_found(whole):
    assert resolve(whole.best, {}) == whole.settings
    alpha = whole.settings.models.croston.alpha
    assert origins(whole.best, {})["models.croston.alpha"][0] == alpha


def test_an_unknown_entry_of_the_search_in_a_file_is_an_error(tmp_path):
    (tmp_path / "f.toml").write_text("[tuning]\nsecret = 1\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        resolve(tmp_path / "f.toml", {})

    assert caught.value.code == "U101"


def test_no_module_loads_optuna_when_it_is_imported():
    for file in Path(forecast.__file__).parent.rglob("*.py"):
        assert not re.search(r"^(import|from) optuna", file.read_text(encoding="utf-8"), re.MULTILINE)


def test_spans_are_tried_on_both_sides_of_the_default(whole):
    tried = whole.trials["models.croston.alpha"].astype(float)

    assert tried.min() < 0.1 < tried.max()
    assert all(value == float(f"{value:.2g}") for value in tried)
    assert Span("models.croston.alpha", 0.02, 0.5, 0.1, 0.1).at == tried[0]


def page_of(run):
    text = re.sub(r"<[^>]+>", " ", run.report.read_text(encoding="utf-8"))
    return " ".join(html.unescape(text).split())


def test_the_page_of_a_run_shows_the_search_and_what_was_tried_for_each_model(tmp_path):
    (tmp_path / "f.toml").write_text("[models.croston]\n[models.drift]\n", encoding="utf-8")
    found = searched(tmp_path / "s", config=tmp_path / "f.toml", models=["croston", "drift"])

    run = forecast.run("nile", config=found.best, out=tmp_path / "r")

    page, (best, second) = page_of(run), found.trials.sort_values("mase").head(2).to_dict("records")
    assert "Settings were sought on 10 windows of 4 from 1915-01-01 to 1954-01-01" in page
    assert "no tested value took part in the search" in page
    assert f"croston 7 {(found.trials['state'] == 'pruned').sum()} 0 {best['mase']:.3f}" in page
    assert f"drift 0 {' '.join([DASH] * 4)} as it is" in page
    assert f"croston {second['number']} {second['mase']:.3f} alpha = {second['models.croston.alpha']}" in page
    settings = tomllib.loads(run.config)
    assert settings["models"]["croston"]["alpha"] == float(best["models.croston.alpha"])
    assert settings["backtest"]["n_windows"] == 4
    assert run.info["tuning"]["until"] == "1954-01-01"
    assert str(run.backtest["cutoff"].min()) == "1954-01-01 00:00:00"
    assert "W311" not in {notice["code"] for notice in run.info["notices"]}


TUNING = {
    "start": "1949-01-01",
    "validated_from": "1951-01-01",
    "until": "1954-12-01",
    "horizon": 12,
    "windows": 1,
    "metric": "mase",
    "budget": "60s",
    "models": {
        "mlp": {
            "trials": 3,
            "pruned": 0,
            "failed": 1,
            "score": 0.5,
            "default_score": None,
            "verdict": "x",
            "best": [{"number": 0, "score": 0.5, "settings": {}}],
        }
    },
}


def test_the_page_says_where_tuning_saw_what_is_tested():
    notices = [{"code": "W311", "message": ""}]

    shown = search_shown({"tuning": TUNING, "notices": notices}, ["mlp", "naive"])

    assert "the scores of tuned models are too good" in shown.sentences[0]
    assert "sought within a budget of 60s on 1 window of 12" in shown.sentences[0]
    assert shown.tried.rows[0] == ["mlp", "3", "0", "1", "0.500", "n/a", "the defaults were best"]
    assert shown.best.rows == [["mlp", "0", "0.500", "nothing"]]


def test_a_page_without_a_search_says_so():
    assert search_shown({"tuning": None, "notices": []}, ["mlp"]) is None
    assert search_shown({"notices": []}, ["mlp"]) is None
