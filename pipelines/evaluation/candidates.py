"""The rows of all targets of a comparison: the same ones, whoever scored them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from features.errors import ConfigError, FingerprintError
from pipelines.evaluation.pairing import complete, in_order, joined
from pipelines.evaluation.usable import Missing
from pipelines.run import RUN, Run
from pipelines.targets import Columns, scored_rows
from pipelines.truth import CEILING, true_scores


def rows_of(
    targets: Sequence[str],
    keys: Sequence[str],
    missing: Missing,
    data: str | None,
    part: str,
    columns: Columns,
    format: str | None,
    further: Sequence[str],
    groups: Sequence[str],
) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Scored rows by target, pair by pair, and how many were left out for want of what.

    `further` columns of the log are read of the first; `truth`, after a run on a simulated log,
    is what that log's oracle says of the same rows.

    Raises:
        ConfigError: there are no two different targets.
        DataError, FingerprintError: their rows are not the same, as the keys or the order has it.
    """
    if len(targets) < 2 or len(set(targets)) < len(targets):
        raise ConfigError(
            f"A comparison needs two targets or more, each of them once; got {list(targets)}."
        )
    _require_same_log(targets)
    frames: dict[str, pl.DataFrame] = {}
    truth: Path | None = None
    for target in targets:
        if target == CEILING and truth is not None and not Path(target).exists():
            frames[target] = true_scores(frames[targets[0]], truth)
            continue
        wanted = [*keys, *(further if not frames else ())]
        frames[target], folder = scored_rows(target, data, part, columns, format, wanted)
        truth = truth or folder
    alone: dict[str, int] = {}
    if keys:
        frames, alone = joined(frames, keys, missing)
    else:
        frames = in_order(frames)
    frames, counts = complete(frames, missing, groups)
    return frames, alone | counts


def _require_same_log(targets: Sequence[str]) -> None:
    """Labels in the same order may agree by chance where few are 1: files tell more."""
    runs = [Run(Path(one)) for one in targets if (Path(one) / RUN).exists()]
    for run in runs[1:]:
        first = runs[0]
        if (
            run.about["data"] != first.about["data"]
            or run.config.data.split != first.config.data.split
        ):
            raise FingerprintError(
                f"Runs can be compared on the same log and split only; {run.folder} was trained on "
                f"others than {first.folder}. Export it, and compare bundles with --data."
            )
