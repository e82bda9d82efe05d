"""LETOR text, `grade qid:N 1:v 2:v ... #docid = X`, as SVMrank reads it."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field

from features.errors import DataError
from features.readers.line_source import LineSource, sample
from features.readers.location import Location
from features.readers.options import Options
from features.readers.tokens import Tokens

_DOCID = r"#.*?\bdocid\s*=\s*(\S+)"
_MEND = "Mend or remove the line."


class LetorOptions(Options):
    """`features` is the number of features, `qid` the dtype of the query ids."""

    features: Annotated[int, Field(ge=1)] | None = None
    qid: Literal["int64", "string"] | None = None


class LetorSource(LineSource):
    """Rows of LETOR text: label int32, qid int64 or string, f1..fK float32, docid string.

    Features that a line leaves out are 0. What the options do not declare comes from the
    first rows: K is their largest index, qid is int64 if all theirs are whole numbers, and
    there is a docid if one of them has it. Raises DataError on a malformed line.

    Qin and Liu, Introducing LETOR 4.0 datasets, 2013 (arXiv:1306.2597).
    """

    def __init__(self, files: Sequence[Location], options: LetorOptions) -> None:
        head = sample(files)
        qid = _qids(head)
        self._features = options.features or int(head.pairs(after=2).index.max(initial=0))
        if self._features < 1:
            raise DataError(f"{files[0]} must hold features 1:v 2:v ...; its first rows have none.")
        whole = qid.cast(pl.Int64, strict=False).null_count() == 0
        named = options.qid or ("int64" if whole else "string")
        schema: dict[str, pl.DataType] = {
            "label": pl.Int32(),
            "qid": pl.Int64() if named == "int64" else pl.String(),
            **{f"f{index}": pl.Float32() for index in range(1, self._features + 1)},
        }
        if head.lines["text"].str.contains(_DOCID).any():
            schema["docid"] = pl.String()
        super().__init__(files, schema, options.model_dump(mode="json"))

    def _parse(self, tokens: Tokens, columns: tuple[str, ...]) -> pl.DataFrame:
        found: dict[str, pl.Series] = {}
        if "label" in columns:
            found["label"] = _grades(tokens)
        if "qid" in columns:
            found["qid"] = self._queries(tokens)
        if "docid" in columns:
            found["docid"] = tokens.lines["text"].str.extract(_DOCID)
        wanted = [name for name in columns if name not in ("label", "qid", "docid")]
        if wanted:
            values = tokens.matrix(
                tokens.pairs(after=2),
                1,
                self._features,
                [int(name[1:]) for name in wanted],
                "Declare the number of features in the option features.",
            )
            found |= {name: pl.Series(name, row) for name, row in zip(wanted, values, strict=True)}
        return pl.DataFrame({name: found[name] for name in columns})

    def _queries(self, tokens: Tokens) -> pl.Series:
        text = _qids(tokens)
        qid = text.cast(self.schema["qid"], strict=False)
        must = "query ids must be whole numbers, as those of the first rows are"
        tokens.refuse(qid.is_null().to_numpy(), must, "Set the option qid = 'string'.", text)
        return qid


def _qids(tokens: Tokens) -> pl.Series:
    must, remedy = "the second item of a line must be qid:N", f"{_MEND} Without qid, use libsvm."
    text = tokens.at(1, must, remedy)
    qid = text.str.strip_prefix("qid:")
    lacking = ~text.str.starts_with("qid:") | (qid == "")
    tokens.refuse(lacking.to_numpy(), must, remedy, text)
    return qid


def _grades(tokens: Tokens) -> pl.Series:
    label = tokens.labels()
    whole = label.cast(pl.Int32, strict=False)
    wrong = (whole.cast(pl.Float64) != label.cast(pl.Float64)).fill_null(True).to_numpy()
    tokens.refuse(np.asarray(wrong), "a grade must be a whole number", _MEND)
    return whole
