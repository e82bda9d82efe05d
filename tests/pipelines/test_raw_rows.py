from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ConfigError, FingerprintError, SchemaError
from pipelines.raw_rows import raw_rows
from pipelines.targets import Columns, scored_rows


def test_a_run_finds_raw_columns_beside_its_rows(world: Any) -> None:
    further = ["item_id", "hour", "timestamp"]
    scored, _ = scored_rows(world.run.folder, None, "test", Columns(), None, further)
    log = pl.read_parquet(sorted((world.folder / "log" / "log").glob("*.parquet")))
    keys = {"query": "query_id", "position": "position"}
    beside = scored.join(
        log.rename({column: role for role, column in keys.items()}).with_columns(
            pl.col("position").cast(pl.Int64)
        ),
        on=list(keys),
        how="left",
        suffix=" of the log",
        maintain_order="left",
    )
    for name in further:
        assert beside[name].equals(beside[f"{name} of the log"])
    assert scored["timestamp"].min() > 0


def test_what_cannot_be_found_is_refused(world: Any) -> None:
    with pytest.raises(SchemaError, match="'devise' is not in"):
        scored_rows(world.run.folder, None, "test", Columns(), None, ["devise"])
    with pytest.raises(ConfigError, match="which are scores"):
        scored_rows(world.run.folder, None, "test", Columns(), None, ["rank"])


def test_a_log_that_changed_is_refused(world: Any) -> None:
    run = type(world.run)(world.run.folder)
    run.about["data"] = "0" * 64
    with pytest.raises(FingerprintError, match="its files are others"):
        raw_rows(run, "test", ["hour"], pl.DataFrame())


def test_rows_that_differ_are_refused(world: Any) -> None:
    scored, _ = scored_rows(world.run.folder, None, "test", Columns(), None)
    with pytest.raises(FingerprintError, match="were prepared"):
        raw_rows(world.run, "test", ["hour"], scored[1:])
    flipped = scored.with_columns(label=1 - pl.col("label"))
    with pytest.raises(FingerprintError, match="another label"):
        raw_rows(world.run, "test", ["hour"], flipped)


def test_bundles_and_files_keep_further_columns(world: Any, tmp_path: Path) -> None:
    rows = pl.DataFrame({"label": [1, 0], "score": [0.2, 0.1], "device": ["a", None]})
    file = tmp_path / "scores.parquet"
    rows.write_parquet(file)
    scored, _ = scored_rows(file, None, "test", Columns(), None, ["device", "label"])
    assert scored.columns == ["label", "probability", "device"]
    log = str(sorted((world.folder / "log" / "log").glob("*.parquet"))[0])
    scored, _ = scored_rows(world.float_bundle.folder, log, "test", Columns(), None, ["hour"])
    assert scored["hour"].equals(pl.read_parquet(log)["hour"])
