import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.batch import Batch
from features.encoded import Encoded
from features.layout import IdField, Layout, NumericField, SequenceField
from features.ragged import PAD, Ragged

LAYOUT = Layout(
    fields=(
        NumericField(name="x"),
        IdField(name="a", vocabulary="a"),
        NumericField(name="v", width=2),
        SequenceField(name="s", vocabulary="a", length=3),
        IdField(name="b", vocabulary="b"),
        NumericField(name="one", width=1),
    ),
    vocabularies={"a": 9, "b": 9},
)


def encoded(rows: int, seed: int = 0) -> Encoded:
    order = np.random.default_rng(seed)
    lengths = order.integers(0, 4, rows)
    return Encoded(
        rows,
        order.integers(0, 9, (2, rows), np.int32),
        order.normal(size=(4, rows)).astype(np.float32),
        {"s": Ragged(order.integers(0, 9, lengths.sum(), np.int32), lengths)},
    )


def same(one: Batch, other: Batch) -> None:
    for a, b in ((one.ids, other.ids), (one.numerics, other.numerics)):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert np.array_equal(a, b)
        assert a.flags.c_contiguous
    assert one.sequences.keys() == other.sequences.keys()
    for name, rows in one.sequences.items():
        assert np.array_equal(rows, other.sequences[name])
        assert rows.dtype == other.sequences[name].dtype == np.int32


def test_by_hand() -> None:
    one = Encoded(
        2,
        np.array([[2, 3], [4, 5]], np.int32),
        np.array([[0.5, 1.5], [1, 2], [3, 4], [7, 8]], np.float32),
        {"s": Ragged(np.array([6, 7, 8], np.int32), np.array([1, 2]))},
    )
    assert one.frame(LAYOUT).to_dict(as_series=False) == {
        "x": [0.5, 1.5],
        "a": [2, 3],
        "v": [[1, 3], [2, 4]],
        "s": [[6], [7, 8]],
        "b": [4, 5],
        "one": [7, 8],
    }
    batch = one.batch(LAYOUT)
    assert batch.ids.tolist() == [[2, 4], [3, 5]]
    assert batch.numerics.tolist() == [[0.5, 1, 3, 7], [1.5, 2, 4, 8]]
    assert batch.sequences["s"].tolist() == [[6, PAD, PAD], [7, 8, PAD]]


@pytest.mark.parametrize("rows", [0, 1, 2, 50])
def test_a_batch_is_that_of_the_frame(rows: int) -> None:
    one = encoded(rows)
    frame = one.frame(LAYOUT)
    assert frame.schema == {
        **{"x": pl.Float32, "a": pl.Int32, "v": pl.Array(pl.Float32, 2)},
        **{"s": pl.List(pl.Int32), "b": pl.Int32, "one": pl.Float32},
    }
    assert frame.height == one.batch(LAYOUT).rows == rows
    same(one.batch(LAYOUT), Batch.from_frame(frame, LAYOUT))


@given(st.integers(1, 5), st.integers(0, 12))
@settings(deadline=None, max_examples=40)
def test_blocks_stand_one_after_another(size: int, rows: int) -> None:
    parts = [encoded(min(size, rows - at), at) for at in range(0, max(rows, 1), size)]
    whole = Encoded(rows, np.empty((2, rows), np.int32), np.empty((4, rows), np.float32), {})
    blocks = [whole.block(place * size, size) for place in range(len(parts))]
    for block, part in zip(blocks, parts, strict=True):
        assert block.rows == part.rows
        block.ids[:], block.numerics[:] = part.ids, part.numerics
        block.sequences.update(part.sequences)
    whole = whole.joined(blocks)
    same(whole.batch(LAYOUT), Batch.concat([part.batch(LAYOUT) for part in parts]))
    assert whole.frame(LAYOUT).equals(pl.concat([part.frame(LAYOUT) for part in parts]))


def test_fields_of_one_kind_alone() -> None:
    for kept in ((NumericField,), (IdField,), (SequenceField,)):
        fields = tuple(field for field in LAYOUT.fields if isinstance(field, kept))
        layout = Layout(fields=fields, vocabularies={"a": 9, "b": 9})
        whole = encoded(4)
        none = Encoded(4, whole.ids[:0], whole.numerics[:0], {})
        some = {
            NumericField: Encoded(4, none.ids, whole.numerics, {}),
            IdField: Encoded(4, whole.ids, none.numerics, {}),
            SequenceField: Encoded(4, none.ids, none.numerics, whole.sequences),
        }[kept[0]]
        same(some.batch(layout), Batch.from_frame(some.frame(layout), layout))
