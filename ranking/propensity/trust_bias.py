"""Clicks that an affine function of relevance explains, by position."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

Doubles = npt.NDArray[np.float64]


class TrustBias(BaseModel):
    """P(click at k) = alpha_k relevance + beta_k: users trust what stands high.

    alpha, beta: by position, as probabilities rather than relative to the top. With examination
    theta_k and clicks e+_k on what is relevant, e-_k on what is not, alpha_k is
    theta_k (e+_k - e-_k) and beta_k is theta_k e-_k (Agarwal et al., "Addressing Trust Bias for
    Unbiased Learning-to-Rank", WWW 2019).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    alpha: tuple[float, ...] = Field(min_length=1)
    beta: tuple[float, ...]

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if len(self.alpha) != len(self.beta):
            raise ValueError(
                f"alpha and beta must be as long; got {len(self.alpha)} and {len(self.beta)}"
            )
        if min(self.alpha) <= 0:
            raise ValueError(f"alpha must be above 0 everywhere; got {min(self.alpha):g}")
        return self

    def corrected(self, position: npt.NDArray[np.int32], click: npt.NDArray[np.float32]) -> Doubles:
        """Unbiased relevance float64 (rows,): (click - beta) / alpha at each row's position.

        position: int32 (rows,) from 0, beyond the depth as the last. click: float32 (rows,).
        Vardasbi et al., "When Inverse Propensity Scoring does not Work", CIKM 2020.
        """
        at = np.minimum(position, len(self.alpha) - 1)
        found: Doubles = (click - np.asarray(self.beta)[at]) / np.asarray(self.alpha)[at]
        return found
