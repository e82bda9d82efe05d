from collections.abc import Callable

import numpy as np
import pytest

from features.batch import Batch, Floats, Ints
from features.cosines import Cosine, Cosines, Readable
from features.errors import ConfigError
from features.layout import IdField, Layout, NumericField, SequenceField
from features.rows import RowSpace

LAYOUT = Layout(
    fields=(
        IdField(name="user", vocabulary="user"),
        NumericField(name="price"),
        IdField(name="item", vocabulary="item"),
        SequenceField(name="seen", vocabulary="item", length=3),
    ),
    vocabularies={"user": 2, "item": 3},
)
# The users' rows, then the items'.
WEIGHTS = np.array([[2, 0], [0, 0], [3, 4], [0, 5], [-1, 0]], np.float32)
BATCH = Batch(
    ids=np.array([[0, 0], [0, 2], [1, 1], [0, 1]], np.int32),
    numerics=np.zeros((4, 1), np.float32),
    sequences={"seen": np.array([[0, 1, 2], [1, -1, -1], [-1, -1, -1], [0, 0, -1]], np.int32)},
)


def gatherer(weights: Floats) -> Callable[[Ints], Floats]:
    return lambda rows: weights[rows]


def cosines(*pairs: tuple[str, str], weights: Floats = WEIGHTS) -> Floats:
    tables = {"all": Readable(RowSpace(LAYOUT), gatherer(weights))}
    return Cosines(LAYOUT, [Cosine(table="all", fields=pair) for pair in pairs], tables)(BATCH)


def test_of_two_ids_by_hand() -> None:
    found = cosines(("user", "item"))[:, 0]
    np.testing.assert_allclose(found, [3 / 5, -1, 0, 0], atol=1e-7)


def test_of_a_sequence_it_is_that_of_the_mean_and_of_an_empty_one_0() -> None:
    found = cosines(("seen", "item"))[:, 0]
    # (3, 4) + (0, 5) + (-1, 0) = (2, 9) against (3, 4), (0, 5) against (-1, 0), none against
    # (0, 5), and (3, 4) + (3, 4) = (6, 8) against (0, 5).
    np.testing.assert_allclose(found, [42 / (5 * 85**0.5), 0, 0, 4 / 5], atol=1e-7)


def test_columns_are_in_order_and_either_way_round() -> None:
    found = cosines(("seen", "item"), ("item", "user"), ("item", "seen"))
    np.testing.assert_array_equal(found[:, 0], found[:, 2])
    np.testing.assert_array_equal(found[:, 1], cosines(("user", "item"))[:, 0])
    assert Cosine(table="all", fields=("item", "user")).name == "cosine(item,user)"


def test_a_space_that_is_turned_and_stretched_has_the_same() -> None:
    """So that models that were trained apart may fill one column."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32)
    turned = (7 * WEIGHTS @ turn).astype(np.float32)
    pairs = (("user", "item"), ("seen", "item"))
    np.testing.assert_allclose(cosines(*pairs, weights=turned), cosines(*pairs), atol=1e-6)


def test_a_row_has_the_same_alone_as_among_others() -> None:
    tables = {"all": Readable(RowSpace(LAYOUT), gatherer(WEIGHTS))}
    columns = [Cosine(table="all", fields=("seen", "item"))]
    alone = [Cosines(LAYOUT, columns, tables)(BATCH.take(slice(i, i + 1))) for i in range(4)]
    np.testing.assert_array_equal(np.concatenate(alone), cosines(("seen", "item")))


def test_a_table_of_some_fields_has_rows_of_its_own() -> None:
    space = RowSpace(LAYOUT, ("item", "seen"))
    tables = {"items": Readable(space, gatherer(WEIGHTS[2:]))}
    found = Cosines(LAYOUT, [Cosine(table="items", fields=("seen", "item"))], tables)(BATCH)
    np.testing.assert_array_equal(found, cosines(("seen", "item")))
    with pytest.raises(ConfigError, match="in table 'items'; .* item, seen, not of user"):
        Cosines(LAYOUT, [Cosine(table="items", fields=("user", "item"))], tables)
    with pytest.raises(ConfigError, match="in table 'none'; it holds those of nothing"):
        Cosines(LAYOUT, [Cosine(table="none", fields=("user", "item"))], tables)


def test_without_columns_there_are_none() -> None:
    assert cosines().shape == (4, 0)
