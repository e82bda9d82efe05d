"""A model family built for a layout: its tables and its network."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.layout import Layout
from features.sigmoid import sigmoid
from models.keras import tf
from models.lookup import Lookup
from models.network import NUMERIC, ModelConfig
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Tensor
from models.table import Table


class Model:
    """Tables, the lookup they share, and the dense network.

    Args:
        config: the family and its sizes.
        layout: the fields it reads.
        optimizers: the update rules, which also fix what state a table row carries.
        seed: of all initial weights.
        prior: the click rate that an untrained model predicts; near the log's own, training
            does not spend its first steps on finding it.
    """

    def __init__(
        self,
        config: ModelConfig,
        layout: Layout,
        optimizers: Optimizers,
        seed: int = 0,
        prior: float = 0.5,
    ) -> None:
        self.config, self.layout, self.optimizers, self.seed = config, layout, optimizers, seed
        self.lookup = Lookup(layout)
        self.tables = {
            name: Table(
                self.lookup.space.rows,
                spec.dim,
                optimizers.sparse(spec.group),
                stddev=spec.stddev,
                seed=seed + i,
            )
            for i, (name, spec) in enumerate(config.tables.items())
        }
        self.network = config.network(layout, seed, math.log(prior / (1 - prior)))
        self.network(self.sample_inputs())  # creates the dense weights
        self._logits = tf.function(self._forward, input_signature=self.signature)

    @property
    def signature(self) -> list[Any]:
        """Specs of what `arrays` gives, for batches of any size: one trace serves them all."""
        layout = self.layout
        sequences = {
            one.name: tf.TensorSpec([None, one.length], tf.int32) for one in layout.sequences
        }
        return [
            tf.TensorSpec([None, len(layout.ids)], tf.int32),
            sequences,
            tf.TensorSpec([None, len(layout.numeric_names)], tf.float32),
        ]

    def sample_inputs(self, rows: int = 2) -> dict[str, Tensor]:
        """Zeros in the shape the network takes."""
        sample = {
            name: tf.zeros([rows, self.lookup.space.width, table.dim])
            for name, table in self.tables.items()
        }
        return sample | {NUMERIC: tf.zeros([rows, len(self.layout.numeric_names)])}

    def arrays(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """The batch's ids, sequences and numerics as tensors."""
        sequences = {name: tf.convert_to_tensor(values) for name, values in batch.sequences.items()}
        return tf.convert_to_tensor(batch.ids), sequences, tf.convert_to_tensor(batch.numerics)

    def _forward(self, ids: Tensor, sequences: dict[str, Tensor], numerics: Tensor) -> Tensor:
        touched = self.lookup.touch(ids, sequences)
        inputs = {NUMERIC: numerics}
        for name, table in self.tables.items():
            weights, _ = table.pull(touched.rows)
            inputs[name] = self.lookup.embed(weights, touched, tf.shape(ids)[0])
        return self.network(inputs, training=False)

    def logits(self, batches: Iterable[Batch]) -> npt.NDArray[np.float32]:
        """Float32 (rows,), in the order of the batches."""
        found: list[Any] = [self._logits(*self.arrays(batch)).numpy() for batch in batches]
        return np.concatenate(found) if found else np.empty(0, np.float32)

    def predict(self, batches: Iterable[Batch]) -> npt.NDArray[np.float32]:
        """Click probabilities float32 (rows,), in the order of the batches."""
        return sigmoid(self.logits(batches))
