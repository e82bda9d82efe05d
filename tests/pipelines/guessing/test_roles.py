from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.init import guess


@pytest.mark.parametrize(
    ("columns", "label"),
    [
        ({"clicked": [0, 1, 1], "label": [1, 1, 0]}, "label"),
        ({"y": [True, False, True]}, "y"),
        ({"isClick": [0.0, 1.0, 0.0]}, "isClick"),
        ({"was_purchased": [0, 1, 0], "male": [0, 1, 1]}, "was_purchased"),
        ({"click": [0, 1, 2], "converted": [0, 1, 1]}, "converted"),
    ],
)
def test_label(tmp_path: Path, columns: dict[str, Any], label: str) -> None:
    pl.DataFrame({"a": ["x", "y", "x"]} | columns).write_parquet(tmp_path / "log.parquet")
    found = guess("log.parquet", tmp_path)
    assert found.roles.label.column == label
