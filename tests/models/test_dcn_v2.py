"""DCN-V2: both structures against numpy."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from features.batch import Batch
from features.layout import Layout
from models.dcn_v2 import DCNv2
from models.model import Model
from models.optimizers.groups import Optimizers

Array = npt.NDArray[np.float32]


def by_hand(config: DCNv2, weights: list[Array], first: Array) -> Array:
    """Logits of flat inputs, from the weights in the order of the layers."""
    queue = iter(weights)
    crossed = first
    for _ in range(config.cross_layers):
        product = crossed @ next(queue)
        if config.rank is not None:
            product = product @ next(queue)
        crossed = first * (product + next(queue)) + crossed
    deep = crossed if config.structure == "stacked" else first
    for _ in config.hidden:
        deep = np.maximum(deep @ next(queue) + next(queue), 0)
    last = deep if config.structure == "stacked" else np.concatenate([crossed, deep], 1)
    logits = last @ next(queue) + next(queue)
    assert next(queue, None) is None
    found: Array = logits[:, 0]
    return found


@pytest.mark.parametrize("structure", ["parallel", "stacked"])
@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_the_network_is_the_formula(
    eager: None,
    layout_of: Callable[..., Layout],
    batch_of: Callable[..., Batch],
    structure: Literal["parallel", "stacked"],
    rank: int | None,
    hidden: tuple[int, ...],
) -> None:
    layout = layout_of(2, 0, 1, rows=6)
    batch = batch_of(layout, 5)
    config = DCNv2(dim=2, cross_layers=2, rank=rank, structure=structure, hidden=hidden)
    model = Model(config, layout, Optimizers())
    random = np.random.default_rng(0)
    weights = [
        random.normal(size=one.shape).astype(np.float32) for one in model.network.get_weights()
    ]
    model.network.set_weights(weights)
    table = model.tables["embedding"].weights
    first = np.concatenate([table[batch.ids[:, 0]], table[batch.ids[:, 1] + 6], batch.numerics], 1)
    expected = by_hand(config, weights, first)
    np.testing.assert_allclose(model.logits([batch]), expected, rtol=1e-4, atol=1e-5)
