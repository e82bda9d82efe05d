"""The position-based model of users who trust the ranking."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel, Clicks, Decide, Floats
from ranking.clicks.pbm import ByPosition, at


class Trust(ClickModel):
    """P(click at k) = examination_k (true_click_k relevance + false_click_k (1 - relevance)).

    What stands high is clicked although it is not relevant, so that clicks are affine in relevance:
    dividing them by the examination does not mend them. Agarwal et al., Addressing Trust Bias for
    Unbiased Learning-to-Rank, WWW 2019; Vardasbi, Oosterhuis & de Rijke, CIKM 2020
    (arXiv:2008.10242).
    """

    type: Literal["trust"] = "trust"
    examination: ByPosition
    true_click: ByPosition
    false_click: ByPosition

    @model_validator(mode="after")
    def _same_depth(self) -> Self:
        depths = {len(self.examination), len(self.true_click), len(self.false_click)}
        if len(depths) > 1:
            raise ValueError(
                "examination, true_click and false_click must be as long as each other; their "
                f"lengths are {sorted(depths)}"
            )
        return self

    def examined(self, appeal: Appeal, lists: Lists) -> Floats:  # noqa: ARG002
        return at(self.examination, lists)

    def probability(self, appeal: Appeal, lists: Lists) -> Floats:
        true, false = at(self.true_click, lists), at(self.false_click, lists)
        return self.examined(appeal, lists) * (false + (true - false) * appeal.attraction)

    def _read(self, appeal: Appeal, lists: Lists, decide: Decide) -> tuple[Floats, Clicks]:
        chance = self.probability(appeal, lists)
        return chance, decide(np.arange(len(chance)), chance).astype(np.float32)
