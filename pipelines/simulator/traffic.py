"""Lists shown and clicks received, chunk by chunk."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.audience import Audience
from pipelines.simulator.candidates import draw_candidates
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.history import History, waves
from pipelines.simulator.preference import Preference, Queries
from pipelines.simulator.world import DEVICES, Floats, Ints, World, generator

_FIRST_STREAM: Final = 16
_STREAMS: Final = ("jitter", "user", "device", "candidates", "ranker", "click", "price")
_CALIBRATION: Final = 1_000
_CALIBRATION_QUERIES: Final = 4_096
_OWN_DEVICE: Final = 0.7
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Consecutive queries with their lists; lists are in position order."""

    first_query: int
    queries: Queries  # (n,)
    history: Ints  # (n, history), -1 where there is none
    item: Ints  # (n, list)
    price_missing: NDArray[np.bool_]  # (n, list)
    relevance: Floats  # (n, list)
    examination: Floats  # (n, list)
    click_probability: Floats  # (n, list)
    click: NDArray[np.bool_]  # (n, list)


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """A chunk's candidates and its luck, before anyone has clicked; arrays `(n, list)`."""

    item: Ints
    logit: Floats  # without the history effect
    luck: Floats  # standard normal, the ranker's
    uniform: Floats  # decides the click at each position


class Traffic:
    """A stream of queries over one world.

    Each random quantity has its own stream, drawn in query order, so the rows do not depend on
    how they are cut into chunks, nor on how many follow.
    """

    def __init__(self, config: SimulatorConfig, world: World) -> None:
        self._config, self._world = config, world
        self._preference = Preference(config, world)
        self._audience = Audience(config.click_model, config.eta, config.list_length)
        self._intercept, self._spread = self._calibrate()
        self._rng = self._streams(_FIRST_STREAM)
        self._history = History(config.users, config.history_length)
        self._queries = 0

    @property
    def queries(self) -> int:
        """Queries taken so far."""
        return self._queries

    def take(self, count: int) -> Chunk:
        """The next `count` queries, at least 1, with their lists and clicks."""
        config = self._config
        first, self._queries = self._queries, self._queries + count
        queries = self._ask(self._rng, first, count)
        shape = (count, config.list_length)
        item, logit = self._retrieve(self._rng, queries)
        luck = self._rng["ranker"].standard_normal(shape)
        draws = _Draws(item, logit, luck, self._rng["click"].random(shape))
        history = np.empty((count, config.history_length), dtype=np.int64)
        relevance, shown = np.empty(shape), np.empty(shape, dtype=np.int64)
        click = np.empty(shape, dtype=np.bool_)
        for wave in waves(queries.user):
            user = queries.user[wave]
            history[wave] = self._history.of(user)
            shown[wave], relevance[wave] = self._show(draws, wave, history[wave])
            click[wave] = self._audience.click(relevance[wave], draws.uniform[wave])
            self._history.push(user, shown[wave], click[wave])
        missing = self._rng["price"].random(shape) < config.missing_price
        looks = self._audience.examination(relevance)
        chance = self._audience.click_probability(relevance)
        return Chunk(first, queries, history, shown, missing, relevance, looks, chance, click)

    def _show(self, draws: _Draws, wave: Ints, history: Ints) -> tuple[Ints, Floats]:
        """Items and relevance in the order of the production ranker, `(wave, list)` each."""
        item = draws.item[wave]
        logit = draws.logit[wave] + self._preference.of_history(history, item)
        order = self._rank(logit, draws.luck[wave], self._spread)
        logit = np.take_along_axis(logit, order, axis=1)
        relevance = self._preference.relevance(logit, self._intercept)
        return np.take_along_axis(item, order, axis=1), relevance

    def _rank(self, logit: Floats, luck: Floats, spread: float) -> Ints:
        strength = self._config.logger_strength
        score = strength * logit / spread + np.sqrt(1.0 - strength**2) * luck
        return np.argsort(-score, axis=1, kind="stable").astype(np.int64)

    def _ask(self, rng: dict[str, np.random.Generator], first: int, count: int) -> Queries:
        users = self._world.users
        serial = first + np.arange(count) + rng["jitter"].random(count)
        day, within = np.divmod(serial / self._config.queries_per_day, 1.0)
        timestamp = self._config.start + ((day + _time_of_day(within)) * _DAY).astype(np.int64)
        point = rng["user"].random(count) * users.cumulative[-1]
        user = np.searchsorted(users.cumulative, point, side="right")
        user = np.minimum(user, users.count - 1).astype(np.int64)
        chance = rng["device"].random(count)
        other = ((chance - _OWN_DEVICE) / (1.0 - _OWN_DEVICE) * len(DEVICES)).astype(np.int64)
        device = np.where(chance < _OWN_DEVICE, users.device[user], other)
        return Queries(timestamp, timestamp % _DAY // 3_600, user, device)

    def _retrieve(
        self, rng: dict[str, np.random.Generator], queries: Queries
    ) -> tuple[Ints, Floats]:
        """Candidates `(n, list)` and their logit without history."""
        length = self._config.list_length
        uniform = rng["candidates"].random((len(queries.user), 4 * length + 1))
        item = draw_candidates(self._world, queries.user, uniform, length, self._config.taste_share)
        return item, self._preference.before_history(queries, item)

    def _calibrate(self) -> tuple[float, float]:
        """The intercept that gives the wanted click rate, and the spread of logits in a list."""
        rng = self._streams(_CALIBRATION)
        queries = self._ask(rng, 0, _CALIBRATION_QUERIES)
        item, logit = self._retrieve(rng, queries)
        # Never 0: without any effect every logit is equal, and the order is luck alone.
        spread = max(float(np.sqrt(logit.var(axis=1).mean())), 1e-9)
        order = self._rank(logit, rng["ranker"].standard_normal(item.shape), spread)
        logit = np.take_along_axis(logit, order, axis=1)
        low, high = -30.0, 30.0
        for _ in range(60):
            middle = (low + high) / 2.0
            relevance = self._preference.relevance(logit, middle)
            rate = self._audience.click_probability(relevance).mean()
            low, high = (middle, high) if rate < self._config.ctr else (low, middle)
        return (low + high) / 2.0, spread

    def _streams(self, first: int) -> dict[str, np.random.Generator]:
        seed = self._config.seed
        return {name: generator(seed, first + k) for k, name in enumerate(_STREAMS)}


def _time_of_day(quantile: Floats) -> Floats:
    """Time of day in days for a share of the day's traffic, which peaks at 18 h.

    Traffic is `1 - 0.6 cos(2 pi (t - 0.25))`; its integral is inverted on a grid of minutes.
    """
    grid = np.linspace(0.0, 1.0, 1_441)
    angle = 2.0 * np.pi * (grid - 0.25)
    passed = grid - 0.6 * (np.sin(angle) - np.sin(angle[0])) / (2.0 * np.pi)
    return np.interp(quantile, passed, grid)
