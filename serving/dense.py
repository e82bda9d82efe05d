"""The dense network, run by LiteRT."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from features.errors import BundleError
from features.stderr import quiet

Floats = npt.NDArray[np.float32]


class DenseNetwork:
    """Logits of embedded batches; safe to call from several threads at once.

    Args:
        path: a LiteRT flatbuffer with one input a name, each float32 with a free first axis.
        threads: how many calls may run side by side, each on one core.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        runners = [_Runner(path) for _ in range(threads)]
        self.tasks = runners[0].tasks  # logits a row
        self._idle: queue.SimpleQueue[_Runner] = queue.SimpleQueue()
        for runner in runners:
            self._idle.put(runner)

    def __call__(self, inputs: Mapping[str, Floats]) -> Floats:
        """inputs float32 (batch, ...) by name, to logits float32 (batch,), or of several tasks
        (batch, tasks)."""
        runner = self._idle.get()
        try:
            return runner.run(inputs)
        finally:
            self._idle.put(runner)


class _Runner:
    """One interpreter, whose tensors are resized only when the batch size changes."""

    def __init__(self, path: Path) -> None:
        try:
            with quiet():  # it announces its delegate, at the first allocation
                self._interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
                self._interpreter.allocate_tensors()
            details = self._interpreter.get_input_details()
            (output,) = self._interpreter.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"{path.name} must be a LiteRT model with one output; loading it failed: {error}. "
                "Export again."
            ) from error
        self._inputs = {_argument(detail["name"]): detail for detail in details}
        self._output = output["index"]
        self.tasks = int(np.prod(output["shape"][1:], dtype=int))
        self._batch = -1

    def run(self, inputs: Mapping[str, Floats]) -> Floats:
        batch = len(next(iter(inputs.values())))
        if batch != self._batch:
            for detail in self._inputs.values():
                shape = [batch, *detail["shape"][1:]]
                self._interpreter.resize_tensor_input(detail["index"], shape)
            self._interpreter.allocate_tensors()
            self._batch = batch
        for name, detail in self._inputs.items():
            self._interpreter.set_tensor(detail["index"], inputs[name])
        self._interpreter.invoke()
        logits: Floats = self._interpreter.get_tensor(self._output)
        return logits


def _argument(tensor: str) -> str:
    """`serving_default_numeric:0` is the argument `numeric`."""
    return tensor.removeprefix("serving_default_").rsplit(":", 1)[0]
