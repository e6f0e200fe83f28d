"""How a budget is shared out between the models and what follows them."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import make_panel

from forecast import allotment, clock
from forecast.allotment import Allotment, allotted, for_table
from forecast.clock import Clock
from forecast.errors import ConfigError
from forecast.report.pace import answer_seconds, page_seconds, rest_seconds
from forecast.split import Split

CHECK = 60 * allotment.VALUE
"""Of one window, with as many values as a series here."""


@pytest.fixture(autouse=True)
def _usual(monkeypatch):
    """Let time stand still, on a machine of the usual speed."""
    monkeypatch.setattr(clock, "perf_counter", lambda: 0.0)
    monkeypatch.setattr(allotment, "try_out", lambda clock: None)


def ready(n_series=1, n_windows=4):
    panel = make_panel(*(np.arange(60.0) for _ in range(n_series)))
    return SimpleNamespace(panel=panel, split=Split(5, n_windows))


def test_without_a_budget_models_have_all_the_time_and_nothing_is_tried(monkeypatch):
    monkeypatch.setattr(allotment, "try_out", lambda clock: pytest.fail("a picture was painted"))

    assert allotted(Clock(), ready(), 3) == Allotment(None, 0.0)


def test_a_long_budget_leaves_time_for_every_picture():
    share = allotted(Clock(100.0, spent=2.0), ready(), 3)

    assert share.fits == pytest.approx(98.0 - allotment.FILES - rest_seconds(1, 0) - CHECK - page_seconds(1))


def test_a_short_budget_leaves_three_quarters_for_the_models():
    share = allotted(Clock(10.0, spent=2.0), ready(), 3)

    assert share.fits == pytest.approx(0.75 * (8.0 - allotment.FILES - rest_seconds(1, 0)) - CHECK)


def test_the_picture_of_the_forecast_has_its_time_even_where_it_takes_more_than_others_get():
    slow = Clock(21.0)
    slow.learn(took=3.0, usual=1.0)
    free = 21.0 - 3 * (allotment.FILES + rest_seconds(24, 0))
    share = allotted(slow, ready(24), 3)

    assert 0.25 * free < 3 * answer_seconds(24) < 0.4 * free
    assert share.fits == pytest.approx(free - 3 * answer_seconds(24) - 3 * 24 * CHECK)


def test_rows_of_windows_take_time_each():
    one, many = (allotted(Clock(100.0), ready(n, k), 3).rows for n, k in ((1, 4), (10, 8)))

    assert one == pytest.approx(allotment.ROW * 5 * 4 * 3)
    assert many == pytest.approx(20 * one)


def test_a_slow_machine_keeps_more_for_what_follows():
    slow, usual = Clock(100.0), allotted(Clock(100.0), ready(), 3)
    slow.learn(took=3.0, usual=1.0)
    share = allotted(slow, ready(), 3)

    assert 100.0 - share.fits == pytest.approx(3 * (100.0 - usual.fits))
    assert share.rows == pytest.approx(3 * usual.rows)


def test_a_budget_that_leaves_nothing_is_refused_with_one_that_would():
    with pytest.raises(ConfigError, match="a budget of 3 s is too short") as caught:
        allotted(Clock(3.0, spent=2.5), ready(), 3)

    proposed = float(caught.value.hint.removeprefix("--budget ").removesuffix("s"))
    assert caught.value.code == "U103"
    assert allotted(Clock(proposed, spent=2.5), ready(), 3).fits > allotment.BEGIN / 2


def test_a_run_that_goes_on_cannot_be_given_another_budget():
    with pytest.raises(ConfigError) as caught:
        allotted(Clock(3.0, spent=2.5), ready(), 3, resumed=True)

    assert caught.value.hint.startswith("forecast run anew, with --budget ")


def test_a_table_of_forecasts_keeps_little_of_a_budget_and_more_where_the_machine_is_busy(monkeypatch):
    monkeypatch.setattr(allotment, "process_time", lambda: 2.0)
    free, busy, short = (for_table(Clock(b, spent=s), ready(), 3) for b, s in ((60.0, 2.0), (60.0, 6.0), (3.0, 2.0)))

    assert for_table(Clock(), ready(), 3) is None
    assert 56.0 < free <= 58.0 - allotment.TABLE
    assert 54.0 - busy == pytest.approx(3 * (58.0 - free), abs=0.1)  # three seconds went by for every one of work
    assert 0.0 <= short <= 1.0 - allotment.TABLE
