"""Sessions over judged documents: what was shown, and what was clicked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel, Clicks, Floats
from ranking.clicks.pages import Pages

Ints = npt.NDArray[np.int64]

_ROWS: Final = 65_536  # drawn at once


@dataclass(frozen=True)
class Impressions:
    """Rows of whole sessions, in the order shown.

    row: the document's, among those judged. session, query, logger, variant: int64 (rows,).
    propensity: P(the document at its position | query), over loggers and variants.
    """

    session: Ints
    query: Ints
    row: Ints
    logger: Ints
    variant: Ints
    lists: Lists
    propensity: Floats
    probability: Floats
    examined: Floats
    click: Clicks


def sessions(
    pages: Pages, relevance: Floats, user: ClickModel, times: int, rng: np.random.Generator
) -> Iterator[Impressions]:
    """Each query `times` times, in rounds: every query once, in random order, then all again.

    relevance: float64 (rows of judged documents,), P(click | looked at).
    """
    _, queries, depth = pages.top.shape
    together = max(1, _ROWS // (queries * depth))
    for start in range(0, times, together):
        rounds = min(together, times - start)
        every = np.tile(np.arange(queries), (rounds, 1))
        query = rng.permuted(every, axis=1).ravel()
        yield _shown(pages, relevance, user, query, start * queries, rng)


def _shown(
    pages: Pages,
    relevance: Floats,
    user: ClickModel,
    query: Ints,
    first: int,
    rng: np.random.Generator,
) -> Impressions:
    page, logger, variant = pages.draw(query, rng)
    real = page >= 0
    row, sizes = page[real], real.sum(axis=1)
    lists = Lists.of(sizes)
    appeal = Appeal.of(relevance[row])
    return Impressions(
        session=np.repeat(first + np.arange(len(query)), sizes),
        query=np.repeat(query, sizes),
        row=row,
        logger=np.repeat(logger, sizes),
        variant=np.repeat(variant, sizes),
        lists=lists,
        propensity=pages.propensity(row, lists.position, np.repeat(sizes, sizes)),
        probability=user.probability(appeal, lists),
        examined=user.examined(appeal, lists),
        click=user.respond(appeal, lists, rng.random(len(row))),
    )
