"""Which items a query retrieves, before anyone ranks them."""

import numpy as np

from pipelines.simulator.world import Floats, Ints, Users, World


def draw_candidates(
    world: World, user: Ints, uniform: Floats, list_length: int, taste_share: float
) -> Ints:
    """Distinct items for each query, by popularity, some from the user's favourite categories.

    Draws with repetition and keeps the first `list_length` distinct items, which is successive
    sampling without replacement; a run of neighbouring items stands behind, should the draws
    repeat themselves too often.

    Args:
        world: the items and users.
        user: int64 `(n,)`.
        uniform: float64 `(n, 4 * list_length + 1)` in [0, 1).
        list_length: items a query.
        taste_share: share of the draws from favourite categories.

    Returns:
        int64 `(n, list_length)` item indices, in the order drawn.
    """
    draws = 2 * list_length
    low, high = _range_of_draws(world, user, uniform[:, :draws], taste_share)
    target = low + uniform[:, draws : 2 * draws] * (high - low)
    slot = np.searchsorted(world.items.cumulative, target, side="right")
    drawn = world.items.by_category[np.minimum(slot, world.items.count - 1)]
    start = (uniform[:, -1:] * world.items.count).astype(np.int64)
    spare = (start + np.arange(list_length)) % world.items.count
    return first_distinct(np.concatenate([drawn, spare], axis=1), list_length)


def first_distinct(item: Ints, keep: int) -> Ints:
    """The first `keep` distinct values of each row, in order, int64 `(n, keep)`.

    Every row must hold that many; values must not be negative.
    """
    width = item.shape[1]
    last = np.iinfo(np.int64).max
    # Two sorts of packed keys, far faster than argsort: by value to find repeats, then by place.
    keys = np.sort(item * width + np.arange(width), axis=1)
    value, place = np.divmod(keys, width)
    span = int(item.max()) + 1
    by_place = place * span + value
    by_place[:, 1:][value[:, 1:] == value[:, :-1]] = last
    by_place.sort(axis=1)
    return np.asarray(by_place[:, :keep] % span)


def _range_of_draws(
    world: World, user: Ints, uniform: Floats, taste_share: float
) -> tuple[Floats, Floats]:
    """Borders in the popularity sum that each draw falls between, float64 `(n, draws)` each."""
    edges = world.items.category_edges
    tasteful = uniform < taste_share
    favourite = _favourite(world.users, user, np.where(tasteful, uniform, 0.0), taste_share)
    low = np.where(tasteful, edges[favourite], 0.0)
    high = np.where(tasteful, edges[favourite + 1], edges[-1])
    return low, high


def _favourite(users: Users, user: Ints, uniform: Floats, taste_share: float) -> Ints:
    picks = users.favourites.shape[1]
    # A uniform below taste_share, stretched, is uniform again: it names which favourite.
    which = (uniform / max(taste_share, np.finfo(np.float64).tiny) * picks).astype(np.int64)
    return np.asarray(users.favourites[user[:, None], np.minimum(which, picks - 1)])
