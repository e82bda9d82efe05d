import pytest

from features.schema import Schema
from pipelines.guessing.blocks import ranges


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (["C1", "C2", "C3"], ["C1..C3"]),
        (["C1", "C2", "b", "C3"], ["C1", "C2", "b", "C3"]),
        (["f_9", "f_10", "f_11", "f_13"], ["f_9..f_11", "f_13"]),
        (["a01", "a02", "a03"], ["a01", "a02", "a03"]),
        (["1", "2", "3"], ["1..3"]),
        (["v.1", "v.2", "v.3", "w4", "w5", "w6"], ["v.1..v.3", "w4..w6"]),
        (["a²1", "a²2", "a²3", "x1\n", "x2\n", "x3\n"], ["a²1..a²3", "x1\n", "x2\n", "x3\n"]),
        (["C3", "C2", "C1"], ["C3", "C2", "C1"]),
    ],
)
def test_ranges_stand_for_their_names(names: list[str], patterns: list[str]) -> None:
    assert ranges(names) == patterns
    schema = Schema.model_validate({"features": [{"type": "id", "columns": patterns}]})
    assert list(schema.columns) == names
