"""What the routes read and answer, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic import Field as Option

from serving import examples
from serving.column import Column
from serving.options import LONGEST, MOST
from serving.problem import MEDIA_TYPE, Problem
from serving.request import JsonReader

Json = dict[str, Any]

_POLICY = {"name": "plackett_luce", "temperature": 0.1, "depth": 50}


class ScoreAnswer(BaseModel):
    """In the order of the rows. `scores` order candidates; without a ranker they are the
    probabilities. `probabilities` (of a click) come where the bundle holds a CTR model, `tasks`,
    those of its further labels by name, where it learned several."""

    model: str
    version: str
    scores: list[float]
    probabilities: list[float] | None = None
    tasks: dict[str, list[float]] | None = None


class Ranked(BaseModel):
    index: int = Option(ge=0, description="The row in the request, counted from 0.")
    score: float
    probability: float | None = None
    tasks: dict[str, float] | None = None
    propensity: float | None = Option(
        default=None, description="How likely this row was at this place, given the rows above it."
    )
    marginal: float | None = Option(
        default=None, description="The same whatever stands above; null where that is not known."
    )


class RankAnswer(BaseModel):
    """Best first; equal scores in the order of the rows.

    Where re-ranking applied, what it drew follows from `seed`, and that from `request_id`.
    `list_log_propensity` is the log of how likely `policy` was to show these rows in this order.
    """

    model: str
    version: str
    request_id: str | None = None
    seed: int | None = None
    policy: dict[str, Any] | None = Option(default=None, examples=[_POLICY])
    list_log_propensity: float | None = None
    ranking: list[Ranked]


class Status(BaseModel):
    status: str
    model: str
    version: str
    encoder: str
    software: str


def _type(column: Column) -> Json:
    if column.want == "map":
        held = {"type": ["number", "string", "boolean", "null"]}
        return {"type": ["object", "null"], "additionalProperties": held}
    identity: Json = {"type": ["string", "integer", "number", "boolean", "null"]}
    if column.want == "number":
        identity = {"type": ["number", "boolean", "null"]}
    if not column.listed:
        return identity
    types = ["array", "null"] if column.separator is None else ["array", "string", "null"]
    return {"type": types, "items": identity}


_OPTIONS: Json = {
    "top_k": {"type": ["integer", "null"], "minimum": 1, "description": "All rows without it."},
    "rerank": {"type": "boolean", "description": "Whether the bundle's re-ranking applies."},
    "request_id": {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": LONGEST,
        "description": "The same id and rows give the same list again. Made up without it.",
    },
    "seed": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": MOST,
        "description": "Of what is drawn, instead of one that follows from `request_id`.",
    },
}


def _body(reader: JsonReader, *, ranking: bool) -> Json:
    one = {name: _type(column) for name, column in reader.columns.items()}
    many = {name: {"type": "array", "items": kind, "minItems": 1} for name, kind in one.items()}
    fields: Json = {
        "context": _object(one, "Values that hold for every row."),
        "columns": _object(many, "One list a column, one value a row."),
        "rows": {"type": "array", "minItems": 1, "items": _object(one, "One row.")},
    }
    if ranking:
        fields |= _OPTIONS
    return {
        "type": "object",
        "description": "Every column that the model reads, in the context or in the rows; where "
        "re-ranking applies, every column that it reads too.",
        "properties": fields,
        "additionalProperties": False,
        "oneOf": [{"required": ["columns"]}, {"required": ["rows"]}],
    }


def _object(properties: Json, description: str) -> Json:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }


def request_body(reader: JsonReader, *, ranking: bool) -> Json:
    """`openapi_extra` of a route that reads candidates."""
    extra = {"top_k": 1, "request_id": "a1"} if ranking else {}
    media = {
        "schema": _body(reader, ranking=ranking),
        "examples": {
            name: {"value": value | extra} for name, value in examples.requests(reader).items()
        },
    }
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def problems(*statuses: int) -> dict[int | str, Json]:
    """`responses` of a route that may answer with these problems."""
    schema = Problem.model_json_schema()
    return {
        status: {"description": "Problem details", "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
