"""How a bundle is quantized, and what that may cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import ConfigError
from features.validation import explain
from serving.tables.storage import Storage

Quantize = Literal[Storage, "mixed", "none"]
Network = Literal["int8", "float16", "none"]
_LOSS = 2e-4


class ExportConfig(BaseModel):
    """How `crossrank export` writes a bundle, unless told otherwise.

    `quantize` is of tables, `network` of the dense network: int8, or as it is without `quantize`.
    `mixed` gives every field's hot and cold rows a width of their own: within the share `size` of
    float32 tables, or what adds at most `loss` to the log loss; both are judged on `examples`
    rows of the training part. `budget` is the most that validation may lose, by metric: a bundle
    that loses more is not written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantize: Quantize = "int8"
    network: Network | None = None
    size: float | None = Field(default=None, gt=0, lt=1)
    loss: float | None = Field(default=None, gt=0)
    examples: int = Field(default=100_000, ge=1)
    budget: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_mixed(self) -> Self:
        if self.quantize != "mixed" and (self.size is not None or self.loss is not None):
            raise ValueError('size and loss are of quantize = "mixed"; leave them out')
        if self.size is not None and self.loss is not None:
            raise ValueError("size and loss are two budgets; leave one out")
        return self

    def with_options(self, given: Mapping[str, Any]) -> Self:
        """This with what was given in its place; a `size` or `loss` takes the other's, and
        another `quantize` gives up both. Raises ConfigError for what cannot be together."""
        new = {name: value for name, value in given.items() if value is not None}
        old = self.model_dump()
        if new.keys() & {"quantize", "size", "loss"}:
            old |= {"size": None, "loss": None}
        if "quantize" in new:
            old["network"] = None
        try:
            return type(self).model_validate(old | new)
        except ValidationError as error:
            raise ConfigError(
                f"Export cannot be done so: {explain(error, ExportConfig)}"
            ) from error

    @property
    def network_or_default(self) -> Network:
        return self.network or ("none" if self.quantize == "none" else "int8")

    @property
    def loss_or_default(self) -> float | None:
        """Of mixed widths without a budget of bytes."""
        return self.loss if self.loss is not None or self.size is not None else _LOSS
