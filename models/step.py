"""One step of training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.errors import DataError
from features.suggest import listing
from models.keras import tf
from models.losses.loss import Loss
from models.memory import Floats, as_array, as_tensor
from models.model import Model
from models.multi_task import MultiTaskConfig
from models.optimizers.dense.state import arrays, restore
from models.optimizers.optimizer import Tensor
from models.parallel import at_once
from models.precision import chosen, computing
from models.quantization import rounded_kernels, straight_through
from models.recompute import recompute
from models.sparse_part import SparsePart
from models.task_loss import TaskLoss
from models.touched import Touched
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
        query = [tf.TensorSpec([None], tf.int32)] if config.loss.needs_query else []
        self.loss: Loss | TaskLoss = config.loss
        if isinstance(model.config, MultiTaskConfig):
            label = tf.TensorSpec([None, len(model.config.tasks)], tf.float32)
            self.loss = TaskLoss(config.loss, self.network.weighing)
        self.signature = [*model.signature, label, row]
        self.passes, self._rounded = (
            tf.function(partial(self._gradients, one), input_signature=[*self.signature, *query])
            for one in (False, True)
        )
        self.apply = tf.function(self._update)
        self._sparse = SparsePart(model, config.l2)

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

    def __call__(self, batch: Batch, rate: float = 1.0, *, rounded: bool = False) -> float:
        """Learn from one batch; returns its loss.

        `rate` is what every learning rate is multiplied by; `rounded` takes the gradients at
        weights as int8 would have them. From a loss that is beyond `max_loss` or no number, nothing
        is learned. Raises DataError without labels, without queries where the loss needs them, or
        where an id is of no row.
        """
        label, query, rows = self.labels(batch), self._query(batch), self.model.rows(batch)
        weight = np.ones(batch.rows, np.float32) if batch.weight is None else batch.weight
        given = [tf.convert_to_tensor(one) for one in (label, weight, *query)]
        # What a batch touches is found while the tables are read.
        read, touch = partial(self.model.arrays, batch, rows), partial(self._sparse.touch, rows)
        inputs, touched = at_once(list[Callable[[], Any]]([read, touch]))
        passes = self._rounded if rounded else self.passes
        loss, of_used, of_dense = passes(*inputs, *given)
        if abs(float(loss)) <= self.config.max_loss:  # NaN is not
            found = [as_array(one) for one in of_used]
            of_rows = self._sparse.gradients(touched, found, batch.rows)
            self._move(touched, of_rows, of_dense, rate)
        return float(loss)

    def _move(
        self,
        touched: Sequence[Touched],
        of_rows: Sequence[Floats],
        of_dense: Sequence[Tensor | None],
        rate: float,
    ) -> None:
        """Update the tables and the network by their gradients, once these are clipped."""
        clipped = self.config.clip.apply([*map(as_tensor, of_rows), *of_dense])
        rows, dense = clipped[: len(of_rows)], clipped[len(of_rows) :]
        of_network = tf.constant(rate * self.model.optimizers.dense.learning_rate)
        push = partial(self._sparse.push, touched, [as_array(one) for one in rows], rate)
        at_once([partial(self.apply, dense, of_network), push])

    def _query(self, batch: Batch) -> list[npt.NDArray[np.int32]]:
        """What the loss takes beside labels and weights."""
        if not self.config.loss.needs_query:
            return []
        if batch.query is None:
            raise DataError(
                f"The loss {self.config.loss.type!r} compares rows of one query, so each row must "
                "have its query; the batch has none. Make batches by query."
            )
        return [batch.query]

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

    def _gradients(
        self,
        rounded: bool,
        used: dict[str, Tensor],
        sequences: dict[str, Tensor],
        numerics: Tensor,
        label: Tensor,
        weight: Tensor,
        query: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor], list[Tensor | None]]:
        """The loss, and its gradients: of the weights used of each table `(uses, dim)`, and of
        the network's, where it depends on them."""
        dense = self.network.trainable_variables
        with (
            rounded_kernels(dense if rounded else []),
            tf.GradientTape(watch_accessed_variables=False) as tape,
        ):
            tape.watch([used, dense])
            rows = {k: straight_through(one) for k, one in used.items()} if rounded else used
            inputs = self.model.inputs(rows, sequences, numerics)
            logits = self.network(inputs, training=True) + self.offset
            loss = self.loss(logits, label, weight, query)
            found = tape.gradient(loss, [*used.values(), *dense])
        of_used = [
            tf.zeros_like(one) if gradient is None else tf.convert_to_tensor(gradient)
            for gradient, one in zip(found, used.values(), strict=False)
        ]
        pairs = zip(found[len(used) :], dense, strict=True)
        return loss, of_used, [self._of_dense(gradient, one) for gradient, one in pairs]

    def _update(self, gradients: Sequence[Tensor | None], rate: Tensor) -> None:
        self._dense.learning_rate.assign(rate)
        self._dense.apply_gradients(zip(gradients, self.network.trainable_variables, strict=True))

    def _of_dense(self, gradient: Tensor | None, weight: Tensor) -> Tensor | None:
        """With its penalty, which kernels have and biases do not."""
        penalty = self.config.l2.dense
        if gradient is None or not penalty or len(weight.shape) < 2:
            return gradient
        return gradient + penalty * weight

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
