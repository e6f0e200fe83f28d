"""What the C library is told of memory, and what happens where it cannot be told."""

import os
import sys

import pytest

from forecast import heap


@pytest.mark.skipif(sys.platform != "linux", reason="another C library")
def test_a_library_that_knows_of_heaps_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(heap, "_of_library", lambda name: lambda *numbers: told.append((name, *numbers)) or 1)

    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "")  # put back afterwards
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL")

    assert heap.one_heap()
    assert heap.give_back()
    assert told == [("mallopt", -8, 1), ("mallopt", -3, 8_388_608), ("malloc_trim", 0)]
    assert os.environ["ARROW_DEFAULT_MEMORY_POOL"] == "system"


def test_what_was_said_of_arrows_memory_stands(monkeypatch):
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
    heap.one_heap()

    assert os.environ["ARROW_DEFAULT_MEMORY_POOL"] == "jemalloc"


def test_without_such_a_library_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not heap.one_heap()
    assert not heap.give_back()
