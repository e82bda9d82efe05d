import numpy as np
import polars as pl
import pytest

from features.coded import Coded, gains, texts
from features.encoder import Encoder
from features.index import MISSING, UNSEEN
from features.schema import Schema
from features.state import State
from features.transforms.id import Id
from features.vocabulary import Vocabulary

KNOWN = State(vocabulary=Vocabulary.of(pl.Series(["a", "b"])))
FEATURE = Id(name="f", column="f")


@pytest.mark.parametrize("size", [1, 254, 255, 256, 257, 65_535, 65_536])
def test_a_null_is_missing_however_many_categories_there_are(size: int) -> None:
    categories = [*(f"x{i}" for i in range(size - 1)), "b"]
    values = pl.Series(["b", None, categories[0], "b"], dtype=pl.Enum(categories))
    out = np.empty(3, np.int32)
    Coded(FEATURE, values, KNOWN).write(1, out)
    first = UNSEEN if size > 1 else 3
    assert out.tolist() == [MISSING, first, 3]


def test_no_category_at_all() -> None:
    out = np.empty(2, np.int32)
    Coded(FEATURE, pl.Series([None, None], dtype=pl.Enum([])), KNOWN).write(0, out)
    assert out.tolist() == [MISSING, MISSING]


def test_several_rows_a_value_are_encoded_row_by_row() -> None:
    assert gains(FEATURE, KNOWN)
    assert gains(Id(name="f", column="f", buckets=9), State({"buckets": 9, "seed": 0}))
    several = Id(name="f", column="f", buckets=9, hashes=2)
    assert not gains(several, State({"buckets": 9, "seed": 0}))


def test_texts_leaves_other_columns_alone() -> None:
    frame = pl.DataFrame({"a": ["x", None], "b": [1, 2]})
    assert texts(frame.cast({"a": pl.Enum(["x"])})).equals(frame)
    assert texts(frame).equals(frame)


def test_a_dictionary_is_of_use_where_nothing_but_ids_reads_the_text() -> None:
    schema = Schema.model_validate(
        {
            "features": [
                {"type": "id", "columns": ["plain", "crossed", "checked", "counted", "held", "q"]},
                {"type": "id", "column": "plain", "name": "again", "buckets": 7},
                {"type": "id", "column": "pair", "buckets": 7, "hashes": 2},
                {"type": "id", "column": "both"},
                {"type": "sequence", "column": "seen"},
                {"type": "target", "column": "counted", "name": "rate", "fold_by": "held"},
                {"type": "numeric", "column": "price"},
            ],
            "derived": [{"type": "cross", "name": "both", "columns": ["crossed", "other"]}],
            "checks": [{"column": "checked", "kind": "text"}],
            "label": "y",
            "query": "q",
        }
    )
    assert schema.coded == {"plain"}


def test_a_frame_without_rows() -> None:
    schema = Schema.model_validate(
        {"features": [{"type": "id", "column": "f"}, {"type": "sequence", "column": "s"}]}
    )
    encoder = Encoder(schema, {"f": KNOWN, "s": KNOWN})
    rows = pl.DataFrame({"f": ["a", "c"], "s": [["b"], []]})
    coded = rows.cast({"f": pl.Enum(["c", "a"])})
    assert encoder.encode(coded).equals(encoder.encode(rows))
    assert encoder.encode(coded.head(0)).equals(encoder.encode(rows).head(0))
