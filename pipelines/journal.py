"""Which steps of unfinished work are done, and the files that prove it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import DataError
from features.files import read_json, write_json

_FOLDER = "steps"

# Names that cannot leave the folder they are taken to be in.
Inside = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
]


class _Step(BaseModel):
    """A finished step: of which work, the sha256 of the files it wrote, and what it found out.

    `seal` is the sha256 of all that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    work: dict[str, str]
    files: dict[Inside, str]
    facts: dict[str, Any]
    seal: str = ""

    @property
    def sealed(self) -> Self:
        text = json.dumps(self.model_dump(mode="json", exclude={"seal"}), sort_keys=True)
        return self.model_copy(update={"seal": hashlib.sha256(text.encode()).hexdigest()})


class Journal:
    """A folder whose steps are recorded after their files, so that a killed run can be resumed.

    Opening it believes only records of the same `work` (its key, the versions that write it)
    whose files are there with the content they were written with, and removes everything else.
    """

    def __init__(self, folder: Path, work: Mapping[str, str]) -> None:
        self.folder, self._work = folder, dict(work)
        self._steps: dict[str, _Step] = {}
        (folder / _FOLDER).mkdir(exist_ok=True)
        for path in sorted((folder / _FOLDER).glob("*.json")):
            step = self._read(path)
            if step is not None:
                self._steps[path.stem] = step
        self._sweep()

    def __contains__(self, step: object) -> bool:
        return step in self._steps

    def __getitem__(self, step: str) -> dict[str, Any]:
        """What a finished step found out."""
        return self._steps[step].facts

    @property
    def steps(self) -> list[str]:
        return sorted(self._steps)

    def finish(self, step: str, files: Mapping[str, str], facts: dict[str, Any]) -> None:
        """Record a step whose files, the sha256 of each by its name in the folder, are written."""
        done = _Step(work=self._work, files=dict(files), facts=facts).sealed
        write_json(self.folder / _FOLDER / f"{step}.json", done.model_dump(mode="json"))
        self._steps[step] = done

    def restart(self) -> None:
        """Forget all steps and remove their files."""
        self._steps = {}
        self._sweep()

    def _read(self, path: Path) -> _Step | None:
        try:
            step = _Step.model_validate(read_json(path, made_by=""))
            whole = (step.work, step.seal) == (self._work, step.sealed.seal) and all(
                not (self.folder / name).is_symlink() and digest(self.folder / name) == sha256
                for name, sha256 in step.files.items()
            )
        except (DataError, ValidationError, OSError):
            return None
        return step if whole else None

    def _sweep(self) -> None:
        known = {self.folder / _FOLDER / f"{step}.json" for step in self._steps}
        known |= {self.folder / name for step in self._steps.values() for name in step.files}
        needed = {parent for path in known for parent in path.parents} | {self.folder / _FOLDER}
        for path in sorted(self.folder.rglob("*"), reverse=True):  # a folder after its content
            if path in known or path in needed:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
