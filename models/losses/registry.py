"""The known losses, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.losses.combined import Combined, Single

AnyLoss = Annotated[Single | Combined, Field(discriminator="type")]
