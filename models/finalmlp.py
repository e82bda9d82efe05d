"""FinalMLP."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.errors import ConfigError
from features.layout import Layout
from features.suggest import listing, nearest
from models.blocks.bilinear import BilinearFusion
from models.blocks.flatten import flatten, together
from models.blocks.gating import FeatureGate
from models.blocks.mlp import MLP
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network, Share, TableSpec, Unit
from models.optimizers.optimizer import Tensor


class FinalMLP(DeepConfig):
    """Two MLPs over differently gated features, fused bilinearly.

    `hidden` and `dropout` are of the first stream, `hidden2` and `dropout2` of the second;
    `context1` and `context2` name the id fields that decide their gates, by a table of their own
    as in the authors' code; none for gates that are the same for every row. Mao et al., AAAI 2023
    (https://arxiv.org/abs/2304.00902).
    """

    type: Literal["finalmlp"] = "finalmlp"
    hidden2: tuple[Unit, ...] = (256, 128)
    dropout2: Share = 0.0
    gates: bool = True
    gate_hidden: tuple[Unit, ...] = (64,)
    context1: tuple[str, ...] = ()
    context2: tuple[str, ...] = ()
    heads: int = Field(default=1, ge=1)

    @property
    def contexts(self) -> dict[str, tuple[str, ...]]:
        """Fields by the name of their table."""
        given = {"context1": self.context1, "context2": self.context2}
        return {name: fields for name, fields in given.items() if fields and self.gates}

    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        found = super().tables(layout)
        for name, fields in self.contexts.items():
            _require_ids(layout, fields)
            found[name] = found[EMBEDDING].model_copy(update={"fields": fields})
        return found

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: FinalMLP, seed: int, bias: float) -> None:
        super().__init__()
        self._contexts = [
            name if name in config.contexts else None for name in ("context1", "context2")
        ]
        self._gates = [
            FeatureGate(config.gate_hidden, seed=seed + 1000 * i) if config.gates else None
            for i in (1, 2)
        ]
        second = MLP(
            config.hidden2,
            activation=config.activation,
            dropout=config.dropout2,
            norm=config.norm,
            ghost_size=config.ghost_size,
            seed=seed + 200,
        )
        self._streams = [config.mlp(seed + 100), second]
        self._fusion = BilinearFusion(config.heads, bias=bias, seed=seed + 300)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first, streams = flatten(inputs[EMBEDDING], inputs[NUMERIC]), []
        for context, gate, mlp in zip(self._contexts, self._gates, self._streams, strict=True):
            gated = first
            if gate is not None:
                gated = gate(first, None if context is None else together(inputs[context]))
            streams.append(mlp(gated, training=training))
        return self._fusion((streams[0], streams[1]))[:, 0]


def _require_ids(layout: Layout, names: tuple[str, ...]) -> None:
    known = [one.name for one in layout.ids]
    for name in names:
        if name not in known:
            raise ConfigError(
                f"A context must be a feature of one id; '{name}' is none of {listing(known)}."
                f"{nearest(name, known)}"
            )
