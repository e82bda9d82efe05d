"""Which ranking loss, over which pairs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_PAIRS = {"topk": 32, "mean": 1}  # XGBoost's defaults


class Loss(BaseModel):
    """A ranking loss as XGBoost's `rank:*` and `lambdarank_*` declare it, with its defaults.

    `topk` pairs each of the first `pairs` ranks of the model with all below; `mean` pairs each row
    with `pairs` rows drawn among those of another label. `normalization` shrinks queries whose
    gradients are large, `score_normalization` pairs whose scores are far apart. `exponential_gain`
    makes a grade worth 2^grade - 1 to the NDCG rather than the grade.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Literal["ndcg", "map", "pairwise"] = "ndcg"
    method: Literal["topk", "mean"] = "topk"
    pairs: int | None = Field(default=None, ge=1)
    exponential_gain: bool = True
    normalization: bool = True
    score_normalization: bool = True

    @property
    def pair_count(self) -> int:
        return self.pairs or _PAIRS[self.method]
