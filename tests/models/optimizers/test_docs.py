"""docs/optimizers.md has every rule, with the defaults that the code has."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from models.optimizers.clipping import Clip
from models.optimizers.dense.registry import Dense
from models.optimizers.plateau import Plateau
from models.optimizers.registry import Sparse
from models.optimizers.schedule import Schedule

PAGE = (Path(__file__).parents[3] / "docs" / "optimizers.md").read_text()
RULES = [
    (section, kind)
    for section, union in (("Sparse rules", Sparse), ("Dense rules", Dense))
    for kind in get_args(get_args(union)[0])
]


def between(text: str, start: str, end: str) -> str:
    return re.split(end, text.split(f"\n{start}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def stated(text: str) -> dict[str, Any]:
    """The `key = value` of a sentence that starts with Defaults."""
    (found,) = re.findall(r"^Defaults: (.*?)\.$", text, re.MULTILINE | re.DOTALL)
    return tomllib.loads("\n".join(re.findall(r"`([^`]+)`", found)))


def defaults(kind: type[BaseModel]) -> dict[str, Any]:
    fields = {key: one.default for key, one in kind.model_fields.items() if key != "type"}
    return {
        key: value
        for key, value in fields.items()
        if value is not None and not isinstance(value, BaseModel)
    }


@pytest.mark.parametrize(("section", "kind"), RULES, ids=lambda one: getattr(one, "__name__", one))
def test_every_rule_has_its_keys_and_defaults(section: str, kind: type[BaseModel]) -> None:
    tag = kind.model_fields["type"].default
    text = between(between(PAGE, f"## {section}", "^## "), f"### `{tag}`", "^### ")
    assert stated(text) == defaults(kind)
    assert f'type = "{tag}"' in text


def test_the_rest_has_its_keys_and_defaults() -> None:
    text = between(PAGE, "## Schedules", "^## ")
    schedule, plateau = text.split("\nA plateau ")
    assert stated(schedule) == defaults(Schedule)
    assert stated(plateau) == defaults(Plateau)
    for key in (*Schedule.model_fields, *Plateau.model_fields, *Clip.model_fields):
        assert f"`{key}`" in PAGE or f"`{key} = " in PAGE, key
    for decay in get_args(Schedule.model_fields["decay"].annotation):
        assert f"| `{decay}` |" in schedule
