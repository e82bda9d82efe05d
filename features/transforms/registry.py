"""The known transforms, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from features.transforms.id import Id
from features.transforms.numeric import Numeric
from features.transforms.sequence import Sequence

Feature = Annotated[Id | Numeric | Sequence, Field(discriminator="type")]
