"""DLRM's interaction against the layer of TensorFlow Recommenders."""

import numpy as np
import pytest

from models.blocks.dot import DotInteraction
from models.keras import recommenders

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(5, 4, 3)).astype(np.float32)
D = RANDOM.normal(size=(5, 3)).astype(np.float32)


@pytest.mark.parametrize("self_interaction", [False, True])
@pytest.mark.parametrize("fields", [1, 4])
def test_it_is_the_layer_of_tensorflow_recommenders_after_the_dense_vector(
    self_interaction: bool, fields: int
) -> None:
    block = DotInteraction(self_interaction=self_interaction)
    theirs = recommenders.layers.feature_interaction.DotInteraction(self_interaction)
    found = block(X[:, :fields], D).numpy()
    np.testing.assert_array_equal(found[:, :3], D)
    expected = theirs([D, *(X[:, i] for i in range(fields))])
    np.testing.assert_allclose(found[:, 3:], expected, rtol=1e-5, atol=1e-6)
    assert found.shape[1] == block.output_dim(fields, 3)


def test_worked_numbers() -> None:
    """d = (1, 2), v = (3, 4): <d, d> = 5, <v, d> = 11, <v, v> = 25."""
    d, v = np.array([[1.0, 2.0]], np.float32), np.array([[[3.0, 4.0]]], np.float32)
    np.testing.assert_array_equal(DotInteraction()(v, d), [[1, 2, 11]])
    np.testing.assert_array_equal(DotInteraction(self_interaction=True)(v, d), [[1, 2, 5, 11, 25]])


def test_without_fields_it_is_the_dense_vector() -> None:
    np.testing.assert_array_equal(DotInteraction()(X[:, :0], D), D)
