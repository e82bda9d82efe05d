"""Where a step of ours spends its time: its pieces, each timed apart on what it gets in a step."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.training.ours import config, optimizers
from benchmarks.training.task import Task
from features.batch import Batch
from models.keras import tf
from models.memory import as_array
from models.model import Model
from models.sparse_part import SparsePart
from models.step import Step
from models.train_config import TrainConfig

RATE = 0.02


def pieces(task: Task, bfloat16: bool, batch: Batch) -> dict[str, Callable[[], object]]:
    """By name of the piece, the call to time; what one hands the next is computed here."""
    rules = optimizers(RATE)
    model = Model(config(task), task.layout(), rules)
    settings = TrainConfig(optimizers=rules, precision="bfloat16" if bfloat16 else "float32")
    step, sparse = Step(model, settings), SparsePart(model, settings.l2)
    rows, given = model.rows(batch), [tf.constant(batch.label), tf.ones([batch.rows])]
    touched, inputs = sparse.touch(rows), model.arrays(batch, rows)
    _, of_used, of_dense = step.passes(*inputs, *given)
    found, rate = [as_array(one) for one in of_used], tf.constant(rules.dense.learning_rate)
    of_rows = sparse.gradients(touched, found, batch.rows)
    return {
        "whole step": lambda: step(batch),
        "rows of ids": lambda: model.rows(batch),
        "touch": lambda: sparse.touch(rows),
        "pull and hand-over": lambda: model.arrays(batch, rows),
        "forward and backward": lambda: step.passes(*inputs, *given),
        "sums by row": lambda: sparse.gradients(touched, found, batch.rows),
        "push": lambda: sparse.push(touched, of_rows, 1.0),
        "dense update": lambda: step.apply(of_dense, rate),
    }
