"""One row has one encoding, whoever asks, in whatever company and by whatever way it comes."""

from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import plan, store
from features.batch import Batch
from features.derived.registry import AnyDerived
from features.encoder import Encoder
from features.fit import Partial, finalize, fit, merge, observe
from features.schema import Schema
from features.transforms.registry import Feature
from serving.request import JsonReader
from tests.features import static_model
from tests.features.awkward_rows import awkward_rows, json_columns
from tests.features.everything import CITIES, SCHEMA, training
from tests.features.support import drifted

ROWS = 4
READER = JsonReader(SCHEMA, max_rows=100)
ANY = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
# A product of matrices may round otherwise for another number of rows.
PROJECTED = {one.name for one in SCHEMA.transforms if getattr(one, "project", None)}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everything")
    (folder / "cities.txt").write_text(CITIES)
    return folder


@pytest.fixture(scope="module")
def learned(base: Path) -> Encoder:
    return fit(SCHEMA, [training()], base)


@pytest.fixture(scope="module")
def loaded(learned: Encoder, base: Path) -> Encoder:
    store.save(learned, base / "encoder", training=True)
    return store.load(base / "encoder")


def kinds(union: Any) -> set[str]:
    return {one.model_fields["type"].default for one in get_args(get_args(union)[0])}


def test_every_transform_and_every_derived_column_takes_part() -> None:
    assert {one.type for one in SCHEMA.features} == kinds(Feature)
    absent = set() if static_model.INSTALLED else {"embedding"}
    assert {one.type for one in SCHEMA.derived} == kinds(AnyDerived) - absent
    read = {one.column for one in SCHEMA.transforms}
    read |= {column for one in SCHEMA.derived for column in one.inputs}
    assert {one.name for one in SCHEMA.derived} <= read
    assert {*SCHEMA.wants.values()} == {"value", "id", "number", "ids", "numbers", "map"}


def agree(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """The same to the last bit, projections to 1e-6."""
    assert one.schema == other.schema
    assert one.height == other.height
    for name in one.columns:
        if name in PROJECTED:
            pair = [frame[name].to_numpy().astype(np.float64) for frame in (one, other)]
            np.testing.assert_allclose(*pair, rtol=1e-6, atol=1e-6)
        else:
            assert one[name].equals(other[name]), (name, one[name], other[name])


def same(encoder: Encoder, one: Batch, other: Batch) -> None:
    """As `agree`, of arrays."""
    names = encoder.layout.numeric_names
    for place, field in enumerate(encoder.layout.ids):
        assert np.array_equal(one.ids[:, place], other.ids[:, place]), field.name
    for place, name in enumerate(names):
        tolerance = 1e-6 if name.partition("[")[0] in PROJECTED else 0.0
        pair = one.numerics[:, place].astype(np.float64), other.numerics[:, place]
        np.testing.assert_allclose(*pair, rtol=tolerance, atol=tolerance, err_msg=name)
    assert one.sequences.keys() == other.sequences.keys()
    for name, rows in one.sequences.items():
        assert np.array_equal(rows, other.sequences[name]), name


def in_blocks(encoder: Encoder, frame: pl.DataFrame, size: int) -> pl.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_BLOCK", size)
        return encoder.encode(frame)


@given(awkward_rows(ROWS))
@ANY
def test_whole_frames_rows_blocks_and_a_loaded_encoder_agree(
    learned: Encoder, loaded: Encoder, frame: pl.DataFrame
) -> None:
    whole = learned.encode(frame)
    agree(pl.concat([learned.encode(frame[i]) for i in range(frame.height)]), whole)
    agree(learned.encode(frame[::-1])[::-1], whole)
    agree(in_blocks(learned, frame, 3), whole)
    agree(loaded.encode(frame), whole)
    same(learned, learned.batch(frame), Batch.from_frame(whole, learned.layout))
    agree(pl.concat([learned.encode(frame.head(0)), whole]), whole)


@given(awkward_rows(ROWS))
@ANY
def test_whatever_comes_is_encoded_within_its_bounds(learned: Encoder, frame: pl.DataFrame) -> None:
    encoded, layout = learned.encode(frame), learned.layout
    assert encoded.columns == [field.name for field in layout.fields]
    assert sum(encoded.null_count().row(0)) == 0
    batch = learned.batch(frame)
    assert np.isfinite(batch.numerics).all()
    for one in layout.ids:
        assert encoded[one.name].is_between(0, layout.vocabularies[one.vocabulary] - 1).all()
    for one in layout.sequences:
        rows = batch.sequences[one.name]
        assert rows.shape == (ROWS, one.length)
        assert ((rows >= -1) & (rows < layout.vocabularies[one.vocabulary])).all()


def shared(frame: pl.DataFrame, context: set[str]) -> pl.DataFrame:
    """The rows, with the first row's values in all rows of these columns."""
    return frame.with_columns(
        frame[name].new_from_index(0, frame.height) for name in frame.columns if name in context
    )


def bodies(frame: pl.DataFrame, context: set[str]) -> list[bytes]:
    """Requests for these rows: by column, and by row."""
    columns = json_columns(frame)
    once = {name: columns.pop(name)[0] for name in [*columns] if name in context}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    given_ = [{"context": once, "columns": columns}, {"context": once, "rows": rows}]
    return [orjson.dumps(body) for body in given_]


@given(awkward_rows(ROWS), st.sets(st.sampled_from([*SCHEMA.wants])))
@ANY
def test_a_request_is_encoded_as_the_log_is(
    learned: Encoder, loaded: Encoder, frame: pl.DataFrame, context: set[str]
) -> None:
    context -= {"item"}  # something must differ between rows
    frame = shared(frame, context)
    expected = learned.batch(frame)
    for body in bodies(frame, context):
        read = READER.read(body)
        same(learned, learned.request(read.context, read.columns, read.rows), expected)
        same(learned, loaded.request(read.context, read.columns, read.rows), expected)
        same(learned, learned.batch(read.frame), expected)


@pytest.mark.parametrize("name", [*SCHEMA.wants])
def test_each_column_may_be_in_the_context_alone_or_in_the_rows_alone(
    learned: Encoder, name: str
) -> None:
    for context in ({name}, SCHEMA.wants.keys() - {name}):
        frame = shared(training().select(SCHEMA.columns), {*context})
        read = READER.read(bodies(frame, {*context})[0])
        found = learned.request(read.context, read.columns, read.rows)
        same(learned, found, learned.batch(frame))


@given(awkward_rows(ROWS), st.sampled_from([*SCHEMA.wants]))
@ANY
def test_types_may_drift(learned: Encoder, frame: pl.DataFrame, name: str) -> None:
    want = SCHEMA.wants[name]
    if want == "map" or frame[name].dtype == pl.Null:
        return
    numbers = want in ("number", "numbers")
    whole = learned.encode(frame)
    for other in drifted(frame[name]):
        element = other.dtype.inner if isinstance(other.dtype, pl.List) else other.dtype
        textual = element in (pl.String, pl.Categorical)
        times = want == "value" or name == "times"
        if (numbers and textual) or (times and element == pl.Boolean):
            continue
        agree(learned.encode(frame.with_columns(other)), whole)


def coded(frame: pl.DataFrame) -> pl.DataFrame:
    """The texts as Enums, among whose categories are "" and one that no row holds."""
    texts = [one for one in frame if one.dtype == pl.String]
    return frame.with_columns(
        one.cast(pl.Enum(pl.concat([one.drop_nulls(), pl.Series(["", "never"])]).unique()))
        for one in texts
    )


@given(awkward_rows(ROWS))
@ANY
def test_texts_may_come_by_their_dictionary(learned: Encoder, frame: pl.DataFrame) -> None:
    whole = learned.encode(frame)
    agree(learned.encode(coded(frame)), whole)
    agree(in_blocks(learned, coded(frame), 3), whole)
    agree(learned.encode(coded(frame)[1:3]), whole[1:3])


def test_what_is_learned_from_dictionaries_is_the_same(learned: Encoder, base: Path) -> None:
    frame = training()
    texts = coded(frame)
    assert {one.name for one in texts if isinstance(one.dtype, pl.Enum)} >= {"user", "city"}
    alike(fit(SCHEMA, [texts], base), learned)
    alike(fit(SCHEMA, [texts[:9], texts[9:]], base), learned)
    agree(learned.encode_training(texts), learned.encode_training(frame))


def test_frames_larger_than_a_block(learned: Encoder) -> None:
    many = pl.concat([training(seed=seed) for seed in range(3)] * 400)
    assert many.height > plan._BLOCK
    once = learned.encode(many.head(180))
    agree(learned.encode(many), pl.concat([once] * 400))


def test_the_rows_learned_from_agree_too(learned: Encoder, loaded: Encoder) -> None:
    frame = training()
    whole = learned.encode_training(frame)
    held_apart = [one.name for one in SCHEMA.features if one.type == "target"]
    agree(whole.drop(held_apart), learned.encode(frame).drop(held_apart))
    assert all(not whole[name].equals(learned.encode(frame)[name]) for name in held_apart)
    agree(loaded.encode_training(frame), whole)
    order = np.random.default_rng(0).permutation(frame.height)
    agree(learned.encode_training(frame[order]), whole[order])
    agree(pl.concat([learned.encode_training(frame[i]) for i in range(frame.height)]), whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_BLOCK", 7)
        agree(learned.encode_training(frame), whole)


def pieces(frame: pl.DataFrame, cuts: list[int]) -> list[pl.DataFrame]:
    edges = [0, *sorted(cuts), frame.height]
    return [frame[start:end] for start, end in pairwise(edges)]


def alike(one: Encoder, other: Encoder) -> None:
    """What was learned is the same; means and spreads up to how their sums were rounded."""
    assert one.states.keys() == other.states.keys()
    for key, state in one.states.items():
        its = other.states[key]
        assert state.values.keys() == its.values.keys()
        for name, value in state.values.items():
            assert its.values[name] == pytest.approx(value, rel=1e-12, abs=1e-12), (key, name)
        for kind in ("arrays", "training"):
            mine, theirs = getattr(state, kind), getattr(its, kind)
            assert mine.keys() == theirs.keys()
            for name, array in mine.items():
                assert np.array_equal(array, theirs[name]), (key, name)
        assert (state.vocabulary is None) == (its.vocabulary is None)
        if state.vocabulary is not None and its.vocabulary is not None:
            assert state.vocabulary.values.to_list() == its.vocabulary.values.to_list()
            assert state.vocabulary.index.digest == its.vocabulary.index.digest


# All but means and spreads, whose sums round as they are added up.
EXACT = Schema.model_validate(
    SCHEMA.model_dump()
    | {
        "features": [
            one
            for one in SCHEMA.model_dump()["features"]
            if one.get("scale", "quantile") in ("quantile", "rank_gauss") or one["type"] == "custom"
        ]
    }
)


@given(st.lists(st.integers(0, 60), max_size=4), st.randoms(use_true_random=False))
@settings(ANY, max_examples=5)
def test_parts_of_a_log_teach_what_all_of_it_does(
    learned: Encoder, base: Path, cuts: list[int], order: Any
) -> None:
    parts = pieces(training(), cuts)
    order.shuffle(parts)
    partials: list[Partial] = [observe(SCHEMA, part) for part in parts]
    while len(partials) > 1:
        place = order.randrange(len(partials) - 1)
        partials[place : place + 2] = [merge(partials[place], partials[place + 1])]
    alike(finalize(SCHEMA, partials[0], base), learned)
    alike(fit(SCHEMA, parts, base), learned)
    exact = fit(EXACT, [training()], base)
    assert fit(EXACT, parts, base).fingerprint == exact.fingerprint
    assert len(EXACT.features) > len(SCHEMA.features) / 2
