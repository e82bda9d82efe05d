"""GroupRuns: metrics by group, from runs on disk that are sorted by a bucket of the group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.metrics.counts import Counts
from pipelines.metrics.metric import GroupedMetric
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.stream.found import Found
from pipelines.metrics.stream.part import Part

_BUCKET, _BUCKETS = "__bucket", 1024


@dataclass(frozen=True, eq=False)
class _Run:
    """An Arrow file of a batch a bucket; `buckets`: (batches,) which these are."""

    file: Path
    buckets: NDArray[np.intp]

    def batches(self, number: int, ranges: int) -> list[pa.RecordBatch]:
        """Those of one range of so many. They are read, since mapped pages would add up."""
        with pa.OSFile(str(self.file)) as opened:
            run = pa.ipc.open_file(opened)
            wanted = np.flatnonzero(self.buckets * ranges // _BUCKETS == number)
            return [run.get_batch(int(place)) for place in wanted]


class GroupRuns:
    """All rows of some groups at once, however the groups are spread over the parts.

    About `rows` are in memory: more where the largest group has more, or a 1024th of all.
    """

    def __init__(self, metrics: Sequence[GroupedMetric], folder: Path, rows: int) -> None:
        self._metrics, self._folder, self._at_once = metrics, folder, rows
        self._group = metrics[0].needs_groups[0]
        self._columns = list(dict.fromkeys(name for one in metrics for name in one.needs_groups))
        self._runs, self._rows = list[_Run](), 0

    def add(self, part: Part) -> None:
        """Write a part's run; DataError where a row has no group."""
        part.require_ids(self._group)
        bucket = (pl.col(self._group).hash(seed=0) % _BUCKETS).cast(pl.Int16).alias(_BUCKET)
        run = part.frame.select(*part.roles, *self._columns, bucket)
        run = run.sort(_BUCKET, maintain_order=True)
        buckets, first = np.unique(run[_BUCKET].to_numpy(), return_index=True)
        table = run.drop(_BUCKET).rechunk().to_arrow()
        file = self._folder / f"run-{len(self._runs)}.arrow"
        with pa.ipc.new_file(file, table.schema) as writer:
            for start, stop in pairwise([*first.tolist(), run.height]):
                writer.write_table(table.slice(start, stop - start))
        self._runs.append(_Run(file, buckets.astype(np.intp)))
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
        ranges = min(_BUCKETS, -(-self._rows // self._at_once))
        for number in range(ranges):
            batches = [one for run in self._runs for one in run.batches(number, ranges)]
            if batches:
                yield pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches)))
