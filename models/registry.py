"""The known model families, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.dcn_v2 import DCNv2
from models.wide_deep import WideDeep

AnyModel = Annotated[DCNv2 | WideDeep, Field(discriminator="type")]
