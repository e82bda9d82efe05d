"""Stock Keras, 2 (tf-keras) or 3 on TensorFlow, by a GradientTape loop in a tf.function.

That is Keras' documented way to train with an optimizer for the tables (AdaGrad, of weights an id
FTRL) and another for the rest (Adam), which `compile` cannot say. Keras 2's legacy optimizers are
the ones that stay sparse.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, ClassVar

import tensorflow as tf

from benchmarks.training.task import CROSSES, STDDEV, Floats, Task
from benchmarks.training.trainee import DENSE_RATE, EPSILON, START, Setting, Trainee
from features.batch import Batch


class _Keras(Trainee):
    module: ClassVar[str]

    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        super().__init__(task, setting, rate)
        self._keras: Any = importlib.import_module(self.module)
        self._tables = self._made(task.dim, STDDEV)
        self._wide = self._made(1, 0.0) if task.wide else []
        if setting.bfloat16:
            self._keras.mixed_precision.set_global_policy("mixed_bfloat16")
        self._top = self._network()
        self._starts = tf.constant(task.starts, tf.int32)
        weights = [[one.embeddings for one in group] for group in (self._tables, self._wide)]
        self._groups = [*weights, self._top.trainable_variables]
        self._optimizers = self._rules()
        for optimizer, group in zip(self._optimizers, self._groups, strict=True):
            optimizer.build(group)
        self._update = tf.function(self._learn, jit_compile=setting.compiled)
        self._scores = tf.function(self._logits)

    def _made(self, dim: int, stddev: float) -> list[Any]:
        layers, initializers = self._keras.layers, self._keras.initializers
        sizes = [self.task.rows] if self.setting.fused else self.task.sizes
        made = [
            layers.Embedding(
                size,
                dim,
                embeddings_initializer=initializers.RandomNormal(0.0, stddev, seed=i),
                dtype="float32",
            )
            for i, size in enumerate(sizes)
        ]
        for layer in made:
            layer.build(None)  # now, as ours does, not at the first step
        return made

    def _network(self) -> Any:
        layers, task = self._keras.layers, self.task
        first = deep = crossed = self._keras.Input([task.width])
        for _ in range(0 if task.wide else CROSSES):
            product = layers.Multiply()([first, layers.Dense(task.width)(crossed)])
            crossed = layers.Add()([product, crossed])
        for width in task.hidden:
            deep = layers.Dense(width, activation="relu")(deep)
        last = deep if task.wide else layers.Concatenate()([crossed, deep])
        head = layers.Dense(1)(last)
        return self._keras.Model(first, layers.Activation("linear", dtype="float32")(head))

    def _rules(self) -> list[Any]:
        rules = self._keras.optimizers
        rows = rules.Adagrad(self.rate, initial_accumulator_value=START, epsilon=EPSILON)
        return [rows, rules.Ftrl(0.05), rules.Adam(DENSE_RATE)]

    def _embedded(self, tables: list[Any], ids: Any) -> Any:
        """(rows, fields, dim)."""
        if self.setting.fused:
            return tables[0](ids + self._starts)
        return tf.stack([layer(ids[:, i]) for i, layer in enumerate(tables)], 1)

    def _logits(self, ids: Any, numerics: Any) -> Any:
        rows = self._embedded(self._tables, ids)
        flat = tf.reshape(rows, [-1, self.task.fields * self.task.dim])
        logits = self._top(tf.concat([flat, numerics], 1), training=True)[:, 0]
        wide = tf.reduce_sum(self._embedded(self._wide, ids), [1, 2]) if self._wide else 0.0
        return logits + wide

    def _learn(self, ids: Any, numerics: Any, label: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = self._logits(ids, numerics)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(label, logits)
            loss = tf.reduce_mean(losses)
        found = tape.gradient(loss, self._groups)
        for optimizer, gradients, group in zip(self._optimizers, found, self._groups, strict=True):
            if group:
                optimizer.apply_gradients(zip(gradients, group, strict=True))
        return loss

    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        following = cycle(batches)

        def step() -> float:
            one = next(following)
            inputs = map(tf.convert_to_tensor, (one.ids, one.numerics, one.label))
            return float(self._update(*inputs))

        return step

    def predict(self, batch: Batch) -> Floats:
        found: Floats = self._scores(batch.ids, batch.numerics).numpy()
        return found


class Keras2(_Keras):
    module = "tf_keras"

    def _rules(self) -> list[Any]:
        rules = self._keras.optimizers
        rows = rules.legacy.Adagrad(self.rate, START, EPSILON)
        adam = rules.Adam(DENSE_RATE, jit_compile=False)
        return [_Legacy(rows), _Legacy(rules.legacy.Ftrl(0.05)), adam]


class _Legacy:
    """A legacy optimizer makes its state at the first update; here as early as the others."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        self.apply_gradients = optimizer.apply_gradients

    def build(self, weights: list[Any]) -> None:
        self._optimizer._create_all_weights(weights)


class Keras3(_Keras):
    module = "keras"
