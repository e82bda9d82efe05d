"""What families with an MLP over embeddings declare alike."""

from __future__ import annotations

from pydantic import Field

from features.layout import Layout
from models.blocks.mlp import MLP, Norm
from models.initializers import Initializer
from models.network import Activation, ModelConfig, Share, TableSpec, Unit

EMBEDDING, WIDE = "embedding", "wide"


class EmbeddingConfig(ModelConfig):
    """`dim` weights an id, drawn at a spread of `stddev`."""

    dim: int = Field(default=16, ge=1, le=1024)
    stddev: float = Field(default=0.01, gt=0)
    initializer: Initializer = "normal"

    def tables(self, layout: Layout) -> dict[str, TableSpec]:  # noqa: ARG002
        spec = TableSpec(
            dim=self.dim, group="embeddings", stddev=self.stddev, initializer=self.initializer
        )
        return {EMBEDDING: spec}


class DeepConfig(EmbeddingConfig):
    """Embeddings under an MLP of `hidden` layers."""

    hidden: tuple[Unit, ...] = (256, 128)
    activation: Activation = "relu"
    dropout: Share = 0.0
    norm: Norm = "none"
    ghost_size: int = Field(default=256, ge=2)

    def mlp(self, seed: int) -> MLP:
        return MLP(
            self.hidden,
            activation=self.activation,
            dropout=self.dropout,
            norm=self.norm,
            ghost_size=self.ghost_size,
            seed=seed,
        )


class FirstOrderConfig(DeepConfig):
    """With a weight an id besides, on the optimizer of the group `wide`."""

    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        wide = TableSpec(dim=1, group="wide", stddev=0.0)
        return {**super().tables(layout), WIDE: wide}
