"""The loss of several labels."""

from __future__ import annotations

from collections.abc import Callable

from models.keras import tf
from models.losses.loss import Loss
from models.optimizers.optimizer import Tensor


class TaskLoss:
    """One loss for each task, and what they come to together.

    Args:
        loss: of each task by itself.
        weighing: losses float32 (tasks,) to one.
    """

    def __init__(self, loss: Loss, weighing: Callable[[Tensor], Tensor]) -> None:
        self._loss, self._weighing = loss, weighing

    def __call__(
        self, logits: Tensor, labels: Tensor, weight: Tensor, query: Tensor | None = None
    ) -> Tensor:
        """Logits and labels float32 (rows, tasks), weight (rows,), to a loss float32 ().

        A label that is NaN was not observed: its row has no weight for that task.
        """
        known = tf.math.is_finite(labels)
        labels = tf.where(known, labels, 0.0)
        weights = tf.where(known, weight[:, None], 0.0)
        losses = [
            self._loss(logits[:, k], labels[:, k], weights[:, k], query)
            for k in range(labels.shape[1])
        ]
        return self._weighing(tf.stack(losses))
