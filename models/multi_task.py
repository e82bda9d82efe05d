"""What families that learn several labels declare alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from features.errors import ConfigError
from features.layout import Layout
from models.blocks.task_weights import TaskWeights
from models.deep import DeepConfig
from models.keras import keras
from models.losses.uncertainty import Uncertainty
from models.network import Network

Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class MultiTaskConfig(DeepConfig):
    """Several labels by one network over shared embeddings.

    `tasks` names them, the main one first; models.tasks fills it in from what [data] declares. The
    loss is the sum of theirs times `task_weights`, 1 each where none are given; of `uncertainty`
    the weights are learned (models.losses.uncertainty).
    """

    most: ClassVar[int | None] = None  # tasks that the family can learn

    tasks: tuple[str, ...] = ()
    task_weights: tuple[Weight, ...] | Literal["uncertainty"] = ()

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
        *further: float,
    ) -> MultiTaskNetwork:
        """Its logits are float32 (batch, tasks); those of tasks without a bias start as the first.

        Raises ConfigError where there are too few tasks, or too many.
        """
        if not 2 <= len(self.tasks) <= (self.most or len(self.tasks)):
            raise ConfigError(
                f"A model of several tasks must name at least 2, and at most as many as it learns; "
                f"this one has {len(self.tasks)}. Declare them with models.tasks.with_tasks."
            )
        biases = [bias, *further][: len(self.tasks)]
        return self.assemble(seed, biases + [bias] * (len(self.tasks) - len(biases)))

    @abstractmethod
    def assemble(self, seed: int, biases: Sequence[float]) -> MultiTaskNetwork:
        """The network, whose logits start at the biases (tasks,)."""

    @property
    def layers(self) -> dict[str, Any]:
        """What its MLPs share, beside their units and seeds."""
        names = ("activation", "dropout", "norm", "ghost_size")
        return {name: getattr(self, name) for name in names}

    def weighing(self) -> keras.layers.Layer:
        """Losses float32 (tasks,) to one, ()."""
        if self.task_weights == "uncertainty":
            return Uncertainty(len(self.tasks))
        return TaskWeights(self.task_weights or [1.0] * len(self.tasks))


class MultiTaskNetwork(Network):
    """Its logits are float32 (batch, tasks); `weighing` makes one of their losses. What that
    learns is of the network's weights."""

    def __init__(self, config: MultiTaskConfig) -> None:
        super().__init__()
        self.weighing = config.weighing()
