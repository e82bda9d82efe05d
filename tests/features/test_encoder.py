import datetime as dt
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.batch import Batch
from features.encoder import Encoder
from features.errors import DataError, FingerprintError, SchemaError
from features.fit import fit
from features.schema import Schema
from features.vocabulary import FIRST, MISSING, UNSEEN, Vocabulary

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
    encoder = fit(SCHEMA, [KNOWN, train])
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
        encoder.save(Path(folder) / "encoder")
        loaded = Encoder.load(Path(folder) / "encoder")
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


def test_expressions_are_built_once_for_the_types_they_read() -> None:
    encoder = small()
    first = encoder.expressions(KNOWN.schema)
    assert encoder.expressions({**KNOWN.schema, "other": pl.Int8()}) is first
    assert encoder.expressions({**KNOWN.schema, "user": pl.Int8()}) is not first


def test_endless_types_do_not_fill_the_memory() -> None:
    encoder = small()
    for width in range(200):
        encoder.expressions({**KNOWN.schema, "seen": pl.Array(pl.Int8(), width)})
    last = {**KNOWN.schema, "seen": pl.Array(pl.Int8(), 199)}
    assert encoder.expressions(last) is not encoder.expressions(last)


def test_the_fingerprint_covers_the_schema_the_states_and_the_vocabularies() -> None:
    one = small()
    state = {**one.states, "numeric:age": {**one.states["numeric:age"], "shift": 0.5}}
    other = {**one.vocabularies, "tags": Vocabulary(pl.Series(["y", "x"]))}
    schema = SCHEMA.model_copy(update={"label": "click"})
    prints = {
        Encoder(SCHEMA, one.states, one.vocabularies).fingerprint,
        Encoder(SCHEMA, state, one.vocabularies).fingerprint,
        Encoder(SCHEMA, one.states, other).fingerprint,
        Encoder(schema, one.states, one.vocabularies).fingerprint,
    }
    assert len(prints) == 4
    assert one.fingerprint in prints


def edit(**changes: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "encoder.json"
        document = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({k: v for k, v in document.items() if v is not ...}))

    return apply


def write(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "encoder.json").write_text(text) and None


def vocabularies(name: Any) -> Callable[[Path], None]:
    return edit(vocabularies={"user": name, "item": name, "tags": name})


STATES = {"numeric:price": {}, "numeric:age": {}}
ABSENT = "vocabulary-001.arrow"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "encoder.json").unlink(), r"encoder\.json must exist"),
        (write("{"), r"encoder\.json must be JSON"),
        (write("[]"), r"encoder\.json must hold a JSON object, not list"),
        (write("[" * 100_000), r"encoder\.json must be JSON"),
        (edit(format=2), r"encoder\.json must be an encoder; at 'format'"),
        (edit(format=...), r"encoder\.json must be an encoder; at 'format'"),
        (edit(schema={"features": []}), r"encoder\.json .* at 'schema'"),
        (edit(schema=...), r"encoder\.json .* at 'schema'"),
        (edit(states=[1]), r"encoder\.json .* at 'states'"),
        (edit(fingerprint=7), r"encoder\.json .* at 'fingerprint'"),
        (edit(extra=1), r"encoder\.json .* at 'extra'"),
        (edit(states={"numeric:age": {}}), r"encoder\.json must hold .*numeric:price"),
        (edit(vocabularies={}), r"encoder\.json must hold .*item"),
        (vocabularies("../vocabulary-000.arrow"), r"encoder\.json .* at 'vocabularies"),
        (vocabularies("/etc/passwd"), r"encoder\.json .* at 'vocabularies"),
        (vocabularies(".."), r"encoder\.json .* at 'vocabularies"),
        (vocabularies("vocabulary-000.arrow\n"), r"encoder\.json .* at 'vocabularies"),
        (vocabularies(5), r"encoder\.json .* at 'vocabularies"),
        (lambda folder: (folder / ABSENT).unlink(), ABSENT),
        (lambda folder: (folder / ABSENT).write_bytes(b"ARROW1"), ABSENT),
        (lambda folder: (folder / ABSENT).write_bytes(b""), ABSENT),
    ],
)
def test_a_damaged_folder_is_refused(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    small().save(tmp_path / "encoder")
    damage(tmp_path / "encoder")
    with pytest.raises(DataError, match=message):
        Encoder.load(tmp_path / "encoder")


@pytest.mark.parametrize(
    "alter",
    [
        lambda folder: Vocabulary(pl.Series(["a", "c"])).save(folder / "vocabulary-000.arrow"),
        lambda folder: Vocabulary(pl.Series(["b", "a"])).save(folder / "vocabulary-000.arrow"),
        lambda folder: (folder / "vocabulary-000.arrow").rename(folder / "vocabulary-001.arrow"),
        edit(states=STATES),
        edit(fingerprint="0" * 64),
        edit(schema=SCHEMA.model_copy(update={"label": "click"}).model_dump(mode="json")),
    ],
)
def test_an_altered_encoder_is_refused(tmp_path: Path, alter: Callable[[Path], None]) -> None:
    encoder = small()
    assert encoder.vocabularies["user"].values.to_list() == ["a", "b"]
    encoder.save(tmp_path / "encoder")
    alter(tmp_path / "encoder")
    vocabulary = tmp_path / "encoder" / "vocabulary-000.arrow"
    if not vocabulary.exists():
        encoder.vocabularies["item"].save(vocabulary)
    with pytest.raises(FingerprintError, match=r"encoder must have fingerprint .* altered"):
        Encoder.load(tmp_path / "encoder")
