"""The folds of LETOR: who learns, who validates, who judges; and both ways to count a query."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.letor import FOLDS, METRICS, TUNED, fold_overrides, parts_of, seed_values
from features.errors import DataError
from pipelines.config import load_config

CONFIG = """
[data]
paths = "elsewhere"
valid_paths = "elsewhere"
test_paths = "elsewhere"
format = "letor"
label = "label"
query = "qid"
split = { type = "order", train = 1.0, valid = 0, test = 0 }

[[features]]
type = "numeric"
columns = "f1..f2"
scale = "none"

[ranker]
unbiased = false
rounds = 5
"""


def _part(file: Path, seed: int, empty: int) -> None:
    """Ten queries whose first feature is their grade, the last `empty` without a relevant one."""
    chance = random.Random(seed)
    lines = []
    for query in range(10):
        for document in range(6):
            grade = document % 3 if query < 10 - empty else 0
            lines.append(f"{grade} qid:{100 * seed + query} 1:{grade} 2:{chance.random():.4f}")
    file.write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in range(1, 6):
        _part(tmp_path / f"S{part}.txt", part, empty=4)
    (tmp_path / "letor.toml").write_text(CONFIG)
    return tmp_path


def test_every_part_tests_once_and_is_then_not_learned_from() -> None:
    assert parts_of(1) == [1, 2, 3, 4, 5]
    assert parts_of(4) == [4, 5, 1, 2, 3]
    assert sorted(parts_of(fold)[4] for fold in FOLDS) == list(FOLDS)
    assert all(sorted(parts_of(fold)) == list(FOLDS) for fold in FOLDS)


def test_the_files_of_a_fold(folder: Path) -> None:
    config = load_config(folder / "letor.toml", fold_overrides(folder, 3, seed=7))
    names = [[Path(one).name for one in config.data.paths]]
    names += [[Path(str(one)).name] for one in config.data.own_paths.values()]
    assert names == [["S3.txt", "S4.txt", "S5.txt"], ["S1.txt"], ["S2.txt"]]
    assert config.ranker is not None
    assert config.ranker.seed == 7
    (folder / "S2.txt.gz").touch()
    with pytest.raises(DataError, match="one file of part 2.*S2.txt, S2.txt.gz"):
        fold_overrides(folder, 3, seed=7)


def test_what_is_known_is_ranked_and_empty_queries_are_skipped_or_count_nothing(
    folder: Path,
) -> None:
    assert len(METRICS) == len(TUNED)
    work = folder / "work"
    found = seed_values(folder / "letor.toml", folder, 0, [], "test", work)
    values = [found[one] for one in METRICS]
    assert values[:5] == pytest.approx([1.0] * 5)
    assert values[5:] == pytest.approx([0.6] * 5)
