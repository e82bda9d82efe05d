"""A simulated log on disk, with its truth."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow.parquet as pq

from features.errors import ConfigError, DataError
from features.files import replacing
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.log import LOG_SCHEMA, TRUTH_SCHEMA, LogTable, parquet_writer
from pipelines.simulator.oracle import Oracle, OracleCounter
from pipelines.simulator.traffic import Traffic
from pipelines.simulator.world import Floats, build_world

_FORMAT: Final = "crossrank-simulation-1"
_CHUNK_ROWS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Simulation:
    """A finished simulation.

    Attributes:
        path: folder that holds `log/`, `truth/` and `truth.json`.
        config: what was asked for.
        examination: true probability of a look at each position, from 1, over the whole log.
        oracle: the best achievable figures over the whole log.
    """

    path: Path
    config: SimulatorConfig
    examination: tuple[float, ...]
    oracle: Oracle

    @property
    def log_files(self) -> list[Path]:
        """Parquet files of the click log, in row order."""
        return sorted((self.path / "log").glob("part-*.parquet"))

    @property
    def truth_files(self) -> list[Path]:
        """Parquet files of the truth, one beside each log file, row for row."""
        return sorted((self.path / "truth").glob("part-*.parquet"))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open an earlier simulation.

        Raises:
            DataError: `path` does not hold one.
        """
        try:
            truth = json.loads((path / "truth.json").read_bytes())
            if truth["format"] != _FORMAT:
                raise ValueError(f"format {truth['format']!r}")
            config = SimulatorConfig.model_validate(truth["config"])
            figures: dict[str, Any] = {
                k: math.nan if v is None else v for k, v in truth["oracle"].items()
            }
            return cls(path, config, tuple(truth["examination"]), Oracle(**figures))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"'{path}' must hold a simulation with a truth.json of format {_FORMAT!r}. "
                f"Got: {error}. Simulate into it, or name another folder."
            ) from error

    def oracle_between(self, first_query: int, stop_query: int | None = None) -> Oracle:
        """The best achievable figures over queries `first_query <= query_id < stop_query`."""
        counter = OracleCounter()
        stop = self.oracle.queries if stop_query is None else stop_query
        length = self.config.list_length
        for log, truth in zip(self.log_files, self.truth_files, strict=True):
            clicks, rows = pq.ParquetFile(log), pq.ParquetFile(truth)
            for group in range(rows.num_row_groups):
                table = rows.read_row_group(group)
                query = table["query_id"].to_numpy().reshape(-1, length)[:, 0]
                keep = (query >= first_query) & (query < stop)
                click = clicks.read_row_group(group, columns=["click"])["click"]
                counter.add(
                    table["relevance"].to_numpy().reshape(-1, length)[keep],
                    table["click_probability"].to_numpy().reshape(-1, length)[keep],
                    click.to_numpy().reshape(-1, length)[keep] > 0,
                )
        return counter.result()


def simulate(
    config: SimulatorConfig, out: Path, on_rows: Callable[[int], None] | None = None
) -> Simulation:
    """Write a click log and its truth to `out`, in memory that does not grow with the rows.

    The same seed gives the same bytes, and the first rows do not depend on `rows`. An interrupted
    run leaves no `out`; a finished one replaces an earlier simulation there.

    Args:
        config: the world and the log.
        out: folder to make; its parents are made too.
        on_rows: called with the rows written so far, now and then.

    Raises:
        ConfigError: `out` exists and is something else than an earlier simulation.
    """
    out = out.resolve()
    _refuse_foreign(out)
    with replacing(out) as folder:
        oracle, looks = _write(config, folder, on_rows)
        bias = tuple(looks.tolist())
        _write_truth(folder, Simulation(folder, config, bias, oracle))
    return Simulation(out, config, bias, oracle)


def _write(
    config: SimulatorConfig, folder: Path, on_rows: Callable[[int], None] | None
) -> tuple[Oracle, Floats]:
    """The figures of what is written, and the mean examination by position."""
    world = build_world(config)
    traffic, tables, counter = Traffic(config, world), LogTable(world), OracleCounter()
    looks = np.zeros(config.list_length)
    step = max(1, _CHUNK_ROWS // config.list_length)
    for shard, first in enumerate(range(0, config.queries, config.shard_queries)):
        stop = min(first + config.shard_queries, config.queries)
        name = f"part-{shard:05d}.parquet"
        with (
            parquet_writer(folder / "log" / name, LOG_SCHEMA) as log,
            parquet_writer(folder / "truth" / name, TRUTH_SCHEMA) as truth,
        ):
            for query in range(first, stop, step):
                chunk = traffic.take(min(step, stop - query))
                log.write_table(tables.log(chunk))
                truth.write_table(tables.truth(chunk))
                counter.add(chunk.relevance, chunk.click_probability, chunk.click)
                looks += chunk.examination.sum(axis=0)
                if on_rows is not None:
                    on_rows(traffic.queries * config.list_length)
    return counter.result(), looks / config.queries


def _write_truth(folder: Path, simulation: Simulation) -> None:
    figures = asdict(simulation.oracle)
    truth: dict[str, Any] = {
        "format": _FORMAT,
        "config": simulation.config.model_dump(mode="json"),
        "examination": simulation.examination,
        "oracle": {k: None if math.isnan(v) else v for k, v in figures.items()},
    }
    text = json.dumps(truth, indent=2, allow_nan=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    try:
        earlier = Simulation.read(out)
        own = {*earlier.log_files, *earlier.truth_files}
        own |= {out / "log", out / "truth", out / "truth.json"}
        if foreign := sorted(str(path) for path in set(out.rglob("*")) - own):
            raise DataError(f"it also holds {foreign[0]}")
    except DataError as error:
        raise ConfigError(
            f"The output folder '{out}' must not exist yet, or hold an earlier simulation and "
            f"nothing else. Got: {error}. Name another folder, or remove this one yourself."
        ) from error
