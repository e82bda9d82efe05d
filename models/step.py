"""One step of training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.errors import DataError
from features.suggest import listing
from models.keras import tf
from models.lookup import Touched
from models.losses.loss import Loss
from models.model import Model
from models.multi_task import MultiTaskConfig
from models.optimizers.dense.state import arrays, restore
from models.optimizers.optimizer import Tensor
from models.precision import chosen, computing
from models.quantization import rounded_kernels, straight_through
from models.recompute import recompute
from models.task_loss import TaskLoss
from models.train_config import TrainConfig


class Step:
    """Learns from one batch, in place, by sparse updates of the model's tables.

    The loss reads the model's logits plus `offset`: where the rows are a sample with other odds
    than the log, the logarithm of the sample's odds over the log's leaves the model with the
    log's. `network` is what learns: the model's own, or with a `precision` of bfloat16 a copy that
    computes in it; `sync` gives the model what it has learned. `loss` is that of logits and labels;
    `signature` has the specs of the model's inputs, labels and weights.
    """

    def __init__(self, model: Model, config: TrainConfig, offset: float = 0.0) -> None:
        self.model, self.config, self.offset = model, config, offset
        self.network = self._computing()
        self._dense = model.optimizers.dense.build()
        self._dense.build(self.network.trainable_variables)
        row = label = tf.TensorSpec([None], tf.float32)
        rate = tf.TensorSpec([], tf.float32)
        query = [tf.TensorSpec([None], tf.int32)] if config.loss.needs_query else []
        self.loss: Loss | TaskLoss = config.loss
        if isinstance(model.config, MultiTaskConfig):
            label = tf.TensorSpec([None, len(model.config.tasks)], tf.float32)
            self.loss = TaskLoss(config.loss, self.network.weighing)
        self.signature = [*model.signature, label, row]
        signature = [*self.signature, rate, *query]
        self._update, self._update_rounded = (
            tf.function(partial(self._learn, one), input_signature=signature)
            for one in (False, True)
        )

    def _computing(self) -> Any:
        """The network, or one of the same weights that computes in another precision."""
        model, precision = self.model, chosen(self.config.precision)
        network = model.network
        if precision != "float32":
            with computing(precision):
                network = model.make_network()
            network.set_weights(model.network.get_weights())
        recompute(network, self.config.recompute)
        return network

    def sync(self) -> None:
        """Give the model's network the weights that were learned."""
        if self.network is not self.model.network:
            self.model.network.set_weights(self.network.get_weights())

    def __call__(self, batch: Batch, rate: float = 1.0, *, rounded: bool = False) -> Tensor:
        """Learn from one batch; returns its loss, a scalar tensor.

        `rate` is what every learning rate is multiplied by; `rounded` takes the gradients at
        weights as int8 would have them. From a loss that is beyond `max_loss` or no number, nothing
        is learned. Raises DataError without labels, or without queries where the loss needs them.
        """
        label = tf.convert_to_tensor(self.labels(batch))
        weight = tf.ones([batch.rows]) if batch.weight is None else batch.weight
        self._dense.learning_rate.assign(rate * self.model.optimizers.dense.learning_rate)
        inputs = self.model.arrays(batch)
        update = self._update_rounded if rounded else self._update
        return update(*inputs, label, weight, tf.constant(rate), *self._query(batch))

    def _query(self, batch: Batch) -> list[Tensor]:
        """What the loss takes beside labels and weights."""
        if not self.config.loss.needs_query:
            return []
        if batch.query is None:
            raise DataError(
                f"The loss {self.config.loss.type!r} compares rows of one query, so each row must "
                "have its query; the batch has none. Make batches by query."
            )
        return [tf.convert_to_tensor(batch.query)]

    def labels(self, batch: Batch) -> npt.NDArray[np.float32]:
        """(rows,), or of several tasks (rows, tasks). Raises DataError where there are none."""
        if batch.label is None:
            raise DataError("Training needs labelled rows; the batch has no label.")
        if not isinstance(self.model.config, MultiTaskConfig):
            return batch.label
        tasks = self.model.config.tasks
        if batch.tasks is None or batch.tasks.shape[1] != len(tasks) - 1:
            raise DataError(
                f"Training needs labels of {listing(tasks)}; the batch has another number of them. "
                "Run `crossrank prepare` again."
            )
        return np.column_stack([batch.label, batch.tasks])

    def _learn(
        self,
        rounded: bool,
        ids: Tensor,
        sequences: dict[str, Tensor],
        numerics: Tensor,
        label: Tensor,
        weight: Tensor,
        rate: Tensor,
        query: Tensor | None = None,
    ) -> Tensor:
        model = self.model
        touched = model.touch(ids, sequences)
        pulled = {name: table.pull(touched[name].rows) for name, table in model.tables.items()}
        weights = {name: rows for name, (rows, _) in pulled.items()}
        dense = self.network.trainable_variables
        with (
            rounded_kernels(dense if rounded else []),
            tf.GradientTape(watch_accessed_variables=False) as tape,
        ):
            tape.watch([*weights.values(), *dense])
            used = {k: straight_through(one) for k, one in weights.items()} if rounded else weights
            inputs = model.inputs(used, touched, sequences, numerics)
            logits = self.network(inputs, training=True) + self.offset
            loss = self.loss(logits, label, weight, query)
            found = tape.gradient(loss, [*weights.values(), *dense])
        of_rows = [
            self._of_rows(name, touched[name], rows, gradient, tf.shape(numerics)[0])
            for (name, rows), gradient in zip(weights.items(), found, strict=False)
        ]
        of_dense = [
            self._of_dense(gradient, one)
            for gradient, one in zip(found[len(weights) :], dense, strict=True)
        ]
        clipped = self.config.clip.apply([*of_rows, *of_dense])
        if tf.abs(loss) <= self.config.max_loss:  # NaN is not
            self._move(touched, pulled, clipped, rate)
        return loss

    def _move(
        self,
        touched: dict[str, Touched],
        pulled: dict[str, tuple[Tensor, Tensor]],
        clipped: Sequence[Tensor | None],
        rate: Tensor,
    ) -> None:
        """Update the tables and the network by their gradients, tables first."""
        for (name, (rows, state)), gradient in zip(pulled.items(), clipped, strict=False):
            if self.config.l2.whole_tables:
                self.model.tables[name].push_whole(gradient, rate)
            else:
                self.model.tables[name].push(touched[name].rows, rows, state, gradient, rate)
        dense = self.network.trainable_variables
        self._dense.apply_gradients(zip(clipped[len(pulled) :], dense, strict=True))

    def _of_dense(self, gradient: Tensor | None, weight: Tensor) -> Tensor | None:
        """With its penalty, which kernels have and biases do not."""
        penalty = self.config.l2.dense
        if gradient is None or not penalty or len(weight.shape) < 2:
            return gradient
        return gradient + penalty * weight

    def _of_rows(
        self, name: str, touched: Touched, weights: Tensor, gradient: Any, batch: Tensor
    ) -> Tensor:
        """The gradient of each distinct row, summed over its uses, with its penalty.

        Float32 (distinct, dim), or of `whole_tables` (rows, dim).
        """
        count = tf.shape(touched.rows)[0]
        if gradient is None:  # the network has no use for it
            gradient = tf.zeros_like(weights)
        if isinstance(gradient, tf.IndexedSlices):
            # Sums as tf.math.unsorted_segment_sum does, in two thirds of the time.
            gradient = tf.scatter_nd(
                gradient.indices[:, None], gradient.values, tf.shape(weights, tf.int32)
            )
        penalty = self.config.l2.of(self.model.specs[name].group)
        if self.config.l2.whole_tables:
            every, gradient = self.model.tables[name].whole(touched.rows, gradient)
            return gradient + penalty * every
        if not penalty:
            return gradient
        uses = tf.math.unsorted_segment_sum(tf.ones_like(touched.where), touched.where, count)
        share = tf.cast(uses, tf.float32) / tf.cast(batch, tf.float32)
        return gradient + penalty * share[:, None] * weights

    @property
    def state(self) -> list[npt.NDArray[Any]]:
        """What the dense update rule remembers."""
        return arrays(self._dense)

    def restore(self, state: Sequence[npt.NDArray[Any]]) -> None:
        """Take over what `state` gave, and the model's own weights.

        Raises ValueError where it does not fit.
        """
        if self.network is not self.model.network:
            self.network.set_weights(self.model.network.get_weights())
        restore(self._dense, state)
