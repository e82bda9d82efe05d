"""A source whose rows are lines."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property

import polars as pl

from features.readers.lines import content_lines
from features.readers.location import Location
from features.readers.source import Source, no_rows
from features.readers.tokens import Tokens


class LineSource(Source):
    """One row a line; blank lines and lines that begin with `#` are none."""

    @abstractmethod
    def _parse(self, tokens: Tokens, columns: tuple[str, ...]) -> pl.DataFrame:
        """Return `columns` of the rows that `tokens` holds."""

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        return self._frames_from(columns, 0)

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        for file in self.files:
            for lines in content_lines(file):
                if lines.height > start:
                    yield self._parse(Tokens.of(file, lines.slice(start)), columns)
                start = max(0, start - lines.height)

    @cached_property
    def _count(self) -> int:
        return sum(lines.height for file in self.files for lines in content_lines(file))


def sample(files: Sequence[Location]) -> Tokens:
    """Return the first block of rows, from which a schema is inferred; DataError without any."""
    for file in files:
        for lines in content_lines(file):
            if lines.height:
                return Tokens.of(file, lines)
    raise no_rows(files)
