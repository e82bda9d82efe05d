"""From what a configuration says about its logs to the source that reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import ConfigError
from features.readers import arrow, csv, parquet
from features.readers.arrow import ArrowSource
from features.readers.criteo import criteo_source
from features.readers.csv import CsvOptions, CsvSource, TsvOptions
from features.readers.failures import shown
from features.readers.filter import Filter, pruned
from features.readers.filtered import FilteredSource
from features.readers.letor import LetorOptions, LetorSource
from features.readers.libfm import libsvm_source
from features.readers.libsvm import LibsvmOptions
from features.readers.location import Location
from features.readers.options import Options, TableOptions
from features.readers.parquet import ParquetSource
from features.readers.partitions import partitioned
from features.readers.paths import resolve
from features.readers.sequences import SequenceOptions, SequenceSource
from features.readers.source import Source
from features.readers.trec import qrels_source, run_source
from features.suggest import nearest

_COMPRESSED = (".gz", ".zst")


@dataclass(frozen=True)
class Format:
    """A way logs are written: its options, its reader, the extensions that give it away.

    `columns` names those that a file holds itself, where its folders may add some.
    """

    options: type[Options]
    read: Callable[[tuple[Location, ...], Any, Path], Source]
    extensions: tuple[str, ...] = ()
    columns: Callable[[Location, Any], tuple[str, ...]] | None = None


def _text(*extensions: str) -> tuple[str, ...]:
    return (*extensions, *(one + packed for one in extensions for packed in _COMPRESSED))


FORMATS: dict[str, Format] = {
    "parquet": Format(
        TableOptions,
        lambda files, own, _: ParquetSource(files, own),
        (".parquet",),
        lambda file, _: parquet.columns_of(file),
    ),
    "arrow": Format(
        TableOptions,
        lambda files, own, _: ArrowSource(files, own),
        (".arrow", ".feather", ".ipc"),
        lambda file, _: arrow.columns_of(file),
    ),
    "csv": Format(
        CsvOptions, lambda files, own, _: CsvSource(files, own), _text(".csv"), csv.columns_of
    ),
    "tsv": Format(
        TsvOptions, lambda files, own, _: CsvSource(files, own), _text(".tsv"), csv.columns_of
    ),
    "criteo": Format(Options, lambda files, own, _: criteo_source(files, own)),
    "libsvm": Format(LibsvmOptions, lambda files, own, _: libsvm_source(files, own)),
    "letor": Format(LetorOptions, lambda files, own, _: LetorSource(files, own)),
    "sequences": Format(SequenceOptions, SequenceSource),
    "trec_run": Format(Options, lambda files, own, _: run_source(files, own), _text(".run")),
    "trec_qrels": Format(Options, lambda files, own, _: qrels_source(files, own), _text(".qrels")),
}


def open_source(
    paths: str | Sequence[str],
    format: str | None,
    base: Path,
    *,
    filter: Sequence[object] = (),
    **options: object,
) -> Source:
    """Return the source of the files that `paths` name: URLs, or relative to the folder `base`.

    `filter` keeps the rows for which each of its conditions [column, operator, value] holds.

    Raises ConfigError where the format, an option or a condition is unknown or does not hold;
    DataError where files are missing or cannot be read; SchemaError where columns do not fit.
    """
    wanted = Filter.of(filter)
    if format is not None and format not in FORMATS:
        raise ConfigError(
            f"format must be one of {', '.join(FORMATS)}; got {format!r}.{nearest(format, FORMATS)}"
        )
    files = resolve(paths, base)
    name = format if format is not None else guessed(files)
    chosen = FORMATS[name]
    own = _options(name, chosen.options, options)
    if chosen.columns is not None:
        files = partitioned(files, base, own.model_dump()["hive"])
        if set(wanted.columns) & set(files[0].partition.columns):
            files = pruned(files, wanted, chosen.columns(files[0], own))
    source = chosen.read(files, own, base)
    return FilteredSource(source, wanted) if wanted.conditions else source


def guessed(files: Sequence[Location]) -> str:
    """Return the format that the extensions of `files` agree on; ConfigError where they do not."""
    found: dict[str, Location] = {}
    for file in files:
        lowered = file.name.lower()
        names = [name for name, one in FORMATS.items() if lowered.endswith(one.extensions)]
        if not names:
            raise ConfigError(
                f"the format of {file.name!r} cannot be told from its extension; declare format, "
                f"one of {', '.join(FORMATS)}."
            )
        found.setdefault(names[0], file)
    if len(found) > 1:
        mixed = ", ".join(f"{file.name} ({name})" for name, file in found.items())
        raise ConfigError(f"files of one source must share a format; got {mixed}. Separate them.")
    return next(iter(found))


def _options(name: str, model: type[Options], given: Mapping[str, object]) -> Options:
    known = model.model_fields
    for option in given:
        if option not in known:
            raise ConfigError(
                f"format {name!r} has no option {option!r}; its options are "
                f"{', '.join(known) or 'none'}.{nearest(option, known)}"
            )
    try:
        return model.model_validate(dict(given))
    except ValidationError as cause:
        problem = cause.errors()[0]
        option = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(
            f"option {option} of format {name!r} does not hold: {problem['msg']}; got "
            f"{shown(str(problem['input']))}."
        ) from cause
