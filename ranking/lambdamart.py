"""LambdaMART on XGBoost, unbiased where the log has positions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xgboost as xgb
from pydantic import BaseModel, ConfigDict, Field

from features.errors import ConfigError, DataError
from features.files import read_json, write_json
from ranking.groups import Groups

Floats = npt.NDArray[np.float32]

_HIGHEST = 31  # a gain of 2^label - 1 must fit XGBoost's integers


class RankerConfig(BaseModel):
    """How LambdaMART learns.

    `unbiased` learns the bias of each position together with the trees (Hu et al., WWW 2019);
    `pairs` is how many positions from the top form pairs and have their bias tracked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: Literal["rank:ndcg", "rank:map", "rank:pairwise"] = "rank:ndcg"
    unbiased: bool = True
    rounds: int = Field(default=300, ge=1)
    patience: int = Field(default=30, ge=1)
    learning_rate: float = Field(default=0.1, gt=0)
    max_depth: int = Field(default=6, ge=1)
    min_child_weight: float = Field(default=1.0, ge=0)
    subsample: float = Field(default=1.0, gt=0, le=1)
    pairs: int = Field(default=10, ge=1)
    score_normalization: bool = True
    bias_norm: float = Field(default=1.0, ge=0)
    metric: str = Field(default="ndcg@10", pattern=r"^(ndcg|map|pre)(@[1-9]\d{0,4})?-?$")
    seed: int = Field(default=0, ge=0, lt=2**31)


@dataclass(frozen=True)
class QueryData:
    """Ranking examples, in any order of rows.

    matrix: float32 (rows, features). label: float32 (rows,). groups: how rows belong together.
    """

    matrix: Floats
    label: Floats
    groups: Groups

    def to_xgboost(self, shuffle: int | None = None) -> Any:
        """In order of position for training: the unbiased mode reads it from the row order.

        For evaluation `shuffle` the rows of each query by a seed: XGBoost breaks ties by row
        order, so early, coarse trees would else be credited with the order that was logged.
        Columns go without their names, some of whose characters XGBoost refuses.
        """
        order = self.groups.order
        if shuffle is not None:
            random = np.random.default_rng(shuffle).random(len(order))
            order = order[np.lexsort((random, self.groups.qid))]
        return xgb.DMatrix(self.matrix[order], label=self.label[order], qid=self.groups.qid)


class _Report(xgb.callback.TrainingCallback):
    def __init__(self, report: Callable[[int, dict[str, float]], None]) -> None:
        super().__init__()
        self._report = report

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        latest = {
            f"{data}_{metric}": float(values[-1])
            for data, metrics in evals_log.items()
            for metric, values in metrics.items()
        }
        self._report(epoch + 1, latest)
        return False


@dataclass(frozen=True)
class Ranker:
    """Trained trees.

    bias: the learned bias of a click, then of a missing click, by position from the top; each
    relative to the first position, exponentiated by the norm: not an examination probability.
    """

    booster: Any
    names: tuple[str, ...]
    bias: dict[str, list[float]]

    def predict(self, matrix: Floats) -> Floats:
        """Scores float32 (rows,); only their order within a query means anything."""
        scores: Floats = self.booster.inplace_predict(matrix, predict_type="margin")
        return scores

    def save(self, folder: Path) -> None:
        """Write `trees.ubj` and `ranker.json` into a new folder."""
        folder.mkdir(parents=True)
        self.booster.save_model(folder / "trees.ubj")
        write_json(folder / "ranker.json", {"features": self.names, "bias": self.bias})

    @classmethod
    def load(cls, folder: Path) -> Ranker:
        """Raises DataError where the folder is incomplete."""
        document = read_json(folder / "ranker.json", made_by="Run `crossrank train` again.")
        if not document.keys() >= {"features", "bias"}:
            raise DataError(
                f"{folder / 'ranker.json'} must hold features and bias; it holds "
                f"{', '.join(document) or 'nothing'}. Run `crossrank train` again."
            )
        booster = xgb.Booster()
        try:
            booster.load_model(folder / "trees.ubj")
        except (OSError, xgb.core.XGBoostError) as error:
            raise DataError(
                f"{folder / 'trees.ubj'} must be an XGBoost model: "
                f"{str(error).splitlines()[0]}. Run `crossrank train` again."
            ) from error
        return cls(booster, tuple(document["features"]), document["bias"])


def train(
    config: RankerConfig,
    names: list[str],
    data: QueryData,
    valid: QueryData,
    report: Callable[[int, dict[str, float]], None],
) -> Ranker:
    """Fit until `patience` rounds bring no better `metric` on `valid`; keep the best round.

    Raises:
        DataError: labels that teach nothing or cannot be read, or infinite features.
        ConfigError: this XGBoost no longer has the unbiased mode.
    """
    _check_labels(config, data.label, valid.label)
    _check_numbers(names, data.matrix, valid.matrix)
    booster = xgb.train(
        _parameters(config),
        data.to_xgboost(),
        num_boost_round=config.rounds,
        evals=[(valid.to_xgboost(shuffle=config.seed), "valid")],
        early_stopping_rounds=config.patience,
        verbose_eval=False,
        callbacks=[_Report(report)],
    )
    bias = _learned_bias(booster) if config.unbiased else {}
    return Ranker(booster[: booster.best_iteration + 1], tuple(names), bias)


def _check_labels(config: RankerConfig, label: Floats, valid: Floats) -> None:
    for part, labels in (("training", label), ("validation", valid)):
        whole = (labels >= 0) & (labels <= _HIGHEST) & (labels == np.rint(labels))
        if not whole.all():
            raise DataError(
                f"Ranking labels must be whole numbers from 0 to {_HIGHEST}; the {part} rows hold "
                f"{labels[~whole][0]:g}. Map them to grades first."
            )
        if labels.min() == labels.max():
            raise DataError(
                f"Ranking needs rows with different labels; all {len(labels)} {part} rows have "
                f"{labels.min():g}. Use more data, or another label."
            )
    if config.unbiased and label.max() > 1:
        raise DataError(
            f"Unbiased ranking learns from clicks, 0 or 1; the labels reach {label.max():g}. "
            "Set ranker.unbiased = false for graded relevance."
        )
    binary = {"objective": (config.objective, label), "metric": (config.metric, valid)}
    for option, (name, labels) in binary.items():
        if not re.search("ndcg|pairwise", name) and labels.max() > 1:
            raise DataError(
                f"ranker.{option} = '{name}' reads labels 0 and 1; the labels reach "
                f"{labels.max():g}. Choose one of ndcg for graded relevance."
            )


def _check_numbers(names: list[str], *matrices: Floats) -> None:
    for matrix in matrices:
        infinite = np.isinf(matrix).any(axis=0)
        if infinite.any():
            raise DataError(
                f"Feature '{names[int(infinite.argmax())]}' must be finite for the ranker; it "
                "holds an infinity. Mend the number, or make it missing."
            )


def _parameters(config: RankerConfig) -> dict[str, Any]:
    return {
        "objective": config.objective,
        "tree_method": "hist",
        "eta": config.learning_rate,
        "max_depth": config.max_depth,
        "min_child_weight": config.min_child_weight,
        "subsample": config.subsample,
        "seed": config.seed,
        "eval_metric": config.metric,
        "lambdarank_pair_method": "topk",
        "lambdarank_num_pair_per_sample": config.pairs,
        "lambdarank_unbiased": config.unbiased,
        "lambdarank_bias_norm": config.bias_norm,
        "lambdarank_score_normalization": config.score_normalization,
    }


def _learned_bias(booster: Any) -> dict[str, list[float]]:
    objective = json.loads(booster.save_config())["learner"]["objective"]
    if "ti+" not in objective:
        raise ConfigError(
            f"Unbiased ranking needs an XGBoost that learns position bias; {xgb.__version__} "
            "did not (no 'ti+' after training). Install the pinned version, or set "
            "ranker.unbiased = false."
        )
    return {
        "click": [float(value) for value in objective["ti+"]],
        "no_click": [float(value) for value in objective["tj-"]],
    }
