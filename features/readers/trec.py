"""TREC text: runs, `query Q0 item rank score tag`, and qrels, `query 0 item grade`."""

from collections.abc import Iterator, Sequence

import polars as pl

from features.readers.failures import bad_line
from features.readers.lines import content_lines
from features.readers.location import Location
from features.readers.options import Options
from features.readers.source import Source


class TrecSource(Source):
    """Rows of TREC text: query and item (string) and a number, from lines of `form`.

    Fields are parted by blanks or tabs; those behind the number are ignored, as trec_eval does,
    and ids may hold `#`. Raises DataError on a line with fewer fields, or whose number is none.
    """

    def __init__(
        self, files: Sequence[Location], form: str, number: str, dtype: type[pl.DataType]
    ) -> None:
        schema = {"query": pl.String(), "item": pl.String(), number: dtype()}
        super().__init__(files, schema, {})
        self._form, self._number = form, number
        self._line = "^" + " +".join(
            r"(\S+)" if name in schema else r"\S+" for name in form.split(" ")
        )

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        for file in self.files:
            for lines in content_lines(file):
                yield self._parsed(file, lines).select(columns)

    def _parsed(self, file: Location, lines: pl.DataFrame) -> pl.DataFrame:
        groups = pl.col("text").str.extract_groups(self._line).struct.rename_fields([*self.schema])
        number = pl.col(self._number).cast(self.schema[self._number], strict=False)
        found = lines.select(groups).unnest("text").with_columns(number)
        bad = ~found[self._number].is_finite().fill_null(False)
        if bad.any():
            line, text = lines.row(int(bad.arg_true()[0]))
            must = f"a line must be '{self._form}', its {self._number} a number"
            raise bad_line(file, line, must, text, "Mend or remove the line.")
        return found


def run_source(files: Sequence[Location], _: Options) -> TrecSource:
    """What a system retrieved: query, item, score (float64)."""
    return TrecSource(files, "query Q0 item rank score", "score", pl.Float64)


def qrels_source(files: Sequence[Location], _: Options) -> TrecSource:
    """What people judged: query, item, label (int32; below 0, an item was pooled, not judged)."""
    return TrecSource(files, "query 0 item label", "label", pl.Int32)
