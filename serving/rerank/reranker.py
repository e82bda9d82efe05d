"""Scored candidates to the list that is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from serving.rerank.boost import Boost
from serving.rerank.cap import Cap
from serving.rerank.chosen import Chosen, greedy
from serving.rerank.condition import all_hold
from serving.rerank.config import RerankConfig
from serving.rerank.drop import Drop
from serving.rerank.page import Page
from serving.rerank.pin import Pin, places
from serving.rerank.share import Share
from serving.rerank.traits import Traits

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Reranked:
    """order: intp (shown,), rows of the request, without those that were dropped.
    propensity: float64 (shown,), of each row at its position given the rows above it.
    marginal: float64 (shown,), the same whatever stands above, NaN where that is not known.
    """

    order: Rows
    propensity: Floats
    marginal: Floats

    def top(self, most: int | None) -> Reranked:
        """The first rows, None for all."""
        return Reranked(self.order[:most], self.propensity[:most], self.marginal[:most])


class Reranker:
    """Applies a declaration. Safe to call from several threads at once."""

    def __init__(self, config: RerankConfig) -> None:
        self.config = config

    def rank(
        self, scores: npt.NDArray[np.floating], traits: Traits, random: np.random.Generator
    ) -> Reranked:
        """scores: (rows,), higher first, equal ones in the order of the rows.

        Raises:
            RequestError: the vectors of diversity are not equally long.
        """
        values, order = self._ordered(np.asarray(scores, np.float64), traits)
        chosen = self._choose(values, order, traits, random)
        rest = np.ones(len(order), bool)
        rest[chosen.order] = False
        propensity = np.ones(len(order))
        propensity[: len(chosen.order)] = chosen.propensity
        marginal = np.full(len(order), chosen.below)
        if chosen.marginal is not None:
            marginal[: len(chosen.order)] = chosen.marginal
        return Reranked(np.concatenate([order[chosen.order], order[rest]]), propensity, marginal)

    def _ordered(self, values: Floats, traits: Traits) -> tuple[Floats, Rows]:
        """The boosted scores, descending, and the rows they are of, without those dropped."""
        kept = np.ones(traits.rows, bool)
        for rule in self.config.rules:
            if isinstance(rule, Drop):
                kept &= ~all_hold(rule.when, traits)
            elif isinstance(rule, Boost):
                values = rule.apply(values, traits)
        rows = np.flatnonzero(kept)
        order = rows[np.argsort(-values[rows], kind="stable")]
        return values[order], order

    def _choose(
        self, values: Floats, order: Rows, traits: Traits, random: np.random.Generator
    ) -> Chosen:
        config = self.config
        pinned = places((rule for rule in config.rules if isinstance(rule, Pin)), traits, order)
        # Caps first: a share gives way to them.
        caps = [one.limit(traits, order) for one in config.rules if isinstance(one, Cap)]
        shares = [one.limit(traits, order) for one in config.rules if isinstance(one, Share)]
        worth = None if config.diversity is None else config.diversity.worth(values, traits, order)

        def new() -> Page:
            limits = [limit() for limit in (*caps, *shares)]
            return Page(values, config.depth, limits, pinned, worth and worth())

        return (
            greedy(new()) if config.exploration is None else config.exploration.choose(new, random)
        )
