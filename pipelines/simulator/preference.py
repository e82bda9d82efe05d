"""What users truly like: the logit behind each click."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.simulator.coaction import brand_exposure, category_exposure, centred, signs
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.world import AGES, COUNTRIES, DEVICES, Floats, Ints, World, generator

_HOURS: Final = 24
# Shares of linear_strength; their squares sum to about 1.
_QUALITY, _GROUP, _PRICE, _ACTIVITY, _CONTEXT = 0.6, 0.3, 0.3, 0.4, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """Who asks, when and on what: arrays `(n,)`."""

    timestamp: Ints  # unix seconds
    hour: Ints
    user: Ints
    device: Ints


class Preference:
    """The true logit `z = linear + latent + co-action + history`, each times its strength.

    `P(click | examined) = sigmoid(intercept + z / sqrt(1 + pi * noise^2 / 8))`, which is the
    mean of a sigmoid whose logit carries Gaussian noise (MacKay, Neural Computation 1992).
    """

    def __init__(self, config: SimulatorConfig, world: World) -> None:
        rng = generator(config.seed, 3)
        self._config, self._world = config, world
        self._attenuation = 1.0 / float(np.sqrt(1.0 + np.pi * config.noise**2 / 8.0))
        self._device = rng.standard_normal(len(DEVICES))
        self._hour = np.sqrt(2.0) * np.sin(2.0 * np.pi * np.arange(_HOURS) / _HOURS + rng.random())
        self._category = rng.standard_normal(config.categories)
        self._brand = rng.standard_normal(config.brands)
        users = world.users
        self.age_by_category = centred(
            signs(len(AGES), config.categories, rng),
            category_exposure(config, world, users.age, len(AGES)),
        )
        self.country_by_brand = centred(
            signs(len(COUNTRIES), config.brands, rng),
            brand_exposure(config, world, users.country, len(COUNTRIES)),
        )
        cosine = np.einsum("ad,bd->ab", world.centroids, world.centroids)
        self._similarity = cosine - cosine.mean()

    def before_history(self, queries: Queries, item: Ints) -> Floats:
        """Logit of items `(n, list)` save the history effect, float64 `(n, list)`."""
        config = self._config
        logit = config.linear_strength * self._linear(queries, item)
        logit += config.latent_strength * self._latent(queries.user, item)
        logit += config.co_action_strength * self._co_action(queries.user, item)
        return np.asarray(logit, dtype=np.float64)

    def of_history(self, history: Ints, item: Ints) -> Floats:
        """Mean similarity of the categories shown to those clicked, times its strength.

        Args:
            history: int64 `(n, history)` item indices, -1 where there is none.
            item: int64 `(n, list)`.

        Returns:
            float64 `(n, list)`; 0 for a user without history.
        """
        seen = history >= 0
        category = self._world.items.category
        pairs = self._similarity[category[history][:, :, None], category[item][:, None, :]]
        total = np.where(seen[:, :, None], pairs, 0.0).sum(axis=1)
        length = np.maximum(seen.sum(axis=1, keepdims=True), 1)
        return np.asarray(self._config.history_strength * total / length, dtype=np.float64)

    def relevance(self, logit: Floats, intercept: float) -> Floats:
        """`P(click | examined)`, of the shape of `logit`."""
        return np.asarray(1.0 / (1.0 + np.exp(-(intercept + self._attenuation * logit))))

    def _linear(self, queries: Queries, item: Ints) -> Floats:
        users, items = self._world.users, self._world.items
        worth = _QUALITY * items.quality
        worth += _GROUP * (self._category[items.category] + self._brand[items.brand])
        price = users.price_sensitivity[queries.user][:, None] * items.price_z[item]
        # The age of an item is exponential with a mean of 120 days: this has mean about 0.
        staleness = np.log1p(items.age_days(item, queries.timestamp)) - 4.2
        context = self._device[queries.device] + self._hour[queries.hour]
        asker = _ACTIVITY * users.activity[queries.user] + _CONTEXT * context
        return np.asarray(worth[item] - _PRICE * price - _CONTEXT * staleness + asker[:, None])

    def _latent(self, user: Ints, item: Ints) -> Floats:
        users, items = self._world.users, self._world.items
        return np.asarray(np.einsum("nd,nld->nl", users.latent[user], items.latent[item]))

    def _co_action(self, user: Ints, item: Ints) -> Floats:
        users, items = self._world.users, self._world.items
        cells = self.age_by_category[users.age[user][:, None], items.category[item]]
        cells = cells + self.country_by_brand[users.country[user][:, None], items.brand[item]]
        return np.asarray(cells / np.sqrt(2.0))
