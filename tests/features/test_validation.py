from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from features.schema import Schema
from features.validation import explain


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Circle(Strict):
    type: Literal["circle"] = "circle"
    radius: float


class Square(Strict):
    type: Literal["square"] = "square"
    side: float = Field(gt=0)

    @field_validator("side")
    @classmethod
    def _even(cls, side: float) -> float:
        if side % 2:
            raise ValueError("a side must be even; double it")
        return side


Shape = Annotated[Circle | Square, Field(discriminator="type")]


class Size(Strict):
    width: int


class Weight(Strict):
    kilos: float


class Drawing(Strict):
    title: str = ""
    paths: str | tuple[str, ...] = ()
    main: Shape | None = None
    shapes: list[Shape] = []
    named: dict[str, Size] = {}
    measure: Size | Weight | None = None


def told(document: Any, **options: str) -> str:
    with pytest.raises(ValidationError) as caught:
        Drawing.model_validate(document)
    return explain(caught.value, Drawing, **options)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"titel": "x"}, "titel is not a known key. Did you mean 'title'?"),
        (
            {"zzz": 1},
            "zzz is not a known key. Known: main, measure, named, paths, shapes, title.",
        ),
        ({"title": 5}, "title: Input should be a valid string; got 5."),
        ({"paths": 5}, "paths: Input should be a valid string; got 5. (1 more)"),
        ({"main": {"type": "circle"}}, "main.radius must be given; it is missing."),
        (
            {"main": {"type": "circle", "radius": 1, "radios": 2}},
            "main.radios is not a known key. Did you mean 'radius'?",
        ),
        (
            {"main": {"type": "circle", "side": 1, "radius": 1}},
            "main.side is not a known key. Known: radius, type.",
        ),
        ({"main": {"radius": 1}}, "main must say its `type`; it does not."),
        ({"main": {"type": "cube"}}, "main.type must be one of 'circle', 'square'; got 'cube'."),
        (
            {"shapes": [{"type": "circle", "radius": 1}, {"type": "square", "sid": 1}]},
            "shapes.1.sid is not a known key. Did you mean 'side'? (1 more)",
        ),
        (
            {"shapes": [{"type": "square", "side": "big"}]},
            "shapes.0.side: Input should be a valid number, unable to parse string as a number; "
            "got 'big'.",
        ),
        (
            {"shapes": [{"type": "square", "side": 3}]},
            "shapes.0.side: a side must be even; double it",
        ),
        ({"shapes": {}}, "shapes: Input should be a valid list; got {}."),
        (
            {"named": {"title": {"widht": 1}}},
            "named.title.widht is not a known key. Did you mean 'width'? (1 more)",
        ),
        (
            {"named": {"a": {"width": 0.5}}},
            "named.a.width: Input should be a valid integer, got a number with a fractional part; "
            "got 0.5.",
        ),
        (
            {"measure": 5},
            "measure: Input should be a valid dictionary or instance of Size; got 5. (1 more)",
        ),
        (
            [],
            "The configuration: Input should be a valid dictionary or instance of Drawing; got [].",
        ),
    ],
)
def test_one_sentence_names_the_key(document: Any, sentence: str) -> None:
    assert told(document) == sentence


def test_a_misspelt_key_comes_before_the_one_it_leaves_missing() -> None:
    wrong = {"title": 5, "main": {"type": "circle", "radios": 1}}
    assert told(wrong) == "main.radios is not a known key. Did you mean 'radius'? (2 more)"


def test_a_prefix_stands_before_the_key() -> None:
    assert told({"title": 5}, prefix="drawing").startswith("drawing.title: ")
    assert told([], prefix="drawing").startswith("drawing: ")


def test_a_long_value_is_cut() -> None:
    sentence = told({"title": ["x"] * 1000})
    assert sentence.startswith("title: Input should be a valid string; got ['x', 'x',")
    assert len(sentence) < 150


@pytest.mark.parametrize(
    ("feature", "sentence"),
    [
        ({"type": "id", "colum": "a"}, "colum is not a known key. Did you mean 'column'?"),
        ({"type": "id"}, "column must be given; it is missing."),
        (
            {"type": "id", "column": "a", "log": True},
            "log is not a known key. Known: admission, buckets, co",
        ),
        ({"type": "sequence", "column": "a", "keep": 1}, "keep: Input should be 'last' or 'first'"),
        ({"type": "ids", "column": "a"}, "type must be one of 'bucketize', 'custom', 'id'"),
    ],
)
def test_features(feature: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Schema.model_validate({"features": [feature]})
    assert explain(caught.value, Schema).startswith(f"features.0.{sentence}")


def test_what_does_not_hold_together_as_a_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        Schema.model_validate({"features": []})
    sentence = "features: a schema must declare at least one feature; got none"
    assert explain(caught.value, Schema, prefix="features") == sentence
