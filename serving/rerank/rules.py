"""The rules there are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serving.rerank.boost import Boost
from serving.rerank.cap import Cap
from serving.rerank.drop import Drop
from serving.rerank.pin import Pin
from serving.rerank.share import Share

AnyRule = Annotated[Drop | Boost | Pin | Cap | Share, Field(discriminator="type")]
