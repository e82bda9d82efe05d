"""docs/configuration.md names every key there is."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from features.readers.open import FORMATS
from features.transforms.registry import Feature
from models.optimizers.groups import Optimizers
from models.optimizers.registry import Sparse
from models.registry import AnyModel
from models.trainer import TrainConfig
from pipelines.config import Config, DataConfig, ExportConfig
from pipelines.negatives import Negatives
from pipelines.splits.registry import AnySplit
from ranking.lambdamart import RankerConfig

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()


def members(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


SECTIONS: list[type[BaseModel]] = [
    Config, DataConfig, Negatives, ExportConfig, TrainConfig, Optimizers, RankerConfig,
    *members(Feature), *members(AnySplit), *members(AnyModel), *members(Sparse),
    *(one.options for one in FORMATS.values()),
]  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_every_key_is_documented(section: type[BaseModel]) -> None:
    for key in section.model_fields:
        assert f"`{key}`" in PAGE or f".{key}`" in PAGE or f"[{key}]" in PAGE, key
