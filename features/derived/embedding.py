"""A text as the vector of a static embedding model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

import polars as pl
from pydantic import Field as Option
from pydantic import StringConstraints

from features.derived.derived import Derived, Name
from features.derived.static_model import LISTS, load
from features.transforms.text import canonical
from features.want import Want

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Embedding(Derived):
    """The mean of the vectors that `model` has for the tokens of a text: List(Float32).

    `model` is a local folder, which with `sha256` must hold the model of that digest. At most
    `max_length` tokens of a text are read; one without a known token is zeros.

        [[derived]]
        type = "embedding"
        name = "title_embedding"
        column = "title"
        model = "models/potion-base-8M"
    """

    type: Literal["embedding"] = "embedding"
    column: Name
    model: Name
    max_length: int = Option(default=512, ge=1, le=32_768)
    sha256: Sha256 | None = None

    @property
    def wants(self) -> dict[str, Want]:
        return {self.column: "id"}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        """Raises SchemaError, and ConfigError where the model is not there."""
        text = canonical(pl.col(self.column), self.dtype(self.column, dtypes), self.column)
        encode = partial(load(self.model, self.sha256).encode, max_length=self.max_length)
        return text.map_batches(encode, return_dtype=LISTS, is_elementwise=True)
