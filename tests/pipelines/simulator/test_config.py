import pytest
from pydantic import ValidationError

from pipelines.simulator.config import SimulatorConfig


@pytest.mark.parametrize(("rows", "queries"), [(1, 1), (10, 1), (11, 2), (1_000, 100)])
def test_rows_are_rounded_up_to_whole_lists(rows: int, queries: int) -> None:
    assert SimulatorConfig(rows=rows, list_length=10).queries == queries
    assert SimulatorConfig(shard_rows=rows, list_length=10).shard_queries == queries


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"rows": 0}, "rows"),
        ({"logger_strength": 1.1}, "logger_strength"),
        ({"start": 1}, "start"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"items": 9, "list_length": 10}, "items must be at least list_length"),
        # (1 + 1/4 + ... + 1/400) / 20 = 0.0798: even sure clicks reach 8% only.
        ({"list_length": 20, "eta": 2.0, "ctr": 0.1}, "ctr must be at most 0.064"),
    ],
)
def test_refuses(values: dict[str, float], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        SimulatorConfig(**values)  # type: ignore[arg-type]


def test_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SimulatorConfig().rows = 3  # type: ignore[misc]
