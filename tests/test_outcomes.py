"""What a task came to is read back as it was, and only where it is the same task."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import make_panel

from forecast.errors import Notice
from forecast.models.classical import Drift, Naive
from forecast.models.theta import Theta
from forecast.origins import Origin
from forecast.split import Split
from forecast.storage import outcomes
from forecast.storage.outcomes import Outcomes, read_outcome, write_outcome
from forecast.tasks import Outcome, Task, perform

SPLIT = Split(horizon=2, n_windows=3)


@pytest.fixture
def task():
    rng = np.random.default_rng(0)
    return Task("theta", Theta, make_panel(rng.normal(size=30), rng.normal(size=25)), SPLIT, (4, 3))


@pytest.fixture
def kept(tmp_path):
    return Outcomes(tmp_path / "tasks")


def same(one, other):
    assert len(one.frames) == len(other.frames)
    for first, second in zip(one.frames, other.frames, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert [(o.ids, o.columns, o.values.tobytes()) for o in one.between] == [
        (o.ids, o.columns, o.values.tobytes()) for o in other.between
    ]
    for name in ("choices", "notices", "timing", "failure", "lost"):
        assert getattr(one, name) == getattr(other, name)


def test_an_outcome_is_read_back_to_the_bit(task, kept):
    outcome = perform(task)
    kept.find(task)
    kept.keep(task, outcome)

    same(kept.find(task), outcome)


def test_numbers_texts_and_failures_come_back(tmp_path):
    frame = pd.DataFrame(
        {
            "unique_id": ["NA", "ü\u2028", "", "NA"],
            "cutoff": np.array([1, 2, 3, 4]),
            "y_hat": [0.1 + 0.2, np.nan, -np.inf, 5e-324],
            "model": "it",
        }
    )
    for outcome in (
        Outcome(frames=[frame, frame[:0], frame[1:3].reset_index(drop=True)]),
        Outcome(failure="no", choices={"a": [1, {"b": 0.1 + 0.2}]}, notices=[Notice("W302", "x")], timing={"fit": 0.1}),
        Outcome(
            between=[
                Origin(("NA", "é"), ("y_hat",), np.array([[[0.1 + 0.2], [np.nan]]])),
                Origin(("é",), ("y_hat", "lo-80", "hi-80"), np.arange(3.0).reshape(3, 1, 1)),
            ]
        ),
        Outcome(),
    ):
        write_outcome(outcome, tmp_path / "x.npz")
        same(read_outcome(tmp_path / "x.npz"), outcome)


def test_numbers_of_numpy_among_the_choices_become_plain(tmp_path):
    write_outcome(Outcome(choices={"a": np.float64(1.5), "b": np.arange(2)}), tmp_path / "x.npz")

    assert read_outcome(tmp_path / "x.npz").choices == {"a": 1.5, "b": [0, 1]}


def test_only_the_same_task_is_found(task, kept, monkeypatch):
    kept.find(task)
    kept.keep(task, perform(task))
    other = make_panel(np.r_[task.panel.series(0), 1.0], task.panel.series(1))

    for changed in (
        replace(task, model="other"),
        replace(task, make=Naive),
        replace(task, backs=(4,)),
        replace(task, levels=(80.0,)),
        replace(task, series=(0, 1)),
        replace(task, split=replace(SPLIT, gap=1)),
        replace(task, panel=other),
    ):
        assert kept.find(changed) is None
    monkeypatch.setattr(outcomes, "version", lambda name: "0")
    assert Outcomes(kept.folder).find(task) is None


def test_fits_that_are_asked_for_their_model_are_made_again(task, kept):
    last = replace(task, keep=True)
    kept.find(last)
    kept.keep(last, perform(last))

    assert kept.find(last) is None
    assert kept.count == 0


@pytest.mark.parametrize("at", [0.0, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_file_is_as_good_as_none(task, kept, at, cut):
    kept.find(task)
    kept.keep(task, perform(task))
    (path,) = kept.folder.iterdir()
    data = bytearray(path.read_bytes())
    place = int(at * len(data))
    if cut:
        del data[place:]
    else:
        data[place : place + 40] = bytes(byte ^ 255 for byte in data[place : place + 40])
    path.write_bytes(data)

    assert kept.find(task) is None


def test_a_file_is_there_whole_or_not_at_all(task, kept, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    kept.find(task)
    monkeypatch.setattr(outcomes.np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        kept.keep(task, perform(task))

    assert list(kept.folder.iterdir()) == []


def test_what_took_long_is_on_the_disk_before_it_counts(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(outcomes.os, "fsync", waited.append)
    for seconds in (0.5, 20.0):
        write_outcome(Outcome(timing={"fit": seconds}), tmp_path / "x.npz")

    assert len(waited) == 1


def test_the_place_is_the_window_that_is_not_finished(task, kept):
    tasks = [
        Task(name, make, task.panel, SPLIT, (back,))
        for back in reversed(SPLIT.backs)
        for name, make in (("naive", Naive), ("drift", Drift))
    ]
    assert kept.place == "the fits to all data"
    for one in tasks:
        kept.find(one)
    seen = []
    for one in tasks:
        seen.append(kept.place)
        kept.keep(one, perform(one))

    assert seen == [f"window {w} of 3" for w in (1, 1, 2, 2, 3, 3)]
    assert kept.place == "the report"
    sums = make_panel(task.panel.series(0))
    kept.find(replace(tasks[0], panel=sums))
    assert kept.place == "window 3 of 3"
