"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator

from features.batch import Batch
from features.errors import DataError
from models.course import Course
from models.keras import tf
from models.lookup import Touched
from models.losses.bce import BinaryCrossEntropy
from models.losses.loss import Loss
from models.losses.registry import AnyLoss
from models.model import Model
from models.optimizers.clipping import Clip
from models.optimizers.dense.state import arrays, restore
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Tensor
from models.optimizers.plateau import Plateau
from models.optimizers.schedule import Schedule
from models.precision import Precision, chosen, computing
from models.regularization import L2


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
    precision: Precision = "float32"
    loss: AnyLoss = BinaryCrossEntropy()
    optimizers: Optimizers = Optimizers()
    schedule: Schedule = Schedule()
    plateau: Plateau | None = None
    clip: Clip = Clip()
    l2: L2 = L2()

    @field_validator("loss", mode="before")
    @classmethod
    def _default_loss(cls, data: Any) -> Any:
        """`loss.label_smoothing = 0.1` alone keeps the default."""
        return {"type": "bce", **data} if isinstance(data, Mapping) else data

    @field_validator("loss")
    @classmethod
    def _row_by_row(cls, loss: Loss) -> Loss:
        if loss.needs_query:
            raise ValueError(
                f"training shuffles rows one by one, and '{loss.type}' compares the rows of a "
                "query; choose bce, focal, smooth_auc or soft_f1"
            )
        return loss


@dataclass
class Progress:
    """What the caller is told after each step and each epoch."""

    epoch: int
    rows: int
    loss: float
    metrics: dict[str, float] = field(default_factory=dict)


class Trainer:
    """Trains a model in place, one batch a step, by sparse updates of its tables.

    The loss reads the model's logits plus `offset`: where the rows are a sample with other odds
    than the log, the logarithm of the sample's odds over the log's leaves the model with the
    log's. With a `precision` of bfloat16 the network learns in a copy that computes in it; `sync`
    gives the model what it has learned.
    """

    def __init__(
        self, model: Model, config: TrainConfig | None = None, offset: float = 0.0
    ) -> None:
        self.model, self.config, self._offset = model, config or TrainConfig(), offset
        self._network = self._computing()
        self._dense = model.optimizers.dense.build()
        self._dense.build(self._network.trainable_variables)
        row = tf.TensorSpec([None], tf.float32)
        rate = tf.TensorSpec([], tf.float32)
        self._step = tf.function(self._update, input_signature=[*model.signature, row, row, rate])

    def _computing(self) -> Any:
        """The network, or one of the same weights that computes in another precision."""
        model, precision = self.model, chosen(self.config.precision)
        if precision == "float32":
            return model.network
        with computing(precision):
            network = model.config.network(model.layout, model.seed)
            network(model.sample_inputs())
        network.set_weights(model.network.get_weights())
        return network

    def sync(self) -> None:
        """Give the model's network the weights that were learned."""
        if self._network is not self.model.network:
            self.model.network.set_weights(self._network.get_weights())

    def step(self, batch: Batch, rate: float = 1.0) -> Tensor:
        """Learn from one batch; returns its loss, a scalar tensor.

        `rate` is what every learning rate is multiplied by. Raises DataError without labels.
        """
        if batch.label is None:
            raise DataError("Training needs labelled rows; the batch has no label.")
        weight = tf.ones([batch.rows]) if batch.weight is None else batch.weight
        self._dense.learning_rate.assign(rate * self.model.optimizers.dense.learning_rate)
        inputs = self.model.arrays(batch)
        return self._step(*inputs, tf.convert_to_tensor(batch.label), weight, tf.constant(rate))

    def _update(
        self,
        ids: Tensor,
        sequences: dict[str, Tensor],
        numerics: Tensor,
        label: Tensor,
        weight: Tensor,
        rate: Tensor,
    ) -> Tensor:
        model = self.model
        touched = model.touch(ids, sequences)
        pulled = {name: table.pull(touched[name].rows) for name, table in model.tables.items()}
        weights = {name: rows for name, (rows, _) in pulled.items()}
        dense = self._network.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([*weights.values(), *dense])
            inputs = model.inputs(weights, touched, sequences, numerics)
            logits = self._network(inputs, training=True) + self._offset
            loss = self.config.loss(logits, label, weight)
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
        for (name, (rows, state)), gradient in zip(pulled.items(), clipped, strict=False):
            if self.config.l2.whole_tables:
                model.tables[name].push_whole(gradient, rate)
            else:
                model.tables[name].push(touched[name].rows, rows, state, gradient, rate)
        self._dense.apply_gradients(zip(clipped[len(weights) :], dense, strict=True))
        return loss

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
            gradient = tf.math.unsorted_segment_sum(gradient.values, gradient.indices, count)
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
        if self._network is not self.model.network:
            self._network.set_weights(self.model.network.get_weights())
        restore(self._dense, state)

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
            loss = float(self.step(batch, self._rate(course)))
            if not math.isfinite(loss):
                raise DataError(
                    f"The loss must stay finite; it became {loss} after {course.rows} rows of "
                    f"epoch {course.epoch}. Lower the learning rates, or look for extreme numerics."
                )
            weight = batch.rows if batch.weight is None else float(batch.weight.sum())
            course.learned(batch.rows, weight, loss)
            report(Progress(course.epoch, course.rows, loss))
            if save is not None and time.monotonic() - saved >= 60 * minutes:
                self.sync()
                save(course)
                saved = time.monotonic()
        self.sync()
        if not all(np.isfinite(one).all() for one in self.model.network.get_weights()):
            raise DataError(  # ReLU turns NaN to 0, so that the loss may not show it
                f"The weights must stay finite; some are not after epoch {course.epoch}. "
                "Lower the learning rates, or look for extreme numerics."
            )
        if course.mass == 0:
            raise DataError("Training needs rows of a weight above 0; the data holds none.")
        return course.loss

    def _rate(self, course: Course) -> float:
        schedule = self.config.schedule
        scale = schedule.scale(self.config.batch_size) * course.plateau.scale
        return schedule.factor(course.steps) * scale

    def fit(
        self,
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
        course, config = course or Course(), self.config
        while course.epoch <= config.epochs and course.waited < config.patience:
            left = batches(course.epoch, course.batches)
            loss = self.epoch(left, course, report, save, config.checkpoint_minutes)
            metrics = validate(self.model)
            course.history.append({"epoch": course.epoch, "train_loss": loss, **metrics})
            report(Progress(course.epoch, 0, loss, metrics))
            best = course.best is None or better(metrics, course.best)
            if config.plateau is not None:
                course.plateau = config.plateau.after(course.plateau, best)
            if best:
                course.best, course.waited = metrics, 0
                keep(self.model)
            else:
                course.waited += 1
            course.turn()
            if save is not None:
                save(course)
        return course.history
