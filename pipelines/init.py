"""A first configuration for an unknown log."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import escape, has_magic
from pathlib import Path
from typing import Any

from features.errors import ConfigError
from features.readers.filesystems import is_url
from features.readers.open import open_source
from features.readers.paths import resolve
from pipelines.guessing import toml
from pipelines.guessing.blocks import feature_blocks
from pipelines.guessing.column import Column
from pipelines.guessing.declarations import find_features
from pipelines.guessing.division import choose_split
from pipelines.guessing.finding import LEFT_OUT, Finding
from pipelines.guessing.roles import Roles, find_roles
from pipelines.guessing.sample import sample_rows
from pipelines.splits.registry import AnySplit
from pipelines.splits.shares import ByShare

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of a run

# Up to so many rows: rows a step, epochs.
_PACE = ((50_000, 256, 10), (500_000, 1024, 5), (10_000_000, 4096, 3))
_LONG_PACE = (8192, 2)


@dataclass(frozen=True)
class Guess:
    """What the rows seem to mean.

    `rows` in all, of which the first `sampled` were looked at. `findings`: one a column, in
    the order of the data.
    """

    paths: str | tuple[str, ...]
    format: str | None
    options: Mapping[str, Any]
    rows: int
    sampled: int
    roles: Roles
    findings: tuple[Finding, ...]
    split: AnySplit
    split_why: str
    ranker: bool

    def toml(self, name: str | None = None) -> str:
        """The configuration, for a folder that `paths` are relative to; `name` is the run's."""
        features = [one for one in self.findings if one.column not in self.roles.taken]
        blocks = [
            toml.comment(
                f"Guessed by `crossrank init` from the first {self.sampled:,} of {self.rows:,} "
                "rows. Read it, mend it, then train."
            ),
            *([toml.pair("name", name)] if name is not None else []),
            "\n".join(self._data()),
            "\n".join(self._split()),
            *feature_blocks(features),
            "\n".join(self._model()),
            *(["\n".join(self._ranker())] if self.ranker else []),
        ]
        return "\n\n".join(blocks) + "\n"

    @property
    def lines(self) -> list[str]:
        """`column: guessed X because Y`, one a column, and the same of `[data.split]`."""
        return [
            *map(str, self.findings),
            f"[data.split]: guessed {self.split.type} because {self.split_why}",
        ]

    def _data(self) -> list[str]:
        lines = ["[data]", toml.pair("paths", self.paths)]
        if self.format is not None:
            lines.append(toml.pair("format", self.format))
        if self.options:
            lines.append(toml.pair("options", self.options))
        for role in ("label", "weight", "query", "position"):
            found: Finding | None = getattr(self.roles, role)
            if found is not None:
                measured = f" ({found.figures})" if found.figures else ""
                lines += [toml.comment(f"Because {found.why}{measured}.")]
                lines += [toml.pair(role, found.column)]
        return lines

    def _split(self) -> list[str]:
        lines = ["[data.split]", toml.comment(f"Because {self.split_why}.")]
        lines.append(toml.pair("type", self.split.type))
        lines += [toml.pair("column", column) for column in self.split.columns]
        if isinstance(self.split, ByShare):
            shares = {part: getattr(self.split, part) for part in ("train", "ranker")}
            shares |= {"valid": self.split.valid, "test": self.split.test}
            lines += [toml.pair(part, share) for part, share in shares.items() if share]
        return lines

    def _model(self) -> list[str]:
        paces = (pace for most, *pace in _PACE if self.rows <= most)
        batch_size, epochs = next(paces, _LONG_PACE)
        return [
            "[model]",
            toml.pair("type", "dcn_v2"),
            "",
            "[train]",
            toml.comment(f"For {self.rows:,} rows; training stops once validation gets worse."),
            toml.pair("epochs", epochs),
            toml.pair("batch_size", batch_size),
        ]

    def _ranker(self) -> list[str]:
        if self.roles.position is not None:
            why = "The log has queries and positions, so the ranker can learn their bias."
        else:
            why = "The log has queries but no positions, whose bias a ranker could learn."
        lines = ["[ranker]", toml.comment(why)]
        return [*lines, toml.pair("unbiased", self.roles.position is not None)]


def guess(
    paths: str | Sequence[str],
    base: Path,
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    label: str | None = None,
) -> Guess:
    """Look at the first rows of what `paths` name, relative to the folder `base`.

    Raises:
        ConfigError: no column can be the label, `label` cannot, or no column is a feature; the
            format or an option does not hold.
        DataError: files are missing, empty, or cannot be read.
    """
    options = dict(options or {})
    source = open_source(paths, format, base, **options)
    asked = sample_rows(len(source.schema))
    frame = next(source.batches(rows=asked))
    rows = frame.height if frame.height < asked else source.count()
    columns = {name: Column(frame[name]) for name in frame.columns}
    roles = find_roles(columns, label)
    ranker = roles.query is not None and _has_rows(roles.part, columns)
    split, why, parts = choose_split(frame, roles, ranker=ranker)
    features = {one.column: one for one in find_features(columns, roles, parts == "train")}
    if all(one.taken == LEFT_OUT for one in features.values()):
        raise ConfigError(_no_features(list(features.values())))
    return Guess(
        paths=paths if isinstance(paths, str) else tuple(paths),
        format=format,
        options=options,
        rows=rows,
        sampled=frame.height,
        roles=roles,
        findings=tuple(features.get(name) or roles.taken[name] for name in columns),
        split=split,
        split_why=why,
        ranker=ranker,
    )


def _has_rows(part: Finding | None, columns: Mapping[str, Column]) -> bool:
    """Whether the split can give the ranker rows of its own."""
    return part is None or "ranker" in columns[part.column].present.unique()


def _no_features(left: Sequence[Finding]) -> str:
    reasons = "; ".join(f"'{one.column}': {one.why}" for one in left[:5])
    return (
        "At least one column must be a feature; there is none"
        f"{f' ({reasons})' if left else ' beside the label'}. Use data with more columns."
    )


def write_config(
    paths: str | Sequence[str],
    out: Path,
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    label: str | None = None,
) -> list[str]:
    """Write the guess to `out`, paths relative to its folder, and return its `lines`.

    `paths` are relative to the working directory; paths in `options`, to the folder of `out`.

    Raises:
        ConfigError: `out` exists or cannot be written; or as `guess`.
        DataError: as `guess`.
    """
    taken = f"{out} must not exist yet, and it does. Name another file, or remove it yourself."
    if out.exists():
        raise ConfigError(taken)
    entries = [paths] if isinstance(paths, str) else list(paths)
    resolve(entries, Path.cwd())  # says what is missing in the caller's words
    folder = out.parent.resolve()
    moved = [_relative(entry, folder) for entry in entries]
    _make(folder)  # before guessing: a path out of a folder that does not exist leads nowhere
    found = guess(moved[0] if len(moved) == 1 else moved, folder, format, options, label)
    name = None if _NAME.fullmatch(out.stem) else re.sub(r"[^A-Za-z0-9]+", "-", out.stem).strip("-")
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(found.toml(name if name is None else name or "run"))
    except FileExistsError:
        raise ConfigError(taken) from None
    except OSError as error:
        raise ConfigError(f"{out} must be a file that can be written: {error}.") from error
    return found.lines


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} must be a folder to write to: {error}.") from error


def _relative(entry: str, folder: Path) -> str:
    """A file, folder or glob of the working directory, as seen from `folder`."""
    if is_url(entry):
        return entry
    path = Path(entry)
    if path.exists():
        # The last part is kept as it is: a link may be renewed to point elsewhere.
        return _from(folder, path.parent.resolve() / path.name)
    fixed = next(i for i, part in enumerate(path.parts) if has_magic(part))
    start = _from(folder, Path(*path.parts[:fixed]).resolve())
    return Path(escape(start), *path.parts[fixed:]).as_posix()


def _from(folder: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()
