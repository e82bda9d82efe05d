"""From what a configuration names (files, folders, globs) to the files that are read."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path
from typing import Any

import pyarrow.fs as pafs

from features.errors import ConfigError, DataError
from features.readers.failures import reading
from features.readers.filesystems import is_url, located
from features.readers.location import Location

_HIDDEN = ("_", ".")


def resolve(paths: str | Sequence[str], base: Path) -> tuple[Location, ...]:
    """Return the data files that `paths` name: URLs, or paths relative to the folder `base`.

    A folder stands for every file under it, at any depth. Each entry's files come in natural
    order (part-2 before part-10), entries in theirs. In folders and globs, names that begin
    with `_` or `.` are left out unless the pattern spells that character.

    Raises ConfigError where nothing is named, or a URL cannot be understood; DataError where
    an entry matches nothing or cannot be reached, a file is empty, or is named twice.
    """
    entries = [paths] if isinstance(paths, str) else list(paths)
    if not entries or not all(entries):
        raise ConfigError(f"paths must name at least one file, folder or glob; got {paths!r}.")
    found: list[Location] = []
    by: dict[str, str] = {}
    for entry in entries:
        for file, size in _entry(entry, base):
            if str(file) in by:
                raise DataError(
                    f"{file} is named twice, by {by[str(file)]!r} and by {entry!r}; each file "
                    "must be read once: remove one of them."
                )
            if size == 0:
                raise DataError(f"{file} is empty (0 bytes); remove it or write it again.")
            by[str(file)] = entry
            found.append(file)
    return tuple(found)


def natural(path: str) -> list[tuple[int, int, str]]:
    """Return the sort key under which part-2 comes before part-10."""
    pieces = re.split(r"(\d+)", path)
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]


def _entry(entry: str, base: Path) -> Iterator[tuple[Location, int | None]]:
    """Yield the files that `entry` names, and their sizes where known."""
    place = located(entry, base)
    with reading(place):
        status = place.status()
        if status.is_file:
            yield place, status.size
            return
        is_folder = status.type == pafs.FileType.Directory
        start, parts = (place.path, ()) if is_folder else _pattern(place, entry, base)
        matches = _glob(place, start, parts) if parts else _walk(place, start)
        found = {one.path: one.size for one in matches}
    if not found:
        kind = "holds no data files" if is_folder else "matches no file"
        if is_url(entry):
            raise DataError(f"{str(place)!r} {kind}; it must be a file, a folder or a glob.")
        raise DataError(
            f"{entry!r} {kind} (searched from {base}); it must be a file, a folder or a glob, "
            "relative to that folder."
        )
    for path in sorted(found, key=natural):
        yield place.above(start).below(path), found[path]


def _pattern(place: Location, entry: str, base: Path) -> tuple[str, Sequence[str]]:
    """Return the folder before the first part of `entry` that is a glob, and the parts from it.

    Without any, these are the path itself, where nothing is, and no parts.
    """
    parts = place.path.split("/")
    plain = 0 if place.remote or os.path.isabs(entry) or is_url(entry) else len(base.parts)
    magic = (at for at in range(plain, len(parts)) if has_magic(parts[at]))
    at = next(magic, len(parts))
    return "/".join(parts[:at]) or ("/" if place.path.startswith("/") else ""), parts[at:]


def _glob(place: Location, folder: str, parts: Sequence[str]) -> Iterator[Any]:
    """Yield the FileInfo of each file in `folder` that the pattern `parts` matches."""
    head, rest = parts[0], parts[1:]
    if head == "**" and not rest:
        yield from _walk(place, folder)
        return
    if head == "**":
        yield from _glob(place, folder, rest)
    for info in _children(place, folder):
        wanted = head == "**" or fnmatchcase(info.base_name, head)
        if not wanted or (_hidden(info.base_name) and not _hidden(head)):
            continue
        is_folder = info.type == pafs.FileType.Directory
        if is_folder and (rest or head == "**"):
            yield from _glob(place, info.path, parts if head == "**" else rest)
        elif is_folder:
            yield from _walk(place, info.path)
        elif not rest:
            yield info


def _walk(place: Location, folder: str) -> Iterator[Any]:
    """Yield the FileInfo of each file under `folder`."""
    # Far away one listing is one request; near, hidden folders may be large and are not entered.
    for info in _children(place, folder, deep=place.remote):
        below = info.path.removeprefix(folder).strip("/")
        if any(map(_hidden, below.split("/"))):
            continue
        if info.is_file:
            yield info
        elif not place.remote and not os.path.islink(info.path):
            yield from _walk(place, info.path)


def _children(place: Location, folder: str, *, deep: bool = False) -> Sequence[Any]:
    selector = pafs.FileSelector(folder, allow_not_found=True, recursive=deep)
    found: Sequence[Any] = place.filesystem.get_file_info(selector)
    return found


def _hidden(name: str) -> bool:
    return name.startswith(_HIDDEN)
