"""The steps of preparing, each recorded once it is done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from features import store
from features.checks.violations import Violations
from features.dataset.manifest import Labels, Manifest, Part
from features.dataset.writer import write_part
from features.encoder import Encoder
from features.errors import CrossrankError, DataError
from features.files import PARTIAL, write_bytes, write_json
from features.fit import fit
from pipelines.config import Config
from pipelines.division import Chunk, Division
from pipelines.golden import sample
from pipelines.journal import Journal, digest
from pipelines.roles import chained, role_columns
from pipelines.splits.split import PARTS


class Report(Protocol):
    """Told of a stage, the rows done and the rows in all, and what else there is to say of it."""

    def __call__(self, stage: str, done: int, total: int, note: str = "", /) -> None: ...


_FIT, _ENCODER, _GOLDEN = "fit", "encoder", "golden.parquet"
_SHOWN = 4096  # rows that the golden ones are chosen from


class Preparation:
    """Prepares into `work`, from wherever an earlier one with the same `key` was interrupted.

    First the encoder is fitted, then each chunk of raw rows is encoded, then the manifests are
    written. The bytes do not depend on where it was interrupted. An `earlier` encoder is grown.
    """

    def __init__(
        self,
        work: Path,
        key: str,
        data: str,
        config: Config,
        division: Division,
        report: Report,
        earlier: Encoder | None = None,
    ) -> None:
        self._earlier = earlier
        self._work, self._data, self._division = work, data, division
        self._schema, self._negatives = config.schema_, config.data.negatives
        self._base, self._report = config.base, report
        self._binary, self._chained = config.model is not None, chained(config.model)
        # Another Polars may encode or compress the rest in another way.
        self._journal = Journal(work, {"key": key, "polars": version("polars")})

    def run(self) -> None:
        """Raises DataError, SchemaError: the rows cannot be used as declared."""
        encoder = self._fitted()
        columns = [*self._columns, *self._schema.roles.values()]
        done = sum(self._journal[step].get("height", 0) for step in self._journal.steps)
        for chunk in self._division.chunks(list(dict.fromkeys(columns)), self._journal):
            self._encode(encoder, chunk)
            done += chunk.height
            self._report("encode", done, self._division.total)
        self._seal(encoder)

    @property
    def _columns(self) -> list[str]:
        """What is read of the rows, but for their roles."""
        return list(dict.fromkeys([*self._schema.columns, *self._schema.fit_columns]))

    def _fitted(self) -> Encoder:
        if _FIT in self._journal:
            try:
                encoder = store.load(self._work / _ENCODER)
            except CrossrankError:
                self._journal.restart()
            else:
                self._division.recall(self._journal[_FIT]["division"])
                return encoder
        self._journal.restart()  # chunks are worth as much as the encoder that encoded them
        shown: dict[str, pl.DataFrame] = {}
        encoder = fit(self._schema, lambda: self._training(shown), self._base, self._earlier)
        unfinished = self._work / f".{_ENCODER}.{PARTIAL}"
        store.save(encoder, unfinished, training=True)
        unfinished.rename(self._work / _ENCODER)
        buffer = BytesIO()
        rows = shown.get("valid", next(iter(shown.values())))
        sample(rows, self._schema).write_parquet(buffer)
        write_bytes(self._work / _GOLDEN, buffer.getbuffer())
        names = sorted(f"{_ENCODER}/{path.name}" for path in (self._work / _ENCODER).iterdir())
        files = {name: digest(self._work / name) for name in (*names, _GOLDEN)}
        self._journal.finish(_FIT, files, {"division": self._division.knowledge})
        return encoder

    def _training(self, shown: dict[str, pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The rows to fit; `shown` is filled with the first rows of each part."""
        columns = self._columns
        own = self._division.head("valid", columns, _SHOWN)
        if own is not None:
            shown["valid"] = own
        done = 0
        for chunk in self._division.fitting(columns):
            done += chunk.height
            self._report("fit", done, self._division.divided)
            for piece in chunk.pieces:
                shown.setdefault(piece.part, piece.rows.head(_SHOWN))
                if piece.part == "train":
                    yield piece.rows

    def _encode(self, encoder: Encoder, chunk: Chunk) -> None:
        parts: dict[str, Part] = {}
        found = Violations(rows=0)
        for piece in chunk.pieces:
            raw, broken = self._schema.checks.apply(piece.rows, strict=True)
            found = found.merge(broken)
            folder = self._work / piece.part
            folder.mkdir(exist_ok=True)
            roles = role_columns(
                raw,
                self._schema,
                binary=self._binary,
                chained=self._chained,
                importance=piece.importance,
            )
            # What was kept of an earlier log was not learned from these rows.
            learned = piece.part == "train" and self._earlier is None
            encode = encoder.encode_training if learned else encoder.encode
            encoded = encode(raw).with_columns(roles)
            parts[piece.part] = write_part(folder, chunk.number, encoded)
        self._journal.finish(
            chunk.name,
            {f"{name}/{part.name}": part.sha256 for name, part in parts.items()},
            {
                "height": chunk.height,
                "dropped": chunk.dropped,
                "checks": found.model_dump(mode="json"),
                "parts": {name: part.model_dump(mode="json") for name, part in parts.items()},
            },
        )

    def _seal(self, encoder: Encoder) -> None:
        manifests: dict[str, Manifest] = {}
        for name in PARTS:
            parts = [
                Part.model_validate(facts["parts"][name])
                for facts in self._facts()
                if name in facts["parts"]
            ]
            if not parts:
                continue
            manifest = Manifest.of(encoder.fingerprint, encoder.layout, parts)
            if self._binary and manifest.labels is not None:
                _require_both_classes(name, "labels", manifest.labels)
                for task, labels in manifest.tasks.items():
                    _require_both_classes(name, f"labels of '{task}'", labels)
            manifest.write(self._work / name)
            manifests[name] = manifest
        checks = reduce(Violations.merge, self._violations(), Violations(rows=0))
        checks.require()
        known = {name: manifests[name].labels for name in manifests}
        document = {
            "data": self._data,
            "rows": {name: manifests[name].rows if name in manifests else 0 for name in PARTS},
            "labels": {name: _told(one) for name, one in known.items() if one is not None},
            "tasks": {
                name: {task: _told(one) for task, one in manifest.tasks.items()}
                for name, manifest in manifests.items()
            },
            "negatives": self._thinned(known.get("train")),
            "checks": checks.model_dump(mode="json"),
        }
        write_json(self._work / "prepared.json", document)

    def _facts(self) -> Iterator[dict[str, Any]]:
        return (self._journal[step] for step in self._journal.steps if step != _FIT)

    def _violations(self) -> Iterator[Violations]:
        return (Violations.model_validate(facts["checks"]) for facts in self._facts())

    def _thinned(self, train: Labels | None) -> dict[str, Any] | None:
        if self._negatives is None:
            return None
        kept = 0 if train is None else train.rows - train.positives
        return {
            **self._negatives.model_dump(mode="json"),
            "before": kept + sum(facts["dropped"] for facts in self._facts()),
            "after": kept,
            "weight": self._negatives.weight,
            "offset": self._negatives.offset,
        }


def _told(labels: Labels) -> dict[str, float]:
    return {**labels.model_dump(), "mean": labels.mean, "weighted_mean": labels.weighted_mean}


def _require_both_classes(part: str, what: str, labels: Labels) -> None:
    if labels.positives in (0, labels.rows):
        raise DataError(
            f"The part '{part}' must hold both {what}; all {labels.rows} rows are "
            f"{'1' if labels.positives else '0'}. Use more data, or change [data.split]."
        )
