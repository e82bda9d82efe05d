"""Where a step of ours spends its time: its pieces, each timed apart on what it gets in a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.training.ours import config, optimizers
from benchmarks.training.task import Task
from features.batch import Batch
from models.keras import tf
from models.lookup import Touched
from models.model import Model
from models.precision import computing
from models.step import Step
from models.train_config import TrainConfig

RATE = 0.02


class Pieces:
    """A model and one batch of a step, cut where the step can be."""

    def __init__(self, task: Task, bfloat16: bool, batch: Batch) -> None:
        rules, self._batch = optimizers(RATE), batch
        self._model = Model(config(task), task.layout(), rules)
        precision = "bfloat16" if bfloat16 else "float32"
        self._step = Step(self._model, TrainConfig(optimizers=rules, precision=precision))
        with computing(precision):
            self._network = config(task).network(self._model.layout, 0)
            self._network(self._model.sample_inputs())
        self._adam = rules.dense.build()
        self._dense = self._network.trainable_variables
        self._adam.build(self._dense)
        self._label, self._loss = tf.constant(batch.label), TrainConfig().loss

    def calls(self) -> dict[str, Callable[[], object]]:
        """By name of the piece, the call to time; what one hands the next is computed here."""
        model = self._model
        ids, _, numerics = model.arrays(self._batch)
        touch = tf.function(
            lambda ids: {name: (one.rows, one.where) for name, one in model.touch(ids, {}).items()}
        )
        pull = tf.function(
            lambda rows: {name: one.pull(rows[name]) for name, one in model.tables.items()}
        )
        touched = {name: Touched(*found, ()) for name, found in touch(ids).items()}
        rows = {name: one.rows for name, one in touched.items()}
        pulled = pull(rows)
        weights = {name: one for name, (one, _) in pulled.items()}
        spread = tf.function(lambda weights: self._spread(weights, touched, numerics))
        embedded = spread(weights)
        passes = tf.function(lambda embedded: self._passes(embedded))
        of_inputs, of_dense = passes(embedded)
        gather = tf.function(lambda weights, found: self._backward(weights, touched, found))
        of_rows = gather(weights, of_inputs)
        push = tf.function(lambda rows, pulled, found: self._push(rows, pulled, found))
        update = tf.function(lambda found: self._update(found))
        return {
            "whole step": lambda: float(self._step(self._batch)),
            "hand-over": lambda: model.arrays(self._batch),
            "touch": lambda: touch(ids),
            "pull": lambda: pull(rows),
            "spread": lambda: spread(weights),
            "forward and backward": lambda: passes(embedded),
            "segment sum": lambda: gather(weights, of_inputs),
            "push": lambda: push(rows, pulled, of_rows),
            "dense update": lambda: update(of_dense),
        }

    def _spread(self, weights: Any, touched: Any, numerics: Any) -> Any:
        return self._model.inputs(weights, touched, {}, numerics)

    def _passes(self, embedded: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([embedded, *self._dense])
            logits = self._network(embedded, training=True)
            loss = self._loss(logits, self._label, tf.ones_like(logits))
        return tape.gradient(loss, [embedded, self._dense])

    def _backward(self, weights: Any, touched: Any, found: Any) -> Any:
        """Gradients of the distinct rows from those of what was spread."""
        summed = {}
        for name, one in touched.items():
            values = tf.reshape(found[name], [-1, weights[name].shape[1]])
            count = tf.shape(weights[name])[0]
            summed[name] = tf.math.unsorted_segment_sum(values, one.where, count)
        return summed

    def _push(self, rows: Any, pulled: Any, found: Any) -> Any:
        rate = tf.constant(1.0)
        for name, table in self._model.tables.items():
            table.push(rows[name], *pulled[name], found[name], rate)
        return rate

    def _update(self, found: Any) -> Any:
        self._adam.apply_gradients(zip(found, self._dense, strict=True))
        return tf.constant(0.0)
