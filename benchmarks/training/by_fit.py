"""DeepCTR and TensorFlow Recommenders: tf-keras models, trained by the function that `fit` calls.

Batches come from a tf.data pipeline that fetches ahead. What `fit` adds, progress and callbacks,
is left out.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_recommenders as recommenders
import tf_keras as keras

from benchmarks.training.task import CROSSES, STDDEV, Floats, Task
from benchmarks.training.trainee import DENSE_RATE, EPSILON, START, Setting, Trainee, stacked
from features.batch import Batch


class _Fit(Trainee):
    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        super().__init__(task, setting, rate)
        keras.utils.set_random_seed(0)
        self._model = self._made()
        self._model.compile(
            self._optimizer(),
            None if isinstance(self._model, recommenders.Model) else "binary_crossentropy",
            jit_compile=setting.compiled,
            steps_per_execution=setting.burst,
        )

    @abstractmethod
    def _made(self) -> Any: ...

    @abstractmethod
    def _optimizer(self) -> Any: ...

    @abstractmethod
    def _inputs(self, ids: Any, numerics: Any) -> Any:
        """What the model takes, of arrays (..., fields) and (..., numerics)."""

    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        ids, numerics, label = stacked(batches)
        rows = tf.data.Dataset.from_tensor_slices((self._inputs(ids, numerics), label[..., None]))
        following = iter(rows.repeat().prefetch(tf.data.AUTOTUNE))
        learn = self._model.make_train_function()
        return lambda: float(learn(following)["loss"])

    def predict(self, batch: Batch) -> Floats:
        found = self._model(self._inputs(batch.ids, batch.numerics), training=False)
        flat: Floats = tf.cast(tf.reshape(found, [-1]), tf.float32).numpy()
        return flat


class DeepCtr(_Fit):
    """Its DCN with matrix crosses, or WDL; no penalties, which by default read whole tables."""

    def _made(self) -> Any:
        from deepctr.feature_column import DenseFeat, SparseFeat
        from deepctr.models import DCN, WDL

        start = keras.initializers.RandomNormal(0.0, STDDEV, seed=0)
        ids = [
            SparseFeat(f"c{i}", size, self.task.dim, embeddings_initializer=start)
            for i, size in enumerate(self.task.sizes)
        ]
        every = [*ids, DenseFeat("numerics", self.task.numerics)]
        if self.setting.bfloat16:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
        common = {
            "dnn_hidden_units": self.task.hidden,
            "l2_reg_linear": 0,
            "l2_reg_embedding": 0,
        }
        if self.task.wide:
            return WDL(ids, every, **common)
        crosses = {"cross_num": CROSSES, "cross_parameterization": "matrix", "l2_reg_cross": 0}
        # Its DCN fails on batches of a fixed size without a linear part; numerics cost nothing.
        return DCN(every[-1:], every, **common, **crosses)

    def _optimizer(self) -> Any:
        if self.setting.optimizer == "AdaGrad":
            return keras.optimizers.legacy.Adagrad(self.rate, START, EPSILON)
        return keras.optimizers.legacy.Adam(self.rate)

    def _inputs(self, ids: Any, numerics: Any) -> Any:
        found = {f"c{i}": ids[..., i : i + 1] for i in range(self.task.fields)}
        return found | {"numerics": numerics}


class _Ranking(recommenders.Model):
    """Embeddings under TFRS' Cross layers beside an MLP, or under an MLP beside weights an id."""

    def __init__(self, task: Task, setting: Setting) -> None:
        super().__init__(dtype="float32")  # or Keras would cast the numerics
        self._task, self._fused, self._bfloat16 = task, setting.fused, setting.bfloat16
        self._starts = tf.constant(task.starts, tf.int32)
        self.tables = self._made(task.dim, STDDEV)
        self.wide = self._made(1, 0.0) if task.wide else []
        if setting.bfloat16:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
        cross = recommenders.layers.feature_interaction.Cross
        self.crosses = [cross() for _ in range(0 if task.wide else CROSSES)]
        self.deep = [keras.layers.Dense(width, activation="relu") for width in task.hidden]
        self.head = keras.layers.Dense(1, dtype="float32")
        self.loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
        self(self._sample())

    def _sample(self) -> Any:
        ids = tf.zeros([2, self._task.fields], tf.int32)
        return ids, tf.zeros([2, self._task.numerics])

    def _made(self, dim: int, stddev: float) -> list[Any]:
        sizes = [self._task.rows] if self._fused else self._task.sizes
        return [
            keras.layers.Embedding(
                size, dim, keras.initializers.RandomNormal(0.0, stddev, seed=i), dtype="float32"
            )
            for i, size in enumerate(sizes)
        ]

    def _embedded(self, tables: list[Any], ids: Any) -> Any:
        if self._fused:
            return tables[0](ids + self._starts)
        return tf.stack([layer(ids[:, i]) for i, layer in enumerate(tables)], 1)

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: ARG002
        ids, numerics = inputs
        flat = tf.reshape(
            self._embedded(self.tables, ids), [-1, self._task.fields * self._task.dim]
        )
        # Cast here: Keras casts the first argument of a layer alone, and a cross takes two.
        number = tf.bfloat16 if self._bfloat16 else tf.float32
        first = deep = crossed = tf.cast(tf.concat([flat, numerics], 1), number)
        for layer in self.crosses:
            crossed = layer(first, crossed)
        for layer in self.deep:
            deep = layer(deep)
        if not self.wide:
            return self.head(tf.concat([crossed, deep], 1))
        return self.head(deep) + tf.reduce_sum(self._embedded(self.wide, ids), 1)

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        rows, label = inputs
        return self.loss_of(label, self(rows, training=training))


class Tfrs(_Fit):
    """Its Model, Cross and CompositeOptimizer: AdaGrad, FTRL of weights an id, and Adam."""

    def _made(self) -> Any:
        return _Ranking(self.task, self.setting)

    def _optimizer(self) -> Any:
        legacy, model = keras.optimizers.legacy, self._model
        rows = [layer.embeddings for layer in model.tables]
        wide = [layer.embeddings for layer in model.wide]
        sparse = {one.ref() for one in (*rows, *wide)}
        dense = [one for one in model.trainable_variables if one.ref() not in sparse]
        rules = [(legacy.Adagrad(self.rate, START, EPSILON), lambda: rows)]
        rules += [(legacy.Ftrl(0.05), lambda: wide)] if wide else []
        rules += [(legacy.Adam(DENSE_RATE), lambda: dense)]
        return recommenders.experimental.optimizers.CompositeOptimizer(rules)

    def _inputs(self, ids: Any, numerics: Any) -> Any:
        return ids, numerics
