"""How the ids of a log differ from those that an encoder knows."""

from __future__ import annotations

from collections.abc import Sequence

from features.encoder import Encoder
from features.errors import DataError
from features.readers.source import Source
from features.suggest import listing
from pipelines.guessing.sample import sample_rows
from pipelines.inspect.drift import ColumnDrift, Drift, Thresholds, check_ignored
from pipelines.inspect.encoded import Lookup, Lookups
from pipelines.inspect.gather import Report, gather


def from_encoder(
    encoder: Encoder, b: Source, thresholds: Thresholds, ignored: Sequence[str], report: Report
) -> Drift:
    """Compare the ids of a log with an encoder's vocabularies.

    Raises:
        ConfigError: an ignored column is no column of the encoder's.
        DataError: rows that cannot be read, or not as declared.
    """
    wanted = encoder.schema.columns
    check_ignored(ignored, wanted)
    shared = [name for name in wanted if name in b.schema]
    if not shared:
        raise DataError(
            f"B must hold columns that the encoder reads, {listing(wanted)}; it holds "
            f"{listing(b.schema)}."
        )
    size = sample_rows(len(shared))
    total = gather(b.batches(shared, size), lambda one: Lookups.of(one, encoder), "B", report)
    rows = next(iter(total.features.values())).rows if total.features else b.count()
    found = []
    for feature in encoder.schema.features:
        if feature.column in ignored:
            continue
        if feature.column not in b.schema:
            found.append(ColumnDrift(feature.name, "other", ("missing from B",)))
        elif feature.name in total.features:
            found.append(_looked_up(feature.name, total.features[feature.name]).judged(thresholds))
    return Drift((None, rows), tuple(found))


def _looked_up(name: str, lookup: Lookup) -> ColumnDrift:
    return ColumnDrift(
        column=name,
        kind="id",
        beyond=() if lookup.values else ("missing in every row",),
        missing=(None, lookup.missing / lookup.rows),
        unseen=lookup.unseen / lookup.values if lookup.values else None,
    )
