import numpy as np

from features.batch import Batch
from features.layout import IdField, Layout, NumericField, SequenceField
from features.ragged import PAD
from features.rows import RowSpace

LAYOUT = Layout(
    fields=(
        IdField(name="item", vocabulary="item"),
        SequenceField(name="seen", vocabulary="item", length=2),
        NumericField(name="price"),
        IdField(name="user", vocabulary="user"),
        IdField(name="last", vocabulary="item"),
    ),
    vocabularies={"user": 5, "item": 7},
)
BATCH = Batch(
    ids=np.array([[0, 0, 6], [6, 4, 0]], np.int32),
    numerics=np.zeros((2, 1), np.float32),
    sequences={"seen": np.array([[6, PAD], [PAD, PAD]], np.int32)},
)


def test_vocabularies_stand_one_after_another() -> None:
    space = RowSpace(LAYOUT)
    assert space.starts == {"user": 0, "item": 5}
    assert (space.rows, space.width) == (12, 4)


def test_ids_are_rows_of_their_vocabulary() -> None:
    rows = RowSpace(LAYOUT).ids(BATCH)
    assert rows.dtype == np.int32
    assert rows.tolist() == [[5, 0, 11], [11, 4, 5]]


def test_sequences_share_the_rows_of_their_vocabulary_and_keep_their_padding() -> None:
    rows = RowSpace(LAYOUT).sequences(BATCH)["seen"]
    assert rows.dtype == np.int32
    assert rows.tolist() == [[11, PAD], [PAD, PAD]]


def test_every_value_has_a_row_of_its_own_in_the_space() -> None:
    space = RowSpace(LAYOUT)
    sizes = LAYOUT.vocabularies.items()
    taken = [space.starts[key] + row for key, rows in sizes for row in range(rows)]
    assert sorted(taken) == list(range(space.rows))


def test_a_layout_without_vocabularies_has_no_rows() -> None:
    numbers = Layout(fields=(NumericField(name="price"),), vocabularies={})
    space = RowSpace(numbers)
    batch = Batch(ids=np.empty((3, 0), np.int32), numerics=np.zeros((3, 1), np.float32))
    assert (space.rows, space.width, space.sequences(batch)) == (0, 0, {})
    assert space.ids(batch).shape == (3, 0)
