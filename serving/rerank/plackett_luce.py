"""Sampling by score."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from serving.rerank.chosen import Chosen, Floats, NewPage, Rows, walk


class PlackettLuce(BaseModel):
    """Each position goes to one of the open rows, with odds of exp(value / `temperature`).

    The value is the score, or with diversity the marginal relevance: so `temperature` is the
    difference at which odds are e to 1. Where nothing but scores decides, the list is that of the
    values with Gumbel noise (Yellott, 1977; Kool, van Hoof and Welling, ICML 2019).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["plackett_luce"] = "plackett_luce"
    temperature: float = Field(ge=1e-6, allow_inf_nan=False)

    def choose(self, new: NewPage, random: np.random.Generator) -> Chosen:
        page = new()
        if page.plain:
            order, logs = sample(page.scores / self.temperature, random)
            return Chosen(order[: page.depth], np.exp(logs[: page.depth]))

        def pick(values: Floats) -> tuple[int, float]:
            weights = np.exp((values - values.max()) / self.temperature)
            sums = weights.cumsum()
            index = int(sums.searchsorted(random.random() * sums[-1], side="right"))
            return index, float(np.log(weights[index] / sums[-1]))

        order, logs = walk(page, pick)
        return Chosen(order, np.exp(logs))


def sample(logits: Floats, random: np.random.Generator) -> tuple[Rows, Floats]:
    """An order of all rows, intp (rows,), and the log of how likely each is given those above.

    logits: float64 (rows,).
    """
    order = np.argsort(-(logits + random.gumbel(size=len(logits))), kind="stable")
    ordered = logits[order]
    remaining = np.logaddexp.accumulate(ordered[::-1])[::-1]
    return order, ordered - remaining
