"""The interaction blocks, each with the inputs it takes, for the laws that hold for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.blocks.attention import FieldAttention
from models.blocks.bilinear import BilinearFusion
from models.blocks.cin import CompressedInteraction
from models.blocks.cross_mix import CrossMix
from models.blocks.dot import DotInteraction
from models.blocks.field_norm import FieldNorm
from models.blocks.fm import FactorizationMachine
from models.blocks.fwfm import FieldWeighted
from models.blocks.gating import FeatureGate
from models.blocks.linear import FirstOrder
from models.blocks.logarithmic import LogarithmicTransform
from models.blocks.mask_block import MaskBlocks
from models.blocks.product import InnerProduct, OuterProduct
from models.keras import tf

Floats = npt.NDArray[np.float32]
FIELDS, DIM = 4, 3


@dataclass(frozen=True)
class Case:
    """A block by its seed; the shapes of its inputs without the batch; its width as it says.

    exact: it computes in float32 whatever the policy. joint: it takes its inputs as a tuple.
    """

    build: Callable[[int], Any]
    shapes: tuple[tuple[int, ...], ...]
    width: Callable[[Any], int]
    exact: bool = False
    joint: bool = False

    def inputs(self, rows: int, seed: int = 0) -> list[Floats]:
        rng = np.random.default_rng(seed)
        return [rng.normal(size=(rows, *shape)).astype(np.float32) for shape in self.shapes]

    def run(self, block: Any, inputs: Sequence[Any], training: bool = False) -> Any:
        given = [tuple(inputs)] if self.joint else inputs
        return block(*given, training=training)


EMBEDDED = ((FIELDS, DIM),)

FLAT = ((FIELDS * DIM,),)

CASES = {
    "attention": Case(
        lambda seed: FieldAttention(2, head_dim=4, seed=seed),
        EMBEDDED,
        lambda one: one.output_dim(DIM),
    ),
    "attention-norm": Case(
        lambda seed: FieldAttention(2, head_dim=4, scale=True, layer_norm=True, seed=seed),
        EMBEDDED,
        lambda one: one.output_dim(DIM),
    ),
    "bilinear": Case(
        lambda seed: BilinearFusion(3, seed=seed),
        ((6,), (9,)),
        lambda one: one.output_dim(),
        joint=True,
    ),
    "gating": Case(
        lambda seed: FeatureGate((5,), seed=seed),
        (*FLAT, (3,)),
        lambda one: one.output_dim(FIELDS * DIM),
    ),
    "gating-alone": Case(
        lambda seed: FeatureGate((5,), seed=seed),
        FLAT,
        lambda one: one.output_dim(FIELDS * DIM),
    ),
    "cin": Case(
        lambda seed: CompressedInteraction((5, 4), activation="tanh", seed=seed),
        EMBEDDED,
        lambda one: one.output_dim(),
    ),
    "cin-split": Case(
        lambda seed: CompressedInteraction((5, 4, 3), split_half=True, seed=seed),
        EMBEDDED,
        lambda one: one.output_dim(),
    ),
    "cross_mix": Case(
        lambda seed: CrossMix(2, experts=3, rank=2, seed=seed),
        FLAT,
        lambda one: one.output_dim(FIELDS * DIM),
    ),
    "dot": Case(
        lambda _: DotInteraction(),
        (*EMBEDDED, (DIM,)),
        lambda one: one.output_dim(FIELDS, DIM),
    ),
    "dot-self": Case(
        lambda _: DotInteraction(self_interaction=True),
        (*EMBEDDED, (DIM,)),
        lambda one: one.output_dim(FIELDS, DIM),
    ),
    "inner": Case(lambda _: InnerProduct(), EMBEDDED, lambda one: one.output_dim(FIELDS)),
    "field_norm": Case(lambda _: FieldNorm(), EMBEDDED, lambda one: one.output_dim(DIM)),
    "fwfm": Case(
        lambda seed: FieldWeighted(seed=seed), EMBEDDED, lambda one: one.output_dim(), True
    ),
    "linear": Case(lambda _: FirstOrder(), ((FIELDS, 1), (2,)), lambda one: one.output_dim(), True),
    "logarithmic": Case(
        lambda seed: LogarithmicTransform(5, seed=seed),
        EMBEDDED,
        lambda one: one.output_dim(DIM),
        True,
    ),
    "mask-serial": Case(
        lambda seed: MaskBlocks((5, 4), seed=seed),
        (*FLAT, *FLAT),
        lambda one: one.output_dim(),
    ),
    "mask-parallel": Case(
        lambda seed: MaskBlocks((5, 4), structure="parallel", reduction=0.5, seed=seed),
        (*FLAT, *FLAT),
        lambda one: one.output_dim(),
    ),
    "outer-matrix": Case(
        lambda seed: OuterProduct("matrix", seed=seed), EMBEDDED, lambda one: one.output_dim(FIELDS)
    ),
    "outer-vector": Case(
        lambda seed: OuterProduct("vector", seed=seed), EMBEDDED, lambda one: one.output_dim(FIELDS)
    ),
    "outer-number": Case(
        lambda seed: OuterProduct("number", seed=seed), EMBEDDED, lambda one: one.output_dim(FIELDS)
    ),
    "fm": Case(lambda _: FactorizationMachine(), EMBEDDED, lambda one: one.output_dim(DIM), True),
    "fm-pooled": Case(
        lambda _: FactorizationMachine(pooled=True),
        EMBEDDED,
        lambda one: one.output_dim(DIM),
        True,
    ),
}


def randomise(block: Any) -> None:
    """Weights to distinct values, so that no order, transposition or zero start hides."""
    rng = np.random.default_rng(1)
    for one in block.weights:
        values = rng.normal(scale=0.5, size=one.shape)
        one.assign(np.abs(values) + 0.5 if "variance" in one.name else values)


def trace(block: Any, case: Case) -> Any:
    """The block as a function of batches of any size, without training."""
    names = [f"x{i}" for i in range(len(case.shapes))]
    specs = [
        tf.TensorSpec([None, *shape], tf.float32, name=name)
        for name, shape in zip(names, case.shapes, strict=True)
    ]
    return tf.function(lambda *inputs: case.run(block, inputs), input_signature=specs)
