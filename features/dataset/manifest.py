"""What a dataset on disk is: dataset.json."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import DataError
from features.files import read_json, write_json
from features.layout import Layout

FILE = "dataset.json"
_AGAIN = "Run `crossrank prepare` again."

# No name can lead out of the folder.
PartName = Annotated[str, Field(pattern=r"^part-[0-9]{5,}\.parquet$")]
Count = Annotated[int, Field(ge=0)]


class Labels(BaseModel):
    """Mergeable statistics of the labels there are: weights are 1 where rows have none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Count
    sum: float
    positives: Count
    weight: float
    weighted_sum: float

    @property
    def mean(self) -> float:
        return self.sum / self.rows

    @property
    def weighted_mean(self) -> float:
        return self.weighted_sum / self.weight

    def merge(self, other: Labels) -> Labels:
        return Labels(
            rows=self.rows + other.rows,
            sum=self.sum + other.sum,
            positives=self.positives + other.positives,
            weight=self.weight + other.weight,
            weighted_sum=self.weighted_sum + other.weighted_sum,
        )


class Part(BaseModel):
    """One file of a dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PartName
    rows: Annotated[int, Field(ge=1)]
    roles: tuple[str, ...]
    labels: Labels | None
    tasks: dict[str, Labels] = Field(default_factory=dict)
    sha256: str


class Manifest(BaseModel):
    """Which encoder made a dataset, what its rows look like, and the rows of each part.

    `content` is a sha256 over those of the parts. `labels` is None where rows have none; `tasks`
    are the further labels, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[3] = 3
    encoder: str
    layout: Layout
    roles: tuple[str, ...]
    parts: dict[PartName, Count]
    rows: Count
    labels: Labels | None
    tasks: dict[str, Labels] = Field(default_factory=dict)
    content: str

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if sum(self.parts.values()) != self.rows:
            raise ValueError(f"the parts must add up to {self.rows} rows; they do not")
        return self

    @property
    def label_sum(self) -> float | None:
        return None if self.labels is None else self.labels.sum

    @classmethod
    def of(cls, encoder: str, layout: Layout, parts: Sequence[Part]) -> Manifest:
        """The manifest of parts that share their roles."""
        own = [part.labels for part in parts if part.labels is not None]
        tasks = parts[0].tasks if parts else {}
        return cls(
            encoder=encoder,
            layout=layout,
            roles=parts[0].roles if parts else (),
            parts={part.name: part.rows for part in parts},
            rows=sum(part.rows for part in parts),
            labels=reduce(Labels.merge, own) if own else None,
            tasks={
                name: reduce(Labels.merge, [one.tasks[name] for one in parts]) for name in tasks
            },
            content=hashlib.sha256("".join(one.sha256 for one in parts).encode()).hexdigest(),
        )

    def write(self, folder: Path) -> None:
        write_json(folder / FILE, self.model_dump(mode="json"))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises DataError where the folder is no finished dataset of this format."""
        document = read_json(folder / FILE, made_by=_AGAIN)
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise DataError(
                f"{folder / FILE} is not a dataset manifest: at '{where}': {first['msg']}. {_AGAIN}"
            ) from error
