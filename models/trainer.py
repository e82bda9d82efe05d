"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from features.batch import Batch
from features.errors import DataError
from models.course import Course
from models.keras import tf
from models.model import Model
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Tensor


class TrainConfig(BaseModel):
    """How to train: passes over the data, rows a step, when to stop, and the update rules.

    The epoch with the best `monitor`, a metric on validation, is kept; training stops after
    `patience` epochs without a better one. Each epoch's end, and every `checkpoint_minutes`, is
    a point from which an interrupted training can go on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=3, ge=1)
    batch_size: int = Field(default=4096, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    monitor: str = "LogLoss"
    patience: int = Field(default=1, ge=1)
    checkpoint_minutes: float = Field(default=10.0, gt=0)
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
        touched = model.touch(ids, sequences)
        pulled = {name: table.pull(touched[name].rows) for name, table in model.tables.items()}
        weights = [row_weights for row_weights, _ in pulled.values()]
        dense = model.network.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([*weights, *dense])
            named = dict(zip(pulled, weights, strict=True))
            inputs = model.inputs(named, touched, sequences, numerics)
            logits = model.network(inputs, training=True) + self._offset
            losses = tf.nn.sigmoid_cross_entropy_with_logits(label, logits)
            # A batch of weight zero teaches nothing.
            loss = tf.math.divide_no_nan(tf.reduce_sum(losses * weight), tf.reduce_sum(weight))
        gradients = tape.gradient(loss, [*weights, *dense])
        for (name, (rows, state)), gradient in zip(pulled.items(), gradients, strict=False):
            ids = touched[name].rows
            summed = _summed(gradient, tf.shape(ids)[0])
            model.tables[name].push(ids, rows, state, summed, tf.constant(1.0))
        self._dense.apply_gradients(zip(gradients[len(weights) :], dense, strict=True))
        return loss

    @property
    def state(self) -> list[npt.NDArray[Any]]:
        """What the dense update rule remembers."""
        return [one.numpy() for one in self._dense.variables]

    def restore(self, state: Sequence[npt.NDArray[Any]]) -> None:
        """Take over what `state` gave. Raises ValueError where it does not fit."""
        shapes = [tuple(one.shape) for one in self._dense.variables]
        if [one.shape for one in state] != shapes:
            raise ValueError("the state of the dense optimizer is another optimizer's")
        for variable, value in zip(self._dense.variables, state, strict=True):
            variable.assign(value)

    def epoch(
        self,
        batches: Iterable[Batch],
        course: Course,
        report: Callable[[Progress], None],
        save: Callable[[Course], None] | None = None,
        minutes: float = math.inf,
    ) -> float:
        """The rest of an epoch. Returns the weighted mean loss of all its rows.

        Args:
            batches: those that are left.
            course: where the training stands.
            report: called after each step.
            save: called with the course after every so many `minutes`.

        Raises:
            DataError: no rows of any weight, or the loss or a weight is no longer a number.
        """
        saved = time.monotonic()
        for batch in batches:
            loss = float(self.step(batch))
            if not math.isfinite(loss):
                raise DataError(
                    f"The loss must stay finite; it became {loss} after {course.rows} rows of "
                    f"epoch {course.epoch}. Lower the learning rates, or look for extreme numerics."
                )
            weight = batch.rows if batch.weight is None else float(batch.weight.sum())
            course.learned(batch.rows, weight, loss)
            report(Progress(course.epoch, course.rows, loss))
            if save is not None and time.monotonic() - saved >= 60 * minutes:
                save(course)
                saved = time.monotonic()
        if not all(np.isfinite(one).all() for one in self.model.network.get_weights()):
            raise DataError(  # ReLU turns NaN to 0, so that the loss may not show it
                f"The weights must stay finite; some are not after epoch {course.epoch}. "
                "Lower the learning rates, or look for extreme numerics."
            )
        if course.mass == 0:
            raise DataError("Training needs rows of a weight above 0; the data holds none.")
        return course.loss

    def fit(
        self,
        config: TrainConfig,
        batches: Callable[[int, int], Iterable[Batch]],
        validate: Callable[[Model], dict[str, float]],
        better: Callable[[dict[str, float], dict[str, float]], bool],
        keep: Callable[[Model], None],
        report: Callable[[Progress], None],
        save: Callable[[Course], None] | None = None,
        course: Course | None = None,
    ) -> list[dict[str, float]]:
        """Train until `patience` epochs bring nothing better on validation.

        Args:
            config: epochs and patience.
            batches: the training batches of an epoch, counted from 1, less the first so many.
            validate: metrics of the model on validation data.
            better: whether the first metrics beat the second.
            keep: called with the model each time it is the best so far.
            report: called after each step, and with metrics after each epoch.
            save: called with the course wherever an interrupted training may go on from.
            course: where to go on from; the start where there is none.

        Returns:
            One row an epoch: epoch, train_loss, and the validation metrics.
        """
        course = course or Course()
        while course.epoch <= config.epochs and course.waited < config.patience:
            left = batches(course.epoch, course.batches)
            loss = self.epoch(left, course, report, save, config.checkpoint_minutes)
            metrics = validate(self.model)
            course.history.append({"epoch": course.epoch, "train_loss": loss, **metrics})
            report(Progress(course.epoch, 0, loss, metrics))
            if course.best is None or better(metrics, course.best):
                course.best, course.waited = metrics, 0
                keep(self.model)
            else:
                course.waited += 1
            course.turn()
            if save is not None:
                save(course)
        return course.history


def _summed(gradient: Any, count: Tensor) -> Tensor:
    """The gradient of each distinct row, summed over its uses: float32 (count, dim)."""
    if isinstance(gradient, tf.IndexedSlices):
        return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, count)
    return gradient
