"""How much the loss minds an error in each row of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from models.keras import tf
from models.model import Model
from models.optimizers.optimizer import Tensor


@dataclass(frozen=True, eq=False)
class Curvature:
    """Of the rows of one table, over some examples.

    uses: int64 (rows,), how often each was looked up. total: float64 (rows,), the diagonal of
    the loss's Gauss-Newton matrix, summed over the uses and averaged over the row's weights: an
    error of e in each weight of row r adds, to second order, total[r] * dim * e^2 / 2 to the
    summed loss.
    """

    uses: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]


def curvatures(model: Model, batches: Iterable[Batch]) -> tuple[dict[str, Curvature], int]:
    """By table, and over how many examples.

    For the cross-entropy of a logit z, that diagonal is p (1 - p) (dz / dw)^2. Of several tasks
    their sum, by random signs. After Dong et al., "HAWQ-V2", NeurIPS 2020, with Gauss-Newton in
    place of the Hessian, which for a table's rows is as good as diagonal.
    """
    found = {
        name: Curvature(np.zeros(table.rows, np.int64), np.zeros(table.rows))
        for name, table in model.tables.items()
    }
    random = np.random.default_rng(model.seed)

    @tf.function(input_signature=[*model.signature, tf.TensorSpec(None, tf.float32)])
    def gradients(
        used: dict[str, Tensor], sequences: dict[str, Tensor], numerics: Tensor, signs: Tensor
    ) -> dict[str, Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(used)
            logits = model.network(model.inputs(used, sequences, numerics), training=False)
            chance = tf.stop_gradient(tf.sigmoid(logits))
            score = tf.reduce_sum(tf.sqrt(chance * (1 - chance)) * logits * signs)
        return tape.gradient(score, used, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    examples, tasks = 0, None
    for batch in batches:
        rows = model.rows(batch)
        arrays = model.arrays(batch, rows)
        if tasks is None:
            tasks = model._logits(*arrays).shape[1:]
        signs = random.choice(np.array([-1, 1], np.float32), (batch.rows, *tasks))
        for name, one in gradients(*arrays, signs).items():
            use, curve = rows[model.lookups[name]], found[name]
            square = np.mean(np.square(one.numpy(), dtype=np.float64), axis=1)
            curve.uses[:] += np.bincount(use, minlength=len(curve.uses))
            curve.total[:] += np.bincount(use, weights=square, minlength=len(curve.total))
        examples += batch.rows
    return found, examples
