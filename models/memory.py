"""Arrays that numpy and TensorFlow share."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.keras import tf
from models.optimizers.optimizer import Tensor

_LINE = 64  # bytes: what a processor fetches at once, and where TensorFlow wants arrays to begin

Floats = npt.NDArray[np.float32]


def fresh(*shape: int) -> Floats:
    """Float32 of any content that begins where a cache line does."""
    size = 4 * math.prod(shape)
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size].view(np.float32).reshape(shape)


def as_tensor(array: Floats) -> Tensor:
    """One that `fresh` made, without a copy: it must not be written to while TensorFlow reads."""
    if not array.size:
        return tf.convert_to_tensor(array)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def as_array(tensor: Tensor) -> Floats:
    """What TensorFlow computed, without a copy, to be read alone."""
    return np.asarray(tensor)
