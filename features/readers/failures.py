"""What reading can run into, said in one line that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from features.errors import CrossrankError, DataError
from features.readers.location import Location

SHOWN = 80  # characters of a bad cell or line that an error repeats

# What Arrow says, and what it means to somebody who has never heard of Arrow.
_MEANINGS = (
    ("truncated compressed stream", "the compressed stream ends early; fetch the file again"),
    ("inflate failed", "the content is not the gzip its name promises; fetch or rename the file"),
    ("unknown frame descriptor", "the content is not the zstd its name promises; rename the file"),
    ("straddling object", "a line is longer than a read block (4 MiB); is this text?"),
    ("parquet magic bytes", "this is not a Parquet file, or its end is missing"),
    ("parquet file size is", "this is not a Parquet file, or its end is missing"),
    ("not an arrow file", "this is not an Arrow file, or its end is missing"),
    ("metadata bytes", "this is not an Arrow file, or its end is missing"),
    ("corrupted message", "this is not an Arrow file, or its end is missing"),
    ("'utf-8' codec", "the text must be UTF-8; convert it, or check that it is not compressed"),
    ("invalid utf8", "the text must be UTF-8; convert it, or check that it is not compressed"),
    ("empty csv file", "there are no rows in it; leave the file out"),
)


def shown(text: str) -> str:
    """Return `text` quoted, on one line and cut to `SHOWN` characters."""
    line = " ".join(text.split())
    return repr(line if len(line) <= SHOWN else f"{line[:SHOWN]}...")


def unreadable(file: Location, cause: BaseException) -> DataError:
    """Return the DataError that says in plain words why `file` could not be read."""
    if isinstance(cause, FileNotFoundError):
        return DataError(f"{file} does not exist; it must be there while it is read.")
    text = " ".join(str(cause).split()) or type(cause).__name__
    lowered = text.lower()
    for sign, meaning in _MEANINGS:
        if sign in lowered:
            return DataError(f"{file} cannot be read: {meaning}.")
    return DataError(f"{file} cannot be read: {text[:300]}")


def bad_line(file: Location, line: int, must: str, got: str, remedy: str) -> DataError:
    """Return the DataError for line `line` (from 1) of `file`."""
    return DataError(f"{file}, line {line}: {must}; got {shown(got)}. {remedy}")


@contextmanager
def reading(file: Location) -> Iterator[None]:
    """Turn whatever Arrow, the system or a store raises while `file` is read into a DataError."""
    try:
        yield
    except CrossrankError:
        raise
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as cause:
        raise unreadable(file, cause) from cause
    except Exception as cause:
        if not file.remote:
            raise
        raise unreadable(file, cause) from cause  # each store's client has errors of its own
