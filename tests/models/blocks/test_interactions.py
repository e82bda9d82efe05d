"""What every interaction block must do, whatever it computes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from features.stderr import quiet
from models.keras import keras, tf
from tests.models.blocks.interactions import CASES, Case, randomise, trace

OF_FIELDS = {name: case for name, case in CASES.items() if len(case.shapes[0]) == 2}


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def bfloat16() -> Iterator[None]:
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_global_policy("float32")


def made(case: Case, seed: int = 0) -> Any:
    block = case.build(seed)
    case.run(block, case.inputs(2))
    return block


def test_output_dim_is_true(case: Case) -> None:
    block = made(case)
    for rows in (0, 1, 3):
        shape = case.run(block, case.inputs(rows)).shape
        assert (shape[0], shape[-1]) == (rows, case.width(block))


def test_a_row_alone_is_the_row_among_others(case: Case) -> None:
    block = made(case)
    randomise(block)
    inputs = case.inputs(4)
    alone = case.run(block, [one[2:3] for one in inputs])
    np.testing.assert_allclose(alone, case.run(block, inputs)[2:3], rtol=1e-4, atol=1e-5)


def test_seeds_decide_the_weights_and_no_two_are_the_same(case: Case) -> None:
    weights = made(case, 0).get_weights()
    for one, again in zip(weights, made(case, 0).get_weights(), strict=True):
        np.testing.assert_array_equal(one, again)
    drawn = [k for k, one in enumerate(weights) if np.unique(one).size > 1]
    others = made(case, 100).get_weights()
    assert not any(np.array_equal(weights[k], others[k]) for k in drawn)
    values = np.concatenate([weights[k].ravel() for k in drawn]) if drawn else np.empty(0)
    assert np.unique(values).size == values.size


def test_every_weight_and_input_has_a_finite_gradient(case: Case) -> None:
    block = made(case)
    randomise(block)

    @tf.function(
        input_signature=[tf.TensorSpec([None, *shape], tf.float32) for shape in case.shapes]
    )
    def gradients(*inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            found = case.run(block, inputs, training=True)
            loss = tf.reduce_sum(found * tf.cos(tf.range(case.width(block), dtype=tf.float32)))
        return tape.gradient(loss, [*inputs, *block.trainable_weights])

    found = gradients(*map(tf.constant, case.inputs(16)))
    for gradient in found:
        assert np.isfinite(gradient).all()
        assert np.any(gradient)


def compare(block: Any, function: Any, inputs: Sequence[Sequence[Any]]) -> None:
    """`function` in LiteRT against itself in TensorFlow, over inputs of several batch sizes."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], block
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    with quiet():
        interpreter: Any = Interpreter(model_content=converter.convert())
    given = sorted(interpreter.get_input_details(), key=lambda one: str(one["name"]))
    (output,) = interpreter.get_output_details()
    for values in inputs:
        for detail, one in zip(given, values, strict=True):
            interpreter.resize_tensor_input(detail["index"], one.shape)
        interpreter.allocate_tensors()
        for detail, one in zip(given, values, strict=True):
            interpreter.set_tensor(detail["index"], one)
        interpreter.invoke()
        found = interpreter.get_tensor(output["index"])
        np.testing.assert_allclose(found, function(*values), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_litert_computes_the_same_at_batch_sizes_that_come_and_go(case: Case) -> None:
    block = made(case)
    randomise(block)
    compare(block, trace(block, case), [case.inputs(rows) for rows in (1, 7, 1)])


@pytest.mark.slow
@pytest.mark.parametrize("fields", [0, 1])
@pytest.mark.parametrize("case", OF_FIELDS.values(), ids=list(OF_FIELDS))
def test_so_it_does_where_fields_are_too_few_for_a_pair(case: Case, fields: int) -> None:
    """As a model has it: the block's output beside others, and no input without values."""
    (_, dim), *rest = case.shapes
    few = replace(case, shapes=((fields, dim), *rest))
    block = made(few)
    specs = [(dim,), *((fields, dim) for _ in range(fields)), *rest]

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, *shape], tf.float32, name=f"x{i}") for i, shape in enumerate(specs)
        ]
    )
    def beside(flat: Any, *inputs: Any) -> Any:
        absent = [] if fields else [tf.zeros([tf.shape(flat)[0], 0, dim])]
        found = few.run(block, [*absent, *inputs])
        width = int(np.prod(found.shape[1:]))
        return tf.concat([tf.reshape(found, [tf.shape(flat)[0], width]), flat], 1)

    compare(block, beside, [replace(case, shapes=tuple(specs)).inputs(n) for n in (1, 7, 1)])


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_is_near_float32(case: Case) -> None:
    """Within 2 % of the spread; blocks that are `exact` do not round at all."""
    low = made(case)
    keras.mixed_precision.set_global_policy("float32")
    block = made(case)
    randomise(block)
    low.set_weights(block.get_weights())
    inputs = case.inputs(64)
    with tf.GradientTape() as tape:
        found = case.run(low, inputs, training=False)
    expected = case.run(block, inputs).numpy()
    assert found.dtype == (tf.float32 if case.exact else tf.bfloat16)
    error = np.sqrt(np.mean((tf.cast(found, tf.float32) - expected) ** 2))
    assert error <= (0 if case.exact else expected.std() / 50)
    weights = low.trainable_weights
    for weight, gradient in zip(weights, tape.gradient(found, weights), strict=True):
        assert weight.dtype == gradient.dtype == tf.float32
        assert np.isfinite(gradient).all()
