"""A bundle: a directory of plain files, checked before any is used."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.cosines import Cosine
from features.errors import BundleError, DataError
from features.files import read_json, write_json
from serving.rerank.config import RerankConfig
from serving.tables.layout import TableLayout

MANIFEST = "manifest.json"
FORMAT: Literal[2] = 2


class FileEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class TableEntry(BaseModel):
    """A table, the fields that read it (None for all), and whether their sequences stay whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    layout: TableLayout
    fields: tuple[str, ...] | None = None
    whole: bool = False


class Manifest(BaseModel):
    """What a bundle holds and where it comes from.

    encoder, data: fingerprints. calibration: whether there is one. tolerance: largest difference
    from the golden scores. rerank: what becomes of ranked candidates. cosines: the ranker's columns
    after the logit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = FORMAT
    name: str
    version: str
    versions: dict[str, str]
    encoder: str
    data: str
    quantize: str
    tables: dict[str, TableEntry]
    ranker: bool
    calibration: bool = False
    metrics: dict[str, float]
    tolerance: float
    model: dict[str, Any] | None = None
    rerank: RerankConfig | None = None
    cosines: tuple[Cosine, ...] = ()
    files: dict[str, FileEntry] = Field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files, the manifest apart."""
        return sum(entry.bytes for entry in self.files.values())


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Hash every file of `folder` into the manifest, and write it last."""
    files = {
        path.relative_to(folder).as_posix(): FileEntry(
            sha256=digest(path), bytes=path.stat().st_size
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }
    sealed = manifest.model_copy(update={"files": files})
    write_json(folder / MANIFEST, sealed.model_dump(mode="json"))
    return sealed


def open_bundle(folder: Path) -> Manifest:
    """The manifest of a whole, unaltered bundle.

    Raises:
        BundleError: a file is missing, truncated, altered, or named outside the bundle.
    """
    try:
        document = read_json(folder / MANIFEST, made_by="Export the model again.")
    except DataError as error:
        raise BundleError(str(error)) from error
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BundleError(
            f"{folder / MANIFEST} must be a bundle manifest of format {FORMAT}; at '{where}': "
            f"{first['msg']}. Export the model again with this version."
        ) from error
    for name, entry in manifest.files.items():
        _check(folder, name, entry)
    return manifest


def _check(folder: Path, name: str, entry: FileEntry) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in name:
        raise BundleError(f"A bundle's files must lie inside it; the manifest names '{name}'.")
    path = folder / relative
    if any(part.is_symlink() for part in (path, *path.parents) if folder in part.parents):
        raise BundleError(f"A bundle must not hold links; '{name}' is one. Copy the files.")
    if not path.is_file():
        raise BundleError(f"The bundle must hold '{name}'; it does not. Copy or export it again.")
    if path.stat().st_size != entry.bytes:
        raise BundleError(
            f"'{name}' must have {entry.bytes} bytes; it has {path.stat().st_size}. The bundle "
            "was cut or altered: copy or export it again."
        )
    if digest(path) != entry.sha256:
        raise BundleError(
            f"'{name}' does not have the sha256 of the manifest. The bundle was altered: copy or "
            "export it again."
        )
