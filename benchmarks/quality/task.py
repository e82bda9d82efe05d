"""What is trained on: a dataset, the sizes that all contestants share, and the budget."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.config import Config, check_config
from pipelines.prepare import Prepared, prepare
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DIM, HIDDEN = 10, [128, 64]
SEEDS = 5


@dataclass(frozen=True)
class Task:
    """A dataset with its budget.

    example: the configuration that says how it is read. world: of the simulator, in place of an
    example. metrics: those reported; the first picks epoch and setting, on validation. changes:
    to the example's data section. features: beside those of the example. rates: those tried.
    versus: FuxiCTR's same models, or the other families for CAN.
    """

    name: str
    batch_size: int
    epochs: int = 6
    patience: int = 1
    metrics: tuple[str, ...] = ("LogLoss", "AUC")
    versus: Literal["rivals", "families"] = "rivals"
    example: str | None = None
    world: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    features: tuple[dict[str, Any], ...] = ()
    rates: tuple[float, ...] = (1e-3, 2e-3, 4e-3)

    @property
    def budget(self) -> str:
        """A digest of all that must be the same for figures to be held against each other."""
        said = [self.name, self.batch_size, self.epochs, self.patience, self.metrics, self.world]
        said += [self.changes, DIM, HIDDEN, *([self.features] if self.features else [])]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def higher_is_better(self) -> bool:
        return self.metrics[0] != "LogLoss"

    def better(self, value: float, than: float) -> bool:
        return value > than if self.higher_is_better else value < than

    def config(self, folder: Path, model: dict[str, Any], train: dict[str, Any]) -> Config:
        """Ours, for the dataset as all contestants read it."""
        document = _SIMULATED if self.example is None else _example(self.example)
        data = {**document["data"], **self.changes}
        common = {
            "epochs": self.epochs,
            "patience": self.patience,
            "batch_size": self.batch_size,
            "monitor": self.metrics[0],
        }
        features = [*document["features"], *self.features]
        whole = {"name": self.name, **document, "data": data, "features": features, "model": model}
        return check_config({**whole, "train": {**common, **train}}, self._base(folder))

    def prepared(self, folder: Path) -> Prepared:
        """Its parts, encoded by crossrank for everybody."""
        if self.example is None and not (self._base(folder) / "log").exists():
            config = SimulatorConfig.model_validate(self.world)
            simulate(config, self._base(folder), lambda _: None)
        return prepare(self.config(folder, {"type": "dnn"}, {}), folder, lambda *_: None)

    def _base(self, folder: Path) -> Path:
        return EXAMPLES if self.example else folder.resolve() / self.name


def _example(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / f"{name}.toml").read_text())


_SIMULATED: dict[str, Any] = {
    "data": {
        "paths": "log",
        "label": "click",
        "query": "query_id",
        "split": {
            "type": "time",
            "column": "timestamp",
            "train": 0.7,
            "valid": 0.15,
            "test": 0.15,
        },
    },
    "features": [
        {
            "type": "id",
            "columns": [
                *("user_id", "user_country", "user_age", "device", "hour"),
                *("item_id", "item_category", "item_brand"),
            ],
        },
        {"type": "numeric", "columns": ["item_price", "item_age_days"], "log": True},
        {"type": "sequence", "column": "history", "vocabulary": "item_id", "max_length": 10},
    ],
}

_FEWER = {"negatives_per_positive": 1, "valid_negatives": 10}
_CATEGORIES = (
    {"type": "id", "column": "item_category"},
    {
        "type": "sequence",
        "column": "history_categories",
        "vocabulary": "item_category",
        "max_length": 20,
    },
)

TASKS = {
    one.name: one
    for one in (
        Task("criteo", 1024, example="criteo"),
        Task("avazu", 512, example="avazu", epochs=12),
        Task(
            "beauty",
            2048,
            metrics=("nDCG@10", "AUC", "GAUC(query)"),
            versus="families",
            example="beauty",
            changes={"options": {**_example("beauty")["data"]["options"], **_FEWER}},
            features=_CATEGORIES,
            rates=(5e-4, 1e-3, 2e-3, 4e-3),
        ),
        Task(
            "co-action",
            1024,
            versus="families",
            world={"rows": 100_000, "users": 3_000, "items": 1_000, "co_action_strength": 2.0},
            rates=(5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
        ),
    )
}
