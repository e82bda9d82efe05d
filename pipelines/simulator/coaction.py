"""Tables of cells that matter together and say nothing apart."""

from typing import Final

import numpy as np

from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.world import Floats, Ints, World

_SWEEPS: Final = 200


def signs(rows: int, columns: int, rng: np.random.Generator) -> Floats:
    """Random +1 and -1, half of each in every column, float64 `(rows, columns)`.

    Cells of one size: were they larger in some rows, the curvature of the sigmoid would raise the
    click rate there, and a marginal effect would be back.
    """
    half = np.where(np.arange(rows) % 2 == 0, 1.0, -1.0)
    return rng.permuted(np.tile(half[:, None], (1, columns)), axis=0)


def centred(table: Floats, weight: Floats) -> Floats:
    """Take both marginal effects out of a table, then scale it to unit deviation.

    Subtracts weighted row means and column means in turn until both vanish, which is the residual
    of the additive fit: `sum_c weight[r, c] t[r, c] = 0` for every r, and over r for every c.

    Args:
        table: float64 `(rows, columns)`.
        weight: float64 `(rows, columns)`, how often each cell is seen; not negative.

    Returns:
        float64 `(rows, columns)`, zero throughout if a dimension has one level only.
    """
    by_row = np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    by_column = np.maximum(weight.sum(axis=0, keepdims=True), np.finfo(np.float64).tiny)
    rest = table
    for _ in range(_SWEEPS):
        rest = rest - (weight * rest).sum(axis=1, keepdims=True) / by_row
        rest = rest - (weight * rest).sum(axis=0, keepdims=True) / by_column
    deviation = float(np.sqrt((weight * rest**2).sum() / weight.sum()))
    return rest / deviation if deviation > 1e-9 else np.zeros_like(rest)


def category_exposure(config: SimulatorConfig, world: World, group: Ints, groups: int) -> Floats:
    """Share of impressions by user group and item category, float64 `(groups, categories)`."""
    users, items = world.users, world.items
    popular = np.bincount(items.category, items.share, minlength=config.categories)
    traffic = np.bincount(group, users.share, minlength=groups)
    picks = users.favourites.shape[1]
    wanted = np.zeros((groups, config.categories))
    np.add.at(wanted, (group[:, None], users.favourites), users.share[:, None] / picks)
    taste = config.taste_share
    return np.asarray((1.0 - taste) * np.outer(traffic, popular) + taste * wanted)


def brand_exposure(config: SimulatorConfig, world: World, group: Ints, groups: int) -> Floats:
    """Share of impressions by user group and item brand, float64 `(groups, brands)`."""
    items = world.items
    within = np.zeros((config.categories, config.brands))
    np.add.at(within, (items.category, items.brand), items.share)
    mass = within.sum(axis=1, keepdims=True)
    within = np.divide(within, mass, out=np.zeros_like(within), where=mass > 0)
    return np.asarray(
        np.einsum("gc,cb->gb", category_exposure(config, world, group, groups), within)
    )
