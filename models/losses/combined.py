"""A sum of losses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.keras import tf
from models.losses.approx_ndcg import ApproxNDCG
from models.losses.bce import BinaryCrossEntropy
from models.losses.bpr import BPR
from models.losses.focal import Focal
from models.losses.loss import Loss
from models.losses.smooth_auc import SmoothAUC
from models.losses.soft_f1 import SoftF1
from models.losses.softmax import Softmax
from models.optimizers.optimizer import Tensor

Single = BinaryCrossEntropy | Focal | BPR | Softmax | ApproxNDCG | SmoothAUC | SoftF1


class Combined(Loss):
    """The sum of `losses`, each times its own `weight`."""

    type: Literal["combined"] = "combined"
    losses: tuple[Annotated[Single, Field(discriminator="type")], ...] = Field(min_length=1)

    @property
    def needs_query(self) -> bool:
        return any(one.needs_query for one in self.losses)

    def compute(
        self, logits: Tensor, label: Tensor, weight: Tensor, query: Tensor | None
    ) -> Tensor:
        return tf.add_n([one(logits, label, weight, query) for one in self.losses])
