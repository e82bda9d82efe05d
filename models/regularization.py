"""Penalties on the size of weights."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class L2(BaseModel):
    """(lambda / 2) ||W||^2, added to the loss: lambda for the tables of each group and for the
    kernels of the dense network.

    A row of a table pays by how often the batch uses it: lambda w count / rows, which costs
    nothing where it is not used (what a penalty on each example's embeddings comes to). With
    `whole_tables` every row pays at every step, as the published benchmarks have it (BARS, Zhu et
    al., CIKM 2021, https://arxiv.org/abs/2009.05794), and every row is updated at every step, so
    that `lazy_adam` is Adam: a step then costs what the tables hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embeddings: float = Field(default=0.0, ge=0)
    wide: float = Field(default=0.0, ge=0)
    co_action: float | None = Field(default=None, ge=0)
    dense: float = Field(default=0.0, ge=0)
    whole_tables: bool = False

    def of(self, group: str) -> float:
        """Of a table's group."""
        co_action = self.embeddings if self.co_action is None else self.co_action
        return {"embeddings": self.embeddings, "wide": self.wide, "co_action": co_action}[group]
