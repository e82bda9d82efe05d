"""How large a batch is worth its rows: the gradient noise scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from models.keras import tf
from models.noise import Measured, estimate
from models.optimizers.optimizer import Tensor
from models.step import Step

PARTS = 8  # small batches that a batch is cut into


class NoiseScale:
    """Measures the gradients of the dense network on the parts of a batch, and learns nothing.

    The tables are left out: a row's gradient comes from the few examples that have it, however
    large the batch, and its sparse rule scales it by itself. So are penalties and clipping, which
    have no noise. What the network counts or averages while it trains (dropout's draws, the
    moments of batch norm) is put back, so that a training goes the same way with and without.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._gradient = tf.function(self._gradient_of, input_signature=step.signature)

    def measure(self, batch: Batch) -> Measured | None:
        """On `PARTS` parts of equal size; None where the batch has too few rows for them.

        The parts' gradients are averaged by weight, which gives that of the batch for each loss
        that is a mean over rows.
        """
        rows = batch.rows // PARTS
        if rows < 1 or batch.label is None:
            return None
        held = [(one, one.numpy()) for one in self._step.network.non_trainable_variables]
        parts = [batch.take(slice(i * rows, (i + 1) * rows)) for i in range(PARTS)]
        found = np.stack([self._of(part) for part in parts])  # (parts, weights)
        for variable, value in held:
            variable.assign(value)
        shares = np.array([rows if one.weight is None else one.weight.sum() for one in parts])
        if not shares.all() or not np.isfinite(found).all():
            return None
        big = np.average(found, axis=0, weights=shares)
        small = float((found**2).sum(1).mean())
        return estimate(small, float((big**2).sum()), rows, PARTS * rows)

    def _of(self, batch: Batch) -> npt.NDArray[np.float64]:
        weight = tf.ones([batch.rows]) if batch.weight is None else batch.weight
        inputs = self._step.model.arrays(batch)
        found = self._gradient(*inputs, tf.convert_to_tensor(self._step.labels(batch)), weight)
        return np.asarray(found.numpy(), np.float64)

    def _gradient_of(
        self,
        used: dict[str, Tensor],
        sequences: dict[str, Tensor],
        numerics: Tensor,
        label: Tensor,
        weight: Tensor,
    ) -> Tensor:
        """Of all dense weights, one after another: float32 (weights,)."""
        step = self._step
        inputs = step.model.inputs(used, sequences, numerics)
        dense = step.network.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(dense)
            logits = step.network(inputs, training=True) + step.offset
            loss = step.loss(logits, label, weight)
        found = tape.gradient(loss, dense, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return tf.concat([tf.reshape(tf.convert_to_tensor(one), [-1]) for one in found], 0)
