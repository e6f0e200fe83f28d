"""Two plans for what is known ahead: one fit, two forecasts, and what differs is what the plans differ in."""

import inspect
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import pipeline
from forecast.cli import telling, tuning
from forecast.errors import ConfigError, DataError, FileError, ModelError
from forecast.models.arima import ARIMA
from forecast.models.theta import Theta

N, HORIZON = 120, 7
READ = {"id": "store", "target": "sales", "future": ["promo"], "horizon": HORIZON}
TINY = "[models.mlp]\nmembers = 2\nmax_steps = 60\nprior = 'none'\n"


def sales(*, stores=("a", "b")):
    """Daily sales of two stores that a promotion lifts by 30."""
    rng, frames = np.random.default_rng(0), []
    for number, store in enumerate(stores):
        promo = (rng.uniform(size=N) < 0.3).astype(float)
        y = 100.0 + 10 * number + 30 * promo + rng.normal(0, 1, N)
        times = pd.date_range("2024-01-01", periods=N)
        frames.append(pd.DataFrame({"store": store, "day": times, "sales": y, "promo": promo}))
    return pd.concat(frames, ignore_index=True)


def plan(promo, *, steps=HORIZON, stores=("a", "b")):
    days = pd.date_range("2024-01-01", periods=N + steps)[N:]
    return pd.concat([pd.DataFrame({"store": store, "day": days, "promo": promo}) for store in stores])


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    return tmp_path / "tiny.toml"


def asked(a, b, data=None, **options):
    return pipeline.whatif(sales() if data is None else data, a, b, **{**READ, "models": ["arima"], **options})


def test_each_side_is_the_forecast_of_data_that_hold_this_plan(tiny):
    data, one = sales(stores=("a",)), {"stores": ("a",)}
    a, b = plan(0.0, **one), plan([1.0, 0, 0, 1.0, 0, 1.0, 0], **one)
    both = {"models": ["mlp", "arima"], "config": tiny, "n_windows": 1}

    found = asked(a, b, data=data, **both).steps

    under_a, under_b = (pipeline.predict(pd.concat([data, rows]), **READ, **both) for rows in (a, b))
    assert under_a[["unique_id", "ds", "model"]].equals(found[["unique_id", "ds", "model"]])
    assert under_a["y_hat"].tolist() == pytest.approx(found["y_hat_a"].tolist(), rel=1e-12)
    assert under_b["y_hat"].tolist() == pytest.approx(found["y_hat_b"].tolist(), rel=0.02)


def test_what_a_promotion_brings_is_found():
    found = asked(plan(0.0), plan([0.0, 1, 0, 0, 1, 0, 0]))

    steps = found.steps["difference"].to_numpy().reshape(2, HORIZON)
    assert np.abs(steps[:, [1, 4]] - 30).max() < 3
    assert np.abs(steps[:, [0, 2, 3, 5, 6]]).max() < 3


def test_the_difference_is_the_second_minus_the_first_and_sums_are_over_the_horizon():
    found = asked(plan(0.0), plan(1.0))

    a, b = (found.steps[name].to_numpy().reshape(2, HORIZON) for name in ("y_hat_a", "y_hat_b"))
    assert found.steps["difference"].tolist() == (b - a).ravel().tolist()
    assert found.totals["unique_id"].tolist() == ["a", "b"]
    np.testing.assert_allclose(found.totals["difference"], (b - a).sum(axis=1))
    np.testing.assert_allclose(found.totals["percent"], 100 * (b - a).sum(axis=1) / a.sum(axis=1))
    assert list(found.steps.columns) == ["unique_id", "ds", "model", "y_hat_a", "y_hat_b", "difference"]


def test_the_same_plan_twice_makes_no_difference(tiny):
    found = asked(plan(1.0), plan(1.0), models=["mlp", "arima", "theta", "naive"], config=tiny)

    assert set(found.steps["model"]) == {"mlp", "arima", "theta", "naive"}
    assert (found.steps["difference"] == 0).all()


def test_a_model_that_does_not_see_the_plans_says_so():
    found = asked(plan(0.0), plan(1.0), models=["theta", "arima"])

    by_model = dict(line.split(": ", 1) for line in found.sentences)
    assert by_model["theta"] == "no difference; it does not use what is known ahead"
    assert "under the frame" in by_model["arima"]
    assert "%)" in by_model["arima"]


def test_every_model_is_fitted_once(monkeypatch):
    fits, real = [], ARIMA.fit

    def counted(self, *args, **kwargs):
        fits.append(self)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(ARIMA, "fit", counted)
    asked(plan(0.0), plan(1.0))

    assert len(fits) == 1


def test_rows_of_the_future_in_the_data_and_of_the_past_in_a_plan_are_not_looked_at():
    expected = asked(plan(0.0), plan(1.0)).steps
    past = sales().assign(promo=1.0 - sales()["promo"])

    found = asked(plan(0.0), pd.concat([past, plan(1.0)]), data=pd.concat([sales(), plan(0.5)])).steps

    pd.testing.assert_frame_equal(found, expected)


def test_the_data_themselves_are_a_plan():
    data = pd.concat([sales(), plan(0.0)])

    found = asked(data, plan(1.0), data=data).steps

    pd.testing.assert_frame_equal(found, asked(plan(0.0), plan(1.0)).steps)


def test_one_series_needs_no_names():
    data, rows = sales(stores=("a",)).drop(columns="store"), plan(0.0, stores=("a",)).drop(columns="store")

    found = asked(rows, rows.assign(promo=1.0), data=data, id=None)

    assert set(found.steps["unique_id"]) == {"sales"}
    assert found.totals["difference"][0] > 100


def test_steps_of_a_gap_are_left_out():
    found = asked(plan(0.0), plan(1.0), gap=2, horizon=5)

    assert found.steps["ds"].nunique() == 5
    assert found.steps["ds"].min() == pd.Timestamp("2024-01-01") + pd.Timedelta(days=N + 2)


def test_forecasts_keep_their_bounds():
    found = asked(plan(0.0), plan(1.0), max=120.0)

    assert found.steps["y_hat_b"].max() == 120.0


def test_a_model_that_fails_is_said_and_the_others_stay(monkeypatch):
    def fails(self, *args, **kwargs):
        raise ValueError("no luck")

    monkeypatch.setattr(Theta, "fit", fails)
    found = asked(plan(0.0), plan(1.0), models=["theta", "arima"])

    assert found.failures == {"theta": "no luck"}
    assert "theta failed: no luck" in found.sentences
    assert set(found.steps["model"]) == {"arima"}
    with pytest.raises(ModelError, match="every model failed: theta: no luck"):
        asked(plan(0.0), plan(1.0), models=["theta"])


def test_forecasts_that_are_no_numbers_are_a_failure(monkeypatch):
    real = Theta.predict
    monkeypatch.setattr(Theta, "predict", lambda self, panel=None: real(self, panel).assign(y_hat=np.nan))

    with pytest.raises(ModelError, match="its forecast is not a number"):
        asked(plan(0.0), plan(1.0), models=["theta"])


def test_a_plan_for_a_series_that_is_not_there_is_said():
    lines = []

    class Listener:
        def say(self, line):
            lines.append(line)

        def progress(self, done, total, what):
            pass

    more = plan(1.0, stores=("a", "b", "c"))
    asked(plan(0.0), more, listener=Listener())

    assert any('also plans for series that are not forecast: "c"' in line for line in lines)
    assert lines[-1] == "7 steps ahead under the frame (a) and the frame (b)"


BAD = {
    "a column": (lambda p: p.drop(columns="promo"), "D104", 'no column "promo" in b.csv'),
    "the times": (lambda p: p.drop(columns="day"), "D104", 'no column "day" in b.csv'),
    "the names": (lambda p: p.drop(columns="store"), "D104", 'no column "store" in b.csv'),
    "a row": (lambda p: p.iloc[:-1], "D119", 'b.csv: "b" needs promo in 7 rows, .*: 1 missing'),
    "a cell": (lambda p: p.assign(promo=[None, *p["promo"][1:]]), "D119", 'b.csv: "a" needs promo .*: 1 missing'),
    "a series": (lambda p: p[p["store"] == "a"], "D119", 'b.csv: "b" needs promo .*: 7 missing'),
    "a word": (lambda p: p.assign(promo=["yes", *p["promo"][1:].astype(str)]), "D107", 'line 2 "yes"'),
    "two rows": (lambda p: pd.concat([p, p.assign(promo=5.0)]), "D111", "repeated times"),
    "off the grid": (lambda p: p.assign(day=p["day"] + pd.Timedelta(hours=5)), "D113", "line 2 of b.csv"),
    "numbers": (lambda p: p.assign(day=range(len(p))), "D109", "holds whole numbers, but that of the data times"),
    "a name": (lambda p: p.assign(store=["", *p["store"][1:]]), "D106", "line 2"),
}


@pytest.mark.parametrize(("change", "code", "message"), BAD.values(), ids=BAD)
def test_a_plan_that_lacks_something_is_an_error_that_names_it(tmp_path, change, code, message):
    change(plan(1.0)).to_csv(tmp_path / "b.csv", index=False)

    with pytest.raises(DataError, match=message) as caught:
        asked(plan(0.0), tmp_path / "b.csv", output=tmp_path / "steps.csv")

    assert caught.value.code == code
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]


def test_a_plan_that_is_not_there_is_an_error_of_files(tmp_path):
    with pytest.raises(FileError) as caught:
        asked(plan(0.0), tmp_path / "none.csv")

    assert caught.value.code == "F101"


def test_rows_without_times_have_no_plan():
    with pytest.raises(DataError, match="no times to be placed by"):
        asked(plan(0.0), plan(1.0), data=sales(stores=("a",))[["sales", "promo"]], id=None)


def test_without_a_column_known_ahead_there_is_nothing_to_plan():
    with pytest.raises(ConfigError) as caught:
        asked(plan(0.0), plan(1.0), future=None)

    assert caught.value.code == "U114"


def test_a_combination_has_no_plan():
    with pytest.raises(ConfigError, match="combination"):
        asked(plan(0.0), plan(1.0), models=["theta", "naive", "combination"])


def test_a_budget_that_is_too_short_is_said():
    with pytest.raises(ModelError, match="not finished in the time there was"):
        asked(plan(0.0), plan(1.0), budget="0.001s")


WORDS = ("--future", "promo", "--target", "sales", "--id", "store", "--horizon", "7", "--models", "arima")


@pytest.fixture
def files(call):
    sales().to_csv("sales.csv", index=False)
    plan(0.0).to_csv("a.csv", index=False)
    plan(1.0).to_csv("b.csv", index=False)
    return ("sales.csv", "a.csv", "b.csv")


def test_the_command_writes_steps_and_says_the_sums(call, files):
    code, out, err = call("whatif", *files, *WORDS)

    table = pd.read_csv(io.StringIO(out))
    assert code == 0, err
    assert list(table.columns) == ["unique_id", "ds", "model", "y_hat_a", "y_hat_b", "difference"]
    assert len(table) == 2 * HORIZON
    assert "7 steps ahead under a.csv (a) and b.csv (b)" in err
    assert "in all under a.csv" in err.splitlines()[-1]


def test_the_command_writes_a_file_or_one_object(call, files):
    assert call("whatif", *files, *WORDS, "--output", "steps.csv", "-q") == (0, "", "")
    assert len(pd.read_csv("steps.csv")) == 2 * HORIZON
    assert "error[F103]" in call("whatif", *files, *WORDS, "--output", "steps.csv")[2]

    told = json.loads(call("whatif", *files, *WORDS, "--json", "-q")[1])

    assert told["plans"] == ["a.csv", "b.csv"]
    assert told["steps"][0]["ds"] == "2024-04-30"
    assert [total["unique_id"] for total in told["totals"]] == ["a", "b"]
    assert Path("steps.csv").is_file()


def test_the_flags_are_those_of_the_function():
    ours = set(inspect.signature(tuning.whatif).parameters) - {*telling.FLAGS, "json"}

    assert ours == set(inspect.signature(pipeline.whatif).parameters) - {"listener", "spent"}
    assert list(inspect.signature(pipeline.whatif).parameters)[:3] == ["data", "plan_a", "plan_b"]
