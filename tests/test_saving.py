"""Models in files: what stands in them, and what is refused."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import make_panel
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast import load_model
from forecast.covariates import Covariates
from forecast.errors import ModelError
from forecast.models.arima import ARIMA
from forecast.models.classical import SeasonalNaive
from forecast.models.mlp import MLP
from forecast.models.prior import HASH, Prior
from forecast.models.saving import Basis, load_basis, save_model
from forecast.models.theta import Theta
from forecast.storage.archives import _hash

FIXTURES = Path(__file__).parent / "fixtures" / "models"
H = 4


def y(n=60, seed=0):
    return 100 + np.random.default_rng(seed).normal(size=n).cumsum() + 10 * np.sin(np.arange(n) * np.pi / 6)


def saved(model, folder, panel):
    return save_model(model, folder / model.name, Basis.of(panel, horizon=H, target="y", data="y.csv", sha256="0f"))


def lying(path, change):
    """Change the header of a model and give it the hash that goes with it."""
    file = path.with_suffix(".json")
    header = json.loads(file.read_text(encoding="utf-8"))
    del header["sha256"]
    change(header)
    file.write_text(json.dumps(header | {"sha256": _hash(header)}), encoding="utf-8")


@pytest.mark.parametrize("make", [ARIMA, partial(MLP, members=1, max_steps=20, prior="none")])
def test_a_model_with_covariates_forecasts_as_before(tmp_path, make):
    x = np.random.default_rng(1).normal(size=(64 + 54, 1))
    panel = make_panel(y(60) + 5 * x[:60, 0], y(50, seed=1))
    known = Covariates.of_known(x, np.array([0, 64, 118]), ("promo",), values=110)
    panel = replace(panel, covariates=known)
    model = make().fit(panel, horizon=H)

    found = load_model(saved(model, tmp_path, panel)).predict(panel)

    assert found.equals(model.predict(panel))
    assert load_basis(tmp_path / model.name).covariates == ["promo"]


def test_weights_that_went_on_to_learn_are_saved_and_those_that_come_with_us_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.models.prior.BETTER", np.inf)  # used in any case
    panel = make_panel(y(), y(seed=1))
    plain, tuned = (Prior(steps=steps).fit(panel, horizon=H) for steps in (0, 3))

    small, large = saved(plain, tmp_path / "plain", panel), saved(tuned, tmp_path / "tuned", panel)

    assert small.stat().st_size < 1_000
    assert large.stat().st_size > tuned.networks_[1].parameters.nbytes
    assert load_model(large).predict(panel).equals(tuned.predict(panel))


def test_a_model_that_needs_other_weights_than_ours_is_refused(tmp_path):
    panel = make_panel(y())
    path = saved(Prior().fit(panel, horizon=H), tmp_path, panel)
    file = path.with_suffix(".json")
    file.write_text(file.read_text(encoding="utf-8").replace(HASH, HASH[::-1]), encoding="utf-8")
    lying(path, lambda header: None)

    with pytest.raises(ModelError, match="another prior.npz") as caught:
        load_model(path)
    assert caught.value.code == "M202"


def test_the_header_says_what_the_model_is_and_what_it_was_fitted_to(tmp_path):
    panel = make_panel(y())
    path = saved(Theta(method="standard").fit(panel, horizon=H), tmp_path, panel)

    header = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

    assert (header["schema"], header["model"], header["settings"]) == (1, "theta", {"method": "standard"})
    assert header["basis"] == {
        "frequency": "monthly",
        "season_lengths": [12],
        "horizon": H,
        "target": "y",
        "covariates": [],
        "data": "y.csv",
        "sha256": "0f",
    }
    assert len(header["arrays_sha256"]) == 64


def test_a_file_has_nothing_of_the_values(tmp_path):
    panel = make_panel(np.full(500, 123456.0))
    path = saved(SeasonalNaive().fit(panel, horizon=H), tmp_path, panel)

    assert path.stat().st_size < 500
    with pytest.raises(ModelError, match=r"has no data of its own; try predict\(panel\)") as caught:
        load_model(path).predict()
    assert caught.value.code == "M102"


def test_a_thousand_series_take_a_few_numbers_each(tmp_path):
    panel = make_panel(*[np.full(6, 1.0 + s) for s in range(1_000)])

    path = saved(Theta().fit(panel, horizon=H), tmp_path, panel)

    assert path.stat().st_size < 200_000
    assert path.with_suffix(".json").stat().st_size < 20_000


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder, panel = tmp_path_factory.mktemp("small"), make_panel(y(), y(30, seed=1))
    path = saved(Theta().fit(panel, horizon=H), folder, panel)
    return path, panel, load_model(path).predict(panel)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([".npz", ".json"]), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_changed_byte_gives_the_same_forecasts_or_is_found(tmp_path_factory, small, suffix, place, change):
    path, panel, expected = small
    folder = tmp_path_factory.mktemp("changed")
    for file in path.parent.iterdir():
        shutil.copy(file, folder)
    victim = (folder / path.name).with_suffix(suffix)
    content = bytearray(victim.read_bytes())
    content[int(place * len(content))] ^= change
    victim.write_bytes(content)

    try:
        found = load_model(folder / path.name).predict(panel)
    except ModelError as error:
        found, code = expected, error.code
    else:
        code = "M202"
    assert code == "M202"
    assert found.equals(expected)


def test_a_plan_of_other_networks_than_its_weights_is_refused_before_any_is_made(tmp_path):
    panel = make_panel(y())
    path = saved(MLP(members=1, max_steps=5, prior="none").fit(panel, horizon=H), tmp_path, panel)

    def larger(header):
        plan = header["state"]["fields"]["groups_"]["items"]["fields"]["plan"]["fields"]
        plan["members"]["values"] = [10**12 for _ in plan["members"]["values"]]

    lying(path, larger)
    with pytest.raises(ModelError, match="is damaged") as caught:
        load_model(path)
    assert caught.value.code == "M202"


@pytest.mark.parametrize("state", [{"is": "int", "values": [1]}, {"is": "Theta", "fields": {}}, {"is": "os"}, {}])
def test_a_file_that_holds_no_model_is_refused(tmp_path, small, state):
    for file in small[0].parent.iterdir():
        shutil.copy(file, tmp_path)
    lying(tmp_path / small[0].name, lambda header: header.update(state=state))

    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / small[0].name).predict(small[1])
    assert caught.value.code in ("M202", "M102")


# files of every schema that was ever released


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("schema-*/*.npz")), ids=lambda path: path.stem)
def test_files_of_every_schema_stay_readable(path):
    expected = json.loads((path.parent / "expected.json").read_text(encoding="utf-8"))
    panel = make_panel(*map(np.array, expected["values"]))

    found = load_model(path).predict(panel)

    np.testing.assert_allclose(found["y_hat"], expected["y_hat"][path.stem], rtol=1e-5)


def test_every_schema_has_its_files():
    assert {path.parent.name for path in FIXTURES.glob("*/*.npz")} == {"schema-1"}
