"""Segments: hot and cold rows, and what an error in each adds to the loss."""

import numpy as np

from pipelines.quantization.segment import segments


def test_rows_are_cut_where_the_mass_is() -> None:
    uses = np.concatenate([np.full(32, 100), np.full(64, 50), np.zeros(500)]).astype(np.int64)
    found = list(segments("embedding", {"item": 0}, uses, uses * 2.0, examples=100))
    # Half of the 6,400 uses, four fifths and 19 of 20; the next cut would leave too few rows.
    assert [one.stop for one in found] == [32, 71, 90, 596]


def test_vocabularies_are_apart_and_cover_the_table() -> None:
    uses = np.ones(90, np.int64)
    found = list(segments("embedding", {"a": 0, "b": 40}, uses, uses * 1.0, examples=10))
    assert {one.vocabulary for one in found} == {"a", "b"}
    assert [one.start for one in found][1:] == [one.stop for one in found][:-1]
    assert any(one.stop == 40 for one in found)


def test_weights_by_hand() -> None:
    # 4 examples; curvature a use is (6 + 2) / (3 + 1) = 2; a row never used counts half a use.
    uses, total = np.array([3, 1, 0]), np.array([6.0, 2.0, 0.0])
    (one,) = segments("embedding", {"a": 0}, uses, total, examples=4)
    np.testing.assert_allclose(one.weight, [3 * 2 / 8, 1 * 2 / 8, 0.5 * 2 / 8])
