"""What a server counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import prometheus_client as prometheus

from features.batch import Batch
from features.index import MISSING, UNSEEN
from features.layout import Layout
from serving.bundle import Manifest

_SECONDS = (
    *(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01),
    *(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
_ROWS = (1, 10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
STAGES = ("decode", "encode", "score", "respond")


class Metrics:
    """One registry an app, so that two apps in a process do not share counts."""

    def __init__(self, manifest: Manifest, layout: Layout) -> None:
        self._registry = registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=registry)
        self.requests = prometheus.Counter(
            "crossrank_requests", "Answered requests.", ["route", "status"], registry=registry
        )
        self.seconds = prometheus.Histogram(
            "crossrank_request_seconds",
            "From the request's head to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        stages = prometheus.Histogram(
            "crossrank_stage_seconds",
            f"Parts of scoring: {', '.join(STAGES)}.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = [stages.labels(name) for name in STAGES]
        self._rows = prometheus.Histogram(
            "crossrank_request_rows", "Rows of a scored request.", buckets=_ROWS, registry=registry
        )
        ids = prometheus.Counter(
            "crossrank_ids",
            "Ids that are missing, or that the vocabulary does not hold.",
            ["feature", "kind"],
            registry=registry,
        )
        self._ids = {
            row: [ids.labels(field.name, kind) for field in layout.ids]
            for row, kind in ((MISSING, "missing"), (UNSEEN, "unseen"))
        }
        self.ready = prometheus.Gauge(
            "crossrank_ready", "1 once the bundle is verified and warm.", registry=registry
        )
        prometheus.Gauge(
            "crossrank_bundle_info",
            "The bundle that is served.",
            ["model", "version", "encoder"],
            registry=registry,
        ).labels(manifest.name, manifest.version, manifest.encoder[:12]).set(1)

    def observe(self, batch: Batch, times: Sequence[float]) -> None:
        """Count a scored request; `times` bound its stages."""
        for stage, start, end in zip(self._stages, times[:-1], times[1:], strict=True):
            stage.observe(end - start)
        self._rows.observe(batch.rows)
        for row, counters in self._ids.items():
            counts = np.count_nonzero(batch.ids == row, axis=0).tolist()
            for counter, count in zip(counters, counts, strict=True):
                if count:
                    counter.inc(count)

    def text(self, accept: str) -> tuple[bytes, str]:
        """The exposition and its media type, in the format that `accept` asks for."""
        encode, media_type = prometheus.exposition.choose_encoder(accept)
        return encode(self._registry), media_type
