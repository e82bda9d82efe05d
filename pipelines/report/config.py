"""What a team says of a model, to be shown with its numbers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

Text = str | tuple[str, ...]


class CardConfig(BaseModel):
    """The part of a model card that no run knows; of what is not given, nothing is said.

    A list is shown as points; `further` holds what has no key of its own, by its heading.
    Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = None
    owner: str | None = None
    contact: str | None = None
    about: Text | None = None
    intended_use: Text | None = None
    not_for: Text | None = None
    limits: Text | None = None
    considerations: Text | None = None
    further: dict[str, Text] = Field(default_factory=dict)
