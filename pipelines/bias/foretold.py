"""How well click models foretell the clicks of rows that they were not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.bias.log import CLICK, POSITION, QUERY
from ranking.clicks.fit import FITS, fit
from ranking.clicks.measures import log_likelihood, perplexity

Floats = npt.NDArray[np.float64]
Lists = dict[str, npt.NDArray[Any]]

_HELD = 0.2
RATE = "click rate"  # by position, of whatever is shown: what a model must do better than


@dataclass(frozen=True)
class Foretold:
    """log_likelihood: mean of a held-out list, in nats. perplexity: over all rows, and by position;
    following: given the clicks above. Of `perplexity` 1 is perfect, 2 a coin.
    """

    model: str
    log_likelihood: float
    perplexity: float
    following: float
    by_position: tuple[float | None, ...]

    @classmethod
    def of(cls, model: str, whatever: Floats, given: Floats, held: Lists) -> Foretold:
        """From P(click), whatever else is clicked, and given the clicks above, each (rows,)."""
        click, position = held["click"], held["position"]
        nowhere = np.zeros(len(click), np.int64)
        each = perplexity(whatever, click, position)
        return cls(
            model,
            log_likelihood(given, click, held["sizes"]),
            float(perplexity(whatever, click, nowhere)[0]),
            float(perplexity(given, click, nowhere)[0]),
            tuple(None if np.isnan(one) else float(one) for one in each),
        )


def foretold(log: pl.DataFrame, depth: int, seed: int) -> tuple[Foretold, ...]:
    """Click models fitted to four fifths of the queries and asked about the others, whose items
    they mostly know; before them the click rates by position.

    log: as `click_log` gives it, with items; rows at `depth` or below are left out. Raises
    DataError where either part has no clicks or no rows.
    """
    shallow = log.filter(pl.col(POSITION) < depth).with_columns(
        pl.col("item").cast(pl.String).rank("dense").cast(pl.Int64)
    )
    queries = int(log[QUERY].max()) + 1  # type: ignore[arg-type]
    held = np.random.default_rng(seed).random(queries) < _HELD
    asked_of = pl.Series(held[shallow[QUERY].to_numpy()])
    mine, other = (_lists(shallow.filter(one)) for one in (~asked_of, asked_of))
    rows = np.bincount(mine["position"], minlength=depth)
    rate = np.bincount(mine["position"], mine["click"], depth) / np.maximum(rows, 1)
    flat = rate[other["position"]]
    found = [Foretold.of(RATE, flat, flat, other)]
    for kind in FITS:
        model = fit(kind, mine["document"], mine["position"], mine["click"], mine["sizes"])
        asked = {name: other[name] for name in ("document", "position", "sizes")}
        found.append(
            Foretold.of(kind, model.probability(**asked), model.conditional(**other), other)
        )
    return tuple(found)


def _lists(log: pl.DataFrame) -> Lists:
    ordered = log.sort(QUERY, POSITION)
    return {
        "document": ordered["item"].to_numpy(),
        "position": ordered[POSITION].to_numpy(),
        "click": ordered[CLICK].to_numpy(),
        "sizes": ordered.group_by(QUERY, maintain_order=True).len()["len"].to_numpy(),
    }
