import numpy as np
import pandas as pd
import pytest

from forecast.covariates import Covariates, stretches
from forecast.errors import ConfigError, DataError
from forecast.models.inputs import CovariateInputs
from forecast.models.mlp import MLP
from forecast.pipeline import run
from forecast.series import read_series
from forecast.split import Split
from forecast.tasks import windows

pytestmark = pytest.mark.usefixtures("no_page")

HORIZON = 7


def sales(n=200, *, ahead=HORIZON, stores=("a", "b"), seed=0):
    """Daily sales of two stores that a promotion lifts by 30, the promotion known `ahead` days beyond the sales."""
    rng, frames = np.random.default_rng(seed), []
    for number, store in enumerate(stores):
        promo = (rng.uniform(size=n + ahead) < 0.3).astype(float)
        y = 100.0 + 10 * number + 30 * promo + rng.normal(0, 1, n + ahead)
        y[n:] = np.nan
        times = pd.date_range("2024-01-01", periods=n + ahead)
        kind = "north" if number else "south"
        frames.append(pd.DataFrame({"store": store, "day": times, "sales": y, "promo": promo, "region": kind}))
    return pd.concat(frames, ignore_index=True)


def read(frame, **settings):
    settings = {"id": "store", "target": "sales", "future": ["promo"], **settings}
    return read_series(frame, **settings)


def test_rows_with_an_empty_target_are_the_future_of_what_is_known_ahead():
    frame = sales()
    panel = read(frame).panel

    expected = frame[frame["sales"].isna()].pivot_table(index="store", columns="day", values="promo").to_numpy()
    assert panel.covariates.ahead(panel.lengths, HORIZON)[:, :, 0].tolist() == expected.tolist()
    assert panel.lengths.tolist() == [200, 200]


def test_covariates_stand_beside_their_series_in_any_order_of_the_rows():
    frame = sales()
    ordered, shuffled = read(frame).panel, read(frame.sample(frac=1, random_state=1)).panel

    assert np.array_equal(ordered.covariates.known, shuffled.covariates.known)
    assert ordered.covariates.static.tolist() == shuffled.covariates.static.tolist()


def test_a_gap_in_the_target_has_its_covariates_all_the_same():
    frame = sales()
    whole = read(frame).panel.covariates.known
    frame.loc[50, "sales"] = np.nan

    assert np.array_equal(read(frame).panel.covariates.known, whole)


def test_a_missing_covariate_beside_a_value_is_said():
    frame = sales()
    frame.loc[[3, 4], "promo"] = np.nan

    assert '"promo": 2 missing beside a value, the last one known is taken' in read(frame).notes


def test_a_window_knows_of_the_future_only_what_is_known_ahead_and_no_later_than_its_horizon():
    for window in windows(read(sales()).panel, Split(HORIZON, 3)):
        known = np.diff(window.past.covariates.offsets)
        assert (known == window.past.lengths + HORIZON).all()


def test_columns_of_the_past_end_at_the_cutoff():
    frame = sales().assign(temperature=np.arange(2 * (200 + HORIZON)))
    panel = read(frame, past=["temperature"]).panel
    cut = panel.drop_last(10).covariates.past[:, 0]

    assert cut.tolist() == [*range(190), *range(207, 207 + 190)]


def test_static_texts_become_one_column_a_kind_and_numbers_stay_numbers():
    frame = sales()
    frame["size"] = np.where(frame["store"] == "a", 3.0, 5.0)
    covariates = read(frame, static=["region", "size"]).panel.covariates

    assert covariates.static_names == ("region=north", "region=south", "size")
    assert covariates.static.tolist() == [[0.0, 1.0, 3.0], [1.0, 0.0, 5.0]]


def test_taking_series_takes_their_covariates():
    panel = read(sales(), static=["region"]).panel
    taken = panel.take([1])

    assert np.array_equal(taken.covariates.known, panel.covariates.known[207:])
    assert taken.covariates.static.tolist() == [[1.0, 0.0]]


def slow_inputs(panel, s, position, L, H):
    """The inputs of one sample, value by value, unscaled."""
    c = panel.covariates
    known, past = c.known[c.offsets[s] : c.offsets[s + 1]], c.past[panel.offsets[s] : panel.offsets[s + 1]]
    around = [known[min(max(position + k, 0), len(known) - 1)].tolist() for k in range(-L, H)]
    before = [past[min(max(position + k, 0), len(past) - 1)].tolist() for k in range(-L, 0)]
    return [value for row in (*around, *before) for value in row] + c.static[s].tolist()


def test_inputs_are_those_of_the_slow_reference():
    rng = np.random.default_rng(0)
    frame = sales(30).assign(temperature=rng.normal(size=2 * 37))
    panel = read(frame, past=["temperature"], static=["region"]).panel
    inputs = CovariateInputs(input_size=5, horizon=3).fit(panel)
    inputs.scales_ = [(np.zeros_like(mean), np.ones_like(sd)) for mean, sd in inputs.scales_]
    inputs.see(panel)
    cuts = np.array([[1, 29], [30, 59]])

    got = inputs.gather(cuts, panel.offsets)

    expected = [[slow_inputs(panel, cut // 30, cut % 30, 5, 3) for cut in row] for row in cuts.tolist()]
    assert got.tolist() == expected
    assert inputs.last().tolist() == [slow_inputs(panel, s, 30, 5, 3) for s in (0, 1)]
    assert got.shape[-1] == inputs.size


def test_columns_are_scaled_by_the_past_alone():
    frame = sales(60, ahead=40)
    panel = read(frame).panel
    later = frame.copy()
    later.loc[later["sales"].isna(), "promo"] = 1e6

    scales = [CovariateInputs(input_size=3, horizon=2).fit(read(f).panel).scales_ for f in (frame, later)]

    assert scales[0][0][0].tolist() == scales[1][0][0].tolist()
    assert panel.lengths.tolist() == [60, 60]


def test_a_missing_value_is_the_last_known_of_its_own_series():
    covariates = Covariates.of_known(
        np.array([[np.nan], [2.0], [np.nan], [np.nan], [6.0], [4.0]]), np.array([0, 3, 6]), ("x",), values=6
    )
    panel = read(sales(3, ahead=0)).panel
    panel = type(panel)(**{**vars(panel), "covariates": covariates})
    inputs = CovariateInputs(input_size=3, horizon=0).fit(panel).see(panel)

    # the mean of 2, 6, 4 is 4, which is what stands where nothing is known yet
    assert np.round(inputs.last() * np.sqrt(8 / 3) + 4).tolist() == [[4.0, 2.0, 2.0], [4.0, 6.0, 4.0]]


def test_the_network_learns_what_a_promotion_does():
    frame = sales(400)
    truth = 100 + 10 * np.repeat([0, 1], HORIZON) + 30 * frame[frame["sales"].isna()]["promo"].to_numpy()
    with_promo, without = (
        MLP(members=3, max_steps=400, learning_rate=0.01).fit(panel, horizon=HORIZON).predict()["y_hat"].to_numpy()
        for panel in (read(frame).panel, read(frame.drop(columns="promo"), future=[]).panel)
    )

    assert np.abs(with_promo - truth).mean() < 0.5 * np.abs(without - truth).mean()


@pytest.mark.parametrize("step", [1, 4, 7])
def test_a_covariate_that_differs_only_at_one_step_moves_the_forecast_of_that_step(step):
    frame = sales(300)
    panel = read(frame).panel
    model = MLP(members=3, max_steps=300, learning_rate=0.01).fit(panel, horizon=HORIZON)
    changed = panel.covariates.known.copy()
    changed[300 + step - 1, 0] = 1.0 - changed[300 + step - 1, 0]
    other = type(panel)(**{**vars(panel), "covariates": replaced(panel.covariates, known=changed)})

    first, second = model.predict(panel), model.predict(other)
    moved = (second["y_hat"] - first["y_hat"])[first["unique_id"] == "a"].abs().to_numpy()

    assert moved.argmax() == step - 1
    assert moved[step - 1] > 10


def replaced(covariates, **fields):
    return Covariates(**{**vars(covariates), **fields})


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"future": ["prmo"]}, "D104", "prmo"),
        ({"future": ["xyzzy"]}, "D104", '--future, or none in place of "xyzzy"'),
        ({"totals": ["xyzzy"]}, "D104", '--totals, or none in place of "xyzzy"'),
        ({"future": ["promo"], "past": ["promo"]}, "U101", "two roles"),
        ({"future": ["sales"]}, "U101", "two roles"),
        ({"static": ["promo"], "future": []}, "D119", '"promo" changes within "a"'),
        ({"future": ["copy"]}, "D121", "leakage"),
        ({"past": ["region"]}, "D107", "region"),
        ({"static": ["label"]}, "D119", "414 kinds"),
    ],
)
def test_a_wrong_covariate_is_refused_by_name(settings, code, words):
    frame = sales()
    frame["copy"], frame["label"] = frame["sales"], [f"k{i}" for i in range(len(frame))]
    with pytest.raises((DataError, ConfigError)) as caught:
        read(frame, **settings)

    assert caught.value.code == code
    assert words in str(caught.value)


def test_a_covariate_that_lacks_future_rows_is_refused_with_the_rows(tmp_path):
    with pytest.raises(DataError) as caught:
        run(sales(ahead=3), horizon=7, id="store", target="sales", future=["promo"], out=tmp_path / "run")

    assert caught.value.code == "D119"
    assert "2024-07-19 to 2024-07-25: 4 missing, first 2024-07-22" in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_row_off_the_grid_is_refused():
    frame = sales()
    frame.loc[len(frame)] = ["a", pd.Timestamp("2024-08-01 10:30"), np.nan, 1.0, "south"]
    with pytest.raises(DataError, match="not on the grid"):
        read(frame)


def test_a_run_says_what_is_known_ahead_and_forecasts_with_it(tmp_path):
    lines = []

    class Listener:
        def say(self, line):
            lines.append(line)

        def progress(self, done, total, what):
            pass

    result = run(
        sales(),
        horizon=7,
        id="store",
        target="sales",
        future=["promo"],
        static=["region"],
        models=["mlp"],
        preset="fast",
        n_windows=2,
        out=tmp_path / "run",
        listener=Listener(),
    )

    assert "known ahead: promo; used are the 7 rows after the last value of each series" in lines
    assert result.leaderboard["model"].iloc[0] == "mlp"


def test_no_stretches_are_no_positions():
    assert stretches(np.array([], int), np.array([], int)).tolist() == []
