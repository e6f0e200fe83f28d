"""The time of a run: what is left of it, and how fast this machine is."""

import math
import os
import subprocess
import sys
import time

import pytest

from forecast import cli, clock
from forecast.clock import Clock, begun


@pytest.fixture
def now(monkeypatch):
    """Let time stand still, but for what is added to it."""
    moment = [100.0]
    monkeypatch.setattr(clock, "perf_counter", lambda: moment[0])
    return moment


def test_what_has_gone_by_is_not_left(now):
    one = Clock(20.0, spent=3.0)
    now[0] += 5.0

    assert (one.used, one.left) == (8.0, 12.0)


def test_without_a_budget_there_is_time_for_everything(now):
    now[0] += 1e9

    assert Clock().left == math.inf
    assert Clock().allows(1e12)


def test_work_is_allowed_where_it_ends_in_time_at_the_pace_of_this_machine(now):
    one = Clock(20.0)

    assert (one.pace, one.allows(20.0), one.allows(20.1)) == (1.0, True, False)

    one.learn(took=8.0, usual=2.0)
    assert (one.pace, one.allows(5.0), one.allows(5.1)) == (4.0, True, False)


def test_the_latest_timing_says_the_most():
    one = Clock(20.0)
    for took in (1.0, 1.0, 4.0):
        one.learn(took=took, usual=1.0)

    assert one.pace == pytest.approx((0.25 * 1.0 + 0.5 * 1.0 + 4.0) / 1.75)


def test_a_command_of_another_process_begins_when_it_is_called(now):
    assert begun() == now[0]


def test_a_process_that_is_the_command_line_began_with_it(monkeypatch, now):
    monkeypatch.setattr(sys.modules["__main__"], "main", cli.main, raising=False)

    assert 0.0 < now[0] - begun() >= time.process_time() - 1.0


def test_the_age_of_a_process_is_the_time_since_its_start():
    code = "import time; time.sleep(0.3); from forecast.clock import _age; print(_age())"
    start = time.perf_counter()
    age = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    took = time.perf_counter() - start

    assert age <= took + 0.02
    assert age >= 0.3 or not sys.platform.startswith("linux")


def test_where_the_system_does_not_say_how_old_it_is_a_process_is_as_old_as_its_work(monkeypatch):
    def absent(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(clock.Path, "read_text", absent)

    assert clock._age() == pytest.approx(time.process_time(), abs=1.0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says when a process began")
def test_a_process_that_was_a_shell_before_is_as_old_as_its_work(monkeypatch):
    hours = (time.clock_gettime(time.CLOCK_BOOTTIME) - 9_000.0) * os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(clock.Path, "read_text", lambda *_, **__: f"1 (sh) {'0 ' * clock.START_TIME}{int(hours)}")

    assert clock._age() == pytest.approx(time.process_time(), abs=1.0)
