"""A loaded bundle behind the routes: bytes in, bytes out."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from features.batch import Batch
from features.errors import BundleError, DataError
from serving.examples import columns
from serving.metrics import Metrics
from serving.problem import BAD_VALUE, NOT_READY, RequestError
from serving.request import Candidates, JsonReader
from serving.rerank.reranker import Reranker
from serving.rerank.traits import Traits
from serving.scorer import Scorer, Scores
from serving.settings import Settings

_WARM_ROWS = (1, 100)

log = logging.getLogger(__name__)


class Engine:
    """One bundle's scorer, not used before it is verified and warm.

    Safe to call from several threads at once.
    """

    def __init__(self, bundle: Path, settings: Settings) -> None:
        """Raises BundleError: the bundle is damaged."""
        self._bundle, self._settings = bundle, settings
        self.scorer = Scorer.load(bundle, settings.threads)
        self.manifest = self.scorer.manifest
        rerank = self.manifest.rerank
        self._reranker = None if rerank is None else Reranker(rerank)
        self.reader = JsonReader(
            self.scorer.encoder.schema, settings.max_rows, None if rerank is None else rerank.reads
        )
        self.metrics = Metrics(self.manifest, self.scorer.encoder.layout)
        self._head = {"model": self.manifest.name, "version": self.manifest.version}
        self.failure: BundleError | None = None
        self.ready = False

    def prepare(self) -> None:
        """Score the golden requests, then warm up; sets `ready`, or `failure`."""
        try:
            self.scorer.verify(self._bundle)
            self._warm()
        except BundleError as error:
            self.failure = error
            log.error("The bundle is refused: %s", error)
        except Exception as error:
            self.failure = BundleError(f"The bundle must score its golden requests: {error!r}.")
            log.exception("The bundle is refused")
        else:
            self.ready = True
            self.metrics.ready.set(1)

    def _warm(self) -> None:
        for rows in {min(rows, self._settings.max_rows) for rows in _WARM_ROWS}:
            request = orjson.dumps({"columns": columns(self.reader, rows)})
            for _ in range(self._settings.threads):  # each has its own interpreter
                with contextlib.suppress(DataError):  # made-up numbers may be too large
                    self.scorer.score_encoded(self._encoded(self.reader.read(request)))

    def require_ready(self) -> None:
        """Raises RequestError until the engine is ready, and for good when it never will be."""
        if self.failure is not None:
            raise RequestError(NOT_READY, "The bundle was refused; the server's log says why.")
        if not self.ready:
            raise RequestError(NOT_READY, "The bundle is being verified. Try again in a moment.")

    def _encoded(self, candidates: Candidates) -> Batch:
        encoder = self.scorer.encoder
        return encoder.request(candidates.context, candidates.columns, candidates.rows)

    def score(self, request: bytes) -> bytes:
        """Scores in the order of the rows. Raises RequestError."""
        return self._answer(request, ranking=False)

    def rank(self, request: bytes) -> bytes:
        """Rows best first, equal scores in the order of the rows. Raises RequestError."""
        return self._answer(request, ranking=True)

    def _answer(self, request: bytes, *, ranking: bool) -> bytes:
        start = perf_counter()
        candidates = self.reader.read(request, ranking=ranking)
        decoded = perf_counter()
        try:
            batch = self._encoded(candidates)
            encoded = perf_counter()
            scores = self.scorer.score_encoded(batch)
        except DataError as error:
            raise RequestError(BAD_VALUE, str(error)) from error
        scored = perf_counter()
        content = self._ranking(scores, candidates) if ranking else _scores(scores)
        answer = orjson.dumps({**self._head, **content}, option=orjson.OPT_SERIALIZE_NUMPY)
        self.metrics.observe(batch, (start, decoded, encoded, scored, perf_counter()))
        return answer

    def _ranking(self, scores: Scores, candidates: Candidates) -> dict[str, Any]:
        options = candidates.options
        if self._reranker is None or not options.rerank:
            best = np.argsort(-scores.rank, kind="stable")[: options.top_k]
            known = {} if options.request_id is None else {"request_id": options.request_id}
            return {**known, "ranking": _listed(scores, best, {})}
        request_id, seed = options.drawn()
        shown = self._reranker.rank(
            scores.rank,
            Traits(candidates.rows, candidates.column),
            np.random.default_rng(seed),
        ).top(options.top_k)
        return {
            "request_id": request_id,
            "seed": seed,
            "policy": self._reranker.config.policy,
            "list_log_propensity": float(np.log(shown.propensity).sum()),
            "ranking": _listed(
                scores,
                shown.order,
                {"propensity": list(shown.propensity), "marginal": list(shown.marginal)},
            ),
        }


def _scores(scores: Scores) -> dict[str, Any]:
    content: dict[str, Any] = {"scores": scores.rank}
    if scores.probability is not None:
        content["probabilities"] = scores.probability
    if scores.tasks:
        content["tasks"] = scores.tasks
    return content


def _listed(
    scores: Scores, order: npt.NDArray[np.intp], further: dict[str, list[Any]]
) -> list[dict[str, Any]]:
    """The rows of an answer, with `further` columns, each (shown,)."""
    columns: dict[str, list[Any]] = {"index": order.tolist(), "score": list(scores.rank[order])}
    if scores.probability is not None:
        columns["probability"] = list(scores.probability[order])
    if scores.tasks:
        picked = zip(*(one[order] for one in scores.tasks.values()), strict=True)
        columns["tasks"] = [dict(zip(scores.tasks, row, strict=True)) for row in picked]
    columns |= further
    names = tuple(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
