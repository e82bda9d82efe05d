"""A pruned table: every row that is kept, and zeros elsewhere."""

import numpy as np
import pytest

from serving.tables.floats import FloatTable
from serving.tables.pruned import PrunedTable, word_count, words


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 1000])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_kept_rows_and_zeros(rows: int, share: float) -> None:
    random = np.random.default_rng(rows)
    kept = random.random(rows) < share
    weights = random.normal(size=(rows, 4)).astype(np.float32)
    bits = words(kept)
    assert bits.shape == (word_count(rows),)
    table = PrunedTable(bits, FloatTable(weights[kept]), rows)
    asked = random.integers(0, rows, (30, 3)).astype(np.int32)
    wanted = np.where(kept[:, None], weights, 0)
    np.testing.assert_array_equal(table.gather(asked), wanted[asked])


def test_bits_by_hand() -> None:
    kept = np.zeros(70, bool)
    kept[[0, 5, 64]] = True
    np.testing.assert_array_equal(words(kept), np.array([0b100001, 1], np.uint64))
