"""Test metrics of the example configurations on their real data, over several seeds.

Each seed trains anew; the epoch and the round are picked on validation, and the test part is
scored once. `python -m benchmarks.examples` (about five minutes on two cores), `--quick` for two
seeds of Criteo alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness import environment
from pipelines.config import load_config
from pipelines.evaluate import evaluate_scores
from pipelines.scoring import score
from pipelines.train import train

FOLDER = Path(__file__).resolve().parents[1] / "examples"
NAMES = ("criteo", "trivago", "beauty")
LIBRARIES = ("tensorflow", "xgboost", "polars", "crossrank")

Results = dict[str, list[float]]


def measure(name: str, seeds: int, folder: Path) -> Results:
    """Every metric on the test part, one value a seed, by `scorer metric`."""
    found: Results = {}
    for seed in range(seeds):
        overrides = [f"train.seed={seed}"]
        if "[ranker]" in (FOLDER / f"{name}.toml").read_text():
            overrides.append(f"ranker.seed={seed}")
        config = load_config(FOLDER / f"{name}.toml", overrides)
        run = train(config, folder / name, lambda *_: None)
        scored = score(
            run.prepared.part("test"), run.model, run.ranker, run.calibration, run.cosines
        )
        for who, metrics in evaluate_scores(scored).items():
            for metric, value in metrics.items():
                found.setdefault(f"{who} {metric}", []).append(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two seeds of Criteo")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    options = parser.parse_args()
    names, seeds = (NAMES[:1], 2) if options.quick else (NAMES, options.seeds)
    where = environment(LIBRARIES)
    with tempfile.TemporaryDirectory() as folder:
        results = {name: measure(name, seeds, Path(folder)) for name in names}
    if options.json:
        print(json.dumps({"environment": where, "seeds": seeds, "test": results}, indent=2))
        return
    console = Console(highlight=False)
    console.print(*(f"{key}: {value}" for key, value in where.items()), sep="\n")
    for name, metrics in results.items():
        table = Table("on test", "mean", "std", "min", "max", title=f"{name}, {seeds} seeds")
        for metric, values in metrics.items():
            spread = statistics.stdev(values) if seeds > 1 else 0.0
            figures = (statistics.mean(values), spread, min(values), max(values))
            table.add_row(metric, *(f"{figure:.4f}" for figure in figures))
        console.print(table)


if __name__ == "__main__":
    main()
