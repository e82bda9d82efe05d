"""Part: as many rows of the predictions as are in memory at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from features.errors import DataError
from features.suggest import listing, nearest
from pipelines.metrics.predictions import Predictions

LABEL, SCORE, WEIGHT = "label", "score", "weight"


@dataclass(frozen=True, eq=False)
class Part:
    """Rows with the columns label, score, weight where rows have one, and those of groups."""

    frame: pl.DataFrame

    @property
    def roles(self) -> list[str]:
        """Names of the columns that are no groups."""
        return [name for name in (LABEL, SCORE, WEIGHT) if name in self.frame.columns]

    @cached_property
    def data(self) -> Predictions:
        """The rows without their groups."""
        return self.with_groups(())

    def with_groups(self, names: Sequence[str]) -> Predictions:
        """The rows with these groups. Raises DataError as Predictions; the weights may all be 0."""
        columns = [self.frame[name].cast(pl.Float64).to_numpy() for name in self.roles]
        groups = {name: self.frame[name].to_numpy() for name in names}
        weights = columns[2] if len(columns) > 2 else None
        return Predictions(columns[0], columns[1], weights, groups, whole=False)

    def require(self, names: Iterable[str]) -> None:
        """Raise DataError for a column that the rows lack."""
        held = self.frame.columns
        for name in names:
            if name not in held:
                raise DataError(
                    f"The predictions must hold the column '{name}'; they hold {listing(held)}."
                    f"{nearest(name, held)}"
                )

    def require_ids(self, group: str) -> None:
        """Raise DataError for a row whose group is null or NaN."""
        ids = self.frame[group]
        missing = ids.null_count()
        if ids.dtype.is_float():
            missing += int(ids.is_nan().sum())
        if missing:
            raise DataError(
                f"groups[{group!r}] must hold an id in every row; got otherwise in {missing} of "
                f"{ids.len()} rows; drop these rows or name their group"
            )


def parts(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[Part]:
    """The same rows, so many at once; the last may be fewer."""
    held, height = list[pl.DataFrame](), 0
    for frame in frames:
        rest = frame
        while height + rest.height >= rows:
            yield Part(pl.concat([*held, rest[: rows - height]]))
            rest, held, height = rest[rows - height :], [], 0
        if rest.height:
            held.append(rest)
            height += rest.height
    if held:
        yield Part(pl.concat(held))
