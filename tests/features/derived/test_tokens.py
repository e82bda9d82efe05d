import unicodedata
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.tokens import Tokens
from features.errors import SchemaError


def tokens(values: Any, **options: Any) -> list[Any]:
    frame = pl.DataFrame({"text": values}, strict=False)
    made = Tokens(name="x", column="text", **options)
    return frame.select(made.expression(frame.schema)).to_series().to_list()


def test_words_by_hand() -> None:
    assert tokens(["The cat-sat, twice!", "", None, " .. "]) == [
        ["the", "cat", "sat", "twice"], None, None, [],
    ]  # fmt: skip
    assert tokens(["The CAT"], lower=False) == [["The", "CAT"]]
    assert tokens(["naïve É 2x 名前 क्षि"]) == [["naïve", "é", "2x", "名前", "क्षि"]]
    assert tokens(["a b c d"], max_tokens=2) == [["a", "b"]]


def test_runs_of_words() -> None:
    assert tokens(["a b c"], ngrams=[1, 2]) == [["a", "b", "c", "a b", "b c"]]
    assert tokens(["a b c", "a", "..."], ngrams=[3, 2]) == [["a b c", "a b", "b c"], [], []]
    assert tokens(["a b c"], ngrams=[2], max_tokens=2) == [["a b"]]


def test_pieces_of_words() -> None:
    assert tokens(["Cat a"], characters=[3]) == [["<ca", "cat", "at>", "<a>"]]
    assert tokens(["cat a"], characters=[4]) == [["<cat", "cat>"]]
    assert tokens(["cat"], characters=[1]) == [["c", "a", "t"]]
    assert tokens(["cat"], ngrams=[1], characters=[5, 4]) == [["cat", "<cat>", "<cat", "cat>"]]
    assert tokens(["cat"], characters=[2], max_tokens=2) == [["<c", "ca"]]


def test_emoji_are_tokens() -> None:
    assert tokens(["ok👍🏽yes 🇳🇴🇸🇪 👨‍👩‍👧 ❤️"]) == [
        ["ok", "👍🏽", "yes", "🇳🇴", "🇸🇪", "👨‍👩‍👧", "❤️"],
    ]  # fmt: skip
    assert tokens(["🦀🦀"], ngrams=[2]) == [["🦀 🦀"]]


def words(text: str) -> list[str]:
    """Runs of letters and digits, with the marks on them, of a text without emoji."""
    found, run = [], ""
    for character in text.lower():
        kind = unicodedata.category(character)[0]
        if kind in "LN" or (kind == "M" and run):
            run += character
        else:
            found += [run] if run else []
            run = ""
    return found + ([run] if run else [])


ALPHABET = st.sampled_from("aZé名5²\u0301क्षि _-'.<>\n\t\x1f¿")


@given(st.lists(st.text(ALPHABET, max_size=12), min_size=1), st.integers(1, 3), st.integers(1, 4))
@settings(deadline=None)
def test_agrees_with_pythons_characters(texts: list[str], run: int, piece: int) -> None:
    found = tokens(texts, ngrams=[run], characters=[piece])
    for text, mine in zip(texts, found, strict=True):
        if not text:
            assert mine is None
            continue
        parts = words(text)
        runs = [" ".join(parts[at : at + run]) for at in range(len(parts) - run + 1)]
        pieces = [
            marked[at : at + piece]
            for marked in (f"<{part}>" for part in parts)
            for at in range(len(marked) - piece + 1)
            if marked[at : at + piece] not in "<>"
        ]
        assert mine == runs + pieces


def test_numbers_are_texts() -> None:
    assert tokens([7, None]) == tokens([7.0, None]) == tokens(["7", None]) == [["7"], None]
    assert tokens([None, None]) == [None, None]


def test_a_long_text() -> None:
    text = "word " * 200_000
    assert tokens([text], ngrams=[1, 2], max_tokens=3) == [
        ["word", "word", "word", "word word", "word word"]
    ]
    assert tokens(["x" * 500_000], characters=[3], max_tokens=2) == [["<xx", "xxx"]]


def test_what_is_refused() -> None:
    for options in ({"ngrams": []}, {"ngrams": [1, 1]}, {"ngrams": [0]}, {"max_tokens": 0}):
        with pytest.raises(ValidationError):
            Tokens(name="x", column="text", **options)
    with pytest.raises(SchemaError, match="Column 'text' must hold text"):
        tokens([["a"]])
    assert Tokens(name="x", column="text").wants == {"text": "id"}
