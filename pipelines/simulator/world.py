"""The users and items of a simulated log, and their attributes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.config import SimulatorConfig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AGES: Final = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
COUNTRIES: Final = ("BR", "CA", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "MX", "PL", "US")
DEVICES: Final = ("desktop", "mobile", "tablet", "tv")

LATENT_DIM: Final = 8
FAVOURITES: Final = 3
_ZIPF_SHIFT: Final = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Users:
    """Who asks: arrays of length `users`, and `cumulative` traffic for drawing by inverse CDF."""

    share: Floats
    cumulative: Floats
    country: Ints
    age: Ints
    device: Ints
    activity: Floats  # log traffic, standardised
    price_sensitivity: Floats
    latent: Floats  # (users, LATENT_DIM)
    favourites: Ints  # (users, up to FAVOURITES) categories

    @property
    def count(self) -> int:
        """Number of users."""
        return len(self.share)


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is shown: arrays of length `items`, and a popularity CDF laid out by category."""

    share: Floats
    category: Ints
    brand: Ints
    price: Floats
    price_z: Floats
    born: Ints  # unix seconds
    quality: Floats
    latent: Floats  # (items, LATENT_DIM)
    by_category: Ints  # item indices sorted by category
    cumulative: Floats  # popularity summed along by_category
    category_edges: Floats  # (categories + 1,) values of that sum at the category borders

    @property
    def count(self) -> int:
        """Number of items."""
        return len(self.share)

    def age_days(self, item: Ints, timestamp: Ints) -> Floats:
        """Days since each item `(n, list)` was born at times `(n,)`, to a hundredth."""
        return np.round((timestamp[:, None] - self.born[item]) / 86_400.0, 2)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Users, items and the category vectors that tie them together."""

    users: Users
    items: Items
    centroids: Floats  # (categories, LATENT_DIM), unit length


def generator(seed: int, *key: int) -> np.random.Generator:
    """An independent random stream for each key under one seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def build_world(config: SimulatorConfig) -> World:
    """Draw the users and items that `config` declares."""
    rng = generator(config.seed, 0)
    centroids = _unit(rng.standard_normal((config.categories, LATENT_DIM)))
    items = _items(config, centroids, generator(config.seed, 1))
    users = _users(config, centroids, generator(config.seed, 2))
    return World(users=users, items=items, centroids=centroids)


def _users(config: SimulatorConfig, centroids: Floats, rng: np.random.Generator) -> Users:
    share = _long_tail(config.users, config.user_zipf, rng)
    latent = rng.standard_normal((config.users, LATENT_DIM))
    # einsum, not BLAS, whose sums may depend on the number of threads
    affinity = np.einsum("ud,cd->uc", latent, centroids)
    top = min(FAVOURITES, config.categories)
    return Users(
        share=share,
        cumulative=np.cumsum(share),
        country=_pick(len(COUNTRIES), config.users, 0.5, rng),
        age=_pick(len(AGES), config.users, 0.2, rng),
        device=_pick(len(DEVICES), config.users, 0.8, rng),
        activity=_standard(np.log(share)),
        price_sensitivity=rng.lognormal(-0.125, 0.5, config.users),  # mean 1
        latent=latent,
        favourites=np.argsort(-affinity, axis=1, kind="stable")[:, :top].astype(np.int64),
    )


def _items(config: SimulatorConfig, centroids: Floats, rng: np.random.Generator) -> Items:
    share = _long_tail(config.items, config.item_zipf, rng)
    category = _pick(config.categories, config.items, 0.5, rng)
    by_category = np.argsort(category, kind="stable").astype(np.int64)
    cumulative = np.cumsum(share[by_category])
    sizes = np.bincount(category, minlength=config.categories)
    price = np.round(rng.lognormal(3.0, 0.8, config.items), 2)
    spread = 0.5 * rng.standard_normal((config.items, LATENT_DIM)) / np.sqrt(LATENT_DIM)
    return Items(
        share=share,
        category=category,
        brand=_pick(config.brands, config.items, 0.7, rng),
        price=price,
        price_z=_standard(np.log(price + 0.01)),
        born=config.start - (rng.exponential(120.0, config.items) * 86_400.0).astype(np.int64),
        quality=rng.standard_normal(config.items),
        latent=_unit(centroids[category] + spread),
        by_category=by_category,
        cumulative=cumulative,
        category_edges=np.concatenate([[0.0], cumulative])[np.cumsum([0, *sizes])],
    )


def _long_tail(count: int, exponent: float, rng: np.random.Generator) -> Floats:
    """Zipf-Mandelbrot shares `p(rank) ~ (rank + shift) ** -exponent`, in random id order."""
    weight = (np.arange(1, count + 1) + _ZIPF_SHIFT) ** -exponent
    return np.asarray(rng.permutation(weight / weight.sum()), dtype=np.float64)


def _pick(values: int, count: int, exponent: float, rng: np.random.Generator) -> Ints:
    weight = np.arange(1, values + 1, dtype=np.float64) ** -exponent
    return rng.choice(values, size=count, p=weight / weight.sum()).astype(np.int64)


def _standard(values: Floats) -> Floats:
    centred = values - values.mean()
    deviation = float(centred.std())
    # Equal shares differ only by rounding; dividing by that would blow noise up to unit size.
    return centred / deviation if deviation > 1e-9 else np.zeros_like(centred)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
