"""A model family built for a layout: its tables and its network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.inputs import elements, mask
from features.layout import Layout
from features.ragged import PAD
from features.sigmoid import sigmoid
from models.field_bagging import FieldBagging
from models.keras import tf
from models.lookup import Lookup, Touched
from models.network import NUMERIC, ModelConfig
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Tensor
from models.table import Table


class Model:
    """Tables, the lookups they are read by, and the dense network.

    Args:
        config: the family and its sizes.
        layout: the fields it reads.
        optimizers: the update rules, which also fix what state a table row carries.
        seed: of all initial weights.
        prior: the click rate that an untrained model predicts, or that of each task; near the
            log's own, training does not spend its first steps on finding it.
    """

    def __init__(
        self,
        config: ModelConfig,
        layout: Layout,
        optimizers: Optimizers,
        seed: int = 0,
        prior: float | Sequence[float] = 0.5,
    ) -> None:
        self.config, self.layout, self.optimizers, self.seed = config, layout, optimizers, seed
        self.specs = config.tables(layout)
        # Tables that the same fields read share what the batch touches.
        shared = {spec.fields: Lookup(layout, spec.fields) for spec in self.specs.values()}
        self.lookups = {name: shared[spec.fields] for name, spec in self.specs.items()}
        self.tables = {
            name: Table(
                self.lookups[name].space.rows,
                spec.dim,
                optimizers.sparse(spec.group),
                stddev=spec.stddev,
                initializer=spec.initializer,
                seed=seed + i,
            )
            for i, (name, spec) in enumerate(self.specs.items())
        }
        priors = [prior] if isinstance(prior, float) else prior
        self.network = self.make_network(*(math.log(p / (1 - p)) for p in priors))
        self._logits = tf.function(self._forward, input_signature=self.signature)

    def make_network(self, *biases: float) -> Any:
        """The dense network with weights as they start, its logits at 0 or at `biases`."""
        network = self.config.network(self.layout, self.seed, *biases)
        if self.config.field_dropout:
            network = FieldBagging(network, list(self.specs), self.config.field_dropout, self.seed)
        network(self.sample_inputs())  # creates the weights
        return network

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
        layout = self.layout
        ids = tf.zeros([rows, len(layout.ids)], tf.int32)
        empty = {one.name: tf.fill([rows, one.length], PAD) for one in layout.sequences}
        touched = self.touch(ids, empty)
        weights = {
            name: tf.zeros([len(touched[name].rows), table.dim])
            for name, table in self.tables.items()
        }
        numerics = tf.zeros([rows, len(layout.numeric_names)])
        return self.inputs(weights, touched, empty, numerics)

    def touch(self, ids: Tensor, sequences: Mapping[str, Tensor]) -> dict[str, Touched]:
        """By table, the distinct rows of a batch; `Lookup.touch` says what it takes."""
        found = {one: one.touch(ids, sequences) for one in dict.fromkeys(self.lookups.values())}
        return {name: found[lookup] for name, lookup in self.lookups.items()}

    def inputs(
        self,
        weights: Mapping[str, Tensor],
        touched: Mapping[str, Touched],
        sequences: Mapping[str, Tensor],
        numerics: Tensor,
    ) -> dict[str, Tensor]:
        """What the network takes (`features.inputs`), given each table's touched weights."""
        made, rows = {NUMERIC: numerics}, tf.shape(numerics)[0]
        for name, lookup in self.lookups.items():
            if not self.specs[name].whole:
                made[name] = lookup.embed(weights[name], touched[name], rows)
                continue
            made[name], spread = lookup.spread(weights[name], touched[name], rows)
            made |= {elements(name, i): one for i, one in enumerate(spread)}
        if any(spec.whole for spec in self.specs.values()):
            for i, one in enumerate(self.layout.sequences):
                made[mask(i)] = tf.cast(sequences[one.name] >= 0, tf.float32)
        return made

    def arrays(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """The batch's ids, sequences and numerics as tensors."""
        sequences = {name: tf.convert_to_tensor(values) for name, values in batch.sequences.items()}
        return tf.convert_to_tensor(batch.ids), sequences, tf.convert_to_tensor(batch.numerics)

    def _forward(self, ids: Tensor, sequences: dict[str, Tensor], numerics: Tensor) -> Tensor:
        touched = self.touch(ids, sequences)
        weights = {name: one.pull(touched[name].rows)[0] for name, one in self.tables.items()}
        inputs = self.inputs(weights, touched, sequences, numerics)
        return self.network(inputs, training=False)

    def logits(self, batches: Iterable[Batch]) -> npt.NDArray[np.float32]:
        """Of the main task: float32 (rows,), in the order of the batches."""
        return self.task_logits(batches)[:, 0]

    def task_logits(self, batches: Iterable[Batch]) -> npt.NDArray[np.float32]:
        """Of each task: float32 (rows, tasks), in the order of the batches."""
        found: list[Any] = [self._logits(*self.arrays(batch)).numpy() for batch in batches]
        whole = np.concatenate(found) if found else np.empty(0, np.float32)
        return whole if whole.ndim == 2 else whole[:, None]

    def predict(self, batches: Iterable[Batch]) -> npt.NDArray[np.float32]:
        """Click probabilities float32 (rows,), in the order of the batches."""
        return sigmoid(self.logits(batches))
