import polars as pl
import pytest

from features.derivation import Derivation
from features.derived.expression import Expression
from features.derived.registry import order
from features.errors import SchemaError

CHAIN = order(
    [
        Expression(name="d", expression="b + c"),
        Expression(name="c", expression="b * 2"),
        Expression(name="b", expression="a + 1"),
        Expression(name="e", expression="z - 1"),
    ]
)
FRAME = pl.DataFrame({"a": [1, None], "z": [5, 6]})


def test_a_chain_by_hand() -> None:
    made = Derivation(CHAIN, ["d"], FRAME.schema)
    found = made(FRAME.to_dict())
    assert [found[name].to_list() for name in "bcd"] == [[2, None], [4, None], [6, None]]
    assert made.raw == {"a"}
    assert "e" not in found


def test_what_nobody_wants_is_not_derived() -> None:
    columns = FRAME.to_dict()
    assert Derivation(CHAIN, ["a", "z"], FRAME.schema)(columns) is columns


def test_the_dtypes_are_those_of_what_is_derived() -> None:
    made = Derivation(CHAIN, ["d", "e"], FRAME.schema)
    found = made(FRAME.to_dict())
    assert {name: one.dtype for name, one in found.items()} == made.dtypes


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(SchemaError, match="Column 'a' must hold numbers; it holds String"):
        Derivation(CHAIN, ["b"], {"a": pl.String()})


def test_what_cannot_be_computed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(_: object, __: object) -> pl.Expr:
        return pl.col("a").cast(pl.Int8, strict=True)

    monkeypatch.setattr(Expression, "expression", strict)
    made = Derivation(CHAIN, ["b"], FRAME.schema)
    with pytest.raises(SchemaError, match="could not be derived"):
        made({"a": pl.Series([1000])})
