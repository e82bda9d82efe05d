"""What ids and sequences of ids share: how their values get rows of an embedding table."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field as Option
from pydantic import model_validator

from features.errors import DataError
from features.hashing import MISSING_TEXT, Hashes, fold, hash_text, mix, share
from features.index import FIRST, MISSING, Rows
from features.state import State
from features.statistics import Counts
from features.transforms.transform import Roles, Transform
from features.vocabulary import Vocabulary, frequent

_POISSON_SEED = 102  # apart from the seeds that buckets take
_GROWN = "grown"  # how many logs added to a vocabulary that chance takes values into


class Categorical(Transform, ABC):
    """Rows by a vocabulary learned from the log, listed in a file, or by hashing.

    Learned: values seen at least `min_count` times, at most the `max_size` most frequent.
    `admission = "poisson"` takes a value in with `probability` at each time it is seen, and
    `"bloom"` finds those seen `min_count` times in memory that does not grow with the values
    (McMahan et al., KDD 2013), at the price of a second pass over the column. `file` lists the
    values, one a line. `buckets` folds XXH3-64 of the value, remixed with `seed`, into that many
    rows; nothing is learned then. Features naming one `vocabulary` share it and its embeddings.
    """

    vocabulary: str = ""
    min_count: int = Option(default=1, ge=1)
    max_size: int | None = Option(default=None, ge=1)
    admission: Literal["count", "poisson", "bloom"] = "count"
    probability: float = Option(default=0.1, gt=0, le=1)
    file: str | None = Option(default=None, min_length=1)
    buckets: int | None = Option(default=None, ge=1, le=2**31 - 3)
    seed: int = Option(default=0, ge=0, lt=2**31)

    limits: ClassVar[tuple[str, ...]] = (
        "min_count",
        "max_size",
        "admission",
        "probability",
        "file",
        "buckets",
        "seed",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        learned = {"min_count", "max_size", "admission", "probability"}
        given = {name for name in self.limits if getattr(self, name) != _default(type(self), name)}
        if self.buckets is not None and (idle := given & {*learned, "file"}):
            raise ValueError(f"`buckets` hash every value, so that {_names(idle)} mean nothing")
        if self.file is not None and (idle := given & learned):
            raise ValueError(f"`file` lists the values, so that {_names(idle)} mean nothing")
        if "seed" in given and self.buckets is None:
            raise ValueError("`seed` is of `buckets`")
        if "probability" in given and self.admission != "poisson":
            raise ValueError('`probability` is of admission = "poisson"')
        if self.admission == "bloom" and self.min_count < 2:
            raise ValueError('admission = "bloom" needs a min_count of 2 or more')
        return self

    @property
    def key(self) -> str:
        return self.vocabulary or self.name

    @property
    def learns(self) -> bool:
        """Whether the vocabulary comes from the log."""
        return self.buckets is None and self.file is None

    def fit_columns(self, roles: Roles) -> tuple[str, ...]:  # noqa: ARG002
        return (self.column,) if self.learns else ()

    def observe(self, frame: pl.DataFrame, roles: Roles) -> Counts | None:  # noqa: ARG002
        return self.count(frame) if self.learns else None

    @abstractmethod
    def count(self, frame: pl.DataFrame) -> Counts:
        """How often each value comes, in canonical text."""

    def finalize(self, statistic: Any, base: Path) -> State:
        if self.buckets is not None:
            return State({"buckets": self.buckets, "seed": self.seed})
        if self.file is not None:
            return State(vocabulary=_listed(base / self.file))
        counts = self._admitted(statistic)
        known = Vocabulary.from_counts(counts, min_count=self.min_count, max_size=self.max_size)
        if known.size == 0:
            raise DataError(
                f"Column '{self.column}' must hold values to learn a vocabulary from; "
                f"{_why(statistic, counts, self.min_count)}. Remove the feature or mend the data."
            )
        return State(vocabulary=known)

    def grow(self, state: State, statistic: Any, base: Path) -> State:
        """New values that pass the limits get rows after the known ones, whose rows stay."""
        known = state.vocabulary
        if known is None:
            return state
        if self.file is not None:
            return State(vocabulary=known.grown(_listed(base / self.file).values))
        times = int(state.values.get(_GROWN, 0)) + 1
        new = frequent(self._admitted(statistic, times), self.min_count)
        values = {_GROWN: times} if self.admission == "poisson" else {}
        return State(values, vocabulary=known.grown(new, self.max_size))

    def _admitted(self, counts: Counts, grown: int = 0) -> Counts:
        """Values that one of their occurrences took in: with 1 - (1 - p)^n, by their own hash.

        Each log that the vocabulary has `grown` by draws anew.
        """
        if self.admission != "poisson":
            return counts
        drawn = share(mix(hash_text(counts.table["value"]), _POISSON_SEED + (grown << 32)))
        seen = counts.table["count"].to_numpy().astype(np.float64)
        never = np.log1p(-drawn)  # > n log(1 - p): the geometric draw exceeds n
        most = math.log1p(-self.probability) if self.probability < 1 else -math.inf
        return Counts(counts.table.filter(pl.Series(never >= seen * most)), counts.nulls)

    def rows(self, hashes: Hashes, state: State, draw: int = 0) -> Rows:
        """Rows of hashed values, int32 (n,); `draw` makes another, independent choice of bucket."""
        if state.vocabulary is not None:
            return state.vocabulary.index.find(hashes)
        mixed = mix(hashes, state.values["seed"] + (draw << 32))
        rows = fold(mixed, state.values["buckets"]) + np.int32(FIRST)
        return np.where(hashes == MISSING_TEXT, np.int32(MISSING), rows)


def _why(counts: Counts, admitted: Counts, least: int) -> str:
    if counts.table.is_empty():
        return f"all {counts.nulls} rows are missing, or every list is empty"
    if admitted.table.is_empty():
        return f"of its {counts.table.height} values, none was taken in by chance"
    most = admitted.table["count"].sort()[-1]
    return f"its most frequent value was seen {most} times, and must be {least} times"


def _default(kind: type[Transform], name: str) -> Any:
    return kind.model_fields[name].default


def _names(options: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(options))


def _listed(path: Path) -> Vocabulary:
    try:
        lines = pl.Series(path.read_text(encoding="utf-8-sig").split("\n"), dtype=pl.String)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The vocabulary {path} must be a text file; {error}.") from error
    values = lines.filter(lines != "").unique(maintain_order=True)
    if values.is_empty():
        raise DataError(f"The vocabulary {path} must list values, one a line; it lists none.")
    return Vocabulary.of(values)
