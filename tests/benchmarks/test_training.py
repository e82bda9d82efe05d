"""What the training benchmark rests on: sizes, known labels, and who runs beside whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.training.contest import heats
from benchmarks.training.gemm import flops
from benchmarks.training.report import allowed_mb
from benchmarks.training.rivals import OURS, OURS_BF16, RIVALS
from benchmarks.training.task import Family, Task, Teacher, drawn, read, scattered, write

SMALL = Task("dcn_v2", rows=260, batch=512)


def test_products_of_a_step_by_hand() -> None:
    crosses, deep, head = 3 * 429 * 429, 429 * 400 + 2 * 400 * 400, 829
    assert flops(Task("dcn_v2", 2_600_000)) == 3 * 2 * 4096 * (crosses + deep + head)
    wide = 429 * 64 + 64 * 32 + 32
    assert flops(Task("wide_deep", 2_600_000)) == 3 * 2 * 4096 * wide


def test_memory_allowed_by_hand() -> None:
    assert allowed_mb(Task("dcn_v2", 1_000_000)) == 1_000_000 * 16 * 2 * 4 / 1e6 + 1_500
    assert allowed_mb(Task("wide_deep", 1_000_000)) == 1_000_000 * (16 * 2 + 3) * 4 / 1e6 + 1_500


@pytest.mark.parametrize("family", ["dcn_v2", "wide_deep"])
def test_heats_hold_each_rival_once_beside_ours(family: Family) -> None:
    task, room = Task(family, 26_000_000), 20.0
    groups, absent = heats(RIVALS, task, room)
    ours = {OURS, OURS_BF16}
    for group in groups:
        assert ours <= {one.name for one in group}
        assert sum(one.gigabytes(task) for one in group) <= room
    rivals = [one.name for group in groups for one in group if one.name not in ours]
    every = [one.name for one in RIVALS if one.name not in ours]
    assert sorted([*rivals, *(one.name for one in absent)]) == sorted(every)


def test_what_fits_nowhere_is_said() -> None:
    task = Task("dcn_v2", 26_000_000)
    hungry = replace(RIVALS[-1], name="hungry", copies=100)
    assert heats([*RIVALS[:2], hungry], task, 20.0) == ([list(RIVALS[:2])], [hungry])


def test_labels_follow_the_teacher() -> None:
    batches = list(drawn(SMALL, 40))
    teacher = Teacher(SMALL)
    logits = np.concatenate([teacher.logits(one.ids, one.numerics) for one in batches])
    labels = np.concatenate([one.label for one in batches if one.label is not None])
    chance = 1 / (1 + np.exp(-logits.astype(np.float64)))
    deviation = np.sqrt((chance * (1 - chance)).sum())
    assert abs(labels.sum() - chance.sum()) < 4 * deviation
    assert chance[labels == 1].mean() > chance[labels == 0].mean() + 0.05


def test_ids_follow_zipfs_law() -> None:
    ids = np.concatenate([one.ids for one in drawn(SMALL, 40)]).ravel()
    share = 1 / (1 / np.arange(1, 11)).sum()
    assert abs((ids == 0).mean() - share) < 4 * np.sqrt(share * (1 - share) / len(ids))
    assert abs((ids == 1).mean() - share / 2) < 4 * np.sqrt(share / len(ids))


def test_batches_touch_as_many_rows_whatever_the_table() -> None:
    small, large = (Task("dcn_v2", 26 * rows, batch=64) for rows in (100, 10_000))
    counts = [
        [len(np.unique(one.ids[:, i])) for one in scattered(task, 2, 100) for i in range(26)]
        for task in (small, large)
    ]
    assert counts[0] == counts[1]


def test_batches_are_read_as_written(tmp_path: Path) -> None:
    found = read(SMALL, write(SMALL, 3, tmp_path / "rows", seed=1))
    for one, other in zip(drawn(SMALL, 3, seed=1), found, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.numerics, other.numerics)
        assert one.label is not None
        np.testing.assert_array_equal(one.label, other.label)
