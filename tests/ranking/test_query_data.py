"""Examples in order, whatever they came as, and those that must be refused."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from ranking.query_data import QueryData

IDS = st.sampled_from([[0, 2**32, 2**63 - 1, -1], ["a", "", "日本", "A"], [0.5, 1.5, -2.0, 3.0]])


def of(query: Any, position: Any = None, weight: Any = None, **more: Any) -> QueryData:
    """Each row's only feature, and its label, is its number."""
    rows = np.arange(len(query), dtype=np.float32)
    return QueryData.of(rows[:, None], rows, query, position, weight, **more)


@given(IDS, st.permutations([(q, p) for q in range(4) for p in range(q + 1)]))
def test_rows_stand_by_query_and_position(ids: list[Any], rows: list[tuple[int, int]]) -> None:
    """In the order in which queries appear; `groups.order` leads back to what was given."""
    data = of([ids[q] for q, _ in rows], [p + 7 for _, p in rows], [q + 1.0 for q, _ in rows])
    seen = list(dict.fromkeys(q for q, _ in rows))
    assert data.sizes.tolist() == [q + 1 for q in seen]
    assert data.weight is not None
    assert data.weight.tolist() == [q + 1 for q in seen]
    given = [rows[int(row)] for row in data.label]
    assert given == [(q, p) for q in seen for p in range(q + 1)]
    assert data.position is not None
    assert data.position.tolist() == [p for _, p in given]
    assert data.matrix[:, 0].tolist() == data.label.tolist() == data.groups.order.tolist()
    assert data.row_weight is not None
    assert data.row_weight.tolist() == [q + 1 for q, _ in given]
    assert (data.position.dtype, data.weight.dtype) == (np.int32, np.float32)


def test_rows_in_order_are_not_copied() -> None:
    matrix = np.zeros((4, 2), np.float32)
    data = QueryData.of(matrix, np.arange(4), ["x", "x", "y", "y"], [0, 1, 0, 1])
    assert np.shares_memory(data.matrix, matrix)


def test_ids_of_64_bits_stay_apart() -> None:
    assert of([1, 1, 1 + 2**32, 1 + 2**32], [0, 1, 0, 1]).sizes.tolist() == [2, 2]
    assert of(np.array([2**63 - 1, 2**63 - 2])).sizes.tolist() == [1, 1]


def test_a_page_of_a_log_counts_from_the_top_of_the_log() -> None:
    data = of(["x", "x"], pl.Series([4.0, 3.0]), top=1)
    assert data.position is not None
    assert data.position.tolist() == [2, 3]
    with pytest.raises(DataError, match="within 2.31 of the top; got 3 to 4"):
        of(["x", "x"], [4, 3], top=5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"position": [0.0, 1.0, 0.5, 1.0]}, "Positions must be whole numbers; got 0.5"),
        ({"position": [0, 1, 0, 2**40]}, "within 2.31 of the top; got 0 to 1099511627776"),
        ({"position": [0, 1, 1, 1]}, "query 'y' has position 1 twice"),
        ({"position": [0, 1, None, 1]}, "must have a position; 1 of 4 have none"),
        ({"weight": [1, 1, 2, 3]}, "query 'y' has 2 to 3 .1 such queries."),
        ({"weight": [1, 1, 0, 0]}, "finite and above 0; query 'y' has 0"),
        ({"weight": [1, "a", 2, 2]}, "The weight of rows must be values of one type"),
        ({"weight": [1, 1, 2, None]}, "finite and above 0; query 'y' has None"),
        ({"weight": [1.0, 1.0, float("inf"), 2.0]}, "finite and above 0; query 'y' has inf"),
    ],
)
def test_what_cannot_be_ranked_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        of(["x", "x", "y", "y"], **arguments)


def test_the_top_of_each_query() -> None:
    data = of(["x", "y", "y", "y", "z"], [3, 1, 2, 3, 1], [5, 2, 2, 2, 9])
    top = data.top(2)
    assert top.label.tolist() == [1, 2, 4]
    assert top.sizes.tolist() == [2, 1]  # of x nothing is left
    assert top.weight is not None
    assert top.weight.tolist() == [2, 9]
    assert top.groups.order.tolist() == [1, 2, 4]
    assert data.top(3) is data
