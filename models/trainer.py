"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from features.batch import Batch
from features.errors import DataError
from models.keras import tf
from models.model import Model
from models.network import NUMERIC
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Tensor


class TrainConfig(BaseModel):
    """How to train: passes over the data, rows a step, when to stop, and the update rules.

    The epoch with the best `monitor`, a metric on validation, is kept; training stops after
    `patience` epochs without a better one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=3, ge=1)
    batch_size: int = Field(default=4096, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    monitor: str = "LogLoss"
    patience: int = Field(default=1, ge=1)
    optimizers: Optimizers = Optimizers()


@dataclass
class Progress:
    """What the caller is told after each step and each epoch."""

    epoch: int
    rows: int
    loss: float
    metrics: dict[str, float] = field(default_factory=dict)


class Trainer:
    """Trains a model in place, one batch a step, by sparse updates of its tables.

    The loss is the weighted mean binary cross-entropy of the batch, whose logits are those of the
    model plus `offset`: where the rows are a sample with other odds than the log, the logarithm
    of the sample's odds over the log's leaves the model with the log's.
    """

    def __init__(self, model: Model, offset: float = 0.0) -> None:
        self.model, self._offset = model, offset
        self._dense = model.optimizers.dense.build()
        self._dense.build(model.network.trainable_variables)
        row = tf.TensorSpec([None], tf.float32)
        self._step = tf.function(self._update, input_signature=[*model.signature, row, row])

    def step(self, batch: Batch) -> Tensor:
        """Learn from one batch; returns its loss, a scalar tensor."""
        if batch.label is None:
            raise DataError("Training needs labelled rows; the batch has no label.")
        weight = tf.ones([batch.rows]) if batch.weight is None else batch.weight
        return self._step(*self.model.arrays(batch), tf.convert_to_tensor(batch.label), weight)

    def _update(
        self,
        ids: Tensor,
        sequences: dict[str, Tensor],
        numerics: Tensor,
        label: Tensor,
        weight: Tensor,
    ) -> Tensor:
        model = self.model
        touched = model.lookup.touch(ids, sequences)
        pulled = {name: table.pull(touched.rows) for name, table in model.tables.items()}
        weights = [row_weights for row_weights, _ in pulled.values()]
        dense = model.network.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([*weights, *dense])
            inputs = {NUMERIC: numerics}
            for name, rows in zip(pulled, weights, strict=True):
                inputs[name] = model.lookup.embed(rows, touched, tf.shape(ids)[0])
            logits = model.network(inputs, training=True) + self._offset
            losses = tf.nn.sigmoid_cross_entropy_with_logits(label, logits)
            # A batch of weight zero teaches nothing.
            loss = tf.math.divide_no_nan(tf.reduce_sum(losses * weight), tf.reduce_sum(weight))
        gradients = tape.gradient(loss, [*weights, *dense])
        count = tf.shape(touched.rows)[0]
        for (name, (rows, state)), gradient in zip(pulled.items(), gradients, strict=False):
            summed = _summed(gradient, count)
            model.tables[name].push(touched.rows, rows, state, summed, tf.constant(1.0))
        self._dense.apply_gradients(zip(gradients[len(weights) :], dense, strict=True))
        return loss

    def epoch(
        self, batches: Iterable[Batch], number: int, report: Callable[[Progress], None]
    ) -> float:
        """One pass. Returns the weighted mean loss of its rows.

        Raises:
            DataError: no rows of any weight, or the loss or a weight is no longer a number.
        """
        total, mass, rows = 0.0, 0.0, 0
        for batch in batches:
            loss = float(self.step(batch))
            if not math.isfinite(loss):
                raise DataError(
                    f"The loss must stay finite; it became {loss} after {rows} rows of epoch "
                    f"{number}. Lower the learning rates, or look for extreme numerics."
                )
            weight = batch.rows if batch.weight is None else float(batch.weight.sum())
            total += loss * weight
            mass += weight
            rows += batch.rows
            report(Progress(number, rows, loss))
        if not all(np.isfinite(one).all() for one in self.model.network.get_weights()):
            raise DataError(  # ReLU turns NaN to 0, so that the loss may not show it
                f"The weights must stay finite; some are not after epoch {number}. "
                "Lower the learning rates, or look for extreme numerics."
            )
        if mass == 0:
            raise DataError("Training needs rows of a weight above 0; the data holds none.")
        return total / mass

    def fit(
        self,
        config: TrainConfig,
        batches: Callable[[int], Iterable[Batch]],
        validate: Callable[[Model], dict[str, float]],
        better: Callable[[dict[str, float], dict[str, float]], bool],
        keep: Callable[[Model], None],
        report: Callable[[Progress], None],
    ) -> list[dict[str, float]]:
        """Train until `patience` epochs bring nothing better on validation.

        Args:
            config: epochs and patience.
            batches: the training batches of an epoch, counted from 1.
            validate: metrics of the model on validation data.
            better: whether the first metrics beat the second.
            keep: called with the model each time it is the best so far.
            report: called after each step, and with metrics after each epoch.

        Returns:
            One row an epoch: epoch, train_loss, and the validation metrics.
        """
        history: list[dict[str, float]] = []
        best: dict[str, float] | None = None
        waited = 0
        for number in range(1, config.epochs + 1):
            loss = self.epoch(batches(number), number, report)
            metrics = validate(self.model)
            history.append({"epoch": number, "train_loss": loss, **metrics})
            report(Progress(number, 0, loss, metrics))
            if best is None or better(metrics, best):
                best, waited = metrics, 0
                keep(self.model)
                continue
            waited += 1
            if waited >= config.patience:
                break
        return history


def _summed(gradient: Any, count: Tensor) -> Tensor:
    """The gradient of each distinct row, summed over its uses: float32 (count, dim)."""
    if isinstance(gradient, tf.IndexedSlices):
        return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, count)
    return gradient
