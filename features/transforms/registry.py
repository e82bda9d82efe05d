"""The known transforms, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from features.transforms.bucketize import Bucketize
from features.transforms.custom import Custom
from features.transforms.id import Id
from features.transforms.numeric import Numeric
from features.transforms.sequence import Sequence
from features.transforms.target import Target
from features.transforms.vector import Vector

Feature = Annotated[
    Bucketize | Custom | Id | Numeric | Sequence | Target | Vector, Field(discriminator="type")
]
