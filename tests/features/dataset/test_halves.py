import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.dataset.halves import Halves


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(0, 99))
def test_every_item_comes_once_and_at_most_one_stretch_late(counts: list[int], seed: int) -> None:
    halves = Halves(counts, seed)
    edges = np.cumsum([0, *counts])
    given_items: list[int] = []
    for number in range(len(halves)):
        found = halves.stretch(number)
        assert len(found) == halves.sizes[number]
        first = edges[max(0, number - 1)]  # items are counted from the round before
        assert np.array_equal(found, halves.stretch(number))
        given_items += (first + found).tolist()
        assert len(found) == 0 or first + found.max() < edges[min(number + 1, len(counts))]
    assert sorted(given_items) == list(range(sum(counts)))


def test_half_of_a_round_waits_for_the_next_one() -> None:
    assert Halves([10, 7, 4], 0).sizes.tolist() == [5, 5 + 4, 3 + 2, 2]
    assert Halves([10], 0).sizes.tolist() == [10, 0]
    assert Halves([], 0).sizes.tolist() == [0]
