"""The rows of a log, by the part they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import polars as pl

from features.dataset import ROLES
from features.readers.open import open_source
from features.readers.source import Source
from pipelines.config import Config, Paths
from pipelines.splits import PARTS

_DIVIDED = ""  # the source whose rows the split divides; the others are parts of their own


class Division:
    """The sources of a configuration, divided by its split.

    Raises:
        DataError, SchemaError: files or declared columns are missing.
    """

    def __init__(self, config: Config) -> None:
        data = config.data

        def opened(paths: Paths) -> Source:
            return open_source(paths, data.format, config.base, filter=data.filter, **data.options)

        own = {"valid": data.valid_paths, "test": data.test_paths}
        self._split = data.split
        self._sources = {_DIVIDED: opened(data.paths)} | {
            part: opened(paths) for part, paths in own.items() if paths is not None
        }
        self._split.require(self._sources[_DIVIDED])
        for source in self._sources.values():
            config.schema_.check(source.schema, roles=ROLES)

    @property
    def identity(self) -> dict[str, Any]:
        """Which files, as JSON, by part."""
        return {part: source.identity() for part, source in self._sources.items()}

    @cached_property
    def total(self) -> int:
        """Rows of all sources."""
        return sum(source.count() for source in self._sources.values())

    @cached_property
    def _measured(self) -> Any:
        return self._split.measure(self._sources[_DIVIDED])

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, pl.DataFrame]]:
        """(part, its raw rows) in order, one frame in memory at a time."""
        for part, source in self._sources.items():
            if part == _DIVIDED:
                yield from self._divided(source, columns)
            else:
                yield from ((part, frame) for frame in source.batches(columns))

    def _divided(
        self, source: Source, columns: Sequence[str]
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        start = 0
        for frame in source.batches(list(dict.fromkeys([*columns, *self._split.columns]))):
            assigned = self._split.assign(frame, start, self._measured)
            start += frame.height
            for part in PARTS:
                rows = frame.select(columns).filter(assigned == part)
                if rows.height:
                    yield part, rows
