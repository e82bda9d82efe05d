"""Folders that are there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from features.errors import DataError

PARTIAL, UNFINISHED = "partial", "unfinished"


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new, empty folder beside `folder`, which takes its place when the block ends well.

    Whatever interrupts the block, `folder` is left as it was, or, if killed between the last
    two renames, is put back by the next call. A killed run's leftovers are removed then too.
    A link stays one: the folder that it names is replaced.

    Raises:
        DataError: another process is writing this folder, the disk is full, or the place cannot
            be written.
    """
    with _taking_place(folder, PARTIAL, keep=False) as work:
        yield work


@contextmanager
def resuming(folder: Path) -> Iterator[Path]:
    """As `replacing`, but what interrupts the block leaves its work to the next call.

    Nothing vouches for what lies in the folder then: see `pipelines.journal`.
    """
    with _taking_place(folder, UNFINISHED, keep=True) as work:
        yield work


def unfinished(folder: Path) -> Path:
    """Where `resuming` leaves the work of a block that was interrupted."""
    folder = folder.resolve()
    return folder.with_name(f".{folder.name}.{UNFINISHED}")


@contextmanager
def _taking_place(folder: Path, kind: str, *, keep: bool) -> Iterator[Path]:
    folder = folder.resolve()
    work = folder.with_name(f".{folder.name}.{kind}")
    old = folder.with_name(f".{folder.name}.old")
    with _writing(folder), _alone(folder):
        _put_back(old, folder)
        if folder.exists() and not folder.is_dir():
            raise DataError(f"{folder} must be a folder; it is a file. Choose another place.")
        for leftover in (old,) if keep else (work, old):
            shutil.rmtree(leftover, ignore_errors=True)
        work.mkdir(exist_ok=keep)
        try:
            yield work
            if folder.exists():
                folder.rename(old)
            work.rename(folder)
        except BaseException:
            _put_back(old, folder)
            if not keep:
                shutil.rmtree(work, ignore_errors=True)
            raise
        shutil.rmtree(old, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all it holds, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def forget(parent: Path, older: float) -> None:
    """Remove unfinished work in `parent` that nobody has touched for `older` seconds."""
    for work in parent.glob(f".*.{UNFINISHED}"):
        folder = work.with_name(work.name[1:].removesuffix(f".{UNFINISHED}"))
        # What cannot be had now, or is gone already, is left to the next time.
        with suppress(DataError, OSError), _alone(folder):
            touched = max(path.stat().st_mtime for path in (work, *work.iterdir()))
            if time.time() - touched > older:
                shutil.rmtree(work)


def _put_back(old: Path, folder: Path) -> None:
    if old.exists() and not folder.exists():
        old.rename(folder)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DataError(
            f"{folder} could not be written: {_reason(error)}. Nothing was changed; "
            "free some space or choose another place, and run the command again."
        ) from error


def _reason(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        with lock.acquire(blocking=False):
            yield
    except Timeout:
        raise DataError(
            f"{folder} is being written by another process. Wait for it, or choose another place."
        ) from None


def write_json(path: Path, document: Any) -> None:
    """Write and flush to disk, under a temporary name first."""
    write_bytes(path, (json.dumps(document, indent=1, sort_keys=False) + "\n").encode())


def write_bytes(path: Path, data: bytes | memoryview) -> None:
    """Write and flush to disk, under a temporary name first."""
    work = path.with_name(f".{path.name}.{PARTIAL}")
    with work.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    work.rename(path)


def read_json(path: Path, *, made_by: str) -> dict[str, Any]:
    """Raises DataError where the file is absent or not a JSON object."""
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        raise DataError(f"{path} must exist; it does not. {made_by}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} must be JSON; reading it failed: {error}. {made_by}") from error
    if not isinstance(document, dict):
        raise DataError(f"{path} must hold a JSON object, not {type(document).__name__}. {made_by}")
    return document
