"""How a ranker stands on a model."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.cosines import Pair
from features.errors import ConfigError
from features.schema import Schema
from features.suggest import listing, nearest
from features.transforms.bucketize import Bucketize
from features.transforms.categorical import Categorical
from features.transforms.custom import Custom
from pipelines.negatives import Negatives
from pipelines.splits.split import Split


class StackingConfig(BaseModel):
    """What a ranker is given of the model, beside the features.

    With `folds` it learns from the rows that the model learns from, each scored by one of so many
    models that have not seen it (Wolpert, Neural Networks 1992); rows of a query, or of a value of
    `column`, are of one fold. `cosines` are pairs of features, the cosine of whose embeddings is a
    column.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: int | None = Field(default=None, ge=2, le=100)
    column: str | None = None
    cosines: tuple[Pair, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.column is not None and self.folds is None:
            raise ValueError("`column` says what the folds are cut by; give the number of `folds`")
        for pair in self.cosines:
            if pair[0] == pair[1]:
                raise ValueError(f"a cosine is of two features; got '{pair[0]}' twice")
        if len({frozenset(pair) for pair in self.cosines}) < len(self.cosines):
            raise ValueError("each pair of `cosines` must be named once, in whichever order")
        return self

    def require(self, schema: Schema) -> None:
        """Raises ConfigError: a cosine is of what is no feature of ids."""
        kinds = (Categorical, Bucketize, Custom)
        known = [one.name for one in schema.features if isinstance(one, kinds)]
        for name in (name for pair in self.cosines for name in pair):
            if name not in known:
                raise ConfigError(
                    "stacking.cosines must be of features whose values are ids, of: "
                    f"{listing(known) or 'none is declared'}; got '{name}'.{nearest(name, known)}"
                )


def require_rows(
    stacking: StackingConfig | None, split: Split, negatives: Negatives | None, *, both: bool
) -> None:
    """Raise ValueError unless a ranker on top of a model, if there are `both`, has rows to learn
    from whose scores are not fitted to its labels."""
    if stacking is not None and not both:
        raise ValueError(
            "[stacking] says what a [ranker] is given of a [model]; declare both, or remove it"
        )
    if stacking is None or stacking.folds is None:
        if both and getattr(split, "ranker", 1) == 0:
            raise ValueError(
                "a ranker on top of a model needs rows of its own, so that it does not learn "
                "from scores fitted to its own labels; set data.split.ranker, for example 0.1 "
                "(of a kfold split, 1 fold), or give it scores of models that have not seen the "
                "rows with stacking.folds, for example 5"
            )
        return
    if "ranker" in split.parts:
        raise ValueError(
            "with stacking.folds the ranker learns from the training rows, so data.split must "
            "give the part ranker nothing; set data.split.ranker = 0"
        )
    if negatives is not None:
        raise ValueError(
            "with stacking.folds the ranker learns from the training rows, so these must be "
            "whole queries; data.negatives leaves rows out of them. Remove one of the two"
        )
