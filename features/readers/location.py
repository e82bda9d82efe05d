"""One file or folder of a file system, near or far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.fs as pafs

NEAR = pafs.LocalFileSystem()
_AT_ONCE = 16  # remote files asked for side by side; each answer takes a round trip

Read = TypeVar("Read")


@dataclass(frozen=True)
class Location:
    """`path` in an Arrow `filesystem`, `shown` to the user without credentials.

    `partition` (one row) holds what the folders above a file say of its rows.
    """

    filesystem: Any = field(compare=False)
    path: str
    shown: str
    partition: pl.DataFrame = field(default_factory=pl.DataFrame, compare=False)

    def __str__(self) -> str:
        return self.shown

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.shown.rstrip("/").rpartition("/")[2]

    @property
    def remote(self) -> bool:
        """Whether reading it goes over a network, or through code that is not Arrow's."""
        return not isinstance(self.filesystem, pafs.LocalFileSystem)

    def above(self, folder: str) -> Location:
        """The location of `folder`, which this path lies in."""
        return replace(self, path=folder, shown=self.shown.removesuffix(self.path[len(folder) :]))

    def below(self, path: str) -> Location:
        """The location of `path`, which lies under this folder."""
        return replace(self, path=path, shown=self.shown + path.removeprefix(self.path))

    def status(self) -> Any:
        """Arrow's FileInfo (type, size, mtime_ns), which may say that there is nothing."""
        return self.filesystem.get_file_info([self.path])[0]

    def open(self) -> Any:
        """The bytes, to be read at any place; raises what the file system raises."""
        return self.filesystem.open_input_file(self.path)

    def mapped(self) -> Any:
        """As `open`, through a memory map where the file is near."""
        return self.open() if self.remote else pa.memory_map(self.path)

    def stream(self) -> Any:
        """The bytes from the first to the last, decompressed as the name says (.gz, .zst ...)."""
        return self.filesystem.open_input_stream(self.path, compression="detect")


def each(read: Callable[[Location], Read], files: Iterable[Location]) -> Iterator[Read]:
    """`read` of each file, in order; remote files are read side by side."""
    files = tuple(files)
    if not any(file.remote for file in files):
        yield from map(read, files)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(read, files)
