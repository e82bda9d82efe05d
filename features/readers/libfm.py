"""LibFM text, `label id:1 id:1 ...`, each position of the line one id field."""

from collections.abc import Sequence

import polars as pl

from features.errors import ConfigError
from features.readers.libsvm import LibsvmOptions, LibsvmSource, distinct
from features.readers.line_source import LineSource, sample
from features.readers.location import Location
from features.readers.options import Options
from features.readers.tokens import Tokens

_REMEDY = "Mend the line, or set fields = false to read one column a feature."


class LibfmSource(LineSource):
    """Rows of LibFM text (Frappe, MovieLens): label float32, field_0..field_{k-1} int64.

    k is the number of features of the first line, which each line must have; each value must
    be 1. The option `columns` names the fields. Raises DataError on any other line.
    """

    def __init__(self, files: Sequence[Location], options: LibsvmOptions) -> None:
        width = int(sample(files).length[0]) - 1
        columns = options.columns
        if isinstance(columns, tuple):
            names = distinct(columns)
        else:
            names = tuple(f"field_{field}" for field in range(width))
        if len(names) != width or columns not in (None, width, names):
            raise ConfigError(
                f"columns must name or count the {width} fields of {files[0]}; got {columns}."
            )
        schema = {"label": pl.Float32(), **dict.fromkeys(names, pl.Int64())}
        super().__init__(files, schema, options.model_dump(mode="json"))

    def _parse(self, tokens: Tokens, columns: tuple[str, ...]) -> pl.DataFrame:
        fields = [name for name in self.schema if name != "label"]
        tokens.refuse(
            tokens.length != len(fields) + 1,
            f"a line must hold a label and {len(fields)} fields",
            _REMEDY,
        )
        found = {"label": tokens.labels()}
        pairs = tokens.pairs(after=1)
        by_row = (tokens.lines.height, len(fields))
        must = "each field must be written id:1"
        tokens.refuse((pairs.value.reshape(by_row) != 1).any(axis=1), must, _REMEDY)
        ids = pairs.index.reshape(by_row)
        found |= {name: pl.Series(name, ids[:, at]) for at, name in enumerate(fields)}
        return pl.DataFrame({name: found[name] for name in columns})


def libsvm_source(files: Sequence[Location], options: Options) -> LineSource:
    """Return the source that `options.fields` asks for: ids by position, or values by index."""
    assert isinstance(options, LibsvmOptions)
    return LibfmSource(files, options) if options.fields else LibsvmSource(files, options)
