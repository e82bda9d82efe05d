"""Lines of text with their numbers, streamed from plain, .gz or .zst files."""

from collections.abc import Iterator

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from features.readers.failures import reading
from features.readers.location import Location

_BLOCK = 1 << 22
# A byte no text holds, so that each line is one cell.
_NEVER = "\x1f"


def numbered_lines(file: Location) -> Iterator[pl.DataFrame]:
    """Yield frames of `line` (int64, from 1) and `text` (string), blank lines included.

    Raises DataError where the text cannot be read.
    """
    with reading(file):
        reader = pc.open_csv(
            file.stream(),
            read_options=pc.ReadOptions(column_names=["text"], block_size=_BLOCK),
            parse_options=pc.ParseOptions(
                delimiter=_NEVER, quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            convert_options=pc.ConvertOptions(column_types={"text": pa.string()}),
        )
        before = 0
        for batch in reader:
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame.with_row_index("line", before + 1).with_columns(
                pl.col("line").cast(pl.Int64)
            )
            before += frame.height


def content_lines(file: Location) -> Iterator[pl.DataFrame]:
    """Yield `numbered_lines` with tabs and outer blanks tidied, less blank and comment lines."""
    text = pl.col("text").str.replace_all("\t", " ", literal=True).str.strip_chars()
    for frame in numbered_lines(file):
        tidy = frame.with_columns(text)
        yield tidy.filter((pl.col("text") != "") & ~pl.col("text").str.starts_with("#"))


def line_of(file: Location, text: str) -> int | None:
    """Return the number of the first line of `file` that is exactly `text`."""
    for frame in numbered_lines(file):
        hits = frame.filter(pl.col("text") == text)["line"]
        if len(hits):
            return int(hits[0])
    return None
