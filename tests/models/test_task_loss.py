"""The loss of several labels against that of each by itself."""

import numpy as np
import pytest

from models.blocks.task_weights import TaskWeights
from models.keras import tf
from models.losses.bce import BinaryCrossEntropy
from models.losses.focal import Focal
from models.losses.loss import Loss
from models.task_loss import TaskLoss

NAN = np.float32(np.nan)
LOGITS = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
LABELS = np.array([[0, 0], [1, NAN], [1, 1], [0, NAN], [1, 0], [0, 0]], np.float32)
WEIGHT = np.array([1, 2, 1, 0.5, 3, 1], np.float32)
SEEN = np.isfinite(LABELS[:, 1])


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), Focal(), BinaryCrossEntropy(weight=3)])
def test_each_task_has_the_loss_of_the_rows_where_it_was_observed(loss: Loss) -> None:
    first = loss(LOGITS[:, 0], LABELS[:, 0], WEIGHT)
    second = loss(LOGITS[SEEN, 1], LABELS[SEEN, 1], WEIGHT[SEEN])
    found = TaskLoss(loss, TaskWeights((1.0, 0.25)))(LOGITS, LABELS, WEIGHT)
    assert float(found) == pytest.approx(float(first) + 0.25 * float(second))


def test_an_unobserved_label_moves_nothing() -> None:
    """Nor is any gradient NaN for it."""
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = TaskLoss(BinaryCrossEntropy(), TaskWeights((1, 1)))(logits, LABELS, WEIGHT)
    gradient = tape.gradient(found, logits).numpy()
    assert (gradient[~SEEN, 1] == 0).all()
    assert (np.delete(gradient[:, 1], np.flatnonzero(~SEEN)) != 0).all()
    assert (gradient[:, 0] != 0).all()


def test_a_task_that_no_row_observed_adds_nothing() -> None:
    unseen = np.column_stack([LABELS[:, 0], np.full(6, NAN)])
    found = TaskLoss(BinaryCrossEntropy(), TaskWeights((1, 1)))(LOGITS, unseen, WEIGHT)
    alone = BinaryCrossEntropy()(LOGITS[:, 0], LABELS[:, 0], WEIGHT)
    assert float(found) == float(alone)
