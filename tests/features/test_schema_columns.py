"""What a schema says of columns: how each is read, where it comes from, who owns what."""

from itertools import permutations
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from features.encoder import Encoder
from features.errors import SchemaError
from features.fit import fit
from features.index import FIRST, MISSING, UNSEEN
from features.schema import Schema


def schema(*features: Any, **rest: Any) -> Schema:
    return Schema.model_validate({"features": list(features), **rest})


def ident(column: str, **options: Any) -> dict[str, Any]:
    return {"type": "id", "column": column, **options}


def number(column: str, **options: Any) -> dict[str, Any]:
    return {"type": "numeric", "column": column, **options}


def formula(name: str, text: str) -> dict[str, Any]:
    return {"type": "expression", "name": name, "expression": text}


HISTORY = {"type": "sequence", "column": "seen"}
VECTOR = {"type": "vector", "column": "image", "dim": 2}
RATE = {"type": "target", "column": "item", "name": "rate"}
HOUR = {"type": "time", "name": "hour", "column": "at", "part": "hour"}
KNOWN = {"type": "lookup", "name": "known", "column": "clicks", "key": "item"}
BEFORE = {"type": "member", "name": "before", "column": "item", "of": "seen"}


def test_each_reader_says_how_its_column_is_read() -> None:
    found = schema(
        *(ident("item"), number("price"), HISTORY, VECTOR, RATE, number("hour"), number("known")),
        derived=[HOUR, KNOWN],
        label="y",
        query="q",
    )
    assert found.wants == {
        **{"item": "id", "price": "number", "seen": "ids", "image": "numbers"},
        **{"at": "value", "clicks": "map"},
    }
    assert found.columns == (*found.wants,)


@pytest.mark.parametrize(
    ("readers", "derived", "want"),
    [
        ([ident("x"), number("x", name="n")], [], "number"),
        ([ident("x"), {"type": "bucketize", "column": "x", "name": "b"}], [], "number"),
        ([ident("x"), HISTORY | {"column": "x", "name": "s", "separator": "|"}], [], "id"),
        ([ident("x"), number("h")], [{**HOUR, "column": "x", "name": "h"}], "value"),
        ([number("x"), number("h")], [{**HOUR, "column": "x", "name": "h"}], "value"),
        (
            [ident("x"), number("x", name="n"), number("h")],
            [{**HOUR, "column": "x", "name": "h"}],
            "value",
        ),
    ],
)
def test_the_wider_reading_serves_all(readers: Any, derived: Any, want: str) -> None:
    for some in permutations(readers):
        assert schema(*some, derived=derived).wants == {"x": want}


@pytest.mark.parametrize(
    ("readers", "derived", "message"),
    [
        ([number("x"), HISTORY | {"column": "x", "name": "s"}], [], "ids, number"),
        ([ident("x"), VECTOR | {"column": "x", "name": "v"}], [], "id, numbers"),
        ([HISTORY, VECTOR | {"column": "seen"}], [], "ids, numbers"),
        ([HISTORY, number("h")], [{**HOUR, "name": "h", "column": "seen"}], "ids, value"),
        ([ident("clicks"), number("known")], [KNOWN], "id, map"),
    ],
)
def test_readings_that_exclude_each_other(readers: Any, derived: Any, message: str) -> None:
    readers = [{"name": f"f{i}", **one} for i, one in enumerate(readers)]
    with pytest.raises(ValidationError, match=f"must be read in one way; it is read as {message}"):
        schema(*readers, derived=derived)


CHAIN = [formula("c", "b + x"), formula("a", "x * 2"), formula("b", "a - y"), formula("d", "z")]


@pytest.mark.parametrize("derived", [*permutations(CHAIN)][::4])
def test_derived_columns_may_be_declared_in_any_order(derived: Any) -> None:
    found = schema(number("c"), number("w"), derived=list(derived))
    assert found.sources == {
        **{"a": {"x"}, "b": {"x", "y"}, "c": {"x", "y"}},
        **{"d": {"z"}, "w": {"w"}},
    }
    assert set(found.columns) == {"x", "y", "w"}  # nobody reads d
    names = [one.name for one in found.derived]
    assert names.index("a") < names.index("b") < names.index("c")
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 1.0, 5.0], "w": [1, 2, 3]})
    assert found.derive(frame)["c"].to_list() == [2.0, 5.0, 4.0]
    encoded = fit(found, [frame]).encode(frame)
    plain = fit(schema(number("c"), number("w")), [found.derive(frame)]).encode(found.derive(frame))
    assert encoded.equals(plain)


def test_columns_that_derive_from_themselves_are_refused() -> None:
    with pytest.raises(ValidationError, match="circle"):
        schema(number("a"), derived=[formula("a", "b + 1"), formula("b", "a + 1")])
    with pytest.raises(ValidationError, match="circle"):
        schema(number("a"), derived=[formula("a", "a + 1")])


def test_a_deep_web_of_columns_is_read_at_once() -> None:
    layers = [formula(f"{side}{i + 1}", f"a{i} + b{i}") for i in range(60) for side in "ab"]
    found = schema(number("a60"), derived=layers)
    assert found.wants == {"a0": "number", "b0": "number"}


def test_a_role_must_not_be_what_a_derived_column_is_made_of() -> None:
    for role in ("label", "position"):
        with pytest.raises(ValidationError, match=f"{role} column 'y' must not be .*feature 'a'"):
            schema(number("a"), derived=[formula("a", "b + 1"), formula("b", "y")], **{role: "y"})


def test_derive_leaves_out_what_lacks_its_columns() -> None:
    found = schema(number("c"), derived=CHAIN)
    assert found.derive(pl.DataFrame({"x": [1], "z": [2]})).columns == ["x", "z", "a", "d"]
    frame = pl.DataFrame({"other": [1]})
    assert found.derive(frame) is frame


LENGTH = {"column": "seen", "kind": "list", "max_null_rate": 0.5}


def test_lists_are_checked_as_lists_alone() -> None:
    assert schema(HISTORY, checks=[LENGTH]).checks.columns == ("seen",)
    for column, want in (("seen", "ids"), ("image", "numbers"), ("clicks", "map")):
        for rule in ({"allowed": ["a"]}, {"kind": "text", "max_length": 3}):
            with pytest.raises(ValidationError, match=f"check of column '{column}' .* {want}"):
                schema(
                    *(HISTORY, VECTOR, number("known")),
                    derived=[KNOWN],
                    checks=[{"column": column, **rule}],
                )


def test_a_check_is_of_a_raw_column() -> None:
    bound = {"column": "a", "kind": "number", "min": 0}
    with pytest.raises(ValidationError, match="check must be of a raw column; 'a' is derived"):
        schema(number("a"), derived=[formula("a", "x + 1")], checks=[bound])
    assert schema(number("a"), derived=[formula("a", "x + 1")], checks=[bound | {"column": "x"}])


FOLDS = {**RATE, "fold_by": "session"}


def test_fitting_reads_what_is_learned_from_and_what_is_checked() -> None:
    found = schema(
        *(ident("item"), ident("city", buckets=9), VECTOR, number("a"), FOLDS),
        {"type": "bucketize", "column": "age", "edges": [1]},
        {"type": "bucketize", "column": "age", "name": "by_y", "by": "target"},
        derived=[formula("a", "x + 1")],
        checks=[{"column": "w", "kind": "number"}],
        label="y",
    )
    assert found.fit_columns == ("item", "x", "y", "session", "age", "w")
    assert set(found.columns) == {"item", "city", "image", "x", "age"}
    found.check(["item", "city", "image", "x", "age"])
    found.check(["item", "x", "y", "session", "age"], fitting=True)
    with pytest.raises(SchemaError, match=r"'session' \(feature 'rate'\)"):
        found.check(["item", "x", "y", "age"], fitting=True)
    with pytest.raises(SchemaError, match=r"'x' \(feature 'a'\)"):
        found.check(["item", "city", "image", "age"])


@pytest.mark.parametrize(
    ("feature", "roles", "role"),
    [
        (FOLDS, {}, "label"),
        (RATE, {"label": "y"}, "query"),
        ({"type": "bucketize", "column": "age", "by": "target"}, {}, "label"),
    ],
)
def test_a_role_that_fitting_needs_is_asked_for(feature: Any, roles: Any, role: str) -> None:
    found = schema(feature, **roles)
    with pytest.raises(SchemaError, match=rf"The {role} must be declared .*declare data\.{role}"):
        _ = found.fit_columns
    frame = pl.DataFrame({"age": [1], "item": [1], "session": [1], "y": [1]})
    with pytest.raises(SchemaError, match=f"The {role} must be declared"):
        fit(found, [frame])


def rows(encoder: Encoder, *columns: Any) -> list[list[int]]:
    frame = pl.DataFrame(dict(zip(encoder.schema.columns, columns, strict=True)))
    return encoder.batch(frame).ids.T.tolist()


def test_the_owner_decides_for_all_that_share_its_vocabulary() -> None:
    shared = {"vocabulary": "item"}
    found = schema(ident("bought", **shared), ident("item", min_count=2))
    learned = fit(found, [pl.DataFrame({"bought": ["a", "b"], "item": ["a", "c"]})])
    assert rows(learned, ["a", "b"], ["c", "a"]) == [[FIRST, UNSEEN], [UNSEEN, FIRST]]


@pytest.mark.parametrize("options", [{"buckets": 50}, {"buckets": 50, "seed": 3}])
def test_buckets_may_be_shared(options: Any) -> None:
    shared = {"vocabulary": "item"}
    found = schema(ident("bought", **shared), ident("item", **options))
    learned = fit(found, [pl.DataFrame({"bought": ["a", "b"]})])
    assert learned.layout.vocabularies == {"item": 52}
    one, other = rows(learned, ["a", "", "zz"], ["a", None, "zz"])
    assert one == other
    assert one[1] == MISSING
    assert min(one[0], one[2]) >= FIRST
    alone = fit(schema(ident("item", **options)), [pl.DataFrame({"x": [1]})])
    assert rows(alone, ["a", "", "zz"]) == [one]


def test_a_file_may_be_shared(tmp_path: Any) -> None:
    (tmp_path / "items.txt").write_text("b\na\n")
    found = schema(
        {**HISTORY, "vocabulary": "item"}, ident("item", file="items.txt"), number("price")
    )
    frame = pl.DataFrame({"seen": [["a", "z"]], "item": ["b"], "price": [1]})
    learned = fit(found, [frame], tmp_path)
    assert learned.encode(frame)["seen"].to_list() == [[FIRST + 1, UNSEEN]]
    assert learned.encode(frame)["item"].to_list() == [FIRST]


@pytest.mark.parametrize(
    ("limits", "owner"),
    [
        ({"buckets": 7}, {}),
        ({"buckets": 7}, {"buckets": 8}),
        ({"file": "a.txt"}, {"file": "b.txt"}),
        ({"admission": "poisson"}, {}),
        ({"admission": "bloom", "min_count": 2}, {"min_count": 2}),
    ],
)
def test_who_shares_sets_no_limits_of_its_own(limits: Any, owner: Any) -> None:
    alone = next(iter(limits))
    with pytest.raises(ValidationError, match=f"of 'item', which alone sets its limits;.*{alone}"):
        schema(ident("bought", vocabulary="item", **limits), ident("item", **owner))
    both = {**owner, **limits}
    if alone != "seed":
        assert schema(ident("bought", vocabulary="item", **both), ident("item", **both))


def test_several_hashes_share_the_buckets_of_another() -> None:
    both = {"buckets": 1000}
    found = schema(ident("a", vocabulary="b", hashes=2, **both), ident("b", **both))
    learned = fit(found, [pl.DataFrame({"x": [1]})])
    encoded = learned.encode(pl.DataFrame({"a": ["v", None], "b": ["v", None]}))
    first, second = encoded["a"].to_list()
    assert first[0] == encoded["b"][0]
    assert first[0] != first[1]
    assert second == [MISSING, MISSING]
