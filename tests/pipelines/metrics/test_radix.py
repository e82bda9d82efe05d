"""Sorting by radix is NumPy's stable sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.metrics import radix
from pipelines.metrics.radix import ascending, descending

SCORES = st.one_of(
    st.floats(allow_nan=False),
    st.floats(allow_nan=False, width=32),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, 5e-324, -5e-324]),
)


@pytest.fixture(params=["plain", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radix, "_WORTH_COMPILING", 1 if request.param == "compiled" else 10**9)
    if request.param == "compiled":
        pytest.importorskip("numba")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_many_scores_are_sorted_alike(kind: type[np.floating]) -> None:
    scores = np.random.default_rng(1).normal(size=5000).astype(kind).astype(np.float64)
    assert descending(scores).tolist() == np.argsort(-scores, kind="stable").tolist()


@given(arrays(np.float64, st.integers(1, 60), elements=SCORES))
def test_descending_is_a_stable_sort(scores: np.ndarray) -> None:
    expected = np.argsort(-scores, kind="stable")
    assert descending(scores).tolist() == expected.tolist()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", [np.uint32, np.uint64])
@pytest.mark.parametrize("most", [1, 2, 2**11, 2**16, 2**16 + 1, 2**32])
def test_ascending_keeps_an_order_among_equals(most: int, kind: type[np.unsignedinteger]) -> None:
    random = np.random.default_rng(0)
    keys = (random.integers(0, 40, 3000) * (most - 1) // 39).astype(kind)
    order = random.permutation(3000)
    expected = order[np.argsort(keys[order], kind="stable")]
    assert ascending(keys, order).tolist() == expected.tolist()
    assert ascending(keys).tolist() == np.argsort(keys, kind="stable").tolist()
