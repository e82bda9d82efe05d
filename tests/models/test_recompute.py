"""Recomputed blocks learn as kept ones do, and are computed twice."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.errors import ConfigError
from features.layout import Layout
from models.autoint import AutoInt
from models.can import CAN
from models.dcn_mix import DCNMix
from models.dcn_v2 import DCNv2
from models.finalmlp import FinalMLP
from models.masknet import MaskNet
from models.model import Model
from models.network import ModelConfig
from models.optimizers.dense import sgd
from models.optimizers.groups import Optimizers
from models.optimizers.sgd import SGD
from models.recompute import Block
from models.step import Step
from models.train_config import TrainConfig
from models.xdeepfm import XDeepFM

RULES = Optimizers(
    embeddings=SGD(learning_rate=1.0),
    wide=SGD(learning_rate=1.0),
    dense=sgd.SGD(learning_rate=1.0),
)
CASES: list[tuple[ModelConfig, tuple[Block, ...]]] = [
    (XDeepFM(dim=4, hidden=(8,), maps=(6, 4)), ("cin", "mlp")),
    (AutoInt(dim=4, hidden=(8,), attention_layers=2, head_dim=4), ("attention",)),
    (MaskNet(dim=4, blocks=(8, 8)), ("mask_block",)),
    (DCNv2(dim=4, cross_layers=2, hidden=(8,)), ("cross", "mlp")),
    (DCNMix(dim=4, cross_layers=2, hidden=(8,), experts=2, rank=2), ("cross_mix",)),
    (CAN(dim=4, hidden=(8,), co_dim=4, co_layers=(4, 2)), ("co_action",)),
    (FinalMLP(dim=4, hidden=(8,), hidden2=(8,), heads=2), ("bilinear",)),
]


def learned(
    config: ModelConfig, layout: Layout, batch: Batch, blocks: tuple[Block, ...]
) -> list[Any]:
    model = Model(config, layout, RULES, seed=1)
    step = Step(model, TrainConfig(optimizers=RULES, recompute=blocks))
    step(batch)
    step(batch)
    return [*(one.weights for one in model.tables.values()), *model.network.get_weights()]


@pytest.mark.parametrize(("config", "blocks"), CASES, ids=lambda one: getattr(one, "type", ""))
def test_it_learns_the_same(
    config: ModelConfig,
    blocks: tuple[Block, ...],
    layout_of: Callable[..., Layout],
    batch_of: Callable[..., Batch],
) -> None:
    layout = layout_of(rows=6)
    batch = batch_of(layout, 12, seed=4)
    kept, again = (learned(config, layout, batch, one) for one in ((), blocks))
    for one, other in zip(kept, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_block_is_computed_twice_a_step(
    layout_of: Callable[..., Layout],
    batch_of: Callable[..., Batch],
    monkeypatch: pytest.MonkeyPatch,
    eager: None,
) -> None:
    from models.blocks.cin import InteractionLayer

    calls, plain = [], InteractionLayer.call

    def counted(self: Any, *inputs: Any) -> Any:
        calls.append(self)
        return plain(self, *inputs)

    monkeypatch.setattr(InteractionLayer, "call", counted)
    layout = layout_of(rows=6)
    for blocks, times in (((), 1), (("cin",), 2)):
        model = Model(XDeepFM(dim=4, hidden=(8,), maps=(6,)), layout, RULES)
        step = Step(model, TrainConfig(optimizers=RULES, recompute=blocks))
        calls.clear()
        step(batch_of(layout, 4, seed=4))
        assert len(calls) == times


def test_what_cannot_be_computed_twice_is_refused(layout_of: Callable[..., Layout]) -> None:
    layout = layout_of(rows=6)
    dropping = Model(DCNv2(dim=4, hidden=(8,), dropout=0.5), layout, RULES)
    with pytest.raises(ConfigError, match="'mlp' twice"):
        Step(dropping, TrainConfig(recompute=("mlp",)))
    with pytest.raises(ConfigError, match="has no 'cin'. It has cross, mlp"):
        Step(dropping, TrainConfig(recompute=("cin",)))
