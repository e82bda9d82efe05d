"""Query groups against a slow reference, and the rows that must be refused."""

from collections.abc import Hashable, Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from ranking.groups import Groups

# Ids that 32 bits, hashing or sorting as text would mix up.
NUMBERS = [0, 1, -1, 10, 2, 1 + 2**32, -(2**63), 2**63 - 1]
TEXTS = ["", "a", "A", "á", "a\u0301", "10", "9", "日本", " a"]
IDS = st.one_of(
    st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=25),
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=25),
)


def by_hand(query: Sequence[Hashable], position: Sequence[float]) -> tuple[list[int], list[int]]:
    order, sizes = [], []
    for one in dict.fromkeys(query):
        rows = [row for row, other in enumerate(query) if other == one]
        order += sorted(rows, key=lambda row: position[row])
        sizes.append(len(rows))
    return order, sizes


@given(IDS, st.randoms(use_true_random=False), st.sampled_from([pl.Int64, pl.Float64, pl.Int8]))
def test_queries_in_order_of_appearance_and_rows_in_order_of_position(
    query: list[Hashable], random: object, dtype: type[pl.DataType]
) -> None:
    position = list(range(-3, len(query) - 3))
    random.shuffle(position)  # type: ignore[attr-defined]
    groups = Groups.of(pl.Series(query), pl.Series(position, dtype=dtype))
    assert (groups.order.tolist(), groups.sizes.tolist()) == by_hand(query, position)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.sampled_from([NUMBERS, TEXTS]))
def test_without_positions_rows_stay_as_they_are(sizes: list[int], ids: list[Hashable]) -> None:
    query = [one for one, size in zip(ids, sizes, strict=False) for _ in range(size)]
    groups = Groups.of(pl.Series(query))
    assert groups.order.tolist() == list(range(len(query)))
    assert groups.sizes.tolist() == sizes


@given(IDS)
def test_without_positions_queries_that_are_apart_are_refused(query: list[Hashable]) -> None:
    runs = [one for one, before in zip(query, [None, *query], strict=False) if one != before]
    if len(set(runs)) == len(runs):
        assert Groups.of(pl.Series(query)).sizes.sum() == len(query)
    else:
        with pytest.raises(DataError, match="must stand together.*Sort the data by query"):
            Groups.of(pl.Series(query))


def test_the_query_that_is_apart_is_named() -> None:
    with pytest.raises(DataError, match="those of query 'b' are apart"):
        Groups.of(pl.Series(["a", "b", "c", "b"]))


def test_qid_is_dense_and_fits_xgboost() -> None:
    """XGBoost keeps 32 bits: 1 and 1 + 2^32 would be one query."""
    groups = Groups.of(pl.Series([1, 1 + 2**32, 1 + 2**32, -5]))
    assert groups.qid.dtype == np.uint32
    assert groups.qid.tolist() == [0, 1, 1, 2]
    assert groups.order.dtype == groups.sizes.dtype == np.int64


def test_queries_that_stand_apart_are_joined_by_positions() -> None:
    groups = Groups.of(pl.Series(["b", "a", "b", "a"]), pl.Series([7, 2, 3, 1]))
    assert groups.order.tolist() == [2, 0, 3, 1]
    assert groups.qid.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["b", "a"]), pl.UInt64])
def test_kinds_of_ids(dtype: pl.DataType) -> None:
    values = [2**64 - 1, 3, 2**64 - 1] if dtype == pl.UInt64 else ["a", "b", "a"]
    groups = Groups.of(pl.Series(values, dtype=dtype), pl.Series([2, 0, 1]))
    assert groups.order.tolist() == [2, 0, 1]


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="at least one row"):
        Groups.of(pl.Series([], dtype=pl.Int64))


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_ids_and_positions_are_refused(missing: float | None) -> None:
    """NaN is how pandas writes a missing number."""
    gap, whole = pl.Series([1.0, missing, missing]), pl.Series([1.0, 2.0, 3.0])
    with pytest.raises(DataError, match="must have a query; 2 of 3 have none"):
        Groups.of(gap)
    with pytest.raises(DataError, match="must have a position; 2 of 3 have none"):
        Groups.of(whole, gap)


def test_missing_text_is_refused() -> None:
    with pytest.raises(DataError, match="must have a query; 1 of 2 have none"):
        Groups.of(pl.Series(["a", None]))


def test_two_rows_at_one_position_are_refused() -> None:
    query, position = pl.Series(["x", "y", "y", "x", "y"]), pl.Series([1, 4, 4, 2, 4])
    with pytest.raises(DataError, match=r"query 'y' has position 4 twice \(2 such rows\)"):
        Groups.of(query, position)
    Groups.of(query, pl.Series([1, 4, 5, 2, 6]))
