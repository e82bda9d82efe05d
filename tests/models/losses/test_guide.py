"""docs/losses.md shows every loss as a configuration has it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.losses.loss import Loss
from models.losses.registry import AnyLoss

PAGE = (Path(__file__).parents[3] / "docs" / "losses.md").read_text()
SHOWN = re.findall(r"^```\w+\n(\[train\.loss\]\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ANY: TypeAdapter[Any] = TypeAdapter(AnyLoss)


def test_every_loss_is_shown_and_loads(variants: dict[str, Loss]) -> None:
    found = [ANY.validate_python(tomllib.loads(text)["train"]["loss"]) for text in SHOWN]
    assert sorted(one.type for one in found) == sorted({one.type for one in variants.values()})


def test_every_key_is_named(variants: dict[str, Loss]) -> None:
    for one in variants.values():
        for key in type(one).model_fields:
            assert f"`{key}`" in PAGE or f"\n{key} = " in PAGE, key
        assert f"| `{one.type}` |" in PAGE
        assert re.search(rf"^### `{one.type}`", PAGE, re.MULTILINE)
