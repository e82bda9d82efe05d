"""Attention over fields against the paper's sums, head by head and field by field."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.attention import FieldAttention
from tests.models.blocks.interactions import randomise

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_it_is_the_formula(residual: bool, scale: bool, layer_norm: bool) -> None:
    heads, size = 2, 5
    block = FieldAttention(
        2, heads=heads, head_dim=size, residual=residual, scale=scale, layer_norm=layer_norm
    )
    block(X)
    randomise(block)
    weights = iter(block.get_weights())
    fields: npt.NDArray[Any] = X
    for layer in range(2):
        query, key, value = (next(weights) for _ in range(3))
        found = np.zeros((5, 4, heads * size))
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            for m in range(4):
                scores = np.stack(
                    [
                        np.sum((fields[:, m] @ query[:, part]) * (fields[:, k] @ key[:, part]), 1)
                        for k in range(4)
                    ],
                    1,
                )
                a = np.exp(scores / (np.sqrt(size) if scale else 1))
                a /= a.sum(1, keepdims=True)
                for k in range(4):
                    found[:, m, part] += a[:, [k]] * (fields[:, k] @ value[:, part])
        if residual:
            found += fields @ next(weights) if layer == 0 else fields
        if layer_norm:
            gain, bias = next(weights), next(weights)
            centred = found - found.mean(2, keepdims=True)
            found = centred / np.sqrt(found.var(2, keepdims=True) + 1e-5) * gain + bias
        fields = np.maximum(found, 0)
    assert next(weights, None) is None
    np.testing.assert_allclose(block(X), fields, rtol=1e-3, atol=1e-4)


def test_fields_in_another_order_are_the_same_fields() -> None:
    block = FieldAttention(2, head_dim=4)
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(block(X[:, order]), block(X).numpy()[:, order], atol=1e-6)


def test_a_field_sees_the_others() -> None:
    block = FieldAttention(1, head_dim=4)
    other = X.copy()
    other[:, 3] += 1
    assert np.abs(block(other) - block(X))[:, 0].max() > 1e-3


@pytest.mark.parametrize("fields", [0, 1, 4])
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_output_dim_is_true(layers: int, fields: int) -> None:
    block = FieldAttention(layers, heads=3, head_dim=2)
    assert block(X[:, :fields]).shape == (5, fields, block.output_dim(3))


def test_dropout_drops_in_training_alone() -> None:
    block = FieldAttention(1, head_dim=4, dropout=0.5)
    np.testing.assert_array_equal(block(X), block(X, training=False))
    assert np.abs(block(X, training=True) - block(X)).max() > 1e-3
