"""A training under way on disk: what it takes to go on as if nothing had happened."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from features.errors import DataError
from features.files import replacing, write_json
from models import checkpoint
from models.course import Course
from models.trainer import Trainer

_COURSE, _OPTIMIZER = "course.json", "optimizer.npz"


def save(trainer: Trainer, course: Course, folder: Path, encoder: str) -> None:
    """Write all that the next step depends on, whole or not at all; replaces `folder`."""
    with replacing(folder) as work:
        checkpoint.write(trainer.model, work, encoder)
        state: dict[str, Any] = {f"{i:03d}": value for i, value in enumerate(trainer.step.state)}
        np.savez(work / _OPTIMIZER, **state)
        write_json(work / _COURSE, course.model_dump(mode="json"))


def load(trainer: Trainer, folder: Path) -> Course:
    """Set the trainer and its model to what was saved of ones made alike.

    Raises:
        DataError: the folder is incomplete, or was written by another training.
    """
    checkpoint.restore(trainer.model, folder)
    try:
        with (
            (folder / _OPTIMIZER).open("rb") as file,
            np.load(file, allow_pickle=False) as saved,
        ):
            trainer.step.restore([saved[name] for name in sorted(saved.files)])
        return Course.model_validate(json.loads((folder / _COURSE).read_text()))
    except (OSError, EOFError, ValueError, ValidationError, BadZipFile, zlib.error) as error:
        raise DataError(
            f"{folder} must be a complete snapshot of this training; reading it failed: {error}. "
            "Train again without --resume."
        ) from error
