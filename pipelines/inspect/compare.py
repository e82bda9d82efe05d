"""What `crossrank drift` can be pointed at: logs, and whatever holds an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.errors import ConfigError
from features.readers.open import open_source
from pipelines.inspect.drift import Drift, Thresholds
from pipelines.inspect.drift_from_encoder import from_encoder
from pipelines.inspect.drift_of_logs import between_logs
from pipelines.inspect.encoded import find_encoder
from pipelines.inspect.gather import Report


def compare(
    a: str,
    b: str,
    thresholds: Thresholds,
    ignored: Sequence[str],
    format: str | None,
    report: Report,
) -> Drift:
    """How `b` differs from `a`; with an encoder on either side, how the other's ids do from it.

    Raises:
        ConfigError: both hold encoders, or as `between_logs` and `from_encoder`.
        DataError: files that are missing or cannot be read.
    """
    encoders = [find_encoder(Path(one)) for one in (a, b)]
    known = [(one, log) for one, log in zip(encoders, (b, a), strict=True) if one is not None]
    if len(known) == 2:
        raise ConfigError(
            f"One of the two must be a log; {a} and {b} both hold an encoder. Name the rows that "
            "one of them is to be compared with."
        )
    if known:
        encoder, log = known[0]
        source = open_source(log, format, Path.cwd())
        return from_encoder(encoder, source, thresholds, ignored, report)
    before, after = (open_source(one, format, Path.cwd()) for one in (a, b))
    return between_logs(before, after, thresholds, ignored, report)
