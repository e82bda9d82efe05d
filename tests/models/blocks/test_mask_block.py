"""Mask blocks against the paper's equations in numpy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.mask_block import MaskBlock, MaskBlocks, Structure
from tests.models.blocks.interactions import randomise

Array = npt.NDArray[Any]
RANDOM = np.random.default_rng(0)
H = RANDOM.normal(size=(5, 4)).astype(np.float32)
E = RANDOM.normal(size=(5, 6)).astype(np.float32)


def norm(values: Array) -> Array:
    mean, variance = values.mean(-1, keepdims=True), values.var(-1, keepdims=True)
    found: Array = (values - mean) / np.sqrt(variance + 1e-5)
    return found


def by_hand(block: MaskBlock, hidden: Array, embedded: Array, layer_norm: bool) -> Array:
    parts = iter(block.get_weights())
    w = next(parts)
    gain, bias = (next(parts), next(parts)) if layer_norm else (1, 0)
    w1, b1, w2, b2 = parts
    mask = np.maximum(embedded @ w1 + b1, 0) @ w2 + b2
    found = (mask * hidden) @ w
    return np.maximum((norm(found) if layer_norm else found) * gain + bias, 0)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize(("reduction", "wide"), [(0.5, 2), (1.0, 4), (2.0, 8), (0.01, 1)])
def test_a_block_is_the_formula(layer_norm: bool, reduction: float, wide: int) -> None:
    block = MaskBlock(3, reduction=reduction, layer_norm=layer_norm)
    block(H, E)
    randomise(block)
    assert block.get_weights()[-4].shape == (6, wide)
    expected = by_hand(block, H, E, layer_norm)
    np.testing.assert_allclose(block(H, E), expected, rtol=1e-3, atol=1e-4)
    assert expected.shape[1] == block.output_dim()


@pytest.mark.parametrize("structure", ["serial", "parallel"])
def test_blocks_follow_each_other_or_stand_side_by_side(structure: Structure) -> None:
    blocks = MaskBlocks((5, 3), structure=structure)
    blocks(H, E)
    randomise(blocks)
    first, second = blocks._blocks
    one = by_hand(first, H, E, True)
    if structure == "serial":
        expected = by_hand(second, one, E, True)
    else:
        expected = np.concatenate([one, by_hand(second, H, E, True)], 1)
    np.testing.assert_allclose(blocks(H, E), expected, rtol=1e-3, atol=1e-4)


def test_the_instance_guides_the_mask() -> None:
    block = MaskBlock(3, layer_norm=False, activation="linear")
    assert np.abs(block(H, E) - block(H, E[::-1])).max() > 1e-3
    np.testing.assert_allclose(block(2 * H, E), 2 * block(H, E), rtol=1e-5, atol=1e-6)


def test_dropout_drops_in_training_alone() -> None:
    block = MaskBlocks((64,), dropout=0.5)
    np.testing.assert_array_equal(block(H, E), block(H, E, training=False))
    assert np.mean(block(H, E, training=True) == 0) > np.mean(block(H, E) == 0) + 0.1
