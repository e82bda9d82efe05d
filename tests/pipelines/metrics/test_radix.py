"""Sorting by radix is NumPy's stable sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.metrics.radix import ascending, descending

SCORES = st.one_of(
    st.floats(allow_nan=False),
    st.floats(allow_nan=False, width=32),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, 5e-324, -5e-324]),
)


@given(arrays(np.float64, st.integers(1, 60), elements=SCORES))
def test_descending_is_a_stable_sort(scores: np.ndarray) -> None:
    expected = np.argsort(-scores, kind="stable")
    assert descending(scores).tolist() == expected.tolist()


@pytest.mark.parametrize("most", [1, 2**16, 2**16 + 1, 2**32])
def test_ascending_keeps_an_order_among_equals(most: int) -> None:
    random = np.random.default_rng(0)
    keys = random.integers(0, most, 3000).astype(np.uint64) // max(1, most // 40)
    order = random.permutation(3000)
    expected = order[np.argsort(keys[order], kind="stable")]
    assert ascending(keys, order).tolist() == expected.tolist()
    assert ascending(keys).tolist() == np.argsort(keys, kind="stable").tolist()
