"""A model family built for a layout: its tables and its network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from features.batch import Batch, Ints
from features.inputs import elements, mask
from features.layout import Layout
from features.ragged import PAD
from features.sigmoid import sigmoid
from models.field_bagging import FieldBagging
from models.keras import tf
from models.lookup import Lookup
from models.memory import as_tensor
from models.network import NUMERIC, ModelConfig
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Tensor
from models.parallel import at_once
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
        # Tables that the same fields read share the rows that a batch uses.
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
            {name: tf.TensorSpec([None, one.dim], tf.float32) for name, one in self.specs.items()},
            sequences,
            tf.TensorSpec([None, len(layout.numeric_names)], tf.float32),
        ]

    def sample_inputs(self, rows: int = 2) -> dict[str, Tensor]:
        """Zeros in the shape the network takes."""
        layout = self.layout
        empty = {one.name: tf.fill([rows, one.length], PAD) for one in layout.sequences}
        used = {
            name: tf.zeros([rows * len(self.lookups[name].space.columns), spec.dim])
            for name, spec in self.specs.items()
        }
        return self.inputs(used, empty, tf.zeros([rows, len(layout.numeric_names)]))

    def rows(self, batch: Batch) -> dict[Lookup, Ints]:
        """By lookup, the rows that a batch uses; raises as `Lookup.rows`."""
        return {one: one.rows(batch) for one in dict.fromkeys(self.lookups.values())}

    def inputs(
        self, used: Mapping[str, Tensor], sequences: Mapping[str, Tensor], numerics: Tensor
    ) -> dict[str, Tensor]:
        """What the network takes (`features.inputs`), given the weights used of each table."""
        made, rows = {NUMERIC: numerics}, tf.shape(numerics)[0]
        for name, lookup in self.lookups.items():
            if not self.specs[name].whole:
                made[name] = lookup.embed(used[name], sequences, rows)
                continue
            made[name], spread = lookup.spread(used[name], sequences, rows)
            made |= {elements(name, i): one for i, one in enumerate(spread)}
        if any(spec.whole for spec in self.specs.values()):
            for i, one in enumerate(self.layout.sequences):
                made[mask(i)] = tf.cast(sequences[one.name] >= 0, tf.float32)
        return made

    def arrays(
        self, batch: Batch, rows: Mapping[Lookup, Ints] | None = None
    ) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
        """The weights that a batch uses of each table, its sequences and its numerics.

        `rows` are those of the batch, where they are known.
        """
        rows = self.rows(batch) if rows is None else rows
        pulls = [partial(one.pull, rows[self.lookups[name]]) for name, one in self.tables.items()]
        used = dict(zip(self.tables, map(as_tensor, at_once(pulls)), strict=True))
        sequences = {name: tf.convert_to_tensor(values) for name, values in batch.sequences.items()}
        return used, sequences, tf.convert_to_tensor(batch.numerics)

    def _forward(
        self, used: dict[str, Tensor], sequences: dict[str, Tensor], numerics: Tensor
    ) -> Tensor:
        return self.network(self.inputs(used, sequences, numerics), training=False)

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
