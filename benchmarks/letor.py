"""A ranker on graded documents, over the five folds of LETOR and several seeds.

Fold k learns from parts k, k + 1 and k + 2, keeps the round that is best on k + 3 and is judged on
k + 4, cyclically; its test part is scored once a seed. What a seed is worth is the mean over folds.
`--data` is a folder with a file a part, S1 to S5; `--config` says all else, `--set` as in
`crossrank train`. With `--validation` the fourth parts judge in place of the fifth, to choose by.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness import environment
from features.errors import DataError
from pipelines.config import load_config
from pipelines.evaluate import evaluate_scores
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.scoring import score
from pipelines.train import train

ROOT = Path(__file__).resolve().parents[1]
DATA, CONFIG = ROOT.parent / "shared" / "data" / "mq2008", ROOT / "examples" / "mq2008.toml"
FOLDS = range(1, 6)
LIBRARIES = ("xgboost", "polars", "crossrank")
_MEASURES = ("nDCG@1", "nDCG@3", "nDCG@5", "nDCG@10", "MAP")
METRICS = tuple(
    parse_metric(f"{measure}(empty={empty})") for empty in ("skip", "zero") for measure in _MEASURES
)
# XGBoost tuned by hand on the same folds of MQ2008, by METRICS.
TUNED = (0.5105, 0.5742, 0.6341, 0.6977, 0.6608, 0.3673, 0.4137, 0.4566, 0.5022, 0.4756)

Values = dict[Metric, float]


def parts_of(fold: int) -> list[int]:
    """The numbers of its parts: three to learn from, one to validate on, one to test on."""
    return [(fold - 1 + k) % 5 + 1 for k in range(5)]


def part_file(folder: Path, part: int) -> str:
    """Raises DataError unless there is one file of the part."""
    found = sorted(folder.glob(f"S{part}.*"))
    if len(found) != 1:
        raise DataError(
            f"{folder} must hold one file of part {part}, such as S{part}.txt; it holds "
            f"{', '.join(one.name for one in found) or 'none'}. Name another --data."
        )
    return str(found[0].resolve())


def fold_overrides(folder: Path, fold: int, seed: int) -> list[str]:
    """What makes of a configuration that of a fold and a seed."""
    *learned, valid, test = (part_file(folder, part) for part in parts_of(fold))
    return [
        f"data.paths={json.dumps(learned)}",
        f"data.valid_paths={json.dumps(valid)}",
        f"data.test_paths={json.dumps(test)}",
        f"ranker.seed={seed}",
    ]


def seed_values(
    config: Path, data: Path, seed: int, extra: Sequence[str], part: str, work: Path
) -> Values:
    """The mean over folds of every metric."""
    found: list[dict[str, float]] = []
    for fold in FOLDS:
        overrides = [*fold_overrides(data, fold, seed), *extra]
        run = train(load_config(config, overrides), work / f"{seed}-{fold}", lambda *_: None)
        scored = score(run.prepared.part(part), run.model, run.ranker, run.calibration)
        found.append(evaluate_scores(scored, METRICS)["ranker"])
    return {one: statistics.mean(values[str(one)] for values in found) for one in METRICS}


def table(title: str, seeds: Sequence[Values], goals: Sequence[float] | None) -> Table:
    """A line a metric: mean, standard deviation and range over seeds, beside the goal."""
    made = Table("metric", "mean", "std", "min", "max", "goal", "less it", title=title)
    for i, metric in enumerate(METRICS):
        values = [one[metric] for one in seeds]
        mean = statistics.mean(values)
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        cells = [f"{one:.4f}" for one in (mean, spread, min(values), max(values))]
        if goals is not None:
            cells += [f"{goals[i]:.4f}", f"{mean - goals[i]:+.4f}"]
        made.add_row(f"{metric}", *cells)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--set", dest="extra", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--validation", action="store_true", help="the test parts stay unread")
    options = parser.parse_args()
    part = "valid" if options.validation else "test"
    with tempfile.TemporaryDirectory() as folder:
        seeds = [
            seed_values(options.config, options.data, seed, options.extra, part, Path(folder))
            for seed in range(options.seeds)
        ]
    console = Console(highlight=False)
    console.print(*(f"{key}: {value}" for key, value in environment(LIBRARIES).items()), sep="\n")
    goals = TUNED if options.data == DATA and part == "test" else None
    title = f"{options.data.name}, mean over 5 folds, {options.seeds} seeds, on {part}"
    console.print(table(title, seeds, goals))


if __name__ == "__main__":
    main()
