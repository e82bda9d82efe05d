"""The known dense optimizers, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.optimizers.dense.lookahead import Inner, Lookahead

Dense = Annotated[Inner | Lookahead, Field(discriminator="type")]
