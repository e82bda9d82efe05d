"""How LambdaMART on XGBoost learns."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Field(default=1.0, gt=0, le=1)


class RankerConfig(BaseModel):
    """XGBoost's own parameters by their own names, those of LambdaMART less `lambdarank_`.

    `unbiased` learns the bias of each position together with the trees (Hu et al., WWW 2019).
    `num_pair_per_sample` is, of `topk`, how many rows from the top of the model's ranking form
    pairs, and how many positions have their bias tracked: those of the longest query of an
    unbiased training unless given. `untracked` says what is done with rows shown further down.
    Constraints, `categorical` and `feature_weights` go by the names of features. `page_rows`
    trains from pages of so many rows on disk.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["xgboost"] = "xgboost"
    objective: Literal["rank:ndcg", "rank:map", "rank:pairwise"] = "rank:ndcg"
    unbiased: bool = True
    bias_norm: float = Field(default=1.0, ge=0)
    pair_method: Literal["topk", "mean"] = "topk"
    num_pair_per_sample: int | None = Field(default=None, ge=1)
    untracked: Literal["refuse", "drop", "keep"] = "refuse"
    normalization: bool = True
    score_normalization: bool = True
    ndcg_exp_gain: bool = True

    rounds: int = Field(default=300, ge=1)
    patience: int = Field(default=30, ge=1)
    metric: str = "nDCG@10"

    learning_rate: float = Field(default=0.1, gt=0)
    max_depth: int = Field(default=6, ge=0)
    max_leaves: int = Field(default=0, ge=0)
    grow_policy: Literal["depthwise", "lossguide"] = "depthwise"
    max_bin: int = Field(default=256, ge=2)
    min_child_weight: float = Field(default=1.0, ge=0)
    max_delta_step: float = Field(default=0.0, ge=0)
    gamma: float = Field(default=0.0, ge=0)
    reg_alpha: float = Field(default=0.0, ge=0)
    reg_lambda: float = Field(default=1.0, ge=0)
    subsample: float = Share
    colsample_bytree: float = Share
    colsample_bylevel: float = Share
    colsample_bynode: float = Share

    monotone_constraints: dict[str, Literal[-1, 0, 1]] = Field(default_factory=dict)
    interaction_constraints: tuple[tuple[str, ...], ...] = ()
    feature_weights: dict[str, float] = Field(default_factory=dict)
    categorical: tuple[str, ...] = ()
    max_cat_to_onehot: int = Field(default=4, ge=1)
    max_cat_threshold: int = Field(default=64, ge=1)

    device: str = Field(default="cpu", pattern=r"^(cpu|cuda|gpu)(:\d+)?$")
    page_rows: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.max_depth == 0 and self.max_leaves == 0:
            raise ValueError("trees need a limit: max_depth or max_leaves must be above 0")
        shares = (self.colsample_bytree, self.colsample_bylevel, self.colsample_bynode)
        if self.feature_weights and min(shares) == 1:
            raise ValueError(
                "feature_weights are chances to be drawn, so a share of the features must be: set "
                "colsample_bytree, colsample_bylevel or colsample_bynode below 1"
            )
        if any(not 0 <= weight < float("inf") for weight in self.feature_weights.values()):
            raise ValueError("feature_weights must be finite and at least 0")
        return self
