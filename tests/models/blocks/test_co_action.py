"""Co-action units against a worked example, a scalar reading of the paper, and their laws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from features.errors import ConfigError
from models.blocks.co_action import CoAction
from models.keras import tf

Floats = npt.NDArray[Any]
DIM, LENGTH, BATCH = 3, 4, 5
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1]], np.float32)
PRESENT = MASK[..., None] > 0
OPTIONS: list[dict[str, Any]] = [
    {"layers": (2,)},
    {"layers": (3, 2), "orders": 3},
    {"layers": (3, 2), "orders": 2, "bias": True},
    {"layers": (4, 2, 3), "orders": 3, "order_independent": True, "bias": True},
]
every = pytest.mark.parametrize("options", OPTIONS, ids=str)


def make(options: dict[str, Any]) -> tuple[CoAction, Floats, Floats]:
    """The block, elements with zeros where padded, and rows."""
    random = np.random.default_rng(0)
    elements = np.where(PRESENT, random.normal(size=(BATCH, LENGTH, DIM)), 0).astype(np.float32)
    size = CoAction.parameters(DIM, **options)
    return CoAction(**options), elements, random.normal(size=(BATCH, size)).astype(np.float32)


def reference(
    elements: Floats,
    row: Floats,
    layers: tuple[int, ...],
    orders: int = 1,
    order_independent: bool = False,
    bias: bool = False,
) -> Floats:
    """One example's present elements, one at a time, as the equations have it."""
    total = np.zeros(orders * sum(layers))
    for element in elements.astype(float):
        outputs: list[Floats] = []
        numbers = iter(row.astype(float))
        for order in range(1, orders + 1):
            if not order_independent:
                numbers = iter(row.astype(float))
            hidden = element**order
            for depth, units in enumerate(layers, 1):
                weight = [[next(numbers) for _ in range(units)] for _ in hidden]
                hidden = hidden @ np.array(weight)
                if bias:
                    hidden = hidden + [next(numbers) for _ in range(units)]
                if depth < len(layers):
                    hidden = np.tanh(hidden)
                outputs.append(hidden)
        total += np.concatenate(outputs)
    return total


def test_worked_numbers() -> None:
    """dim 2, layers 2 and 1, orders 2. W1 = [[1, 0], [2, -1]], W2 = [[3], [1]], e = [0.5, 0.25]:

    e W1 = [1, -0.25]; e^2 = [0.25, 0.0625], e^2 W1 = [0.375, -0.0625]; the second layer
    gives 3 tanh(first) + tanh(second), without a tanh of its own.
    """
    row = tf.constant([[1.0, 0.0, 2.0, -1.0, 3.0, 1.0]])
    elements = tf.constant([[[0.5, 0.25], [9.0, 9.0]]])
    found = CoAction((2, 1), orders=2)(elements, row, tf.constant([[1.0, 0.0]]))
    expected = [0.761594, -0.244919, 2.039864, 0.358357, -0.062419, 1.012653]
    np.testing.assert_allclose(found, [expected], atol=1e-5)


def test_the_size_of_the_paper_s_rows() -> None:
    """16 x 8 + 8 x 4 = 160; with biases 12 more; three sets of them 516."""
    assert CoAction.parameters(16) == CoAction.parameters(16, (8, 4), orders=3) == 160
    assert CoAction.parameters(16, bias=True) == 172
    assert CoAction.parameters(16, bias=True, orders=3, order_independent=True) == 516


@every
def test_the_formula(options: dict[str, Any]) -> None:
    block, elements, rows = make(options)
    found = block(elements, rows, MASK).numpy()
    assert found.shape == (BATCH, block.output_dim(DIM))
    for i in range(BATCH):
        expected = reference(elements[i][MASK[i] > 0], rows[i], **options)
        np.testing.assert_allclose(found[i], expected, rtol=1e-4, atol=1e-5)
        alone = block(elements[i : i + 1], rows[i : i + 1], MASK[i : i + 1])
        np.testing.assert_allclose(alone[0], found[i], rtol=1e-5, atol=1e-6)


@every
def test_padding_never_matters(options: dict[str, Any]) -> None:
    block, elements, rows = make(options)
    garbage = np.where(PRESENT, elements, np.float32(np.nan))
    with tf.GradientTape() as tape:
        watched = tf.constant(garbage)
        tape.watch(watched)
        found = block(watched, rows, MASK)
    np.testing.assert_array_equal(found, block(elements, rows, MASK))
    assert not found.numpy()[2].any()  # an empty sequence
    gradient = tape.gradient(found, watched).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[MASK == 0].any()
    assert gradient[MASK > 0].any(axis=1).all()


@every
def test_the_order_of_the_elements_does_not_matter(options: dict[str, Any]) -> None:
    block, elements, rows = make(options)
    found = block(elements[:, ::-1], rows, MASK[:, ::-1])
    np.testing.assert_allclose(found, block(elements, rows, MASK), rtol=1e-4, atol=1e-5)


def test_one_vector_is_a_sequence_of_one() -> None:
    block, elements, rows = make({"layers": (3, 2), "orders": 2, "bias": True})
    found = block(elements[:, 0], rows)
    np.testing.assert_array_equal(found, block(elements[:, :1], rows, np.ones((BATCH, 1))))
    np.testing.assert_array_equal(found, block(elements[:, :1], rows))


def test_a_row_learns_from_its_own_example_alone() -> None:
    block, elements, rows = make({"layers": (3, 2), "orders": 3})
    with tf.GradientTape() as tape:
        watched = tf.constant(rows)
        tape.watch(watched)
        loss = tf.reduce_sum(block(elements, watched, MASK)[1])
    gradient = tape.gradient(loss, watched).numpy()
    assert gradient[1].all()
    assert not np.delete(gradient, 1, 0).any()


def test_rows_of_another_size_are_refused() -> None:
    with pytest.raises(ConfigError, match="must hold 160 floats; they hold 159"):
        CoAction()(tf.zeros([1, 2, 16]), tf.zeros([1, 159]))


@every
def test_in_litert(options: dict[str, Any], check_litert: Callable[..., None]) -> None:
    block, elements, rows = make(options)
    check_litert(block, elements, rows, MASK)


def test_in_bfloat16(bfloat16: Any) -> None:
    options: dict[str, Any] = {"layers": (3, 2), "orders": 3, "bias": True}
    block, elements, rows = make(options)
    found = block(elements, rows, MASK)
    assert found.dtype == bfloat16
    for i in range(BATCH):
        expected = reference(elements[i][MASK[i] > 0], rows[i], **options)
        np.testing.assert_allclose(tf.cast(found[i], tf.float32), expected, rtol=0.05, atol=0.15)
