"""The model card on a report's page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pipelines.page import html
from pipelines.page.html import Html, classed, tag
from pipelines.page.parts import folded, pairs, points
from pipelines.page.shown import count

Document = dict[str, Any]

_GIVEN = {
    "owner": "owner",
    "contact": "contact",
    "about": "about",
    "intended_use": "intended use",
    "not_for": "not for",
    "limits": "limits",
    "considerations": "considerations",
}


def card(document: Document) -> Iterator[str]:
    """What the team says, then what the run knows."""
    found = document["card"]
    given = found.get("given", {})
    told = [(name, _text(given[key])) for key, name in _GIVEN.items() if key in given]
    told += [(name, _text(text)) for name, text in given.get("further", {}).items()]
    if told:
        yield pairs(told)
    else:
        yield classed(
            "p", "soft", "Intended use and limits are not stated; a section [card] states them."
        )
    for key, title, made in (
        ("data", "Data", _data),
        ("schema", "Features", _schema),
        ("training", "Training", _training),
    ):
        if found.get(key):
            yield tag("h3", title)
            yield from made(found[key])
    if found.get("settings"):
        rows = [[key, _value(value)] for key, value in found["settings"].items()]
        yield folded(
            f"All {len(rows)} settings", html.table(("setting", "value"), rows, numeric=())
        )


def _data(data: Document) -> Iterator[Html]:
    told = [("files", ", ".join(data["files"]))] if data.get("files") else []
    told += [(role, _value(column)) for role, column in data.get("roles", {}).items()]
    if "rows" in data:
        told.append(("rows", ", ".join(f"{part} {count(n)}" for part, n in data["rows"].items())))
    if "split" in data:
        split = data["split"]
        more = ", ".join(f"{key} {_value(v)}" for key, v in split.items() if key != "type")
        told.append(("split", f"by {split['type']}: {more}"))
    yield pairs([*told, ("fingerprint", data["fingerprint"])])


def _schema(schema: Document) -> Iterator[Html]:
    rows = [
        [
            one["name"],
            one["type"],
            one["column"],
            "" if one["table"] is None else count(one["table"]),
        ]
        for one in schema["features"]
    ]
    heads = ("feature", "type", "column", "rows of its table")
    shown = html.table(heads, rows, numeric=(3,))
    yield pairs([("encoder", schema["fingerprint"])])
    yield shown if len(rows) <= 12 else folded(f"All {len(rows)} features", shown)


def _training(training: Document) -> Iterator[Html]:
    named = (("seed", "seed"), ("commit", "commit"), ("from", "went on from"))
    told = [(name, _value(training[key])) for key, name in named if training.get(key) is not None]
    versions = ", ".join(f"{name} {one}" for name, one in training.get("versions", {}).items())
    yield pairs([*told, *([("versions", versions)] if versions else [])])


def _text(text: str | list[str]) -> str:
    return text if isinstance(text, str) else points(text)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
