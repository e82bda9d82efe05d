"""One training, as the process that does it is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from pipelines.config import Config, check_config
from pipelines.tune.objective import Objective


class Task(BaseModel):
    """Train `config` into `out`, data prepared in `root`, on those `cores` (all where empty)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: dict[str, Any]
    base: Path
    out: Path
    root: Path
    objective: Objective
    cores: tuple[int, ...] = ()

    @classmethod
    def of(cls, config: Config, out: Path, root: Path, objective: Objective) -> Self:
        dumped = config.model_dump(mode="json")
        return cls(config=dumped, base=config.base, out=out, root=root, objective=objective)

    @property
    def checked(self) -> Config:
        return check_config(self.config, self.base)
