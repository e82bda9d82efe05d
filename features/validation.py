"""A pydantic error as one line that names the key and the nearest right one."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from features.suggest import listing, nearest


def explain(error: ValidationError, root: type[BaseModel], prefix: str = "") -> str:
    """The first of the errors, in a sentence, and how many more there are."""
    # A misspelt key is both unknown and missing: its own line helps more.
    first, *others = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in _path(first, root))
    name = ".".join(part for part in (prefix, where) if part) or "The configuration"
    more = f" ({len(others)} more)" if others else ""
    if first["type"] == "extra_forbidden":
        known = sorted(_keys(root, first["loc"][:-1]))
        hint = nearest(str(first["loc"][-1]), known) or f" Known: {listing(known)}."
        return f"{name} is not a known key.{hint}{more}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{name} must be given; it is missing.{more}"
    if first["type"] == "value_error":
        return f"{name}: {message}{more}"
    if first["type"] == "union_tag_not_found":
        return f"{name} must say its `type`; it does not.{more}"
    if first["type"] == "union_tag_invalid":
        context = first["ctx"]
        return (
            f"{name}.type must be one of {context['expected_tags']}; got {context['tag']!r}.{more}"
        )
    return f"{name}: {message}; got {_shown(first['input'])}.{more}"


def _shown(value: Any, most: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Its fields by the keys that a user writes."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _holds_keys(annotation: Any) -> bool:
    inside = any(_holds_keys(argument) for argument in typing.get_args(annotation))
    return typing.get_origin(annotation) is dict or inside


def _branch(model: type[BaseModel], label: str) -> bool:
    """Whether `label`, in an error's path, stands for this member of a union."""
    field = model.model_fields.get("type")
    return label == model.__name__ or (field is not None and field.default == label)


def _walk(root: type[BaseModel], loc: tuple[Any, ...]) -> Iterator[tuple[Any, list[Any], bool]]:
    """(part of the path, models reached, whether a user wrote the part as a key or an index)."""
    reached: list[type[BaseModel]] = [root]
    free = False  # in a mapping, whose keys no model names
    for part in loc:
        branches = [model for model in reached if _branch(model, str(part))]
        fields = [_fields(model)[part] for model in reached if part in _fields(model)]
        if branches and len(reached) > 1:
            reached = branches
            yield part, reached, False
            continue
        if fields:
            reached = [one for field in fields for one in _models(field.annotation)]
            free = any(_holds_keys(field.annotation) for field in fields)
        yield part, reached, bool(fields) or free or isinstance(part, int)


def _path(error: ErrorDetails, root: type[BaseModel]) -> list[Any]:
    loc = error["loc"]
    unknown = loc[-1:] if error["type"] == "extra_forbidden" else ()
    known = loc[: len(loc) - len(unknown)]
    return [*(part for part, _, written in _walk(root, known) if written), *unknown]


def _keys(root: type[BaseModel], loc: tuple[Any, ...]) -> set[str]:
    *_, (_, reached, _) = [("", [root], True), *_walk(root, loc)]
    return {key for model in reached for key in _fields(model)}
