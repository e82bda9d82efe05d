"""Products against loops over the pairs in numpy."""

from itertools import combinations

import numpy as np
import pytest

from models.blocks.product import InnerProduct, Kernel, OuterProduct
from tests.models.blocks.interactions import randomise

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
PAIRS = list(combinations(range(4), 2))


def test_inner_products_are_those_of_the_pairs_in_order() -> None:
    expected = np.stack([(X[:, i] * X[:, j]).sum(1) for i, j in PAIRS], 1)
    np.testing.assert_allclose(InnerProduct()(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernel", ["matrix", "vector", "number"])
def test_outer_products_weighed_by_the_kernel_of_each_pair(kernel: Kernel) -> None:
    block = OuterProduct(kernel)
    block(X)
    randomise(block)
    (kernels,) = block.get_weights()
    whole = {
        "matrix": kernels,
        "vector": kernels[:, 0, :, None] * np.eye(3),
        "number": kernels * np.eye(3),
    }[kernel]
    outer = np.stack([X[:, i, :, None] * X[:, j, None, :] for i, j in PAIRS], 1)
    np.testing.assert_allclose(block(X), (outer * whole).sum((2, 3)), rtol=1e-4, atol=1e-5)


def test_the_unit_kernel_makes_them_inner_products() -> None:
    block = OuterProduct("matrix")
    block(X)
    block.set_weights([np.tile(np.eye(3), (6, 1, 1))])
    np.testing.assert_allclose(block(X), InnerProduct()(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernel", ["matrix", "vector", "number"])
def test_at_the_start_they_are_as_large_as_inner_products(kernel: Kernel) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 20, 16)).astype(np.float32)
    inner, outer = InnerProduct()(vectors).numpy(), OuterProduct(kernel)(vectors).numpy()
    assert outer.std() == pytest.approx(inner.std(), rel=0.15)


@pytest.mark.parametrize("fields", [0, 1])
def test_without_pairs_they_have_no_width(fields: int) -> None:
    for block in (InnerProduct(), OuterProduct(), OuterProduct("vector")):
        assert block(X[:, :fields]).shape == (5, 0) == (5, block.output_dim(fields))
        assert not block.weights
