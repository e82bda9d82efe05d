"""What trials are scored by."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from features.errors import ConfigError
from features.files import read_json
from pipelines.config import Config
from pipelines.evaluate import evaluate_scores
from pipelines.metrics.parse import parse_metric
from pipelines.monitor import Monitor
from pipelines.run import Run
from pipelines.scoring import score
from pipelines.tune.config import TuneConfig


class Objective(BaseModel):
    """A metric of the model (`ctr`) or of the ranker, on the validation part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scorer: str
    metric: str
    higher: bool  # is better

    def best(self, values: list[float]) -> float:
        return max(values) if self.higher else min(values)

    def of(self, run: Run) -> float:
        """Its value for a finished run: of the model's best epoch, or of the ranker."""
        if self.scorer == "ctr":
            history = read_json(run.folder / "history.json", made_by="Train it again.")
            return self.best([epoch[self.metric] for epoch in history["epochs"]])
        known = run.metrics[self.scorer]
        if self.metric in known:
            return known[self.metric]
        scored = score(run.prepared.part("valid"), run.model, run.ranker, cosines=run.cosines)
        return evaluate_scores(scored, [parse_metric(self.metric)])[self.scorer][self.metric]


def objective_of(config: Config, tune: TuneConfig) -> Objective:
    """The ranker's where its settings are searched, or where there is no model.

    Raises ConfigError for a metric that has no better and worse, or is none.
    """
    of_ranker = any(key.split(".")[0] == "ranker" for key in tune.space)
    if config.model is None or of_ranker:
        return _objective("ranker", Monitor.parse(tune.monitor or "nDCG@10", ()))
    if isinstance(config.train, dict):
        raise ConfigError(
            "Tuning a [model] needs TensorFlow, which is not installed here. "
            "Install crossrank with its train extra: pip install 'crossrank[train]'."
        )
    text = tune.monitor or config.train.monitor
    return _objective("ctr", Monitor.parse(text, config.data.tasks))


def _objective(scorer: str, monitor: Monitor) -> Objective:
    better = bool(monitor.metric.higher_is_better)
    return Objective(scorer=scorer, metric=monitor.name, higher=better)


def measured(document: dict[str, Any], objective: Objective) -> dict[str, Any]:
    """The document less what the objective does not see: what comes after the model."""
    left_out = {
        "tune",
        "calibration",
        *(["ranker", "stacking"] if objective.scorer == "ctr" else []),
    }
    kept = {key: value for key, value in document.items() if key not in left_out}
    if objective.scorer == "ctr":
        kept["train"] = {**kept.get("train", {}), "monitor": objective.metric}
    return kept
