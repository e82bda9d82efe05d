"""The logarithmic transformation against products of powers."""

import numpy as np
import pytest

from models.blocks.logarithmic import LogarithmicTransform
from tests.models.blocks.interactions import randomise

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)


def test_it_is_a_product_of_powers() -> None:
    block = LogarithmicTransform(2, batch_norm=False)
    block(X)
    randomise(block)
    (powers,) = block.get_weights()
    products = np.prod(np.abs(X)[..., None] ** powers[:, None, :], axis=1)  # (batch, dim, neurons)
    np.testing.assert_allclose(block(X), products.reshape(5, 6), rtol=1e-4)


def test_worked_numbers() -> None:
    """Powers 1 and 2 of |-2| and 3: 18; powers 0 and -1: 1/3."""
    block = LogarithmicTransform(2, batch_norm=False)
    vectors = np.array([[[-2.0], [3.0]]], np.float32)
    block(vectors)
    block.set_weights([np.array([[1.0, 0.0], [2.0, -1.0]])])
    np.testing.assert_allclose(block(vectors), [[18.0, 1 / 3]], rtol=1e-5)


def test_batch_norm_in_training_is_over_batch_and_elements() -> None:
    block = LogarithmicTransform(2)
    found = block(X, training=True).numpy()
    logs = np.log(np.abs(X))
    logs = (logs - logs.mean((0, 2), keepdims=True)) / np.sqrt(
        logs.var((0, 2), keepdims=True) + 1e-5
    )
    (powers,) = (one.numpy() for one in block.weights if "kernel" in one.name)
    products = np.exp(np.einsum("bfd,fn->bdn", logs, powers))
    mean, variance = products.mean((0, 1)), products.var((0, 1))
    expected = (products - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(found, expected.reshape(5, 6), rtol=1e-3, atol=1e-4)


def test_batch_norm_in_inference_is_what_was_seen() -> None:
    """After many steps on one batch, its statistics are the running ones (n / (n - 1) apart)."""
    block = LogarithmicTransform(2)
    rows = np.tile(X, (40, 1, 1))
    for _ in range(60):
        trained = block(rows, training=True)
    np.testing.assert_allclose(block(rows), trained, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_zeros_and_large_numbers_stay_finite(batch_norm: bool) -> None:
    block = LogarithmicTransform(3, batch_norm=batch_norm)
    for scale in (0.0, 1e-30, 1e4):
        assert np.isfinite(block(scale * X)).all()


def test_without_fields_it_is_the_empty_product() -> None:
    np.testing.assert_array_equal(LogarithmicTransform(2)(X[:, :0]), np.ones((5, 6)))
