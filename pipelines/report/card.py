"""The model card: what a run knows of itself, and what its team says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from features.encoder import Encoder
from features.errors import ConfigError
from features.readers.source import Source
from features.validation import explain
from pipelines.config import Config, Paths, read_config
from pipelines.prepare import fingerprint
from pipelines.report.config import CardConfig
from pipelines.run import Run
from serving.bundle import Manifest

Document = dict[str, Any]

_APART = ("name", "data", "features", "derived", "extensions", "card", "tune")  # told otherwise
_ROLES = ("label", "tasks", "weight", "query", "position", "propensity")


def load_card(path: Path) -> CardConfig:
    """The section [card] of a TOML file. Raises ConfigError: no such file or section, or not so."""
    document, _ = read_config(path)
    if "card" not in document:
        raise ConfigError(f"{path} must have a section [card]; it has none. Add one.")
    try:
        return CardConfig.model_validate(document["card"])
    except ValidationError as error:
        raise ConfigError(explain(error, CardConfig, "card")) from error


def of_run(run: Run) -> Document:
    """Data, schema, training and settings of a run."""
    config, about = run.config, run.about
    data = config.data
    paths = [_each(one) for one in (data.paths, *data.own_paths.values())]
    return {
        "data": {
            "files": [_file(one) for own in paths for one in own],
            "fingerprint": about["data"],
            "rows": about["rows"],
            "split": data.split.model_dump(mode="json"),
            "roles": {role: getattr(data, role) for role in _ROLES if getattr(data, role)},
        },
        "schema": _schema(run.encoder),
        "training": {
            "seed": about["seed"],
            "commit": about["commit"],
            "from": (about.get("from") or {}).get("name"),
            "versions": about["versions"],
        },
        "settings": dict(_flat(json.loads(_settings(config)))),
    }


def of_bundle(manifest: Manifest, encoder: Encoder) -> Document:
    """Data, schema and model of a bundle."""
    return {
        "data": {"fingerprint": manifest.data, "roles": encoder.schema.roles},
        "schema": _schema(encoder),
        "training": {"versions": {**manifest.versions}},
        "settings": dict(_flat({"model": manifest.model, "quantize": manifest.quantize})),
    }


def of_file(source: Source) -> Document:
    """The data alone: a file of predictions says no more of the model."""
    identity = {"rows": source.identity()}
    return {
        "data": {
            "files": [_file(one.name) for one in source.files],
            "fingerprint": fingerprint(identity),
        }
    }


def given(card: CardConfig | None) -> Document:
    """What a team says, texts as lists of points."""
    if card is None:
        return {}
    found = card.model_dump(mode="json", exclude_none=True)
    return {key: value for key, value in found.items() if value}


def _schema(encoder: Encoder) -> Document:
    layout = encoder.layout
    vocabulary = {one.name: one.vocabulary for one in layout.ids}
    vocabulary |= {one.name: one.vocabulary for one in layout.sequences}
    features = []
    for one in encoder.schema.transforms:
        size = layout.vocabularies.get(vocabulary.get(one.name, ""))
        kind = getattr(one, "type", type(one).__name__.lower())
        features.append({"name": one.name, "type": kind, "column": one.column, "table": size})
    return {"fingerprint": encoder.fingerprint, "features": features}


def _settings(config: Config) -> str:
    return config.model_dump_json(exclude=set(_APART), exclude_none=True)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(`train.loss.type`, value), values as in TOML."""
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _flat(one, f"{path}.{key}" if path else str(key))
    elif value is not None and value not in ({}, []):
        yield path, value


def _each(paths: Paths) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else paths


def _file(path: str) -> str:
    """The name without its folders, which say nothing of the data."""
    return PurePosixPath(path).name or path
