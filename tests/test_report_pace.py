"""How long a page takes, and which of its pictures are left out."""

from types import SimpleNamespace

import pytest

from forecast import clock
from forecast.clock import Clock
from forecast.report import pace
from forecast.report.picture import Picture

DONE = Picture("title", "alt", b"", b"", None, None)


@pytest.fixture
def now(monkeypatch):
    moment = [0.0]
    for module in (clock, pace):
        monkeypatch.setattr(module, "perf_counter", lambda: moment[0])
    return moment


@pytest.fixture
def drawing(monkeypatch, now):
    """Let pictures take so many seconds each; one that takes none has nothing to show."""

    def of(**seconds):
        def draw(name):
            now[0] += seconds[name]
            return DONE if seconds[name] else "nothing to show"

        monkeypatch.setattr(pace, "pictures_of", lambda view: {name: lambda _, n=name: draw(n) for name in seconds})
        view = SimpleNamespace(ids=["a"], run=SimpleNamespace(backtest=[]))
        return lambda budget: (kept := Clock(budget), pace.painted(view, kept))

    return of


REST = pace.rest_seconds(1, 0)
REASON = "left out to keep the budget of {:g} s; forecast report RUN draws what it has to show"


def test_without_a_budget_every_picture_is_drawn(drawing):
    kept, found = drawing(one=1e6, two=0.0, three=1e6)(None)

    assert found == {"one": DONE, "two": "nothing to show", "three": DONE}
    assert not kept.left_out


def test_a_picture_is_drawn_where_it_leaves_time_for_the_rest_of_the_page(drawing):
    budget = REST + 2 * pace.PICTURE + 0.01
    kept, found = drawing(one=pace.PICTURE, two=pace.PICTURE, three=pace.PICTURE)(budget)

    assert found == {"one": DONE, "two": DONE, "three": REASON.format(budget)}
    assert kept.left_out == {"picture": 1}


def test_where_pictures_take_longer_than_usual_fewer_are_drawn(drawing):
    kept, found = drawing(one=4 * pace.PICTURE, two=1.0, three=1.0)(4 * REST + 7 * pace.PICTURE)

    assert [isinstance(picture, Picture) for picture in found.values()] == [True, False, False]
    assert kept.pace == pytest.approx(4.0)


def test_what_has_nothing_to_show_says_nothing_of_the_pace(drawing):
    kept, _ = drawing(one=0.0)(60.0)

    assert kept.pace == 1.0


def test_the_trial_is_timed_when_everything_is_loaded(monkeypatch, now):
    took = iter([10.0, 0.0, 3 * pace.TRIAL, 0.0])
    monkeypatch.setattr(pace.figures, "ratio_dots", lambda *_, **__: None)
    monkeypatch.setattr(pace.figures, "to_png", lambda figure: now.__setitem__(0, now[0] + next(took)))
    monkeypatch.setattr(pace.figures, "to_svg", lambda figure, placed: now.__setitem__(0, now[0] + next(took)))
    kept = Clock(60.0)
    pace.try_out(kept)

    assert kept.pace == pytest.approx(3.0)
