"""What is to be learned: the model's sizes, and rows whose law is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from features.batch import Batch, Floats
from features.layout import IdField, Layout, NumericField
from features.sigmoid import sigmoid

Family = Literal["dcn_v2", "wide_deep"]
Array = npt.NDArray[Any]

HIDDEN: dict[Family, tuple[int, ...]] = {"dcn_v2": (400, 400, 400), "wide_deep": (64, 32)}
CROSSES, STDDEV = 3, 0.01
KNOWN = 100_000  # ids of a field whose effects differ; those of rarer ids repeat
_ARRAYS = "ids", "numerics", "label"
_LATENT, _PAIRS, _CLICK_RATE = 4, 26, 0.2


@dataclass(frozen=True)
class Task:
    """A model family over id fields of `rows` values in all, and numerics.

    DCN-V2: three full-rank crosses beside an MLP. Wide&Deep: a weight an id, plus an MLP.
    """

    family: Family
    rows: int
    fields: int = 26
    numerics: int = 13
    dim: int = 16
    batch: int = 4096

    @property
    def sizes(self) -> list[int]:
        """Values of each field."""
        return [
            self.rows // self.fields + (i < self.rows % self.fields) for i in range(self.fields)
        ]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where each field's rows begin in one table of them all."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    @property
    def hidden(self) -> tuple[int, ...]:
        return HIDDEN[self.family]

    @property
    def wide(self) -> bool:
        """Whether there is a weight an id besides its embedding."""
        return self.family == "wide_deep"

    @property
    def width(self) -> int:
        """Of what the dense part reads."""
        return self.fields * self.dim + self.numerics

    @property
    def products(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each dense layer."""
        layers = list(zip((self.width, *self.hidden), self.hidden, strict=False))
        if self.wide:
            return [*layers, (self.hidden[-1], 1)]
        crosses = [(self.width, self.width)] * CROSSES
        return [*crosses, *layers, (self.width + self.hidden[-1], 1)]

    @property
    def table_bytes(self) -> int:
        """Float32 weights of all tables, without what optimizers keep."""
        return 4 * self.rows * (self.dim + self.wide)

    def layout(self) -> Layout:
        ids = [IdField(name=f"c{i}", vocabulary=f"c{i}") for i in range(self.fields)]
        numerics = [NumericField(name=f"n{i}") for i in range(self.numerics)]
        sizes = dict(zip((one.name for one in ids), self.sizes, strict=True))
        return Layout(fields=(*ids, *numerics), vocabularies=sizes)


class Teacher:
    """The law of the labels: effects of ids, inner products of pairs of ids, and numerics.

    logit = b + sum_f e_f[id_f] + sum_(f, g) <u_f[id_f], u_g[id_g]> + w n + n_0 n_1
    """

    def __init__(self, task: Task, seed: int = 7) -> None:
        random = np.random.default_rng(seed)
        known = min(KNOWN, max(task.sizes))
        self._effects = 0.15 * random.standard_normal((task.fields, known), np.float32)
        self._latent = 0.25 * random.standard_normal((task.fields, known, _LATENT), np.float32)
        self._pairs = random.integers(0, task.fields, (_PAIRS, 2))
        self._linear = 0.1 * random.standard_normal(task.numerics, np.float32)
        self._bias = float(np.log(_CLICK_RATE / (1 - _CLICK_RATE)))

    def logits(self, ids: Array, numerics: Floats) -> Floats:
        """Float32 (rows,)."""
        fields, ids = np.arange(ids.shape[1]), ids % self._effects.shape[1]
        latent = self._latent[fields, ids]  # (rows, fields, latent)
        one, other = latent[:, self._pairs[:, 0]], latent[:, self._pairs[:, 1]]
        found = self._effects[fields, ids].sum(1) + (one * other).sum((1, 2))
        return found + self._bias + numerics @ self._linear + 0.2 * numerics[:, 0] * numerics[:, 1]


def drawn(task: Task, batches: int, seed: int = 1) -> Iterator[Batch]:
    """Batches whose ids follow Zipf's law, 1/rank, in each field; a code is a rank."""
    teacher, random = Teacher(task), np.random.default_rng(seed)
    laws = {size: np.cumsum(1.0 / np.arange(1, size + 1)) for size in set(task.sizes)}
    for _ in range(batches):
        ids = np.empty((task.batch, task.fields), np.int32)
        for i, size in enumerate(task.sizes):
            law = laws[size]
            ids[:, i] = law.searchsorted(law[-1] * random.random(task.batch))
        numerics = random.standard_normal((task.batch, task.numerics), np.float32)
        chance = sigmoid(teacher.logits(ids, numerics))
        label = (random.random(task.batch) < chance).astype(np.float32)
        yield Batch(ids=ids, numerics=numerics, label=label)


def scattered(task: Task, batches: int, names: int) -> list[Batch]:
    """Batches that touch as many rows at any table size, spread over all of them.

    Zipf's law over `names` values a field, which each batch throws over the whole field by a
    random injection of its own: the larger the table, the colder its rows.
    """
    ranks, scatter = np.random.default_rng(1), np.random.default_rng(2)
    law = np.cumsum(1.0 / np.arange(1, names + 1))
    found = []
    for _ in range(batches):
        ids = np.empty((task.batch, task.fields), np.int32)
        for i, size in enumerate(task.sizes):
            drawn = law.searchsorted(law[-1] * ranks.random(task.batch))
            ids[:, i] = scatter.choice(size, names, replace=False)[drawn]
        numerics = ranks.standard_normal((task.batch, task.numerics), np.float32)
        label = (ranks.random(task.batch) < _CLICK_RATE).astype(np.float32)
        found.append(Batch(ids=ids, numerics=numerics, label=label))
    return found


def write(task: Task, batches: int, folder: Path, seed: int) -> Path:
    """Drawn batches as arrays that processes share; `read` gives them back."""
    folder.mkdir(parents=True)
    made = Batch.concat(list(drawn(task, batches, seed)))
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(made, name))
    return folder


def read(task: Task, folder: Path) -> list[Batch]:
    """Copies in memory: a map of a file would be slower on first touch, for some alone."""
    ids, numerics, label = (
        np.load(folder / f"{name}.npy") for name in ("ids", "numerics", "label")
    )
    cuts = range(0, len(ids), task.batch)
    return [
        Batch(ids=ids[i:j], numerics=numerics[i:j], label=label[i:j])
        for i, j in ((i, i + task.batch) for i in cuts)
    ]
