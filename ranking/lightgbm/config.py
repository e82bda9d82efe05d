"""How a ranker on LightGBM learns."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Field(default=1.0, gt=0, le=1)


class LightGBMConfig(BaseModel):
    """LightGBM's parameters, those that XGBoost has too by the same names as there.

    `unbiased` adds to scores, in training alone, a bias of each position that is learned along, its
    size held by `position_bias_regularization` (LightGBM 4.1). Positions are read as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["lightgbm"] = "lightgbm"
    objective: Literal["lambdarank", "rank_xendcg"] = "lambdarank"
    unbiased: bool = True
    position_bias_regularization: float = Field(default=0.0, ge=0)
    truncation_level: int = Field(default=30, ge=1)
    normalization: bool = True

    rounds: int = Field(default=300, ge=1)
    patience: int = Field(default=30, ge=1)
    metric: str = "nDCG@10"

    learning_rate: float = Field(default=0.1, gt=0)
    num_leaves: int = Field(default=31, ge=2)
    max_depth: int = Field(default=0, ge=0)
    max_bin: int = Field(default=255, ge=2)
    min_data_in_leaf: int = Field(default=20, ge=0)
    min_child_weight: float = Field(default=1e-3, ge=0)
    reg_alpha: float = Field(default=0.0, ge=0)
    reg_lambda: float = Field(default=0.0, ge=0)
    subsample: float = Share
    colsample_bytree: float = Share
    categorical: tuple[str, ...] = ()
    seed: int = Field(default=0, ge=0, lt=2**31)
