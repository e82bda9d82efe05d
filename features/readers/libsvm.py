"""LibSVM text, `label index:value ...`, as one float column a feature."""

from collections.abc import Sequence
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from features.errors import ConfigError, DataError
from features.readers.line_source import LineSource, sample
from features.readers.location import Location
from features.readers.options import Options
from features.readers.tokens import Tokens

# Columns inferred beyond this many are surely ids, which a dense column each would not serve.
MOST_INFERRED = 16_384


class LibsvmOptions(Options):
    """`columns` names the columns or counts the features; `fields` reads positions as ids.

    With `fields` each position of the line is one id field (see `LibfmSource`). `first_index`
    is the index of the first feature; undeclared, it is 0 where the first rows hold a 0, else 1.
    """

    columns: Annotated[int, Field(ge=1)] | tuple[str, ...] | None = None
    fields: bool = False
    first_index: Literal[0, 1] | None = None


class LibsvmSource(LineSource):
    """Rows of LibSVM text: label float32, and f{index} (or the names declared) float32.

    Features that a line leaves out are 0. Undeclared, the features are those up to the
    largest index of the first rows. Raises DataError on a malformed line, or an index outside.
    """

    def __init__(self, files: Sequence[Location], options: LibsvmOptions) -> None:
        head = sample(files)
        index = head.pairs(after=1).index
        first = options.first_index
        self._first = first if first is not None else int(0 not in index)
        columns = options.columns
        if isinstance(columns, tuple):
            names = distinct(columns)
        else:
            width = columns or self._inferred(files[0], int(index.max(initial=-1)))
            names = tuple(f"f{self._first + offset}" for offset in range(width))
        self._index = {name: self._first + offset for offset, name in enumerate(names)}
        schema = {"label": pl.Float32(), **dict.fromkeys(names, pl.Float32())}
        super().__init__(files, schema, options.model_dump(mode="json"))

    def _inferred(self, file: Location, largest: int) -> int:
        width = largest - self._first + 1
        if not 0 < width <= MOST_INFERRED:
            got = f"indices up to {largest:,}" if width > 0 else "none"
            raise DataError(
                f"{file} must hold 1 to {MOST_INFERRED:,} features; its first rows have {got}. "
                "Set fields = true if each position of a line is an id field, else declare columns."
            )
        return width

    def _parse(self, tokens: Tokens, columns: tuple[str, ...]) -> pl.DataFrame:
        wanted = [name for name in columns if name != "label"]
        found: dict[str, pl.Series] = {}
        if "label" in columns:
            found["label"] = tokens.labels()
        if wanted:
            values = tokens.matrix(
                tokens.pairs(after=1),
                self._first,
                len(self._index),
                [self._index[name] for name in wanted],
                "Declare the number of features in the option columns, and first_index.",
            )
            found |= {name: pl.Series(name, row) for name, row in zip(wanted, values, strict=True)}
        return pl.DataFrame({name: found[name] for name in columns})


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names`; raise ConfigError where one is empty, comes twice, or is "label"."""
    if not names or "" in names or len({"label", *names}) <= len(names):
        raise ConfigError(f"columns must be distinct names other than 'label'; got {names}.")
    return names
