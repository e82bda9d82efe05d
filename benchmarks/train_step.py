"""Examples a second of one training step, by table size and against rivals.

DCN-V2: 26 id fields of 16 and 13 numerics, three full-rank cross layers beside an MLP of 400 x 3,
batch 4096, everything in float32. Ids follow Zipf's law, 1/rank, within each field. Each batch
throws its ids over the whole of each field's rows by a random injection of its own, so at every
table size a batch touches as many distinct rows, and the larger the table the colder they are.
Each step includes the hand-over from numpy and the loss as a number.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from benchmarks.figures import Goal
from benchmarks.harness import Contender, main
from features.batch import Batch
from features.layout import IdField, Layout, NumericField

FIELDS, NUMERICS, DIM, CROSSES, HIDDEN, BATCH = 26, 13, 16, 3, (400, 400, 400), 4096
SMALL, MIDDLE, LARGE = 100_000, 1_000_000, 10_000_000  # rows of all fields together
POOL = 32  # batches; at a million rows and more they touch far more than any cache holds
TABLE_RATE, START, EPSILON, DENSE_RATE = 0.02, 1e-6, 1e-8, 1e-3  # AdaGrad, and Adam
OURS, OURS_LARGE = "crossrank, 100k rows", "crossrank, 10M rows"


def layout(rows: int) -> Layout:
    ids = [IdField(name=f"c{i}", vocabulary=f"c{i}") for i in range(FIELDS)]
    numerics = [NumericField(name=f"n{i}") for i in range(NUMERICS)]
    sizes = {one.name: rows // FIELDS + (i < rows % FIELDS) for i, one in enumerate(ids)}
    return Layout(fields=(*ids, *numerics), vocabularies=sizes)


def draw(sizes: Sequence[int]) -> list[Batch]:
    """Batches whose ids, before they are thrown over the rows, do not depend on `sizes`."""
    ranks, scatter = np.random.default_rng(1), np.random.default_rng(2)
    names = SMALL // FIELDS
    law = np.cumsum(1.0 / np.arange(1, names + 1))
    batches = []
    for _ in range(POOL):
        ids = np.empty((BATCH, FIELDS), np.int32)
        for i, size in enumerate(sizes):
            drawn = law.searchsorted(law[-1] * ranks.random(BATCH))
            ids[:, i] = scatter.choice(size, names, replace=False)[drawn]
        numerics = ranks.standard_normal((BATCH, NUMERICS), np.float32)
        label = (ranks.random(BATCH) < 0.2).astype(np.float32)
        batches.append(Batch(ids=ids, numerics=numerics, label=label))
    return batches


def crossrank_step(rows: int) -> Callable[[], object]:
    """Ours: one fused table, rows beside their optimizer state."""
    from models.dcn_v2 import DCNv2
    from models.model import Model
    from models.optimizers.adagrad import AdaGrad
    from models.optimizers.groups import Adam, Optimizers
    from models.trainer import Trainer

    fields = layout(rows)
    rows_by = AdaGrad(learning_rate=TABLE_RATE, initial_accumulator=START, epsilon=EPSILON)
    optimizers = Optimizers(embeddings=rows_by, dense=Adam(learning_rate=DENSE_RATE))
    config = DCNv2(dim=DIM, cross_layers=CROSSES, hidden=HIDDEN)
    trainer = Trainer(Model(config, fields, optimizers))
    batches = cycle(draw(list(fields.vocabularies.values())))
    return lambda: float(trainer.step(next(batches)))


def keras_step(rows: int) -> Callable[[], object]:
    """Stock tf-keras: an Embedding a field, the legacy AdaGrad (the one that stays sparse)."""
    from models.dcn_v2 import DCNv2
    from models.keras import keras, tf
    from models.network import NUMERIC

    fields = layout(rows)
    sizes = list(fields.vocabularies.values())
    embeddings = [
        keras.layers.Embedding(
            size, DIM, embeddings_initializer=keras.initializers.RandomNormal(0.0, 0.01, seed=i)
        )
        for i, size in enumerate(sizes)
    ]
    for layer in embeddings:
        layer.build(None)  # now, as ours does, not at the first step
    # The same layers above the tables, so that only what is below them differs.
    network = DCNv2(dim=DIM, cross_layers=CROSSES, hidden=HIDDEN).network(fields, seed=0)
    sparse = keras.optimizers.legacy.Adagrad(TABLE_RATE, START, EPSILON)
    dense = keras.optimizers.Adam(DENSE_RATE, jit_compile=False)

    def update(ids: Any, numerics: Any, label: Any) -> Any:
        with tf.GradientTape() as tape:
            looked_up = [layer(ids[:, i]) for i, layer in enumerate(embeddings)]
            inputs = {"embedding": tf.stack(looked_up, 1), NUMERIC: numerics}
            losses = tf.nn.sigmoid_cross_entropy_with_logits(label, network(inputs, training=True))
            loss = tf.reduce_mean(losses)
        tables = [layer.embeddings for layer in embeddings]
        weights = network.trainable_variables
        gradients = tape.gradient(loss, [*tables, *weights])
        sparse.apply_gradients(zip(gradients[:FIELDS], tables, strict=True))
        dense.apply_gradients(zip(gradients[FIELDS:], weights, strict=True))
        return loss

    step, batches = tf.function(update), cycle(draw(sizes))

    def run_once() -> float:
        batch = next(batches)
        return float(step(*map(tf.convert_to_tensor, (batch.ids, batch.numerics, batch.label))))

    return run_once


def torch_step(rows: int, sparse: bool) -> Callable[[], object]:
    """torch, one fused Embedding: sparse gradients with AdaGrad, or dense ones with Adam.

    Dense gradients and Adam are what FuxiCTR trains with.
    """
    torch: Any = importlib.import_module("torch")  # installed for benchmarks alone
    nn, optim = torch.nn, torch.optim
    torch.manual_seed(0)
    torch.sparse.check_sparse_tensor_invariants.disable()  # its default, which it warns about
    sizes = list(layout(rows).vocabularies.values())
    starts = torch.tensor([0, *np.cumsum(sizes)[:-1].tolist()])
    table = nn.Embedding(rows, DIM, sparse=sparse)
    nn.init.normal_(table.weight, std=0.01)
    width = FIELDS * DIM + NUMERICS
    crosses = nn.ModuleList(nn.Linear(width, width) for _ in range(CROSSES))
    pairs = zip((width, *HIDDEN), HIDDEN, strict=False)
    deep = nn.Sequential(*(part for i, o in pairs for part in (nn.Linear(i, o), nn.ReLU())))
    head = nn.Linear(width + HIDDEN[-1], 1)
    weights = list(nn.ModuleList([crosses, deep, head]).parameters())
    # Fused: one kernel for each weight, not one for each operation.
    adam = optim.Adam(weights if sparse else [table.weight, *weights], DENSE_RATE, fused=True)
    optimizers = [adam]
    if sparse:
        one = {"lr": TABLE_RATE, "initial_accumulator_value": START, "eps": EPSILON}
        optimizers.append(optim.Adagrad([table.weight], **one))
    batches = cycle(draw(sizes))

    def run_once() -> float:
        batch = next(batches)
        ids, numerics, label = map(torch.from_numpy, (batch.ids, batch.numerics, batch.label))
        first = torch.cat([table(ids + starts).flatten(1), numerics], 1)
        crossed = first
        for layer in crosses:
            crossed = torch.addcmul(crossed, first, layer(crossed))
        logits = head(torch.cat([crossed, deep(first)], 1))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, label)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return float(loss.detach())

    return run_once


def contenders() -> list[Contender]:
    ours, keras = ("models.trainer",), ("models.dcn_v2",)
    entries: list[tuple[str, Callable[[], Callable[[], object]], tuple[str, ...]]] = [
        (OURS, partial(crossrank_step, SMALL), ours),
        (OURS_LARGE, partial(crossrank_step, LARGE), ours),
        ("crossrank, 1M rows", partial(crossrank_step, MIDDLE), ours),
        ("tf-keras, 100k rows", partial(keras_step, SMALL), keras),
        ("torch sparse AdaGrad, 100k rows", partial(torch_step, SMALL, True), ("torch",)),
        ("torch dense Adam, 100k rows", partial(torch_step, SMALL, False), ("torch",)),
    ]
    return [Contender(name, setup, BATCH, "examples", needs) for name, setup, needs in entries]


if __name__ == "__main__":
    main(
        "One training step of DCN-V2",
        contenders,
        goals=[Goal(OURS_LARGE, at_most=1.15, over=OURS)],
        libraries=["numpy", "tensorflow", "tf-keras", "torch"],
    )
