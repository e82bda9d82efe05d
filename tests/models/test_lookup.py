"""Embedding a batch, against numpy and against the server's own."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.batch import Batch
from features.errors import DataError
from features.layout import IdField, Layout, SequenceField
from features.ragged import PAD
from features.rows import RowSpace
from models.keras import tf
from models.lookup import Lookup
from models.optimizers.optimizer import Tensor
from models.touched import Distinct
from serving.tables.floats import FloatTable

Floats = npt.NDArray[np.float32]


def sequences_of(batch: Batch) -> dict[str, Tensor]:
    return {name: tf.constant(values) for name, values in batch.sequences.items()}


def embed(lookup: Lookup, table: Floats, batch: Batch) -> Floats:
    used = tf.constant(table[lookup.rows(batch)])
    found: Floats = lookup.embed(used, sequences_of(batch), batch.rows).numpy()
    return found


def by_hand(layout: Layout, table: Floats, batch: Batch) -> Floats:
    """Row by row, field by field."""
    starts, rows = {}, 0
    for name, size in layout.vocabularies.items():
        starts[name], rows = rows, rows + size
    assert rows == len(table)
    out = []
    for i in range(batch.rows):
        fields = [
            table[starts[field.vocabulary] + batch.ids[i, k]] for k, field in enumerate(layout.ids)
        ]
        for field in layout.sequences:
            present = [one for one in batch.sequences[field.name][i] if one != PAD]
            vectors = [table[starts[field.vocabulary] + one] for one in present]
            fields.append(np.mean(vectors, axis=0) if vectors else np.zeros(table.shape[1]))
        out.append(fields)
    return np.array(out, np.float32).reshape(batch.rows, -1, table.shape[1])


@given(
    ids=st.integers(0, 3),
    sequences=st.integers(0, 3),
    rows=st.integers(1, 6),
    dim=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_embeddings_equal_numpy_and_the_server(
    layout_of: Any, batch_of: Any, ids: int, sequences: int, rows: int, dim: int, seed: int
) -> None:
    layout: Layout = layout_of(ids, sequences, 0, rows=5)
    lookup, batch = Lookup(layout), batch_of(layout, rows, seed)
    table = np.random.default_rng(seed).normal(size=(lookup.space.rows, dim)).astype(np.float32)
    found = embed(lookup, table, batch)
    np.testing.assert_allclose(found, by_hand(layout, table, batch), rtol=1e-5, atol=1e-6)
    served = FloatTable(table).embed(batch, RowSpace(layout))
    np.testing.assert_array_equal(found[:, :ids], served[:, :ids])
    np.testing.assert_allclose(found, served, rtol=1e-5, atol=1e-6)


@pytest.fixture
def shared() -> Layout:
    """Two ids and a sequence over one vocabulary, after another vocabulary."""
    fields = (
        IdField(name="user", vocabulary="users"),
        IdField(name="item", vocabulary="items"),
        IdField(name="last", vocabulary="items"),
        SequenceField(name="seen", vocabulary="items", length=3),
    )
    return Layout(fields=fields, vocabularies={"users": 2, "items": 4})


def test_a_shared_vocabulary_is_one_set_of_rows(shared: Layout) -> None:
    """Item 3 is row 2 + 3, whichever field names it; ids stand first, then elements."""
    batch = Batch(
        ids=np.array([[1, 3, 3], [1, 0, 3]], np.int32),
        numerics=np.empty((2, 0), np.float32),
        sequences={"seen": np.array([[3, 0, 3], [PAD, PAD, PAD]], np.int32)},
    )
    lookup = Lookup(shared)
    rows = lookup.rows(batch)
    assert (rows.tolist(), rows.dtype) == ([1, 5, 5, 1, 2, 5, 5, 2, 5], np.int32)
    table = np.arange(6, dtype=np.float32)[:, None]
    expected = np.array([[1, 5, 5, (5 + 2 + 5) / 3], [1, 2, 5, 0]])
    np.testing.assert_allclose(embed(lookup, table, batch)[:, :, 0], expected, rtol=1e-6)


def test_an_empty_sequence_is_exactly_zero(shared: Layout) -> None:
    batch = Batch(
        ids=np.zeros((2, 3), np.int32),
        numerics=np.empty((2, 0), np.float32),
        sequences={"seen": np.full((2, 3), PAD, np.int32)},
    )
    found = embed(Lookup(shared), np.full((6, 2), 7.0, np.float32), batch)
    np.testing.assert_array_equal(found[:, 3], np.zeros((2, 2)))


def test_gradients_reach_each_row_once_a_use(shared: Layout) -> None:
    """The gradient of a row is the sum over its uses, a sequence's divided by its length."""
    batch = Batch(
        ids=np.array([[0, 1, 1]], np.int32),
        numerics=np.empty((1, 0), np.float32),
        sequences={"seen": np.array([[1, 2, PAD]], np.int32)},
    )
    lookup = Lookup(shared)
    rows = lookup.rows(batch)
    used = tf.zeros([len(rows), 1])
    with tf.GradientTape() as tape:
        tape.watch(used)
        total = tf.reduce_sum(lookup.embed(used, sequences_of(batch), 1))
    touched = Distinct(6)(rows)
    gradient = touched.sum(tf.convert_to_tensor(tape.gradient(total, used)).numpy())[:, 0]
    found = dict(zip(touched.rows.tolist(), gradient.tolist(), strict=True))
    assert found == {0: 1.0, 3: 1.0 + 1.0 + 0.5, 4: 0.5}


@pytest.mark.parametrize("bad", [-1, 6])
def test_ids_of_no_row_are_refused(shared: Layout, bad: int) -> None:
    batch = Batch(
        ids=np.array([[bad, 0, 0]], np.int32),
        numerics=np.empty((1, 0), np.float32),
        sequences={"seen": np.full((1, 3), PAD, np.int32)},
    )
    with pytest.raises(DataError, match=f"of 6 rows in all; these are rows .*{bad}"):
        Lookup(shared).rows(batch)


@given(
    ids=st.integers(0, 3),
    sequences=st.integers(0, 3),
    rows=st.integers(1, 5),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_some_fields_of_a_whole_table_equal_numpy_and_the_server(
    layout_of: Any,
    batch_of: Any,
    ids: int,
    sequences: int,
    rows: int,
    seed: int,
    data: st.DataObject,
) -> None:
    layout = layout_of(ids, sequences, 0, 4)
    names = [one.name for one in layout.fields]
    fields = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    lookup, batch = Lookup(layout, fields), batch_of(layout, rows, seed)
    read = {one.vocabulary for one in layout.fields if one.name in fields}
    starts = {
        name: 4 * place for place, name in enumerate(v for v in layout.vocabularies if v in read)
    }
    assert lookup.space.rows == 4 * len(read)
    table = np.random.default_rng(seed).normal(size=(lookup.space.rows, 2)).astype(np.float32)
    used = tf.constant(table[lookup.rows(batch)])
    found, spread = lookup.spread(used, sequences_of(batch), batch.rows)
    served, served_spread = FloatTable(table).spread(batch, lookup.space)
    chosen = [i for i, one in enumerate(layout.ids) if one.name in fields]
    expected = np.zeros((rows, len(chosen), 2), np.float32)
    for at, i in enumerate(chosen):
        expected[:, at] = table[starts[layout.ids[i].vocabulary] + batch.ids[:, i]]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(served, expected)
    kept = [one for one in layout.sequences if one.name in fields]
    assert len(spread) == len(served_spread) == len(kept)
    for one, here, there in zip(kept, spread, served_spread, strict=True):
        values = batch.sequences[one.name]
        whole = np.zeros((rows, one.length, 2), np.float32)
        for place in np.argwhere(values != PAD):
            whole[tuple(place)] = table[starts[one.vocabulary] + values[tuple(place)]]
        np.testing.assert_array_equal(here, whole)
        np.testing.assert_array_equal(there, whole)
