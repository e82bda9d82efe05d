"""A run's progressive validation for people, against that of a baseline."""

from __future__ import annotations

from pathlib import Path

from features.errors import ConfigError, FingerprintError
from pipelines import console
from pipelines.config import Config
from pipelines.progressive.report import Report
from pipelines.run import Run

_SHOWN = 24  # slices, such as the hours of the last day


def baseline_of(folder: Path, config: Config) -> Run:
    """The run to compare with. Raises ConfigError where one of the two reports nothing."""
    run = Run(folder)
    if getattr(config.train, "progressive", None) is None or run.progressive is None:
        raise ConfigError(
            f"A baseline needs progressive validation of both runs; {folder} or the configuration "
            "has none. Declare [train.progressive], and train the baseline with it."
        )
    return run


def results(run: Run, baseline: Run | None) -> dict[str, Report]:
    """`progressive`, where the run reports it, and `change`, where there is a baseline.

    Raises FingerprintError where the baseline is of other rows.
    """
    mine = run.progressive
    if mine is None:
        return {}
    if baseline is None or baseline.progressive is None:
        return {"progressive": mine}
    if baseline.about["data"] != run.about["data"]:
        raise FingerprintError(
            f"A baseline must have scored the same rows; {baseline.folder} was trained on other "
            "data. Train it on the data of this run."
        )
    return {"progressive": mine, "change": mine.against(baseline.progressive)}


def show(found: dict[str, Report]) -> None:
    """Tables of what `results` gave."""
    titles = {
        "progressive": "Progressive validation: each row scored before it was learned from",
        "change": "Change of the losses against the baseline, in percent",
    }
    for name, report in found.items():
        title, rows = titles[name], report.slices[-_SHOWN:]
        if len(rows) < len(report.slices):
            title += f" (the last {len(rows)} of {len(report.slices)} slices)"
        every = [report.all, *rows]
        names = dict.fromkeys(name for one in every for name in one.metrics)
        cells = (
            [one.slice, one.rows, *(one.metrics.get(name, "") for name in names)] for one in every
        )
        console.table(title, ["slice", "rows", *names], cells)
