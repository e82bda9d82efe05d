from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.dataset.queries import Queries
from features.errors import DataError

SIZES = st.lists(st.integers(1, 9), max_size=12)


def pieces(ids: list[Any], cuts: list[int]) -> list[pl.Series]:
    """A column of ids, cut at these places."""
    whole = pl.Series(ids, dtype=pl.Int64 if ids and isinstance(ids[0], int) else pl.String)
    edges = [0, *sorted(cut % (len(ids) + 1) for cut in cuts), len(ids)]
    return [whole[one:other] for one, other in pairwise(edges)]


@given(SIZES, st.lists(st.integers(0, 200), max_size=5), st.booleans(), st.data())
def test_queries_are_runs_of_one_id_however_the_rows_are_cut(
    sizes: list[int], cuts: list[int], text: bool, data: st.DataObject
) -> None:
    names = [f"q{i}" if text else 10**12 * (i - 5) for i in range(len(sizes))]
    ids = np.repeat(names, sizes).tolist()
    queries = Queries.of(lambda: pieces(ids, cuts))
    assert queries.sizes.tolist() == sizes
    assert queries.sizes.dtype == np.int32
    expected = np.repeat(np.arange(len(sizes)), sizes)
    start = data.draw(st.integers(0, max(0, len(ids) - 1)))
    rows = data.draw(st.integers(min(1, len(ids)), len(ids) - start))
    if rows:
        found = queries.numbers(start, rows)
        assert found.dtype == np.int32
        assert np.array_equal(found, expected[start : start + rows])


@pytest.mark.parametrize(
    ("ids", "again"),
    [([3, 3, 4, 3], "3"), (["a", "b", "c", "b"], "'b'"), ([1, 2, 1, 2, 1, 2], "1")],
)
@pytest.mark.parametrize("cuts", [[], [1], [2], [1, 2, 3]])
def test_a_query_whose_rows_are_apart_is_refused(
    ids: list[Any], again: str, cuts: list[int]
) -> None:
    with pytest.raises(DataError, match=f"must stand together; those of query {again} are apart"):
        Queries.of(lambda: pieces(ids, cuts))


def test_two_ids_of_one_hash_are_two_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash finds suspects; the ids decide."""
    monkeypatch.setattr(pl.Series, "hash", lambda one: pl.Series([7] * len(one), dtype=pl.UInt64))
    assert Queries.of(lambda: pieces([1, 1, 2, 3], [3])).sizes.tolist() == [2, 1, 1]
    with pytest.raises(DataError, match="those of query 1 are apart"):
        Queries.of(lambda: pieces([1, 2, 1], []))
