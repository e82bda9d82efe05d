"""Contributions to the scores of rows: of a request, or of a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from features.batch import Batch
from features.errors import ConfigError
from pipelines.explain.baseline import baseline
from pipelines.explain.contributions import Contributions
from pipelines.explain.gradients import integrated_gradients
from pipelines.explain.shapley import ORDERS, shapley
from pipelines.explain.trees import tree_shap
from pipelines.players import Players
from pipelines.run import Run
from pipelines.subject import CTR, RANKER, subject_of
from serving.request import JsonReader
from serving.scorer import Scorer

MOST = 10_000  # candidates of a request


class Explaining(BaseModel):
    """How: `auto` takes integrated gradients where there is a network to differentiate, a run's,
    and Shapley values elsewhere. `groups` of features, by name, count as one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["auto", "gradients", "shapley"] = "auto"
    orders: int = Field(default=ORDERS, ge=4)
    seed: int = Field(default=0, ge=0)
    groups: Mapping[str, Sequence[str]] = Field(default_factory=dict)


def explain(target: Run | Scorer, batch: Batch, settings: Explaining) -> dict[str, Contributions]:
    """By scorer: of the CTR model's logit, before calibration, and of the ranker's score.

    Raises:
        ConfigError: gradients were asked of a bundle, or a group names no feature.
    """
    subject = subject_of(target)
    players = Players(subject.encoder.layout, settings.groups)
    found: dict[str, Contributions] = {}
    model = target.model if isinstance(target, Run) else None
    if settings.method == "gradients" and model is None and subject.logits is not None:
        raise ConfigError(
            "Gradients need the network as it was trained; a bundle holds one to score with "
            "alone. Give its run, or --method shapley."
        )
    if subject.logits is not None:
        base = baseline(subject.encoder, batch)
        if model is not None and settings.method != "shapley":
            found[CTR] = integrated_gradients(model, batch, base, players)
        else:
            found[CTR] = shapley(
                subject.logits, batch, base, players, orders=settings.orders, seed=settings.seed
            )
    if subject.ranker is not None:
        logits = None if subject.logits is None else subject.logits(batch)
        columns = subject.matrix(batch, logits)
        found[RANKER] = tree_shap(subject.ranker, columns, subject.encoder.layout, players)
    return found


def requested(target: Run | Scorer, body: bytes) -> tuple[Batch, pl.DataFrame]:
    """The candidates of a request as the server's `/v1/score` reads it, encoded and raw.

    Raises DataError where the server would refuse it.
    """
    encoder = target.encoder
    rerank = target.manifest.rerank if isinstance(target, Scorer) else target.config.rerank
    reader = JsonReader(encoder.schema, MOST, None if rerank is None else rerank.reads)
    candidates = reader.read(body)
    batch = encoder.request(candidates.context, candidates.columns, candidates.rows)
    return batch, encoder.schema.derive(candidates.frame)
