"""FuxiCTR's models: its layers, put together as its model zoo does (which its wheel leaves out).

Each follows its paper and the defaults of FuxiCTR 2.3; the sizes are those of `task`. Logits alone:
`torch_training` adds the loss. https://github.com/reczoo/FuxiCTR
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from fuxictr.features import FeatureMap
from fuxictr.pytorch import layers as fx
from torch import Tensor, nn

from benchmarks.quality.task import DIM, HIDDEN

Columns = dict[str, Tensor]


def feature_map(sizes: dict[str, int], numerics: Sequence[str]) -> Any:
    """FuxiCTR's, of id fields with so many rows each, and of numerics."""
    found = FeatureMap("benchmark", ".")
    ids = {
        name: {"type": "categorical", "source": "", "vocab_size": rows}
        for name, rows in sizes.items()
    }
    found.features = OrderedDict(ids)
    found.features.update({name: {"type": "numeric", "source": ""} for name in numerics})
    found.num_fields, found.default_emb_dim = len(found.features), DIM
    return found


def initialise(module: nn.Module) -> None:
    """Glorot normal kernels and zero biases, as FuxiCTR's BaseModel does.

    Where fields are multiplied the numerics' vectors start as small as the ids': at Glorot's size
    their products make a factorization machine diverge (Criteo, log loss 0.497 against 0.449).
    """
    for one in module.modules():
        if type(one) in (nn.Linear, nn.Conv1d):
            nn.init.xavier_normal_(one.weight)
            if one.bias is not None:
                nn.init.zeros_(one.bias)
    for one in module.modules():
        if hasattr(one, "init_weights"):
            one.init_weights()
    if isinstance(module, (FM, FwFM, DeepFM, NFM, PNN, XDeepFM)):
        for one in module.embedding.embedding_layer.embedding_layers.values():
            if isinstance(one, nn.Linear):
                nn.init.normal_(one.weight, std=1e-4)


def _mlp(width: int, out: int | None = 1) -> nn.Module:
    return fx.MLP_Block(input_dim=width, output_dim=out, hidden_units=list(HIDDEN))


class Fields(nn.Module):
    """Embeds all fields: numerics by a vector each, times the number."""

    def __init__(self, features: Any) -> None:
        super().__init__()
        self.fields, self.width = features.num_fields, features.num_fields * DIM
        self.embedding = fx.FeatureEmbedding(features, DIM)


class LR(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        del self.embedding
        self.linear = fx.LogisticRegression(features)

    def forward(self, x: Columns) -> Tensor:
        return self.linear(x)


class FM(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.pairs = fx.FactorizationMachine(features)

    def forward(self, x: Columns) -> Tensor:
        return self.pairs(x, self.embedding(x))


class FwFM(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.products = fx.InnerProductInteraction(self.fields, output="inner_product")
        self.weights = nn.Linear(self.fields * (self.fields - 1) // 2, 1)
        self.linear = nn.Linear(self.width, 1, bias=False)

    def forward(self, x: Columns) -> Tensor:
        embedded = self.embedding(x)
        return self.weights(self.products(embedded)) + self.linear(embedded.flatten(1))


class DNN(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.deep = _mlp(self.width)

    def forward(self, x: Columns) -> Tensor:
        return self.deep(self.embedding(x).flatten(1))


class WideDeep(DNN):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.linear = fx.LogisticRegression(features, use_bias=False)

    def forward(self, x: Columns) -> Tensor:
        return super().forward(x) + self.linear(x)


class DeepFM(DNN):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.pairs = fx.FactorizationMachine(features)

    def forward(self, x: Columns) -> Tensor:
        embedded = self.embedding(x)
        return self.pairs(x, embedded) + self.deep(embedded.flatten(1))


class NFM(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.linear = fx.LogisticRegression(features, use_bias=False)
        self.pool = fx.InnerProductInteraction(self.fields, output="bi_interaction")
        self.deep = _mlp(DIM)

    def forward(self, x: Columns) -> Tensor:
        return self.linear(x) + self.deep(self.pool(self.embedding(x)))


class PNN(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.products = fx.InnerProductInteraction(self.fields, output="inner_product")
        self.deep = _mlp(self.width + self.fields * (self.fields - 1) // 2)

    def forward(self, x: Columns) -> Tensor:
        embedded = self.embedding(x)
        return self.deep(torch.cat([embedded.flatten(1), self.products(embedded)], 1))


class Crossed(Fields):
    def __init__(self, features: Any, crosses: type[nn.Module], **options: int) -> None:
        super().__init__(features)
        self.crosses = crosses(self.width, 2, **options)
        self.deep = _mlp(self.width, None)
        self.head = nn.Linear(self.width + HIDDEN[-1], 1)

    def forward(self, x: Columns) -> Tensor:
        flat = self.embedding(x).flatten(1)
        return self.head(torch.cat([self.crosses(flat), self.deep(flat)], 1))


def dcn(features: Any) -> nn.Module:
    return Crossed(features, fx.CrossNet)


def dcn_v2(features: Any) -> nn.Module:
    return Crossed(features, fx.CrossNetV2)


def dcn_mix(features: Any) -> nn.Module:
    return Crossed(features, fx.CrossNetMix, low_rank=16, num_experts=4)


class XDeepFM(WideDeep):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.crosses = fx.CompressedInteractionNet(self.fields, [32, 32])

    def forward(self, x: Columns) -> Tensor:
        return super().forward(x) + self.crosses(self.embedding(x))


class Attend(nn.Module):
    """Multi-head self-attention with a residual, then ReLU."""

    def __init__(self, width: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads, self.out = heads, heads * head_dim
        self.project = nn.ModuleList(nn.Linear(width, self.out, bias=False) for _ in range(4))
        self.attention = fx.ScaledDotProductAttention()

    def forward(self, x: Tensor) -> Tensor:
        *qkv, residual = (one(x) for one in self.project)
        split = [one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in qkv]
        attended, _ = self.attention(*split)
        return torch.relu(attended.transpose(1, 2).flatten(2) + residual)


class AutoInt(DNN):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.attention = nn.Sequential(Attend(DIM, 2, 8), Attend(16, 2, 8))
        self.head = nn.Linear(self.fields * 16, 1)

    def forward(self, x: Columns) -> Tensor:
        embedded = self.embedding(x)
        attended = self.head(self.attention(embedded).flatten(1))
        return attended + self.deep(embedded.flatten(1))


class AFN(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.powers = nn.Linear(self.fields, 32, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm1d(self.fields), nn.BatchNorm1d(32)])
        self.deep = _mlp(32 * DIM)

    def forward(self, x: Columns) -> Tensor:
        logs = self.norms[0](self.embedding(x).abs().clamp(min=1e-5).log())
        products = self.powers(logs.transpose(1, 2)).transpose(1, 2).exp()
        return self.deep(self.norms[1](products).flatten(1))


class DLRM(nn.Module):
    def __init__(self, features: Any) -> None:
        super().__init__()
        kinds = features.features
        self.numerics = [name for name, one in kinds.items() if one["type"] == "numeric"]
        self.embedding = fx.FeatureEmbedding(
            features, DIM, not_required_feature_columns=self.numerics
        )
        fields = len(kinds) - len(self.numerics) + bool(self.numerics)
        self.products = fx.InnerProductInteraction(fields, output="inner_product")
        width = fields * (fields - 1) // 2
        if self.numerics:
            self.bottom = fx.MLP_Block(
                input_dim=len(self.numerics),
                output_dim=DIM,
                hidden_units=[64],
                output_activation="ReLU",
            )
            width += DIM
        self.deep = _mlp(width)

    def forward(self, x: Columns) -> Tensor:
        embedded = self.embedding(x)
        if not self.numerics:
            return self.deep(self.products(embedded))
        dense = self.bottom(torch.stack([x[name] for name in self.numerics], 1))
        products = self.products(torch.cat([embedded, dense[:, None]], 1))
        return self.deep(torch.cat([products, dense], 1))


class MaskNet(Fields):
    """Serial mask blocks."""

    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.norms = nn.ModuleList(nn.LayerNorm(DIM) for _ in range(self.fields))
        widths = [self.width, *HIDDEN]
        self.masks = nn.ModuleList(
            nn.Sequential(nn.Linear(self.width, one), nn.ReLU(), nn.Linear(one, one))
            for one in widths[:-1]
        )
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(one, two, bias=False), nn.LayerNorm(two), nn.ReLU())
            for one, two in pairwise(widths)
        )
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, x: Columns) -> Tensor:
        embedded = self.embedding(x)
        normed = [norm(embedded[:, i]) for i, norm in enumerate(self.norms)]
        hidden, flat = torch.cat(normed, 1), embedded.flatten(1)
        for mask, layer in zip(self.masks, self.layers, strict=True):
            hidden = layer(mask(flat) * hidden)
        return self.head(hidden)


class Gate(nn.Module):
    """Twice a sigmoid, from a learned context."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.context = nn.Parameter(torch.zeros(1, DIM))
        self.gates = fx.MLP_Block(
            input_dim=DIM, output_dim=width, hidden_units=[64], output_activation="Sigmoid"
        )

    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.gates(self.context) * x


class FinalMLP(Fields):
    def __init__(self, features: Any) -> None:
        super().__init__(features)
        self.gates = nn.ModuleList(Gate(self.width) for _ in range(2))
        self.streams = nn.ModuleList(_mlp(self.width, None) for _ in range(2))
        self.heads = nn.ModuleList(nn.Linear(HIDDEN[-1], 1) for _ in range(2))
        # Drawn as the flat weight of one output that it is.
        self.fusion = nn.Parameter(nn.init.xavier_normal_(torch.empty(HIDDEN[-1] ** 2, 1)))

    def forward(self, x: Columns) -> Tensor:
        flat = self.embedding(x).flatten(1)
        one, two = (
            stream(gate(flat)) for gate, stream in zip(self.gates, self.streams, strict=True)
        )
        crossed = (one @ self.fusion.view(HIDDEN[-1], -1) * two).sum(1, keepdim=True)
        return self.heads[0](one) + self.heads[1](two) + crossed


MODELS: dict[str, Any] = {
    "lr": LR,
    "fm": FM,
    "fwfm": FwFM,
    "wide_deep": WideDeep,
    "deepfm": DeepFM,
    "nfm": NFM,
    "pnn": PNN,
    "dnn": DNN,
    "dcn": dcn,
    "dcn_v2": dcn_v2,
    "dcn_mix": dcn_mix,
    "xdeepfm": XDeepFM,
    "autoint": AutoInt,
    "afn": AFN,
    "dlrm": DLRM,
    "masknet": MaskNet,
    "finalmlp": FinalMLP,
}
