"""The known splits, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipelines.splits.column import ByColumn
from pipelines.splits.hash import ByHash
from pipelines.splits.kfold import KFold
from pipelines.splits.order import ByOrder
from pipelines.splits.time import ByTime
from pipelines.splits.window import ByWindow

AnySplit = Annotated[
    ByOrder | ByTime | ByHash | KFold | ByColumn | ByWindow, Field(discriminator="type")
]
