import hashlib
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from features.dataset.dataset import LABEL, WEIGHT
from features.dataset.epoch import UNIT
from features.dataset.writer import write_part

ROWS = pl.DataFrame(
    {"x": [1.0, 2.0, 3.0], "s": [[1], [], [2, 3]], LABEL: [0.0, 1.0, 3.0], WEIGHT: [0.5, 2.0, 1.0]}
)


def test_a_part_says_what_it_holds(tmp_path: Path) -> None:
    part = write_part(tmp_path, 12, ROWS)
    path = tmp_path / "part-00012.parquet"
    assert part.name == path.name
    assert [one.name for one in tmp_path.iterdir()] == [part.name]
    assert pl.read_parquet(path).equals(ROWS)
    assert part.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (part.rows, part.roles) == (3, ("label", "weight"))
    assert part.labels is not None
    assert part.labels.model_dump() == {
        "rows": 3, "sum": 4.0, "positives": 2, "weight": 3.5, "weighted_sum": 5.0,
    }  # fmt: skip


def test_rows_weigh_one_unless_they_say_otherwise(tmp_path: Path) -> None:
    labels = write_part(tmp_path, 0, ROWS.drop(WEIGHT)).labels
    assert labels is not None
    assert (labels.weight, labels.weighted_sum) == (3.0, 4.0)
    assert write_part(tmp_path, 1, ROWS.drop(WEIGHT, LABEL)).labels is None


def test_further_labels_are_counted_where_they_were_observed(tmp_path: Path) -> None:
    rows = ROWS.with_columns(
        pl.Series("__task:liked", [1.0, None, 0.0]), pl.Series("__task:bought", [1.0, 1.0, 0.0])
    )
    part = write_part(tmp_path, 0, rows)
    assert part.roles == ("label", "weight", "task:liked", "task:bought")
    assert list(part.tasks) == ["liked", "bought"]
    assert part.tasks["liked"].model_dump() == {
        "rows": 2, "sum": 1.0, "positives": 1, "weight": 1.5, "weighted_sum": 0.5,
    }  # fmt: skip


def test_the_bytes_follow_from_the_rows_however_they_lie_in_memory(tmp_path: Path) -> None:
    whole = pl.DataFrame({"x": range(3 * UNIT)})
    pieces = pl.concat([whole[:10], whole[10 : UNIT + 3], whole[UNIT + 3 :]], rechunk=False)
    assert write_part(tmp_path, 0, whole).sha256 == write_part(tmp_path, 1, pieces).sha256


def test_vectors_come_back(tmp_path: Path) -> None:
    values = [[1.0, 2.0], [3.0, -4.5]]
    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.Array(pl.Float32, 2))})
    write_part(tmp_path, 0, frame)
    found = pl.scan_parquet(tmp_path / "part-00000.parquet").slice(1, 1).collect()
    assert found.equals(frame[1:])
    assert found.schema == frame.schema


def test_row_groups_are_the_units_that_the_loader_reads(tmp_path: Path) -> None:
    write_part(tmp_path, 0, pl.DataFrame({"x": range(2 * UNIT + 5)}))
    metadata = pq.read_metadata(tmp_path / "part-00000.parquet")
    heights = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert heights == [UNIT, UNIT, 5]
