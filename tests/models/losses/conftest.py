"""Losses in float64, by plain loops over the papers' formulas, and rows to try them on."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.keras import tf
from models.losses.approx_ndcg import ApproxNDCG
from models.losses.bce import BinaryCrossEntropy
from models.losses.bpr import BPR
from models.losses.combined import Combined
from models.losses.focal import Focal
from models.losses.loss import Loss
from models.losses.smooth_auc import SmoothAUC
from models.losses.soft_f1 import SoftF1
from models.losses.softmax import Softmax

Array = npt.NDArray[Any]

VARIANTS: dict[str, Loss] = {
    "bce": BinaryCrossEntropy(),
    "bce-smoothed": BinaryCrossEntropy(label_smoothing=0.2),
    "focal": Focal(),
    "focal-alpha": Focal(gamma=0.7, alpha=0.25, weight=3.0),
    "bpr": BPR(),
    "softmax": Softmax(),
    "approx_ndcg": ApproxNDCG(temperature=0.5),
    "smooth_auc": SmoothAUC(),
    "smooth_auc-steep": SmoothAUC(temperature=0.3),
    "soft_f1": SoftF1(),
    "combined": Combined(losses=(BinaryCrossEntropy(), BPR(weight=0.5), SmoothAUC(weight=2.0))),
}


@dataclass(frozen=True)
class Rows:
    """The rows of a batch: (rows,) each."""

    logits: Array
    label: Array
    weight: Array
    query: Array

    def take(self, rows: Any) -> "Rows":
        return Rows(self.logits[rows], self.label[rows], self.weight[rows], self.query[rows])

    def but(self, **changes: Any) -> "Rows":
        return replace(self, **changes)

    def tensors(self) -> tuple[Any, Any, Any, Any]:
        logits, label, weight = (
            tf.constant(one, tf.float32) for one in (self.logits, self.label, self.weight)
        )
        return logits, label, weight, tf.constant(self.query, tf.int64)

    def of_queries(self) -> "Iterator[Rows]":
        for number in dict.fromkeys(self.query.tolist()):
            yield self.take(np.flatnonzero(self.query == number))

    def __iter__(self) -> Iterator[tuple[float, float, float]]:
        """Score, label, weight of each row."""
        return zip(self.logits.tolist(), self.label.tolist(), self.weight.tolist(), strict=True)


def make_rows(seed: int = 0, queries: int = 6, grades: int = 2) -> Rows:
    """Queries of 1 to 9 rows, side by side; weights of which some are 0."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 10, queries)
    count = sizes.sum()
    return Rows(
        logits=rng.normal(0, 1.5, count),
        label=rng.integers(0, grades, count).astype(np.float64),
        weight=rng.choice([0, 0.25, 0.5, 1, 3], count),
        query=np.repeat(rng.permutation(queries) + 100, sizes),
    )


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def average(terms: list[tuple[float, float]]) -> float:
    """Of values and their weights."""
    mass = sum(weight for _, weight in terms)
    return sum(value * weight for value, weight in terms) / mass if mass else 0.0


def bce(rows: Rows, loss: BinaryCrossEntropy) -> float:
    terms = []
    for s, y, w in rows:
        y = y * (1 - loss.label_smoothing) + 0.5 * loss.label_smoothing
        terms.append((-y * math.log(sigmoid(s)) - (1 - y) * math.log(1 - sigmoid(s)), w))
    return average(terms)


def focal(rows: Rows, loss: Focal) -> float:
    terms = []
    for s, y, w in rows:
        right = sigmoid(s) if y == 1 else 1 - sigmoid(s)
        share = 1.0 if loss.alpha is None else loss.alpha if y == 1 else 1 - loss.alpha
        terms.append((-share * (1 - right) ** loss.gamma * math.log(right), w))
    return average(terms)


def bpr(rows: Rows, loss: BPR) -> float:
    terms = []
    for one in rows.of_queries():
        for s_i, y_i, w_i in one:
            lower = [(-math.log(sigmoid(s_i - s_j)), w_j) for s_j, y_j, w_j in one if y_j < y_i]
            if sum(w for _, w in lower):
                terms.append((average(lower), w_i))
    return average(terms)


def softmax(rows: Rows, loss: Softmax) -> float:
    terms = []
    for one in rows.take(rows.weight > 0).of_queries():
        if len(set(one.label.tolist())) > 1:
            total = sum(w * math.exp(s) for s, _, w in one)
            terms += [(-math.log(w * math.exp(s) / total), w * y) for s, y, w in one]
    return average(terms)


def approx_ndcg(rows: Rows, loss: ApproxNDCG) -> float:
    terms = []
    for one in rows.take(rows.weight > 0).of_queries():
        if len(set(one.label.tolist())) == 1:
            continue
        dcg = 0.0
        for i, (s_i, y, _) in enumerate(one):
            others = [s for j, s in enumerate(one.logits) if j != i]
            rank = 1 + sum(sigmoid((s - s_i) / loss.temperature) for s in others)
            dcg += (2**y - 1) / math.log2(1 + rank)
        best = sorted(one.label, reverse=True)
        ideal = sum((2**y - 1) / math.log2(1 + rank) for rank, y in enumerate(best, 1))
        terms.append((1 - dcg / ideal, average([(w, 2**y - 1) for _, y, w in one])))
    return average(terms)


def smooth_auc(rows: Rows, loss: SmoothAUC) -> float:
    return average(
        [
            (sigmoid((down - up) / loss.temperature), w_up * w_down)
            for up, y_up, w_up in rows
            for down, y_down, w_down in rows
            if y_up > 0 and y_down == 0
        ]
    )


def soft_f1(rows: Rows, loss: SoftF1) -> float:
    hits = sum(w * sigmoid(s) for s, y, w in rows if y > 0)
    chosen = sum(w * sigmoid(s) for s, _, w in rows)
    positives = sum(w for _, y, w in rows if y > 0)
    if not positives:
        return 0.0
    precision, recall = hits / chosen, hits / positives
    return 1 - 2 * precision * recall / (precision + recall)


def combined(rows: Rows, loss: Combined) -> float:
    return sum(reference_of(one)(rows) for one in loss.losses)


REFERENCES: dict[str, Callable[..., float]] = {
    one.__name__: one
    for one in (bce, focal, bpr, softmax, approx_ndcg, smooth_auc, soft_f1, combined)
}


def reference_of(loss: Loss) -> Callable[[Rows], float]:
    return lambda rows: loss.weight * REFERENCES[loss.type](rows, loss)


def slopes_of(loss: Loss, rows: Rows) -> Array:
    """Central differences of the reference: (rows,)."""
    reference, step = reference_of(loss), 1e-5
    slopes = []
    for move in np.eye(len(rows.label)) * step:
        high, low = (rows.but(logits=rows.logits + sign * move) for sign in (1, -1))
        slopes.append((reference(high) - reference(low)) / (2 * step))
    return np.array(slopes)


def value_and_slopes(loss: Loss, rows: Rows) -> tuple[float, Array]:
    """Of ours, by TensorFlow's tape."""
    logits, label, weight, query = rows.tensors()
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits, label, weight, query if loss.needs_query else None)
    assert value.dtype == tf.float32
    assert value.shape == []
    return float(value), tape.gradient(value, logits).numpy()


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def loss(request: pytest.FixtureRequest) -> Loss:
    found: Loss = request.param
    return found


@pytest.fixture(params=["bpr", "softmax", "approx_ndcg"])
def within_queries(request: pytest.FixtureRequest) -> Loss:
    """Those that compare the rows of a query, and do nothing else."""
    return VARIANTS[request.param]


@pytest.fixture
def variants() -> dict[str, Loss]:
    return VARIANTS


@pytest.fixture
def rows_of() -> Callable[..., Rows]:
    return make_rows


@pytest.fixture
def rows_from() -> type[Rows]:
    return Rows


@pytest.fixture
def evaluate() -> Callable[[Loss, Rows], tuple[float, Array]]:
    """Value and gradient."""
    return value_and_slopes


@pytest.fixture
def expected() -> Callable[[Loss, Rows], tuple[float, Array]]:
    """Value and gradient by the reference."""
    return lambda loss, rows: (reference_of(loss)(rows), slopes_of(loss, rows))
