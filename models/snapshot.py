"""A training under way on disk: what it takes to go on as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from features.errors import DataError
from features.files import replacing, write_json
from models import checkpoint
from models.course import Course
from models.trainer import Trainer

_COURSE = "course.json"


def save(trainer: Trainer, course: Course, folder: Path, encoder: str) -> None:
    """Write all that the next step depends on, whole or not at all; replaces `folder`."""
    with replacing(folder) as work:
        checkpoint.write(trainer.model, work, encoder, trainer.step.state)
        write_json(work / _COURSE, course.model_dump(mode="json"))


def load(trainer: Trainer, folder: Path) -> Course:
    """Set the trainer and its model to what was saved of ones made alike.

    Raises:
        DataError: the folder is incomplete, or was written by another training.
    """
    state = checkpoint.restore(trainer.model, folder)
    try:
        trainer.step.restore(state)
        return Course.model_validate(json.loads((folder / _COURSE).read_text()))
    except (OSError, ValueError, ValidationError) as error:
        raise DataError(
            f"{folder} must be a complete snapshot of this training; reading it failed: {error}. "
            "Train again without --resume."
        ) from error
