"""What the C library is told of memory, and what happens where it cannot be told."""

import sys

import pytest

from forecast import heap


@pytest.mark.skipif(sys.platform != "linux", reason="another C library")
def test_a_library_that_knows_of_heaps_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(heap, "_of_library", lambda name: lambda *numbers: told.append((name, *numbers)) or 1)

    assert heap.one_heap()
    assert heap.give_back()
    assert told == [("mallopt", -8, 1), ("malloc_trim", 0)]


def test_without_such_a_library_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not heap.one_heap()
    assert not heap.give_back()
