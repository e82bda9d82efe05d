"""The rows of another source that a filter keeps."""

from collections.abc import Collection, Iterator
from typing import Any

import polars as pl

from features.errors import DataError
from features.readers.filter import Filter
from features.readers.source import Source


class FilteredSource(Source):
    """Rows of `source` for which all conditions of `wanted` hold; nulls never do.

    What the format's own statistics rule out is never read. Raises SchemaError where a
    condition does not fit the columns.
    """

    def __init__(self, source: Source, wanted: Filter) -> None:
        super().__init__(source.files, source.schema, source.options)
        self._source = source
        self._wanted = wanted
        self._exact = wanted.exact(source.schema)

    def identity(self) -> dict[str, Any]:
        """Return the identity of the source with the conditions, as `filter`."""
        return {**self._source.identity(), "filter": self._wanted.dump()}

    def coded(self, columns: Collection[str]) -> "FilteredSource":
        """As the source's, but for the columns of the filter."""
        apart = set(columns).difference(self._wanted.columns)
        return FilteredSource(self._source.coded(apart), self._wanted)

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        read = tuple(dict.fromkeys([*columns, *self._wanted.columns]))
        for frame in self._source._matching(read, self._wanted):
            kept = frame.filter(self._exact)
            if kept.height:
                yield kept.select(columns)

    def _none(self) -> DataError:
        return DataError(
            f"{self.name}: the filter must keep at least one row; {self._wanted} keeps none."
        )
