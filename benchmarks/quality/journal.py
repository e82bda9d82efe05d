"""What was trained, a line a training, in a file that a later call goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

Metrics = dict[str, float]


@dataclass(frozen=True)
class Key:
    """Which training: `stage` is tune, or test where the test part was scored."""

    contestant: str
    dataset: str
    model: str
    stage: str
    seed: int
    rate: float
    l2: float


@dataclass(frozen=True)
class Entry:
    """What a training came to; `budget` says under which task, so that no two are mixed."""

    key: Key
    budget: str
    epoch: int
    valid: Metrics
    test: Metrics | None
    seconds: float


class Journal:
    """One JSON object a line, appended when a training is done."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)

    def entries(self, budget: str) -> dict[Key, Entry]:
        """Those of a budget; of two with one key the later."""
        return {one.key: one for one in self._read() if one.budget == budget}

    def add(self, entry: Entry) -> None:
        with self._file.open("a") as lines:
            lines.write(json.dumps(asdict(entry)) + "\n")

    def _read(self) -> Iterator[Entry]:
        if not self._file.exists():
            return
        for line in self._file.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # else its writer was killed
                found = json.loads(line)
                yield Entry(**{**found, "key": Key(**found["key"])})
