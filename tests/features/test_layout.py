import pytest
from pydantic import ValidationError

from features.layout import LOGIT, IdField, Layout, NumericField, SequenceField

USER = IdField(name="user", vocabulary="user")
ITEM = IdField(name="item", vocabulary="item")
SEEN = SequenceField(name="seen", vocabulary="item", length=3)
PRICE = NumericField(name="price")
LAYOUT = Layout(fields=(SEEN, USER, PRICE, ITEM), vocabularies={"user": 5, "item": 7})


def test_fields_by_kind_keep_their_order() -> None:
    assert LAYOUT.ids == (USER, ITEM)
    assert LAYOUT.sequences == (SEEN,)
    assert LAYOUT.numerics == (PRICE,)


def test_matrix_columns_are_numerics_ids_sequences_and_the_logit() -> None:
    assert LAYOUT.matrix_names(logit=False) == ("price", "user", "item", "seen")
    assert LAYOUT.matrix_names(logit=True) == ("price", "user", "item", "seen", LOGIT)
    with_cosines = LAYOUT.matrix_names(logit=True, cosines=["cosine(seen,item)"])
    assert with_cosines == ("price", "user", "item", "seen", LOGIT, "cosine(seen,item)")


def test_json_gives_the_same_layout_back() -> None:
    assert Layout.model_validate_json(LAYOUT.model_dump_json()) == LAYOUT


@pytest.mark.parametrize(
    "field",
    [
        {"kind": "vector", "name": "x"},
        {"kind": "id", "name": "x"},
        {"kind": "numeric", "name": "x", "vocabulary": "x"},
        {"name": "x"},
    ],
)
def test_unknown_fields_are_refused(field: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Layout.model_validate({"fields": [field], "vocabularies": {}})
