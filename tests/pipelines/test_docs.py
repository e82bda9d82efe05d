"""docs/configuration.md names every key there is."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from features.checks.check import Check
from features.derived.registry import AnyDerived
from features.readers.open import FORMATS
from features.transforms.registry import Feature
from models.batch_growth import BatchGrowth
from models.optimizers.dense.registry import Dense
from models.optimizers.groups import Optimizers
from models.optimizers.registry import Sparse
from models.progressive import Progressive
from models.registry import AnyModel
from models.train_config import TrainConfig
from pipelines.calibration import CalibrationConfig
from pipelines.config import Config, DataConfig, ExportConfig
from pipelines.negatives import Negatives
from pipelines.report.config import CardConfig
from pipelines.splits.registry import AnySplit
from pipelines.stacking.config import StackingConfig
from pipelines.tracking import TrackConfig
from pipelines.tune.config import Axis, TuneConfig
from ranking.lambdamart.config import RankerConfig
from ranking.lightgbm.config import LightGBMConfig
from serving.rerank.config import RerankConfig
from serving.rerank.diversity import Diversity
from serving.rerank.exploration import AnyExploration
from serving.rerank.rules import AnyRule

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()


def members(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


SECTIONS: list[type[BaseModel]] = [
    Config, DataConfig, Negatives, ExportConfig, TrainConfig, Progressive, Optimizers, RankerConfig,
    LightGBMConfig, CalibrationConfig, TrackConfig, CardConfig, BatchGrowth, TuneConfig, Axis,
    *members(Feature), *members(AnySplit), *members(AnyModel), *members(Sparse),
    *members(Dense),
    StackingConfig, RerankConfig, Diversity, *members(AnyRule), *members(AnyExploration),
    Check, *(one.options for one in FORMATS.values()),
]  # fmt: skip
SHARED = {"type", "name", "column"}  # what every block of `[[features]]` has
TYPES = [
    *(("features", one) for one in members(Feature)),
    *(("derived", one) for one in members(AnyDerived)),
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_every_key_is_documented(section: type[BaseModel]) -> None:
    for key in section.model_fields:
        assert f"`{key}`" in PAGE or f".{key}`" in PAGE or f"[{key}]" in PAGE, key


def section(name: str) -> str:
    """The page from the heading of `[[name]]` to the next of its kind."""
    (found,) = re.findall(rf"^## `\[\[{name}\]\]`.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.parametrize(("name", "kind"), TYPES, ids=lambda one: getattr(one, "__name__", one))
def test_every_type_lists_its_own_keys(name: str, kind: type[BaseModel]) -> None:
    """Its row of the section's table has them, no other, and the section says what each does."""
    text = section(name)
    tag = kind.model_fields["type"].default
    (row,) = re.findall(rf"^\| `{tag}` \| (.*) \|$", text, re.MULTILINE)
    keys = {field.alias or key for key, field in kind.model_fields.items()} - SHARED
    named = set(re.findall(r"`(\w+)`", row.partition(" | ")[0]))
    assert named - SHARED == keys
    for key in keys:
        assert re.search(rf"^\| [^|]*`{key}`[^|]* \| ", text.replace(row, ""), re.MULTILINE), key


def test_every_key_of_a_check_is_explained() -> None:
    for key in Check.model_fields:
        assert re.search(rf"^\| [^|]*`{key}`", section("checks"), re.MULTILINE), key


@pytest.mark.parametrize(
    ("group", "kind"),
    [("rule", one) for one in members(AnyRule)]
    + [("exploration", one) for one in members(AnyExploration)],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_every_step_of_re_ranking_lists_its_own_keys(group: str, kind: type[BaseModel]) -> None:
    _, _, table = PAGE.partition(f"| {group} `type` | keys |")
    tag = kind.model_fields["type"].default
    (row,) = re.findall(rf"^\| `{tag}` \| (.*) \|$", table.partition("\n\n")[0], re.MULTILINE)
    keys = {key for key in kind.model_fields if key != "type"}
    assert set(re.findall(r"`(\w+)`", row.partition(" | ")[0])) == keys


@pytest.mark.parametrize(
    ("group", "kind"),
    [("sparse", one) for one in members(Sparse)] + [("dense", one) for one in members(Dense)],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_every_rule_lists_its_own_keys(group: str, kind: type[BaseModel]) -> None:
    _, _, table = PAGE.partition(f"| {group} `type` | keys |")
    table = table.partition("\n## ")[0]
    tag = kind.model_fields["type"].default
    (row,) = re.findall(rf"^\| `{tag}` \| (.*) \|$", table.partition("\n\n")[0], re.MULTILINE)
    keys = [key for key in kind.model_fields if key != "type"]
    assert sorted(re.findall(r"`(\w+)`", row)) == sorted(keys)
    for key in keys:
        assert re.search(rf"^\| [^|]*`{key}`[^|]* \| \w", table, re.MULTILINE), key
