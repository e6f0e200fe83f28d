import tracemalloc
from itertools import islice

import numpy as np
import pytest
import reference

from forecast.samples import Cuts, Samples, last_inputs, lots


def samples_of(*lengths, input_size=4, horizon=3):
    offsets = np.r_[0, np.cumsum(lengths)]
    values = np.arange(offsets[-1], dtype=float)
    return Samples(values, offsets, np.ones(len(values), bool), input_size=input_size, horizon=horizon)


def every(cuts):
    return cuts.spread(10**6).tolist()


def test_a_sample_is_what_lies_around_its_cut():
    samples = samples_of(12, 9)
    for cut in (2, 4, 11, 13, 20):
        start, end = (0, 12) if cut < 12 else (12, 21)
        expected = reference.samples_at(samples.values, start, end, cut, 4, 3)
        for got, wanted in zip(samples.gather(np.array(cut)), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_cuts_may_be_gathered_in_any_shape():
    inputs, targets, mask = samples_of(12).gather(np.array([[4, 5], [6, 7], [8, 9]]))

    assert (inputs.shape, targets.shape, mask.shape) == ((3, 2, 4), (3, 2, 3), (3, 2, 3))


def test_a_filled_value_is_seen_but_never_a_target():
    samples = samples_of(8)
    samples.observed[4] = False

    _, targets, mask = samples.gather(np.array([4]))
    inputs, _, _ = samples.gather(np.array([5]))

    assert mask.tolist() == [[0.0, 1.0, 1.0]]
    assert targets.tolist() == [[0.0, 5.0, 6.0]]
    assert inputs[0, -1] == 4.0


def test_a_cut_has_a_full_input_before_it_and_a_target_after_it():
    assert every(samples_of(12, 15).cuts()) == [*range(4, 12), *range(16, 27)]


def test_a_third_of_a_shorter_series_is_enough_of_an_input():
    assert every(samples_of(9, 8).cuts()) == [*range(3, 9), *range(11, 17)]


def test_a_short_series_is_cut_where_one_full_target_is_left():
    assert every(samples_of(5).cuts()) == [1, 2, 3, 4]
    assert every(samples_of(4, horizon=4).cuts()) == [1, 2, 3]


@pytest.mark.parametrize("length", [0, 1])
def test_a_series_of_one_value_has_no_cut(length):
    assert every(samples_of(length, 9).cuts()) == [length + c for c in range(3, 9)]


def test_the_latest_cuts_have_all_targets_in_the_latest_block():
    samples = samples_of(9, 8)

    cuts = samples.cuts(latest=3)

    assert every(cuts) == [6, 7, 8, 14, 15, 16]


def test_no_target_before_the_block_lies_in_it():
    samples = samples_of(12, 9)
    early = samples.before(3)

    _, targets, mask = early.gather(early.cuts().spread(99))

    held_out = set(range(9, 12)) | set(range(18, 21))
    assert not held_out & set(targets[mask > 0].astype(int).tolist())
    assert {8, 17} <= set(targets[mask > 0].astype(int).tolist())


def test_before_leaves_out_series_that_are_too_short():
    early = samples_of(2, 9).before(3)

    assert every(early.cuts()) == [4, 5, 6, 7]


def test_the_last_inputs_repeat_the_first_value_of_a_short_series():
    samples = samples_of(6, 2)

    assert last_inputs(samples.values, samples.offsets, 4).tolist() == [[2, 3, 4, 5], [6, 6, 6, 7]]


def test_a_cut_of_any_number_is_that_of_the_whole_list():
    samples = samples_of(9, 1, 0, 5, 12)
    listed = [
        c for start, end in zip(samples.offsets[:-1], samples.offsets[1:], strict=True) for c in range(start, end)
    ]
    listed = [c for c in listed if c in set(every(samples.cuts()))]

    assert [int(samples.cuts()[np.array(n)]) for n in range(len(samples.cuts()))] == listed
    assert every(samples_of().cuts()) == []


def test_more_cuts_than_wanted_are_taken_at_equal_distances():
    cuts = samples_of(104).cuts()

    assert len(cuts) == 100
    assert cuts.spread(4).tolist() == [4, 37, 70, 103]


def test_drawing_samples_takes_little_more_memory_than_the_panel():
    rng = np.random.default_rng(0)
    values = rng.normal(size=2_000_000)
    offsets = np.arange(0, len(values) + 1, 200)

    tracemalloc.start()
    samples = Samples(values, offsets, ~np.isnan(values), input_size=24, horizon=12)
    for part in (samples, samples.before(12)):
        cuts = part.cuts()
        for _ in range(5):
            part.gather(cuts[rng.integers(0, len(cuts), (10, 32))])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 0.3 * values.nbytes


def test_a_draw_is_of_a_series_first_and_then_of_its_cuts():
    cuts = Cuts(np.array([1, 7, 20]), np.array([4, 4, 100]))

    drawn = cuts.draw(np.random.default_rng(0), 4000)

    assert set(drawn) == {1, 2, 3, 4, *range(20, 116)}  # the second series has no cut
    assert 1900 < (drawn < 5).sum() < 2100
    assert all(900 < (drawn == cut).sum() * 2 < 1100 for cut in (1, 2, 3, 4))
    np.testing.assert_array_equal(drawn, cuts.draw(np.random.default_rng(0), 4000))


@pytest.mark.parametrize("steps", [1, 33])
def test_lots_are_those_of_each_members_own_stream_however_many_members_and_steps_there_are(steps):
    cuts = Cuts(np.array([1, 20]), np.array([4, 100]))

    def drawn(*seeds):
        streams = [np.random.default_rng(seed) for seed in seeds]
        return list(islice(lots([cuts] * len(seeds), streams, 5), steps))

    alone, together = [drawn(seed) for seed in (3, 4, 5)], drawn(3, 4, 5)

    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))
    assert np.shape(together) == (steps, 3, 5)


def test_lots_are_new_at_every_step_and_of_a_series_first():
    cuts = Cuts(np.array([1, 20]), np.array([4, 100]))

    drawn = np.array(list(islice(lots([cuts], [np.random.default_rng(0)], 50), 100)))

    assert len(np.unique(drawn, axis=0)) == 100
    assert 2300 < (drawn < 5).sum() < 2700
