from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import store
from features.encoder import Encoder
from features.errors import DataError, SchemaError
from features.fit import Partial, finalize, fit, merge, observe
from features.schema import Schema

IDS = [
    {"type": "id", "column": "user", "min_count": 2},
    {"type": "id", "column": "item", "max_size": 4},
    {"type": "sequence", "column": "seen", "vocabulary": "item"},
]
PRICE = {"type": "numeric", "column": "price"}
SCHEMA = Schema.model_validate({"features": [*IDS, PRICE]})
ONLY_IDS = Schema.model_validate({"features": IDS})

ITEMS = st.sampled_from(["a", "b", "c", "d", "e", None, ""])
ROW = st.tuples(
    ITEMS, ITEMS, st.none() | st.lists(ITEMS, max_size=4), st.none() | st.integers(-9, 9)
)
# A row of values, so that there is something to learn.
FIRST_ROW = ("a", "a", ["a"], 1)


def frame(rows: list[Any]) -> pl.DataFrame:
    dtypes = {"user": pl.String, "item": pl.String, "seen": pl.List(pl.String), "price": pl.Int64}
    return pl.DataFrame(rows, schema=dtypes, orient="row")


def pieces(whole: pl.DataFrame, cuts: list[int]) -> list[pl.DataFrame]:
    edges = [0, *sorted(cuts), whole.height]
    return [whole[start:end] for start, end in pairwise(edges)]


def values(encoder: Encoder, key: str) -> list[str]:
    known = encoder.states[key].vocabulary
    assert known is not None
    return known.values.to_list()


def same(one: Encoder, other: Encoder) -> bool:
    assert one.states.keys() == other.states.keys()
    learned = [key for key, state in one.states.items() if state.vocabulary is not None]
    equal = all(values(one, key) == values(other, key) for key in learned)
    mine, others = (
        [value for state in found.states.values() for value in state.values.values()]
        for found in (one, other)
    )
    return equal and np.allclose(mine, others, rtol=1e-9, atol=1e-9)


@given(st.lists(ROW, max_size=20), st.lists(st.integers(0, 21), max_size=4))
@settings(deadline=None, max_examples=60)
def test_frames_may_be_cut_anywhere(rows: list[Any], cuts: list[int]) -> None:
    whole = frame([FIRST_ROW, FIRST_ROW, *rows])
    cut = pieces(whole, [min(place, whole.height) for place in cuts])
    assert fit(ONLY_IDS, cut).fingerprint == fit(ONLY_IDS, [whole]).fingerprint
    assert same(fit(SCHEMA, cut), fit(SCHEMA, [whole]))


@given(*[st.lists(ROW, max_size=8)] * 3)
@settings(deadline=None, max_examples=40)
def test_merging_is_associative_and_commutative(a: list[Any], b: list[Any], c: list[Any]) -> None:
    def parts() -> list[Partial]:
        return [observe(SCHEMA, frame(rows)) for rows in ([FIRST_ROW, FIRST_ROW, *a], b, c)]

    x, y, z = parts()
    whole = fit(SCHEMA, [frame([FIRST_ROW, FIRST_ROW, *a, *b, *c])])
    for merged in (
        merge(merge(x, y), z),
        merge(x, merge(y, z)),
        merge(z, merge(y, x)),
        merge(merge(z, x), y),
    ):
        assert same(finalize(SCHEMA, merged), whole)


def test_merging_leaves_its_arguments_as_they_were() -> None:
    left, right = (observe(SCHEMA, frame([FIRST_ROW])) for _ in range(2))
    merge(left, right)
    assert dict(left["user"].table.iter_rows()) == {"a": 1}  # type: ignore[attr-defined]


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    order = np.random.default_rng(0)
    rows = 20_000
    whole = pl.DataFrame(
        {
            "user": order.integers(0, 5000, rows),
            "item": order.zipf(1.3, rows).clip(max=10**6),
            "seen": order.integers(0, 999, (rows, 3)),
            "price": order.lognormal(size=rows),
        }
    )
    written = []
    for run in ("one", "two"):
        store.save(fit(SCHEMA, pieces(whole, [3000, 3001, 15_000])), tmp_path / run)
        files = sorted((tmp_path / run).iterdir())
        written.append({file.name: file.read_bytes() for file in files})
    assert written[0] == written[1]
    assert len(written[0]) == 5


CLIP = {"column": "user", "kind": "integer", "max": 9, "on_violation": "clip"}


def test_a_bloom_filter_counts_what_the_checks_leave() -> None:
    user = {"type": "id", "column": "user", "min_count": 3}
    frames = [pl.DataFrame({"user": [11, 12, 1]}), pl.DataFrame({"user": [13, 1, 2]})] * 2
    for admission in ("count", "bloom"):
        schema = {"features": [{**user, "admission": admission}], "checks": [CLIP]}
        found = fit(Schema.model_validate(schema), lambda: iter(frames))
        assert values(found, "user") == ["9", "1"]


def test_absent_columns_are_named_before_a_bloom_filter_is_made() -> None:
    user = {"type": "id", "column": "user", "min_count": 3, "admission": "bloom"}
    with pytest.raises(SchemaError, match=r"'user' \(feature 'user'\)"):
        fit(Schema.model_validate({"features": [user]}), lambda: [pl.DataFrame({"x": [1]})])


def test_a_column_without_values_may_have_any_type_where_it_is_checked() -> None:
    user = {"features": [IDS[0]], "checks": [{"column": "user", "allowed": ["a"]}]}
    schema, known = Schema.model_validate(user), pl.DataFrame({"user": ["a", "a"]})
    empty = pl.DataFrame({"user": pl.Series([None], dtype=pl.Binary)})
    found = fit(schema, [empty, known])
    assert found.fingerprint == fit(schema, [known]).fingerprint
    assert found.encode(empty)["user"].to_list() == [0]


def test_types_may_differ_between_frames() -> None:
    schema = Schema.model_validate({"features": [IDS[1], PRICE]})
    types: list[tuple[Any, Any]] = [
        (pl.Int64, pl.Float32),
        (pl.Float64, pl.Int8),
        (pl.String, pl.Boolean),
    ]
    base = pl.DataFrame({"item": [7, 1, 1], "price": [0, 1, 1]})
    drifting = [base.cast({"item": of_id, "price": of_number}) for of_id, of_number in types]
    assert fit(schema, drifting).fingerprint == fit(schema, [base] * 3).fingerprint


def test_a_shared_vocabulary_counts_both_columns() -> None:
    rows = [("u", "a", ["b", "b", "c"], 1), ("u", "c", ["c"], 1), ("u", None, None, 1)]
    assert values(fit(SCHEMA, [frame(rows)]), "item") == ["c", "b", "a"]


def test_a_shared_vocabulary_may_be_learned_from_one_column_alone() -> None:
    rows = [("u", None, ["b"], 1), ("u", "", [], 1)]
    assert values(fit(SCHEMA, [frame(rows)]), "item") == ["b"]


def test_the_owner_of_a_vocabulary_limits_it() -> None:
    rows = [("u", value, [value] * (5 - place), 1) for place, value in enumerate("abcdef")]
    assert values(fit(SCHEMA, [frame(rows)]), "item") == [*"abcd"]


def test_frames_are_taken_one_at_a_time() -> None:
    alive = 0

    def frames() -> Any:
        nonlocal alive
        for _ in range(3):
            alive += 1
            yield frame([FIRST_ROW])
            alive -= 1
            assert alive == 0

    assert values(fit(SCHEMA, frames()), "item") == ["a"]


def test_frames_without_rows_add_nothing() -> None:
    whole, empty = frame([FIRST_ROW, FIRST_ROW]), frame([])
    assert fit(SCHEMA, [empty, whole, empty]).fingerprint == fit(SCHEMA, [whole]).fingerprint


def test_a_column_without_values_in_one_frame_may_have_any_type_there() -> None:
    whole = frame([FIRST_ROW, FIRST_ROW])
    empty = pl.DataFrame({name: pl.Series([None] * 3, dtype=pl.String) for name in whole.columns})
    found = fit(SCHEMA, [empty, whole, empty])
    assert found.fingerprint == fit(SCHEMA, [whole]).fingerprint
    with pytest.raises(DataError, match="'user' must hold values .* all 3 rows are missing"):
        fit(SCHEMA, [empty])
    with pytest.raises(DataError, match="'price' must hold numbers .* all 3 rows are missing"):
        fit(Schema.model_validate({"features": [PRICE]}), [empty])


def test_no_rows_teach_nothing() -> None:
    with pytest.raises(DataError, match="at least one row"):
        fit(SCHEMA, [])
    with pytest.raises(DataError, match=r"'user' must hold values.* all 0 rows"):
        fit(SCHEMA, [frame([])])


def test_absent_columns_are_named() -> None:
    with pytest.raises(SchemaError, match=r"'price' \(feature 'price'\)"):
        fit(SCHEMA, [frame([FIRST_ROW]).drop("price")])
