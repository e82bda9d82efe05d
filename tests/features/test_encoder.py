import datetime as dt
import math
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import store
from features.batch import Batch
from features.encoder import Encoder
from features.errors import DataError, SchemaError
from features.fit import fit
from features.index import FIRST, MISSING, UNSEEN
from features.schema import Schema
from features.state import State
from features.vocabulary import Vocabulary

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"type": "id", "column": "user", "min_count": 2},
            {"type": "id", "column": "item"},
            {"type": "numeric", "column": "price", "log": True},
            {"type": "numeric", "column": "age", "fill": 3},
            {"type": "sequence", "column": "seen", "vocabulary": "item", "max_length": 3},
            {"type": "sequence", "column": "tags", "separator": "|", "keep": "first"},
        ]
    }
)
AWKWARD = ["", "7", "7.0", "1", "'", '"', "🦀", "\0", "NaN", "null", "x" * 5000, "é", "e\u0301"]
KINDS: list[tuple[Any, Any]] = [
    (pl.String, st.sampled_from(AWKWARD) | st.text(max_size=3)),
    (pl.Int64, st.integers(-9, 9) | st.sampled_from([-(2**63), 2**63 - 1])),
    (pl.Float64, st.integers(-9, 9).map(float) | st.floats()),
    (pl.Float32, st.integers(-9, 9).map(float) | st.floats(width=32)),
    (pl.Boolean, st.booleans()),
    (pl.Date, st.dates(dt.date(1970, 1, 1), dt.date(1970, 1, 9))),
    (pl.Categorical, st.sampled_from(AWKWARD)),
    (pl.Null, st.none()),
]
NUMBERS = [kind for kind in KINDS if kind[0] not in (pl.String, pl.Date, pl.Categorical)]


@st.composite
def frames(draw: st.DrawFn, rows: int) -> pl.DataFrame:
    """Rows of SCHEMA, of any type that its columns may come in."""

    def drawn(kinds: list[tuple[Any, Any]]) -> pl.Series:
        dtype, values = draw(st.sampled_from(kinds))
        some = draw(st.lists(values | st.none(), min_size=rows, max_size=rows))
        return pl.Series(some, dtype=dtype)

    dtype, values = draw(st.sampled_from([kind for kind in KINDS if kind[0] != pl.Categorical]))
    lists = st.none() | st.lists(values | st.none(), max_size=5)
    seen = draw(st.lists(lists, min_size=rows, max_size=rows))
    tags = st.none() | st.lists(st.sampled_from("abc|7"), max_size=9).map("|".join)
    return pl.DataFrame(
        {
            "user": drawn(KINDS),
            "item": drawn(KINDS),
            "price": drawn(NUMBERS),
            "age": drawn(NUMBERS),
            "seen": pl.Series(seen, dtype=pl.List(dtype)),
            "tags": pl.Series(draw(st.lists(tags, min_size=rows, max_size=rows)), dtype=pl.String),
        }
    )


# One row of values, so that no column of the training rows is without any.
KNOWN = pl.DataFrame(
    {"user": ["7"], "item": ["7"], "price": [1], "age": [2], "seen": [["1"]], "tags": ["a|b"]}
)


@given(frames(6), frames(5))
@settings(deadline=None, max_examples=60)
def test_whole_frames_single_rows_and_a_loaded_encoder_agree(
    train: pl.DataFrame, serve: pl.DataFrame
) -> None:
    encoder = fit(SCHEMA, [KNOWN, KNOWN, train])
    whole = encoder.encode(serve)
    assert whole.schema == {
        "user": pl.Int32,
        "item": pl.Int32,
        "price": pl.Float32,
        "age": pl.Float32,
        "seen": pl.List(pl.Int32),
        "tags": pl.List(pl.Int32),
    }
    assert sum(whole.null_count().row(0)) == 0
    assert np.isfinite(whole.select("price", "age").to_numpy()).all()
    for one in encoder.layout.ids:
        assert whole[one.name].is_between(0, encoder.layout.vocabularies[one.vocabulary] - 1).all()
    rows = [encoder.encode(serve.slice(i, 1)) for i in range(serve.height)]
    assert pl.concat(rows).equals(whole)
    assert pl.concat([encoder.encode(serve.head(0)), encoder.encode(serve)]).equals(whole)
    with tempfile.TemporaryDirectory() as folder:
        store.save(encoder, Path(folder) / "encoder")
        loaded = store.load(Path(folder) / "encoder")
    assert loaded.fingerprint == encoder.fingerprint
    assert loaded.layout == encoder.layout
    assert loaded.encode(serve).equals(whole)


def text_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return None if value in (None, "") else str(value)


PLAIN: list[tuple[Any, Any]] = [
    *(kind for kind in KINDS if kind[0] in (pl.String, pl.Int64, pl.Boolean, pl.Categorical)),
    (pl.Float64, st.sampled_from([0.0, -0.0, 1.0, 7.0, -3.0, 0.5, 7.25, math.nan, math.inf])),
]


@st.composite
def ids(draw: st.DrawFn) -> pl.Series:
    dtype, values = draw(st.sampled_from(PLAIN))
    return pl.Series("user", draw(st.lists(values | st.none(), max_size=20)), dtype=dtype)


@given(ids(), ids())
@settings(deadline=None, max_examples=80)
def test_ids_agree_with_a_dictionary(train: pl.Series, serve: pl.Series) -> None:
    counts = Counter(["7", *filter(None, map(text_of, train.to_list()))])
    order = sorted(counts, key=lambda text: (-counts[text], text.encode()))
    rows = {text: row for row, text in enumerate(order, FIRST)} | {None: MISSING}
    schema = Schema.model_validate({"features": [{"type": "id", "column": "user"}]})
    encoder = fit(schema, [KNOWN, train.to_frame()])
    expected = [rows.get(text_of(value), UNSEEN) for value in serve.to_list()]
    assert encoder.encode(serve.to_frame())["user"].to_list() == expected


def small() -> Encoder:
    rows = {"user": ["b", "a", "b", "a"], "item": ["7", "7", "8", "8"], "price": [0, 1, 3, None]}
    lists = {"age": [1, 2, 3, 4], "seen": [["7"], [], None, ["9"]], "tags": ["x|y", "x", "", None]}
    return fit(SCHEMA, [pl.DataFrame({**rows, **lists})])


def test_layout() -> None:
    layout = small().layout
    assert [field.name for field in layout.fields] == [one.name for one in SCHEMA.features]
    assert layout.vocabularies == {"user": 4, "item": 5, "tags": 4}
    assert [one.vocabulary for one in layout.sequences] == ["item", "tags"]


@pytest.mark.parametrize("rows", [0, 3])
def test_columns_all_null(rows: int) -> None:
    empty = pl.DataFrame({name: pl.Series([None] * rows) for name in SCHEMA.columns})
    encoder = small()
    batch = Batch.from_frame(encoder.encode(empty), encoder.layout)
    assert batch.ids.tolist() == [[MISSING, MISSING]] * rows
    assert {name: found.shape for name, found in batch.sequences.items()} == {
        "seen": (rows, 3),
        "tags": (rows, 20),
    }
    assert (batch.sequences["seen"] == -1).all()
    assert batch.numerics.shape == (rows, 2)
    assert np.isfinite(batch.numerics).all()


@pytest.mark.parametrize("dtype", [pl.String, pl.Int64, pl.List(pl.Int8), pl.Binary, pl.Date])
@pytest.mark.parametrize("rows", [0, 2])
def test_the_type_of_a_column_without_values_does_not_matter(rows: int, dtype: Any) -> None:
    empty = pl.DataFrame({name: pl.Series([None] * rows) for name in SCHEMA.columns})
    guessed = empty.with_columns(pl.all().cast(dtype))
    assert small().encode(guessed).equals(small().encode(empty))


def test_further_columns_and_their_order_do_not_matter() -> None:
    shuffled = KNOWN.select(pl.lit(1).alias("other"), *reversed(KNOWN.columns))
    assert small().encode(shuffled).equals(small().encode(KNOWN))


def test_columns_that_are_missing_or_of_the_wrong_type_are_named() -> None:
    with pytest.raises(SchemaError, match=r"'price' \(feature 'price'\).*'prize'"):
        small().encode(KNOWN.rename({"price": "prize"}))
    with pytest.raises(SchemaError, match="'age' must hold numbers; it holds String"):
        small().encode(KNOWN.with_columns(age=pl.lit("5")))


def test_the_rows_learned_from_are_encoded_as_the_checks_left_them() -> None:
    # Unchecked, each row would stand in a fold of its own, away from where its label is counted.
    rate = {"type": "target", "column": "user", "fold_by": "day", "smoothing": 1.0}
    clip = {"column": "day", "kind": "integer", "max": 3, "on_violation": "clip"}
    roles = {"features": [rate], "label": "click"}
    numbers = np.random.default_rng(0).integers(0, 2, (2, 40)).tolist()
    frame = pl.DataFrame({"user": numbers[0], "click": numbers[1], "day": range(40)})
    clipped = frame.with_columns(pl.col("day").clip(upper_bound=3))
    checked = fit(Schema.model_validate({**roles, "checks": [clip]}), [frame])
    expected = fit(Schema.model_validate(roles), [clipped]).encode_training(clipped)
    assert checked.encode_training(frame).equals(expected)
    failing = Schema.model_validate({**roles, "checks": [{**clip, "on_violation": "fail"}]})
    strict = fit(failing, [clipped])
    with pytest.raises(DataError, match=r"Column 'day' must be at most 3; row 4 holds 4\."):
        strict.encode_training(frame)


def test_what_is_prepared_for_some_types_serves_them_again() -> None:
    encoder = small()
    encoder.encode(KNOWN)
    (first,) = encoder._plans.values()
    encoder.encode(KNOWN.with_columns(other=1))
    assert list(encoder._plans.values()) == [first]
    encoder.encode(KNOWN.with_columns(pl.col("user").cast(pl.Int8)))
    assert len(encoder._plans) == 2


def test_endless_types_do_not_fill_the_memory() -> None:
    encoder = small()
    for width in range(1, 200):
        lists = pl.Series([["7"] * width], dtype=pl.Array(pl.String, width))
        encoder.encode(KNOWN.with_columns(seen=lists))
    assert len(encoder._plans) < 100


def test_the_fingerprint_covers_the_schema_and_the_states() -> None:
    one = small()
    age, tags = one.states["numeric:age"], one.states["tags"]
    shifted = {**one.states, "numeric:age": State({**age.values, "shift": 0.5})}
    other = {**one.states, "tags": State(vocabulary=Vocabulary.of(pl.Series(["y", "x"])))}
    with_array = {**one.states, "numeric:age": State(age.values, {"knots": np.arange(3)})}
    schema = SCHEMA.model_copy(update={"label": "click"})
    prints = {
        Encoder(SCHEMA, one.states).fingerprint,
        Encoder(SCHEMA, shifted).fingerprint,
        Encoder(SCHEMA, other).fingerprint,
        Encoder(SCHEMA, with_array).fingerprint,
        Encoder(schema, one.states).fingerprint,
    }
    assert len(prints) == 5
    assert one.fingerprint in prints
    learning = {**one.states, "tags": State(vocabulary=tags.vocabulary, training={"x": np.ones(1)})}
    assert Encoder(SCHEMA, learning).fingerprint == one.fingerprint
