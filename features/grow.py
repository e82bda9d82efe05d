"""An encoder that knows what an earlier one knew, and what a later log adds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.encoder import Encoder
from features.errors import FingerprintError
from features.schema import Schema
from features.statistics import Statistic
from features.suggest import listing
from features.transforms.transform import Transform


def grows(feature: Transform) -> bool:
    """Whether a later log changes what the feature knows."""
    return type(feature).grow is not Transform.grow


def grow(earlier: Encoder, partial: Mapping[str, Statistic], base: Path = Path()) -> Encoder:
    """From the statistics of a later log, by key; files of values are relative to `base`.

    What `earlier` tells apart encodes to the same as before.
    """
    owners, states = earlier.schema.owners, earlier.states
    return Encoder(
        earlier.schema,
        {key: one.grow(states[key], partial.get(key), base) for key, one in owners.items()},
    )


def require_same(schema: Schema, earlier: Schema) -> None:
    """Raise FingerprintError unless two schemas declare the same."""
    if schema.fingerprint == earlier.fingerprint:
        return
    new, old = (one.model_dump(mode="json") for one in (schema, earlier))
    new["checks"], old["checks"] = new["checks"]["checks"], old["checks"]["checks"]
    differ = [_difference(part, new[part], old[part]) for part in new if new[part] != old[part]]
    raise FingerprintError(
        f"The columns must be declared as in the earlier run; they differ in {listing(differ)}. "
        "Declare them as they were, or train without the earlier run."
    )


def _difference(part: str, new: Any, old: Any) -> str:
    if not isinstance(new, list):
        return f"{part} ({new!r}, which was {old!r})"
    changed = [one for one in [*new, *old] if one not in new or one not in old]
    names = dict.fromkeys(one.get("name", one["column"]) for one in changed)
    return f"{part} ({listing(names) or 'their order'})"
