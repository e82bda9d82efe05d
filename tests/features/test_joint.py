"""A request's two parts put together; that they agree with the log is in test_parity."""

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.encoder import Encoder
from features.errors import DataError, SchemaError
from features.fit import fit
from features.schema import Schema

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"type": "vector", "column": "image", "dim": 2},
            {"type": "id", "column": "user"},
            {"type": "numeric", "column": "price", "scale": "none"},
            {"type": "sequence", "column": "seen", "vocabulary": "item", "max_length": 3},
            {"type": "id", "column": "item"},
            {"type": "id", "column": "both"},
            {"type": "sequence", "column": "tags", "max_length": 2},
            {"type": "numeric", "column": "near", "scale": "none"},
        ],
        "derived": [
            {"type": "cross", "name": "both", "columns": ["user", "item"]},
            {"type": "expression", "name": "near", "expression": "price - distance"},
        ],
        "checks": [{"column": "price", "kind": "number", "min": 0}],
    }
)
ROWS: dict[str, Any] = {
    "image": [[1.0, 2.0], [3.0, 4.0], None],
    "user": ["u", "v", "u"],
    "price": [1.0, 2.0, None],
    "seen": [["a"], ["b", "a", "c"], []],
    "item": ["a", "b", "c"],
    "tags": [["x"], ["y", "x"], None],
    "distance": [0.5, None, 3.0],
}
LISTS = {"image": pl.List(pl.Float64), "seen": pl.List(pl.String), "tags": pl.List(pl.String)}
FRAME = pl.DataFrame(ROWS, schema_overrides=LISTS)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return fit(SCHEMA, [FRAME])


SPLITS = [{*some} for count in range(len(ROWS) + 1) for some in combinations([*ROWS], count)]


@pytest.mark.parametrize("row", [0, 1, 2])
def test_every_split_of_the_columns(encoder: Encoder, row: int) -> None:
    assert len(SPLITS) == 128
    for context in SPLITS:
        once = {name: FRAME[name][row : row + 1] for name in context}
        each = {name: FRAME[name] for name in ROWS if name not in context}
        frame = FRAME.with_columns(one.new_from_index(0, 3) for one in once.values())
        found, expected = encoder.request(once, each, 3), encoder.batch(frame)
        assert np.array_equal(found.ids, expected.ids), context
        assert np.array_equal(found.numerics, expected.numerics), context
        assert found.sequences.keys() == expected.sequences.keys()
        for name, rows in expected.sequences.items():
            assert np.array_equal(found.sequences[name], rows), (context, name)


def test_endless_splits_do_not_fill_the_memory(encoder: Encoder) -> None:
    assert len(encoder._joints) <= 64


@pytest.mark.parametrize("name", [*ROWS])
def test_an_absent_column_is_named(encoder: Encoder, name: str) -> None:
    once = {"user": FRAME["user"][:1]}
    each = {other: FRAME[other] for other in ROWS if other not in ("user", name)}
    with pytest.raises(SchemaError, match=f"Column '{name}' "):
        encoder.request({} if name == "user" else once, each, 3)
    with pytest.raises(SchemaError, match=f"Column '{name}' "):
        encoder.request({} if name == "user" else once, each | {"other": FRAME["item"]}, 3)


def test_a_check_says_where_it_failed(encoder: Encoder) -> None:
    bad = FRAME.with_columns(price=pl.Series([1.0, -2.0, 3.0])).to_dict()
    with pytest.raises(DataError, match=r"'price' must be at least 0; row 1 holds -2\.0\."):
        encoder.request({}, bad, 3)
    once = {"price": pl.Series("price", [-2.0])}
    each = {name: FRAME[name] for name in ROWS if name != "price"}
    with pytest.raises(DataError, match=r"at least 0; the context holds -2\.0\."):
        encoder.request(once, each, 3)
