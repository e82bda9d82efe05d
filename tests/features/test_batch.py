import numpy as np
import polars as pl
import pytest

from features.batch import Batch
from features.layout import IdField, Layout, NumericField, SequenceField
from features.ragged import PAD, Ragged

LAYOUT = Layout(
    fields=(
        IdField(name="a", vocabulary="a"),
        NumericField(name="x"),
        SequenceField(name="s", vocabulary="a", length=3),
        IdField(name="b", vocabulary="b"),
        NumericField(name="y"),
    ),
    vocabularies={"a": 9, "b": 9},
)
ENCODED = pl.DataFrame(
    {
        "a": [2, 3, 4],
        "x": [0.5, -1.0, 2.0],
        "s": [[5, 6], [], [7, 8, 2]],
        "b": [0, 1, 5],
        "y": [1.0, 2.0, 3.0],
        "click": [1.0, 0.0, 1.0],
        "w": [0.5, 1.0, 2.0],
        "q": [7, 7, 8],
        "bought": [1.0, None, 0.0],
        "liked": [0.0, 1.0, None],
    },
    schema={"a": pl.Int32, "x": pl.Float32, "s": pl.List(pl.Int32), "b": pl.Int32, "y": pl.Float32}
    | {"click": pl.Float64, "w": pl.Float32, "q": pl.Int32}
    | {"bought": pl.Float32, "liked": pl.Float64},
)


def batch(frame: pl.DataFrame = ENCODED) -> Batch:
    return Batch.from_frame(frame, LAYOUT, "click", "w", ["liked", "bought"], "q")


def same(one: Batch, other: Batch) -> bool:
    arrays = [
        (
            *(found.ids, found.numerics, found.label, found.weight, found.query),
            *found.sequences.values(),
        )
        for found in (one, other)
    ]
    assert one.tasks is not None
    assert other.tasks is not None
    return np.array_equal(one.tasks, other.tasks, equal_nan=True) and all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(*arrays, strict=True)
    )


def test_vectors_stand_among_the_numbers() -> None:
    wide = LAYOUT.model_copy(update={"fields": (*LAYOUT.fields, NumericField(name="v", width=2))})
    vectors = pl.Series("v", [[1, 2], [3, 4], [5, 6]], dtype=pl.Array(pl.Float32, 2))
    encoded = ENCODED.with_columns(vectors)
    assert Batch.from_frame(encoded, wide).numerics.tolist() == [
        [0.5, 1, 1, 2],
        [-1, 2, 3, 4],
        [2, 3, 5, 6],
    ]
    assert Batch.from_frame(encoded.head(0), wide).numerics.shape == (0, 4)


def test_arrays_of_a_frame() -> None:
    found = batch()
    assert found.rows == 3
    assert found.ids.tolist() == [[2, 0], [3, 1], [4, 5]]
    assert found.numerics.tolist() == [[0.5, 1.0], [-1.0, 2.0], [2.0, 3.0]]
    assert found.sequences["s"].tolist() == [[5, 6, PAD], [PAD, PAD, PAD], [7, 8, 2]]
    assert found.label is not None
    assert found.label.tolist() == [1, 0, 1]
    assert found.weight is not None
    assert found.weight.tolist() == [0.5, 1, 2]
    assert found.query is not None
    assert (found.query.tolist(), found.query.dtype) == ([7, 7, 8], np.dtype(np.int32))
    assert found.tasks is not None
    np.testing.assert_array_equal(found.tasks, [[0, 1], [1, np.nan], [np.nan, 0]])
    assert {one.dtype for one in (found.ids, found.sequences["s"])} == {np.dtype(np.int32)}
    floats = {one.dtype for one in (found.numerics, found.label, found.weight, found.tasks)}
    assert floats == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    "frame", [ENCODED, ENCODED.head(1), ENCODED.select("a", "x", "s", "b", "y")]
)
def test_arrays_lie_row_by_row_and_may_be_written(frame: pl.DataFrame) -> None:
    found = Batch.from_frame(frame, LAYOUT)
    for array in (found.ids, found.numerics, found.sequences["s"]):
        assert array.flags.c_contiguous
        assert array.flags.writeable
    found.ids[:] = 7
    assert frame["a"][0] == 2


def test_one_field_alone_does_not_share_memory_with_the_frame() -> None:
    alone = Layout(fields=(LAYOUT.fields[0],), vocabularies={"a": 9})
    found = Batch.from_frame(ENCODED, alone)
    found.ids[:] = 7
    assert ENCODED["a"].to_list() == [2, 3, 4]
    assert found.numerics.shape == (3, 0)


def test_no_rows() -> None:
    found = batch(ENCODED.head(0))
    assert (found.rows, found.ids.shape, found.numerics.shape) == (0, (0, 2), (0, 2))
    assert found.sequences["s"].shape == (0, 3)
    assert found.matrix().shape == (0, 5)


def test_parts_of_a_frame_concatenate_to_the_whole() -> None:
    parts = [batch(ENCODED.slice(0, 1)), batch(ENCODED.slice(1, 0)), batch(ENCODED.slice(1))]
    assert same(Batch.concat(parts), batch())
    assert same(Batch.concat(parts[2:]), parts[2])


def test_concatenation_keeps_absent_roles_absent() -> None:
    bare = Batch.from_frame(ENCODED, LAYOUT)
    both = Batch.concat([bare, bare])
    assert both.rows == 6
    assert both.label is None
    assert both.weight is None
    assert both.tasks is None
    assert both.query is None


def test_take_takes_the_same_rows_of_every_array() -> None:
    rows = np.array([2, 0])
    assert same(batch().take(rows), batch(ENCODED[[2, 0]]))
    assert same(batch().take(slice(1, None)), batch(ENCODED[1:]))


def test_matrix_is_numerics_ids_lengths_and_the_rounded_logit() -> None:
    logits = np.array([0.0, 0.999, -0.004], np.float32)
    found = batch().matrix(logits)
    assert found.dtype == np.float32
    assert found.tolist() == [
        [0.5, 1.0, 2, 0, 2, 0.0],
        [-1.0, 2.0, 3, 1, 0, 1.0],
        [2.0, 3.0, 4, 5, 3, -1 / 128],
    ]
    assert found.shape[1] == len(LAYOUT.matrix_names(logit=True))
    assert batch().matrix().tolist() == [row[:-1] for row in found.tolist()]


def test_logits_that_two_engines_round_otherwise_give_the_same_matrix() -> None:
    logits = np.array([0.25, 1.0, -3.0], np.float32)
    beside = np.nextafter(logits, np.float32(9))
    assert np.array_equal(batch().matrix(logits), batch().matrix(beside))


def test_pad() -> None:
    lists = pl.Series([[1, 2], [], [3]], dtype=pl.List(pl.Int32))
    assert Ragged.of(lists).padded(2).tolist() == [[1, 2], [PAD, PAD], [3, PAD]]
    assert Ragged.of(lists[:0]).padded(2).shape == (0, 2)
    assert Ragged.of(lists[1:2]).padded(4).tolist() == [[PAD] * 4]
