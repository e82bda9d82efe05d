"""Scores of the training rows by models that have not seen them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.dataset.dataset import Dataset
from features.errors import DataError
from pipelines.config import Config
from pipelines.journal import Journal, digest
from pipelines.prepare import Prepared, Report
from pipelines.stacking.folds import Folds, fold_numbers
from pipelines.stacking.opinions import Asked, Kept, cosines_of
from pipelines.start import Start
from pipelines.train_model import ModelTraining

_FOLDS = ".folds"
_BATCH = 8192

Floats = npt.NDArray[np.float32]


def out_of_fold(
    config: Config, prepared: Prepared, report: Report, work: Path, start: Start | None
) -> Kept:
    """What models say of each training row, in order, that were trained without its fold.

    Each is trained as the configuration says, its best epoch chosen on the validation part. What
    was finished, and the snapshot of what was begun, lie in `work` for an interrupted training to
    go on from.

    Raises:
        SchemaError, DataError: the rows cannot be cut, or the split gave the ranker some.
    """
    stacking = config.stacking
    assert stacking is not None
    assert stacking.folds is not None
    if rows := prepared.about["rows"]["ranker"]:
        raise DataError(
            "With stacking.folds the ranker learns from the training rows, so the split must give "
            f"the part 'ranker' none; it gave {rows}. Let the column of the split say 'train'."
        )
    train, count = prepared.part("train"), stacking.folds
    (work / _FOLDS).mkdir(exist_ok=True)
    journal = Journal(work / _FOLDS, {"train": train.manifest.content})
    numbers = fold_numbers(config, train, count, stacking.column)
    folds = Folds(train, numbers, count, journal)
    values = np.empty((train.rows, 1 + len(stacking.cosines)), np.float32)
    for number in range(count):
        step, file = f"fold-{number}", f"fold-{number}.npy"
        if step not in journal:
            own = work / f".{step}"
            own.mkdir(exist_ok=True)
            told = _named(report, f"fold {number + 1} of {count}")
            training = ModelTraining(_quiet(config), prepared, own, start, folds.others(number))
            model, _ = training.run(told, [])
            opinions = Asked(model, cosines_of(config, train.layout))
            np.save(journal.folder / file, _values(folds.fold(number), opinions))
            journal.finish(step, {file: digest(journal.folder / file)}, {})
            shutil.rmtree(own)
        values[numbers == number] = np.load(journal.folder / file, allow_pickle=False)
    return Kept(values)


def _quiet(config: Config) -> Config:
    """A run whose training reports to nobody: it is not the one that is asked for."""
    train = config.train.model_copy(update={"progressive": None, "tensorboard": False})
    return config.model_copy(update={"train": train})


def _named(report: Report, what: str) -> Report:
    def told(stage: str, done: int, total: int, note: str = "", /) -> None:
        report(f"{what}: {stage}", done, total, note)

    return told


def _values(fold: Dataset, opinions: Asked) -> Floats:
    """Float32 (rows, 1 + pairs), the logit first."""
    said = (opinions(batch, 0) for batch in fold.batches(_BATCH))
    return np.concatenate([np.column_stack([one.logits[:, :1], one.cosines]) for one in said])
