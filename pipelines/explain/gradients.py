"""Integrated gradients of a model's logit, over its embeddings and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.inputs import NUMERIC, elements
from pipelines.explain.contributions import Contributions, summed
from pipelines.players import Players
from pipelines.scoring import BATCH
from pipelines.subject import blocks

if TYPE_CHECKING:
    from models.model import Model

METHOD = "gradients"

_FIRST, _LAST = 32, 1024  # steps along the path
_TOLERANCE = 1e-3  # of what contributions may miss, in units of the logit

Floats = npt.NDArray[np.float64]
Tensors = Mapping[str, Any]


def integrated_gradients(model: Model, own: Batch, base: Batch, players: Players) -> Contributions:
    """Of each row's logit of the main task, against what `base` has.

    (x_i - x'_i) times the mean over a from 0 to 1 of dF / dx_i at x' + a (x - x'), summed over
    the weights of an embedding and over the tables that a feature is looked up in. They add up
    to F(x) - F(x') (completeness) but for the error of the sum over steps, by the midpoint rule,
    which are doubled until that is below 0.001.

    Sundararajan, Taly & Yan, ICML 2017 (https://arxiv.org/abs/1703.01365).
    """
    found = []
    for mine, other in zip(blocks(own), blocks(base), strict=True):
        steps, rows = _FIRST, _block(model, mine, other, players, _FIRST)
        while rows.gap > _TOLERANCE and steps < _LAST:
            steps *= 2
            rows = _block(model, mine, other, players, steps)
        found.append(rows)
    return Contributions(
        METHOD,
        players.names,
        np.concatenate([one.values for one in found]),
        np.concatenate([one.baseline for one in found]),
        np.concatenate([one.score for one in found]),
    )


def _block(model: Model, own: Batch, base: Batch, players: Players, steps: int) -> Contributions:
    start, end = model.inputs(*model.arrays(base)), model.inputs(*model.arrays(own))
    owners = dict(_owners(model, players))
    way = {name: end[name].numpy() - start[name].numpy() for name in owners}
    total = {name: np.zeros(one.shape, np.float64) for name, one in way.items()}
    shares = ((np.arange(steps) + 0.5) / steps).astype(np.float32)
    many = max(1, BATCH // own.rows)
    for at in range(0, steps, many):
        for name, slope in _slopes(model, start, way, shares[at : at + many]).items():
            total[name] += slope
    values = np.zeros((own.rows, len(players.names)))
    for name, of_columns in owners.items():
        parts = way[name] * total[name] / steps
        if name == NUMERIC:
            values += summed(parts, of_columns, len(players.names))
        elif parts.shape[1]:
            # (rows, width, dim), a player a place; or (rows, length, dim), all of one player.
            places = parts.sum(2)
            if len(of_columns) == 1:
                places = places.sum(1, keepdims=True)
            values += summed(places, of_columns, len(players.names))
    return Contributions(
        METHOD,
        players.names,
        values,
        model.logits([base]).astype(np.float64),
        model.logits([own]).astype(np.float64),
    )


def _slopes(
    model: Model, start: Tensors, way: Tensors, shares: npt.NDArray[np.float32]
) -> dict[str, Floats]:
    """Gradients of the logits, by input, summed over where these shares of the way are gone."""
    from models.keras import tf  # TensorFlow takes seconds to import

    fixed = {name: _each(one, len(shares)) for name, one in start.items()}
    at: dict[str, Any] = {}
    for name, one in way.items():
        gone = np.repeat(shares, one.shape[0]).reshape(-1, *[1] * (len(one.shape) - 1))
        at[name] = tf.constant(fixed[name] + gone * _each(one, len(shares)))
    constants = {name: tf.constant(one) for name, one in fixed.items()}
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(at)
        logits = model.network({**constants, **at}, training=False)
        total = tf.reduce_sum(logits if len(logits.shape) == 1 else logits[:, 0])
    found = tape.gradient(total, at, unconnected_gradients="zero")
    return {
        name: tf.convert_to_tensor(one).numpy().reshape(len(shares), *way[name].shape).sum(0)
        for name, one in found.items()
    }


def _each(values: Any, times: int) -> Any:
    """All rows, so many times one after another."""
    return np.tile(values, (times, *[1] * (len(values.shape) - 1)))


def _owners(model: Model, players: Players) -> Iterator[tuple[str, list[int]]]:
    """By input, the number of the player of each of its places."""
    yield NUMERIC, players.numerics
    ids = model.layout.ids
    for table, lookup in model.lookups.items():
        space = lookup.space
        own = [players.number(ids[i].name) for i in space.columns]
        sequences = [players.number(name) for name in space.sequence_starts]
        if not model.specs[table].whole:
            yield table, own + sequences
            continue
        yield table, own
        for i, one in enumerate(sequences):
            yield elements(table, i), [one]
