"""`forecast predict`: forecasts as a table, of the named models and of nothing else."""

import io
from pathlib import Path

import pandas as pd
import pytest

from forecast import pipeline
from forecast.errors import FileError


def read(text):
    return pd.read_csv(io.StringIO(text))


def test_forecasts_go_to_standard_output_and_what_is_said_does_not(call):
    code, out, err = call("predict", "nile", "--models", "drift", "--horizon", "3")

    frame = read(out)
    assert code == 0
    assert list(frame.columns) == ["unique_id", "ds", "model", "y_hat", "lo-95", "lo-80", "hi-80", "hi-95"]
    assert frame["ds"].tolist() == ["1971-01-01", "1972-01-01", "1973-01-01"]
    assert set(frame["model"]) == {"drift"}
    assert "3 steps ahead" in err


def test_without_names_the_network_alone_forecasts(call):
    _, out, err = call("predict", "nile", "--horizon", "2", "--n-windows", "1", "-q")

    assert set(read(out)["model"]) == {"mlp"}
    assert err == ""


def test_models_with_a_table_in_the_settings_are_named_too(call):
    Path("forecast.toml").write_text("[models.naive]\n[models.mean]\n", encoding="utf-8")

    _, out, _ = call("predict", "nile", "--horizon", "2")

    assert set(read(out)["model"]) == {"naive", "mean"}


def test_the_file_holds_what_would_have_been_printed(call):
    _, printed, _ = call("predict", "nile", "--models", "naive", "--horizon", "2")
    code, out, _ = call("predict", "nile", "--models", "naive", "--horizon", "2", "--output", "f.csv")

    assert (code, out) == (0, "")
    assert Path("f.csv").read_text(encoding="utf-8") == printed
    assert [path.name for path in Path().iterdir()] == ["f.csv"]


def test_a_file_that_is_there_is_kept_unless_told(call):
    Path("f.csv").write_text("mine", encoding="utf-8")

    code, _, err = call("predict", "nile", "--models", "naive", "--output", "f.csv")
    assert (code, Path("f.csv").read_text(encoding="utf-8")) == (5, "mine")
    assert "error[F103]: f.csv exists" in err

    assert call("predict", "nile", "--models", "naive", "--output", "f.csv", "--overwrite")[0] == 0
    assert Path("f.csv").read_text(encoding="utf-8").startswith("unique_id,ds,model,y_hat")


def test_a_folder_that_is_not_there_is_an_error_before_anything_is_fitted(call):
    code, _, err = call("predict", "nile", "--models", "naive", "--output", "no/f.csv")

    assert code == 5
    assert "error[F104]: cannot write no/f.csv: no folder" in err
    assert "steps ahead" not in err


def test_a_full_disk_is_said(monkeypatch, tmp_path):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("forecast.storage.files.write_csv", full)
    with pytest.raises(FileError, match="disk full"):
        pipeline.predict("nile", models=["naive"], output=tmp_path / "f.csv")
    assert not list(tmp_path.iterdir())


def test_one_window_is_enough_for_the_bands_of_many_series(tmp_path):
    months = [str(month) for month in pd.period_range("2015-01", periods=48, freq="M")]
    rows = [
        (f"s{s}", month, s + i % 12 + i * i * (s % 10 + 1) % 11) for s in range(25) for i, month in enumerate(months)
    ]
    said = []

    class Listener:
        def say(self, line):
            said.append(line)

        def progress(self, *_):
            pass

    frame = pd.DataFrame(rows, columns=["id", "month", "y"])
    found = pipeline.predict(frame, models=["drift"], horizon=6, listener=Listener())

    assert "6 steps ahead, 1 test window" in said
    assert found["lo-95"].notna().all()


def test_integer_times_stay_integers(call):
    Path("x.csv").write_text("t,y\n" + "".join(f"{i},{i % 5}\n" for i in range(40)), encoding="utf-8")

    _, out, _ = call("predict", "x.csv", "--models", "naive", "--horizon", "2")

    assert read(out)["ds"].tolist() == [40, 41]


def test_the_frame_is_what_a_caller_gets():
    frame = pipeline.predict("nile", models=["naive"], horizon=2)

    assert frame["y_hat"].tolist() == [740.0, 740.0]
    assert frame["ds"].dtype.kind == "M"
