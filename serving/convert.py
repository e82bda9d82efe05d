"""A dense network to a LiteRT flatbuffer."""

from __future__ import annotations

import contextlib
import io
from typing import Literal

from features.stderr import quiet
from models.keras import tf
from models.model import Model

Compute = Literal["int8", "float16", "none"]


def to_litert(model: Model, quantize: Compute) -> bytes:
    """The dense network with a free batch size, in LiteRT's built-in operators alone.

    `int8` stores the weights as int8 with a scale a channel and computes in integers, with
    activations quantized by their range at each call (dynamic-range quantization). `float16`
    stores the weights in half the bytes and computes in float32.
    """
    sample = {
        name: tensor for name, tensor in model.sample_inputs().items() if 0 not in tensor.shape
    }
    empty = {name: tensor.shape for name, tensor in model.sample_inputs().items()}

    class Exported(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = model.network  # tracked, so that its weights are found

        @tf.function(
            input_signature=[
                {
                    name: tf.TensorSpec([None, *tensor.shape[1:]], tf.float32, name=name)
                    for name, tensor in sample.items()
                }
            ]
        )
        def logits(self, inputs):  # type: ignore[no-untyped-def]
            rows = tf.shape(next(iter(inputs.values())))[0]
            absent = {
                name: tf.zeros([rows, *shape[1:]])
                for name, shape in empty.items()
                if name not in inputs
            }
            return self.network({**inputs, **absent}, training=False)

    module = Exported()
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.logits.get_concrete_function()], module
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())
