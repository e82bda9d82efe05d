"""What every block is held to: the server's operators, and narrow floats."""

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from features.stderr import quiet
from models.keras import keras, tf


def _flatbuffer(call: Callable[..., Any], inputs: tuple[Any, ...]) -> bytes:
    """`call` with a free batch size, in LiteRT's built-in operators alone."""
    holder = tf.Module()
    holder.block = call
    holder.serve = tf.function(
        lambda *arguments: call(*arguments, training=False),
        input_signature=[tf.TensorSpec([None, *one.shape[1:]], tf.float32) for one in inputs],
    )
    concrete = [holder.serve.get_concrete_function()]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(concrete, holder)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())


@pytest.fixture
def check_litert() -> Callable[..., None]:
    """Asserts that LiteRT gives what the block gives, at batch sizes that come and go."""

    def check(block: Any, *inputs: Any, tolerance: float = 1e-5) -> None:
        expected = block(*inputs, training=False).numpy()
        with quiet():
            interpreter = Interpreter(model_content=_flatbuffer(block, inputs), num_threads=1)
        details = sorted(interpreter.get_input_details(), key=lambda detail: detail["name"])
        for rows in (len(inputs[0]), 1, 2):
            for detail, one in zip(details, inputs, strict=True):
                interpreter.resize_tensor_input(detail["index"], [rows, *one.shape[1:]])
            with quiet():
                interpreter.allocate_tensors()
            for detail, one in zip(details, inputs, strict=True):
                interpreter.set_tensor(detail["index"], one[:rows])
            interpreter.invoke()
            (output,) = interpreter.get_output_details()
            found = interpreter.get_tensor(output["index"])
            np.testing.assert_allclose(found, expected[:rows], rtol=tolerance, atol=tolerance)

    return check


@pytest.fixture
def bfloat16() -> Iterator[Any]:
    """Blocks made in this test compute in bfloat16, with float32 weights."""
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield tf.bfloat16
    keras.mixed_precision.set_global_policy("float32")
