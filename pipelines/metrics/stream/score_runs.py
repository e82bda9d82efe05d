"""ScoreRuns: metrics of the score order, from sorted runs on disk that are merged by range."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipelines.metrics.counts import Counts
from pipelines.metrics.radix import descending
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.score_order import ScoreOrder, Totals
from pipelines.metrics.stream.found import Found
from pipelines.metrics.stream.part import Part

_SAMPLES = 1024  # scores of a run that are kept in memory, to cut the runs into ranges by


@dataclass(frozen=True)
class _Run:
    """A file of float64 (4, scores): distinct scores from low to high, and of each the positives,
    the negatives and the number of rows."""

    file: Path
    scores: int

    def within(self, low: float | None, high: float | None) -> Floats:
        """(4, scores) those above `low`, up to and with `high`; None is no limit."""
        run = np.memmap(self.file, np.float64, "r", shape=(4, self.scores))
        start = 0 if low is None else np.searchsorted(run[0], low, side="right")
        stop = self.scores if high is None else np.searchsorted(run[0], high, side="right")
        return np.array(run[:, start:stop])


class ScoreRuns:
    """The distinct scores of all parts, of which `rows` or so are in memory at once.

    A range of scores holds no more than `rows`, and a 1024th of a part for every part.
    """

    def __init__(self, metrics: Sequence[ScoreMetric], folder: Path, rows: int) -> None:
        self._metrics, self._folder, self._rows = metrics, folder, rows
        self._runs, self._samples = list[_Run](), list[Floats]()
        self._total = Totals(0, 0.0, 0.0)

    def add(self, part: Part) -> None:
        """Write a part's run; DataError where a metric is not defined for a row of it."""
        for metric in self._metrics:
            metric.check(part.data)
        order, rows = part.data.score_order, part.data.ranked().tie_sizes
        columns = (order.scores, order.positives, order.negatives, rows)
        run = np.stack([column[::-1] for column in columns]).astype(np.float64)
        file = self._folder / f"run-{len(self._runs)}.f64"
        run.tofile(file)
        self._runs.append(_Run(file, run.shape[1]))
        self._samples.append(run[0, :: -(-run.shape[1] // _SAMPLES)].copy())
        self._total += order.total

    def found(self) -> dict[str, Found]:
        """Each metric's value; DataError where it is not defined."""
        joined: dict[ScoreMetric, Floats] = {}
        tied = 0
        for order, more in self._stretches():
            tied += more
            for metric in self._metrics:
                added = metric.stretch(order)
                joined[metric] = metric.join(joined[metric], added) if metric in joined else added
        counts = Counts(self._total.rows, tied)
        return {
            str(metric): Found(metric.of(sums, self._total), counts)
            for metric, sums in joined.items()
        }

    def _stretches(self) -> Iterator[tuple[ScoreOrder, int]]:
        """The score order from high to low, and how many rows of each stretch are tied."""
        positives = negatives = 0.0
        edges = [None, *self._edges(), None]
        for low, high in reversed(list(pairwise(edges))):
            runs = np.concatenate([run.within(low, high) for run in self._runs], axis=1)
            if not runs.size:
                continue
            scores, ones, zeros, rows = _merged(runs)
            order = ScoreOrder(scores, ones, zeros, self._total, positives, negatives)
            yield order, int(rows[(rows > 1) & (scores > -np.inf)].sum())
            positives, negatives = order.positives_down[-1], order.negatives_down[-1]

    def _edges(self) -> list[float]:
        """Scores from low to high that cut the runs into ranges of about equally many."""
        samples = np.sort(np.concatenate(self._samples))
        ranges = -(-sum(run.scores for run in self._runs) // self._rows)
        places = np.arange(1, ranges) * samples.size // ranges
        return list(np.unique(samples[places]).tolist())


def _merged(runs: Floats) -> Floats:
    """(4, scores) from high to low, the rows of one score added up."""
    runs = runs[:, descending(runs[0])]
    first = np.flatnonzero(np.append(True, runs[0, 1:] != runs[0, :-1]))
    sums = np.add.reduceat(runs[1:], first, axis=1)
    return np.concatenate([runs[:1, first], sums])
