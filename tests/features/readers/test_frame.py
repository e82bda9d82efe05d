import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from features.errors import DataError, SchemaError
from features.fit import fit
from features.readers import digest as digesting
from features.readers.frame import FrameSource, source_of
from features.readers.open import open_source
from features.schema import Schema

FRAME = pl.DataFrame(
    {"id": [7, None, 9, 10], "text": ["a", "b", None, "😀"], "x": [0.5, 1.0, None, 3.0]}
)


def _everywhere(frame: pl.DataFrame) -> dict[str, Any]:
    table = frame.to_arrow()
    return {
        "polars": frame,
        "lazy": frame.lazy(),
        "arrow": table,
        "batch": table.combine_chunks().to_batches()[0],
        "pandas": frame.to_pandas(use_pyarrow_extension_array=True).set_index([[5, 5, 1, 0]]),
    }


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow", "batch", "pandas"])
def test_a_frame_is_a_source(kind: str) -> None:
    source = source_of(_everywhere(FRAME)[kind])
    assert source.schema == dict(FRAME.schema)
    assert pl.concat(source.batches(rows=3)).equals(FRAME)
    assert pl.concat(source.batches(["x", "id"], rows=1, start=1)).equals(
        FRAME.select("x", "id")[1:]
    )
    assert source.count() == 4
    # Who holds the rows is not part of what they are.
    assert source.identity() == source_of(FRAME).identity()
    with pytest.raises(SchemaError, match="'idd' is not in the frame.*Did you mean 'id'"):
        source.batches(["idd"])
    kept = source_of(_everywhere(FRAME)[kind], filter=[["id", ">", 7]])
    assert pl.concat(kept.batches(["text"]))["text"].to_list() == [None, "😀"]
    assert kept.count() == 2


def test_fit_learns_the_same_from_a_frame_and_a_file(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    schema = Schema.model_validate(
        {
            "features": [
                {"type": "id", "column": "id"},
                {"type": "id", "column": "text"},
                {"type": "numeric", "column": "x"},
            ],
            "label": "label",
        }
    )
    from_file = fit(schema, open_source("a.parquet", None, tmp_path).batches())
    for frame in _everywhere(FRAME).values():
        encoder = fit(schema, source_of(frame).batches(schema.columns))
        assert encoder.fingerprint == from_file.fingerprint
        assert encoder.encode(FRAME).equals(from_file.encode(FRAME))


def test_plain_pandas(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [0.5, None, 2.0],
            "o": ["a", None, "c"],
            "c": pd.Categorical(["u", "v", "u"]),
            "n": pd.Categorical([3, 1, 3]),
            "t": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
            "l": [[1, 2], [], [3]],
        },
        index=pd.Index([9, 8, 7], name="ignored"),
    )
    source = source_of(frame)
    assert list(source.schema) == list("ifocntl")
    (rows,) = source.batches()
    assert rows["f"].to_list() == [0.5, None, 2.0]
    assert rows["o"].to_list() == ["a", None, "c"]
    assert source.schema["c"] == pl.String
    assert rows["c"].to_list() == ["u", "v", "u"]
    assert rows["n"].to_list() == [3, 1, 3]
    assert source.schema["l"] == pl.List(pl.Int64)
    assert isinstance(source.schema["t"], pl.Datetime)
    assert rows["t"].null_count() == 1


def test_categories_are_text_at_any_depth() -> None:
    frame = pl.DataFrame(
        {"c": ["a", "b"], "e": ["x", "y"], "l": [["a"], ["b", "a"]]},
        schema={"c": pl.Categorical, "e": pl.Enum(["x", "y"]), "l": pl.List(pl.Categorical)},
    )
    for one in (frame, frame.lazy()):
        source = source_of(one)
        assert source.schema == {"c": pl.String, "e": pl.String, "l": pl.List(pl.String)}
        (rows,) = source.batches()
        assert rows.rows() == [("a", "x", ["a"]), ("b", "y", ["b", "a"])]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"a": [1]}, "must be a Polars, pandas or Arrow table; got dict"),
        (pd.DataFrame({0: [1]}), "column names must be text; got 0"),
        (pd.DataFrame({"mixed": [1, "x", [2]]}), "one kind of value.*mixed"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "one kind of value|uplicate"),
        (pl.DataFrame({"o": [object()]}), "column 'o' holds Python objects"),
    ],
)
def test_what_is_no_table_is_refused(frame: Any, said: str) -> None:
    with pytest.raises(SchemaError, match=said) as raised:
        source_of(frame)
    assert "\n" not in str(raised.value)


def test_no_rows_is_an_error() -> None:
    with pytest.raises(DataError, match="a frame must hold rows"):
        list(source_of(FRAME.clear()).batches())
    with pytest.raises(DataError, match="keep at least one row; id > 100 keeps none"):
        list(source_of(FRAME, [["id", ">", 100]]).batches())


def test_a_lazy_frame_that_fails_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be computed"):
        source_of(pl.scan_parquet(tmp_path / "absent.parquet"))
    bad = pl.LazyFrame({"a": ["x"]}).with_columns(pl.col("a").cast(pl.Int64))
    with pytest.raises(DataError, match="cannot be computed.*conversion"):
        list(source_of(bad).batches())


NESTED = pl.DataFrame(
    {
        "l": [[1, None], None, [], [2]],
        "s": [{"a": 1, "b": "x"}, None, {"a": None, "b": ""}, {"a": 2, "b": "y"}],
        "v": pl.Series([[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]], dtype=pl.Array(pl.Float32, 2)),
        "b": [b"a", None, b"", b"bc"],
        "n": [None] * 4,
        "d": pl.Series(["1.20", None, "3.40", "5.60"]).cast(pl.Decimal(10, 2)),
        "t": pl.Series([0, None, 1, 2]).cast(pl.Datetime("us", "UTC")),
        "o": [True, None, False, True],
    }
)


def test_the_digest_is_of_values_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digesting, "_PIECE", 3)
    whole = digesting.digest([NESTED])
    assert digesting.digest([NESTED[:1], NESTED[1:1], NESTED[1:]]) == whole
    assert digesting.digest([pl.concat([NESTED[:2], NESTED[2:]], rechunk=False)]) == whole


def test_the_digest_follows_every_value() -> None:
    frame = NESTED.drop("n")
    others = [frame, frame.reverse(), frame.with_columns(pl.col("o").cast(pl.Int8))]
    for column in frame.columns:
        for at in range(4):
            other = 3 if at != 3 else 0
            values = frame[column].gather([other if n == at else n for n in range(4)])
            others.append(frame.with_columns(values))
        others += [frame.rename({column: "z"}), frame.drop(column)]
    different = {repr((other.schema, other.rows())) for other in others}
    assert len(different) > 40
    assert len({digesting.digest([other]) for other in others}) == len(different)


def test_text_that_moves_between_cells_is_other_text() -> None:
    cut = [["ab", "c"], ["a", "bc"], ["abc", ""], ["abc", None]]
    assert len({digesting.digest([pl.DataFrame({"a": one})]) for one in cut}) == 4
    lists = [[[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3], []], [[1, 2, 3], None]]
    assert len({digesting.digest([pl.DataFrame({"a": one})]) for one in lists}) == 4


def test_the_digest_is_published() -> None:
    """Computed by hand: the columns, then which are null, then the values, little-endian."""
    found = hashlib.sha256(b"[('a', 'Int64'), ('t', 'String')]")
    found.update(bytes([0b01000000]) + (5).to_bytes(8, "little"))
    found.update(
        bytes([0b00000000]) + (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + b"xyz"
    )
    frame = pl.DataFrame({"a": [5, None], "t": ["x", "yz"]})
    assert digesting.digest([frame]) == found.hexdigest()
    assert isinstance(source_of(frame), FrameSource)
    assert source_of(frame).identity()["content_sha256"] == found.hexdigest()


def test_a_later_start_of_a_long_frame() -> None:
    frame = pl.DataFrame({"n": range(200_000)})
    for one in (frame, frame.lazy(), pa.table({"n": range(200_000)})):
        batches = list(source_of(one).batches(rows=70_000, start=70_000))
        assert [batch.height for batch in batches] == [70_000, 60_000]
        assert pl.concat(batches)["n"].to_list() == list(range(70_000, 200_000))
