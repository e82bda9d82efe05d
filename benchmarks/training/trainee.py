"""What every contestant can do, and in which settings it may do it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.training.task import Floats, Task
from features.batch import Batch

DENSE_RATE, START, EPSILON = 1e-3, 1e-6, 1e-8  # Adam's, and AdaGrad's start and epsilon


@dataclass(frozen=True)
class Setting:
    """How a library is used, where it leaves a choice.

    fused: one table for all fields, not one a field. bfloat16: the dense part computes in it.
    compiled: by torch.compile or XLA. burst: steps a call, where the library runs several.
    optimizer: where a library's own loop knows one for all weights.
    """

    fused: bool = True
    bfloat16: bool = False
    compiled: bool = False
    burst: int = 1
    optimizer: str = ""

    @property
    def name(self) -> str:
        said = [self.optimizer] if self.optimizer else []
        said.append("one table" if self.fused else "a table a field")
        said.append("bfloat16" if self.bfloat16 else "float32")
        said += ["compiled"] if self.compiled else []
        said += [f"{self.burst} steps a call"] if self.burst > 1 else []
        return ", ".join(said)


class Trainee(ABC):
    """A model that is learning. Built with the task, its setting and a learning rate.

    The rate is that of the tables where they have an optimizer of their own, and of all weights
    where the library knows one optimizer.
    """

    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        self.task, self.setting, self.rate = task, setting, rate

    @abstractmethod
    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        """A call that learns from the next `setting.burst` batches, over and over; their loss."""

    @abstractmethod
    def predict(self, batch: Batch) -> Floats:
        """Scores in the order of the click probability, float32 (rows,)."""


@dataclass(frozen=True)
class Rival:
    """A contestant: how it is made, its settings, and the learning rates it may choose from.

    needs: modules that must be there. copies: of its tables' weights that it holds in a step
    (weights, state of the optimizer, gradients if dense). how: what is run, in a line.
    """

    name: str
    trainee: str  # "module:class", imported in its own process alone
    settings: tuple[Setting, ...]
    rates: tuple[float, ...]
    needs: tuple[str, ...]
    copies: int
    how: str
    environment: dict[str, str] = field(default_factory=dict)

    def gigabytes(self, task: Task) -> float:
        """Roughly what its process holds."""
        return (task.table_bytes * self.copies) / 1e9 + 1.0


def stacked(batches: Sequence[Batch]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, numerics and labels of all batches: (batches, rows, ...) each."""
    labels = [one.label for one in batches if one.label is not None]
    ids, numerics = [one.ids for one in batches], [one.numerics for one in batches]
    return np.stack(ids), np.stack(numerics), np.stack(labels)
