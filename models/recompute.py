"""Blocks whose activations are computed again in the backward pass instead of being kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Literal, get_args

from features.errors import ConfigError
from features.suggest import listing
from models.blocks.attention import AttentionLayer
from models.blocks.bilinear import BilinearFusion
from models.blocks.cin import InteractionLayer
from models.blocks.co_action import CoAction
from models.blocks.cross import CrossNetwork
from models.blocks.cross_mix import CrossMix
from models.blocks.mask_block import MaskBlock
from models.blocks.mlp import MLP
from models.keras import keras, tf

Block = Literal[
    "attention", "bilinear", "cin", "co_action", "cross", "cross_mix", "mask_block", "mlp"
]
_KINDS: dict[Block, type[keras.layers.Layer]] = {
    "attention": AttentionLayer,
    "bilinear": BilinearFusion,
    "cin": InteractionLayer,
    "co_action": CoAction,
    "cross": CrossNetwork,
    "cross_mix": CrossMix,
    "mask_block": MaskBlock,
    "mlp": MLP,
}
assert set(_KINDS) == set(get_args(Block))


def recompute(network: Any, blocks: Iterable[Block]) -> None:
    """Have every layer of the named kinds keep its inputs alone for the backward pass.

    Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016
    (https://arxiv.org/abs/1604.06174). The peak falls where several such layers stand one after
    the other: while one computes its activations again, the others' are not there.

    Raises:
        ConfigError: the network has no such block, or one that holds state (dropout, norms over a
            batch), which would be drawn or moved twice.
    """
    for block in blocks:
        layers = list(_of(network, block))
        if not layers:
            there = [name for name in _KINDS if next(_of(network, name), None) is not None]
            raise ConfigError(
                f"train.recompute must name blocks of the model; it has no '{block}'. It has "
                f"{listing(there) or 'none of those'}."
            )
        for layer in layers:
            if layer.non_trainable_weights:
                raise ConfigError(
                    f"train.recompute computes '{block}' twice, so it must give the same twice; "
                    "its dropout or batch norm does not. Take them out, or leave it as it is."
                )
            if "call" not in vars(layer):  # or this network has had it done
                layer.call = partial(_again, layer.call)


def _again(call: Any, *inputs: Any, **options: Any) -> Any:
    return tf.recompute_grad(partial(call, **options))(*inputs)


def _of(network: Any, block: Block) -> Iterator[Any]:
    return (one for one in network.submodules if isinstance(one, _KINDS[block]))
