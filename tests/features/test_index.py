from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.hashing import MISSING_TEXT, Hashes
from features.index import FIRST, MISSING, UNSEEN, Index, Search, pack

LAST = 2**64 - 1
EMPTY = int(MISSING_TEXT)
QUICK = settings(deadline=None, max_examples=150)


def hashes(values: Iterable[int]) -> Hashes:
    return np.array([*values], np.uint64)


def of(*values: int) -> Index:
    return Index.of(hashes(values))


def found(index: Index, *asked: int) -> list[int]:
    rows = index.find(hashes(asked))
    assert rows.dtype == np.int32
    return rows.tolist()


def by_dictionary(known: list[int]) -> dict[int, int]:
    """Rows as a dictionary has them: the first of equal hashes, and none of a free slot's 0."""
    rows = {value: row for row, value in reversed([*enumerate(known, FIRST)])}
    return {value: row for value, row in rows.items() if value != 0} | {EMPTY: MISSING}


# Clustered: many share a home slot, at both ends of the slots and in their middle.
CLUSTERED = (
    st.integers(0, 40)
    | st.integers(LAST - 40, LAST)
    | st.integers(EMPTY - 20, EMPTY + 20)
    | st.integers(2**63 - 20, 2**63 + 20)
)
HASHES = CLUSTERED | st.integers(0, LAST)


@given(st.lists(HASHES, max_size=60), st.lists(HASHES, max_size=40))
@QUICK
def test_agrees_with_a_dictionary(known: list[int], others: list[int]) -> None:
    index, rows = of(*known), by_dictionary(known)
    asked = [*known, *others, EMPTY, 0, 1, LAST]
    assert found(index, *asked) == [rows.get(value, UNSEEN) for value in asked]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 7, 8, 100, 5000])
@pytest.mark.parametrize("start", [0, 1, 2**63, LAST - 6000])
def test_neighbours_that_all_want_one_slot(size: int, start: int) -> None:
    known = [start + i for i in range(size)]
    index, rows = of(*known), by_dictionary(known)
    asked = [start - 1 if start else LAST, *known, start + size, EMPTY]
    assert found(index, *asked) == [rows.get(value, UNSEEN) for value in asked]


def test_the_last_slots_run_over_the_end_and_no_further() -> None:
    index = of(*(LAST - i for i in range(20)))
    assert index.stop > 1 << (64 - index.shift)
    assert found(index, *(LAST - i for i in range(20))) == [FIRST + i for i in range(20)]
    assert found(index, LAST - 20) == [UNSEEN]
    assert index.rows[-1] == UNSEEN


def test_of_equal_hashes_the_first_has_the_row() -> None:
    assert found(of(5, 9, 5, 9, 7), 5, 9, 7) == [2, 3, 6]


def test_a_value_that_hashes_as_the_empty_text_is_missing() -> None:
    assert found(of(EMPTY, 5), EMPTY, 5) == [MISSING, 3]


def test_a_hash_of_zero_is_unseen_and_hides_no_other() -> None:
    assert found(of(0, 1, 2), 0, 1, 2, 3) == [UNSEEN, 3, 4, UNSEEN]
    assert found(of(0), 0, 1, EMPTY) == [UNSEEN, UNSEEN, MISSING]


def test_at_least_half_of_the_slots_are_free() -> None:
    order = np.random.default_rng(0)
    for size in (0, 1, 3, 4, 255, 256, 10_000):
        index = Index.of(order.integers(1, 2**64, size, np.uint64))
        assert (index.rows == UNSEEN).mean() >= 0.5
        assert ((index.keys == 0) == (index.rows == UNSEEN)).all()
        assert index.rows[-1] == UNSEEN
        assert sorted(index.rows[index.rows != UNSEEN]) == [0, *range(FIRST, size + FIRST)]


def test_a_large_index() -> None:
    known = np.random.default_rng(1).integers(1, 2**64, 300_000, np.uint64)
    index = Index.of(known[:200_000])
    assert np.array_equal(index.find(known[:200_000]), np.arange(200_000) + FIRST)
    assert (index.find(known[200_000:]) == UNSEEN).all()


def test_finding_nothing() -> None:
    assert found(of(1, 2)) == []
    assert Search([of(1), of(2)][:1])(np.empty((1, 0), np.uint64)).shape == (1, 0)


@given(st.lists(st.lists(HASHES, max_size=20), min_size=1, max_size=5), st.lists(HASHES))
@QUICK
def test_packed_indices_find_as_they_did_alone(many: list[list[int]], others: list[int]) -> None:
    alone = [of(*known) for known in many]
    packed = pack(alone)
    asked = [*(value for known in many for value in known), *others, EMPTY, 0, LAST]
    together = Search(packed)(hashes(asked * len(many)).reshape(len(many), -1))
    assert together.dtype == np.int32
    for known, single, one, row in zip(many, alone, packed, together, strict=True):
        rows = by_dictionary(known)
        expected = [rows.get(value, UNSEEN) for value in asked]
        assert found(single, *asked) == found(one, *asked) == row.tolist() == expected
        assert one.digest == single.digest
    assert len({id(one.keys) for one in packed}) == 1


def test_packing_again_copies_nothing() -> None:
    assert pack([]) == []
    packed = pack([of(1), of(2, 3)])
    again = pack(packed)
    assert [one.keys is two.keys for one, two in zip(packed, again, strict=True)] == [True, True]
    assert packed == again


def test_some_of_the_packed_may_be_searched_and_one_more_than_once() -> None:
    packed = pack([of(1, 2), of(2, 3), of(3, 1)])
    searched = Search([packed[2], packed[0], packed[2]])
    columns = searched(hashes([1, 2, 3] * 3).reshape(3, 3))
    assert columns.tolist() == [[3, 1, 2], [2, 3, 1], [3, 1, 2]]
    again = pack([packed[2], packed[1]])
    assert [found(one, 1, 2, 3) for one in again] == [[3, 1, 2], [1, 2, 3]]


def test_the_digest_is_of_the_hashes_and_their_rows_alone() -> None:
    known = [(), (1,), (2,), (1, 2), (2, 1), (1, 2, 3), (LAST,), (EMPTY + 1,)]
    assert len({of(*values).digest for values in known}) == len(known)
    assert of(1, 2).digest == of(1, 2).digest
    strided = Index(*(np.repeat(one, 2)[::2] for one in (of(1).keys, of(1).rows)), 0, 9, 61)
    assert strided.digest == of(1).digest
