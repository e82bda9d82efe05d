"""Layer norm of each field."""

import numpy as np

from models.blocks.field_norm import FieldNorm
from tests.models.blocks.interactions import randomise


def test_fields_are_normalised_each_by_itself() -> None:
    fields = np.random.default_rng(0).normal(5, 3, (4, 3, 8)).astype(np.float32)
    mean, variance = fields.mean(2, keepdims=True), fields.var(2, keepdims=True)
    normed = (fields - mean) / np.sqrt(variance + 1e-5)
    block = FieldNorm()
    np.testing.assert_allclose(block(fields), normed, rtol=1e-3, atol=1e-4)
    randomise(block)
    gain, bias = block.get_weights()
    assert gain.shape == bias.shape == (3, 8)
    np.testing.assert_allclose(block(fields), normed * gain + bias, rtol=1e-3, atol=1e-4)


def test_neither_fields_nor_elements_need_be_many() -> None:
    assert FieldNorm()(np.ones((2, 0, 8), np.float32)).shape == (2, 0, 8)
    np.testing.assert_array_equal(FieldNorm()(np.ones((2, 1, 1), np.float32)), np.zeros((2, 1, 1)))
