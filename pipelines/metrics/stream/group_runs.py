"""GroupRuns: metrics by group, from runs on disk that are sorted by a hash of the group."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.metrics.counts import Counts
from pipelines.metrics.metric import GroupedMetric
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.stream.found import Found
from pipelines.metrics.stream.part import Part

_HASH = "__hash"
_HASHES = 2**64


class GroupRuns:
    """All rows of some groups at once, however the groups are spread over the parts.

    About `rows` are in memory, or the rows of the largest group where these are more.
    """

    def __init__(self, metrics: Sequence[GroupedMetric], folder: Path, rows: int) -> None:
        self._metrics, self._folder, self._at_once = metrics, folder, rows
        self._group = metrics[0].needs_groups[0]
        self._columns = list(dict.fromkeys(name for one in metrics for name in one.needs_groups))
        self._runs, self._rows = list[Path](), 0

    def add(self, part: Part) -> None:
        """Write a part's run; DataError where a row has no group."""
        part.require_ids(self._group)
        hashes = pl.col(self._group).hash(seed=0).alias(_HASH)
        run = part.frame.select(*part.roles, *self._columns, hashes)
        file = self._folder / f"run-{len(self._runs)}.arrow"
        table = run.sort(_HASH, maintain_order=True).rechunk().to_arrow()
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        self._runs.append(file)
        self._rows += run.height

    def found(self) -> dict[str, Found]:
        """Each metric's value; DataError where it is not defined."""
        sums: dict[GroupedMetric, list[Floats]] = {metric: [] for metric in self._metrics}
        counts: dict[GroupedMetric, Counts] = dict.fromkeys(self._metrics, Counts(0))
        for frame in self._stretches():
            data = Part(frame).with_groups(self._columns)
            for metric in self._metrics:
                found = metric.per_group(data)
                sums[metric].append(metric.terms_of(found).sums)
                counts[metric] += Counts.of_groups(metric, data, found)
        return {
            str(metric): Found(metric.of(np.sum(parts, axis=0), counts[metric].groups), count)
            for (metric, parts), count in zip(sums.items(), counts.values(), strict=True)
        }

    def _stretches(self) -> Iterator[pl.DataFrame]:
        """Rows of whole groups, in the order of the parts."""
        ranges = -(-self._rows // self._at_once)
        for number in range(ranges):
            low, high = (place * _HASHES // ranges for place in (number, number + 1))
            rows = [_within(file, low, high - 1) for file in self._runs]
            stretch = pl.concat(rows)
            if stretch.height:
                yield stretch


def _within(file: Path, low: int, high: int) -> pl.DataFrame:
    """The rows of a run from one hash up to and with another."""
    with pa.memory_map(str(file)) as mapped:
        run = pa.ipc.open_file(mapped).read_all()
        hashes = run.column(_HASH).chunk(0).to_numpy()
        start, stop = (
            int(np.searchsorted(hashes, np.uint64(edge), side))
            for edge, side in ((low, "left"), (high, "right"))
        )
        return pl.DataFrame(pl.from_arrow(run.slice(start, stop - start))).drop(_HASH)
