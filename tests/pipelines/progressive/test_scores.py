from pathlib import Path

import numpy as np
import pytest

from features.errors import DataError
from pipelines.progressive.scores import Scores


def of(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def test_scores_outlive_who_wrote_them(tmp_path: Path) -> None:
    """Three rows; another process keeps two of them, though a row was half written, and goes on."""
    file = tmp_path / "scores"
    first = Scores(file)
    assert first.rows.shape == (0, 3)
    first.add(of(0.5, 0.25), of(1, 0), of(1, 2))
    first.add(of(0.125), of(1), of(1))
    first.flush()
    file.write_bytes(file.read_bytes() + b"half")
    second = Scores(file)
    second.keep(2)
    second.add(of(0.75), of(0), of(4))
    np.testing.assert_array_equal(second.rows, [[0.5, 1, 1], [0.25, 0, 2], [0.75, 0, 4]])


def test_missing_scores_are_told(tmp_path: Path) -> None:
    scores = Scores(tmp_path / "scores")
    scores.add(of(0.5), of(1), of(1))
    with pytest.raises(DataError, match="scores of 2 rows; it holds 1. Train again"):
        scores.keep(2)
