"""What the widths of tables cost: a run's bundles against its own model, on validation rows.

`python -m benchmarks.quantize RUN`, of a run with a click model, as `crossrank train
examples/criteo.toml` makes. The network stays float32, so that tables alone are seen. What the
curvature of the training rows foretells stands beside what validation shows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pipelines.export import export
from pipelines.quantization.config import ExportConfig
from pipelines.quantization.plan import Judged
from pipelines.quantization.stored import judged
from pipelines.run import Run

EXAMPLES = 100_000
UNIFORM = ("int8", "int4_affine", "int4", "int2_affine")
SIZES = (0.18, 0.16, 0.12)  # of float32 tables


class Cost(NamedTuple):
    """share: of the bytes of float32 tables. foretold, log_loss, auc: what is lost. largest:
    difference of a probability."""

    tables: str
    share: float
    foretold: float
    log_loss: float
    auc: float
    largest: float

    @property
    def row(self) -> str:
        return (
            f"| {self.tables} | {self.share:.3f} | {self.foretold:.1e} | {self.log_loss:+.6f} "
            f"| {self.auc:+.6f} | {self.largest:.4f} |"
        )


def costs(run: Run, sizes: Sequence[float] = SIZES) -> list[Cost]:
    """Of each width for all rows, and of mixed ones, the largest first."""
    known = judged(run, EXAMPLES)
    found = [_cost(run, known, ExportConfig(quantize=one, network="none")) for one in UNIFORM]
    found += [
        _cost(run, known, ExportConfig(quantize="mixed", size=one, network="none")) for one in sizes
    ]
    return sorted(found, key=lambda one: -one.share)


def _cost(run: Run, known: Judged, config: ExportConfig) -> Cost:
    with TemporaryDirectory() as folder:
        made = export(run, Path(folder) / "bundle", config)
    assert made.quality is not None  # the run has a model
    layouts = [one.layout for one in made.manifest.tables.values()]
    whole = sum(4 * one.rows * one.dim for one in layouts)
    foretold = made.plan.chosen.loss if made.plan else _added(known, config.quantize)
    name = f"`{config.quantize}`" + (f", `size = {config.size}`" if config.size else "")
    return Cost(
        name,
        sum(one.bytes for one in layouts) / whole,
        foretold,
        made.quality.lost("LogLoss"),
        made.quality.lost("AUC"),
        made.quality.largest,
    )


def _added(known: Judged, storage: str) -> float:
    return sum(loss for _, loss in known.fields(storage).values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    run = Run(parser.parse_args().run)
    print("| tables | share of float32 | log loss, foretold | log loss | AUC lost | largest dp |")
    print("|---|---|---|---|---|---|")
    for one in costs(run):
        print(one.row, flush=True)


if __name__ == "__main__":
    main()
