"""Pairs of fields."""

import numpy as np
import pytest

from models.blocks.pairs import dot_products, field_pairs
from models.keras import tf


def test_each_pair_once_the_first_field_slowest() -> None:
    assert list(zip(*field_pairs(4), strict=True)) == [
        (0, 1),
        (0, 2),
        (0, 3),
        (1, 2),
        (1, 3),
        (2, 3),
    ]


@pytest.mark.parametrize("fields", [0, 1])
def test_fewer_than_two_fields_have_no_pairs(fields: int) -> None:
    first, second = field_pairs(fields)
    assert first.size == second.size == 0
    assert dot_products(tf.ones([3, fields, 2]), first, second).shape == (3, 0)


def test_worked_dot_products() -> None:
    """Of (1, 2), (3, 4), (5, 6), in the order asked for."""
    vectors = tf.constant([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
    found = dot_products(vectors, np.array([2, 0, 1]), np.array([0, 1, 1]))
    np.testing.assert_array_equal(found, [[17.0, 11.0, 25.0]])
