"""From what a configuration names (files, folders, globs) to the files that are read."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from glob import glob, has_magic
from pathlib import Path

from features.errors import ConfigError, DataError

_HIDDEN = ("_", ".")


def resolve(paths: str | Sequence[str], base: Path) -> tuple[Path, ...]:
    """Return the data files that `paths` name, relative to the folder `base`.

    A folder stands for every file under it, at any depth. Each entry's files come in natural
    order (part-2 before part-10), entries in theirs. In folders and globs, names that begin
    with `_` or `.` are left out unless the pattern spells that character.

    Raises ConfigError where nothing is named; DataError where an entry matches nothing, a file
    is empty, or two entries name the same file.
    """
    entries = [paths] if isinstance(paths, str) else list(paths)
    if not entries or not all(entries):
        raise ConfigError(f"paths must name at least one file, folder or glob; got {paths!r}.")
    found: dict[Path, str] = {}
    for entry in entries:
        for file in _entry(entry, base):
            if file in found:
                raise DataError(
                    f"{file} is named twice, by {found[file]!r} and by {entry!r}; each file "
                    "must be read once: remove one of them."
                )
            if file.stat().st_size == 0:
                raise DataError(f"{file} is empty (0 bytes); remove it or write it again.")
            found[file] = entry
    return tuple(found)


def natural(file: Path) -> list[tuple[int, int, str]]:
    """Return the sort key under which part-2 comes before part-10."""
    pieces = re.split(r"(\d+)", file.as_posix())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]


def _entry(entry: str, base: Path) -> list[Path]:
    path = base / entry
    if path.is_file():
        return [path]
    if path.is_dir():
        matches = list(_walk(path))
    elif has_magic(entry):
        matches = list(_glob(entry, base))
    else:
        matches = []
    if not matches:
        kind = "holds no data files" if path.is_dir() else "matches no file"
        raise DataError(
            f"{entry!r} {kind} (searched from {base}); it must be a file, a folder or a glob, "
            "relative to that folder."
        )
    return sorted(matches, key=natural)


def _glob(pattern: str, base: Path) -> Iterator[Path]:
    spelled = [part for part in Path(pattern).parts if part.startswith(_HIDDEN)]
    seen: set[Path] = set()  # "**" reaches a file through its folder and by itself
    for match in glob(pattern, root_dir=base, recursive=True):
        hidden = [part for part in Path(match).parts if part.startswith(_HIDDEN)]
        if any(not any(fnmatch(part, one) for one in spelled) for part in hidden):
            continue
        path = base / match
        for file in _walk(path) if path.is_dir() else (path,):
            if file not in seen:
                seen.add(file)
                yield file


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        yield from (Path(root, name) for name in names if not name.startswith(_HIDDEN))
