"""Ablation: what a metric loses when the model is trained again without a feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from features.errors import ConfigError
from features.files import write_json
from features.schema import Schema
from features.transforms.categorical import Categorical
from pipelines.config import Config, check_config
from pipelines.importance.jackknife import blocks_of, interval, left_out
from pipelines.importance.permutation import Importance, groups_of, scored, scorer_for, sign_of
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.players import Players
from pipelines.prepare import Report
from pipelines.raw_rows import raw_rows
from pipelines.run import Run
from pipelines.scoring import PROBABILITY, RANK, score
from pipelines.subject import CTR, Subject
from pipelines.train import train

FILE = "ablation.json"


@dataclass(frozen=True)
class Ablated(Importance):
    """What was lost without a feature; `spread` over seeds is the standard deviation."""

    spread: float


@dataclass(frozen=True)
class Ablation:
    """`metric` is what the run has with all features, a mean over seeds. `needed`: by feature, why
    there is no configuration without it."""

    scorer: str
    metric: float
    features: list[Ablated]
    needed: dict[str, str]


class Ablating(BaseModel):
    """Each of `features` (all, unless given) is left out, or each of `groups`; `seeds` trainings
    each, from the run's own seed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[str, ...] = ()
    groups: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    seeds: int = Field(default=1, ge=1)
    level: float = Field(default=0.95, gt=0, lt=1)


def ablate(
    run: Run, part: str, metric: Metric, settings: Ablating, out: Path, report: Report
) -> Ablation:
    """Train again without each feature, in folders of their own in `out`, and measure on `part`.

    It takes as long as its trainings together; the same call goes on where one was interrupted.
    The interval is of the rows: of another sample of them, these trainings given.

    Raises:
        ConfigError: no such feature, no better or worse metric, or a run that began from another.
    """
    sign, scorer = sign_of(metric), scorer_for(Subject.of_run(run), metric)
    if run.about.get("from") is not None:
        raise ConfigError(
            f"{run.folder} went on from an earlier run, which had all features; an ablation trains "
            "anew. Give a run that was trained from scratch."
        )
    wanted = _wanted(run, settings)
    out.mkdir(parents=True, exist_ok=True)
    config, seeds = run.config, range(settings.seeds)
    whole = [_scored(run, part, scorer, metric)] + [
        _scored(
            _trained(_seeded(config, seed), out / f"all-{seed}", report, "all"),
            part,
            scorer,
            metric,
        )
        for seed in seeds[1:]
    ]
    blocks = blocks_of(metric, whole[0], 0)
    values = [metric.compute(one) for one in whole]
    without = [left_out(metric, one, blocks) for one in whole]
    found, needed = [], {}
    for name, members in wanted.items():
        try:
            less = without_features(config, members)
        except ConfigError as error:
            needed[name] = str(error)
            continue
        lost, left = [], []
        for seed in seeds:
            folder = out / f"without-{_safe(name)}-{seed}"
            again = _trained(_seeded(less, seed), folder, report, f"no {name}")
            one = _scored(again, part, scorer, metric)
            lost.append(sign * (values[seed] - metric.compute(one)))
            left.append(sign * (without[seed] - left_out(metric, one, blocks)))
        mean = float(np.mean(lost))
        low, high = interval(mean, np.mean(left, axis=0), settings.level)
        spread = float(np.std(lost, ddof=1)) if len(lost) > 1 else 0.0
        found.append(Ablated(name, mean, low, high, spread))
    found.sort(key=lambda one: -one.value)
    result = Ablation(scorer, float(np.mean(values)), found, needed)
    write_json(out / FILE, {"run": str(run.folder), "part": part, "of": str(metric),
                            "seeds": settings.seeds, **asdict(result)})  # fmt: skip
    return result


def _wanted(run: Run, settings: Ablating) -> dict[str, tuple[str, ...]]:
    """By name, the features that are left out together."""
    players = Players(run.encoder.layout, settings.groups)
    grouped = {name: tuple(members) for name, members in settings.groups.items()}
    every = {name: grouped.get(name, (name,)) for name in players.names}
    for name in settings.features:
        Players(run.encoder.layout, {f"--feature {name}": [name]})  # refuses what is none
    return {name: members for name, members in every.items()
            if not settings.features or name in settings.features or name in grouped}  # fmt: skip


def without_features(config: Config, names: Sequence[str]) -> Config:
    """The configuration less these features.

    A vocabulary that other features share keeps the limits that its owner set. Raises ConfigError
    where something else needs one of the features, or none is left.
    """
    schema = config.schema_
    document = config.model_dump(mode="json")
    document["features"] = _features(schema, names)
    made = {feature["column"] for feature in document["features"]}
    document["derived"] = _derived(schema, made)
    document["name"] = f"{config.name}-less"
    return check_config(document, config.base)


def _features(schema: Schema, names: Sequence[str]) -> list[dict[str, Any]]:
    kept = [one for one in schema.features if one.name not in names]
    inherited: dict[str, dict[str, Any]] = {}
    for key, owner in schema.owners.items():
        heir = next((one.name for one in schema.transforms
                     if one.key == key and one.name not in names), None)  # fmt: skip
        if owner.name in names and heir is not None and isinstance(owner, Categorical):
            told = owner.model_dump(mode="json", exclude_defaults=True)
            inherited[heir] = {name: told[name] for name in owner.limits if name in told}
    return [
        one.model_dump(mode="json", exclude_defaults=True) | {"type": one.type}
        | inherited.get(one.name, {})
        for one in kept
    ]  # fmt: skip


def _derived(schema: Schema, read: set[str]) -> list[dict[str, Any]]:
    """Those that a feature still comes from."""
    wanted = set(read)
    for one in reversed(schema.derived):
        if one.name in wanted:
            wanted.update(one.inputs)
    return [
        one.model_dump(mode="json", by_alias=True) for one in schema.derived if one.name in wanted
    ]


def _seeded(config: Config, seed: int) -> Config:
    """With seeds that many above its own."""
    document = config.model_dump(mode="json")
    for section in ("train", "ranker"):
        if document.get(section):
            document[section]["seed"] = document[section].get("seed", 0) + seed
    return check_config(document, config.base)


def _trained(config: Config, out: Path, report: Report, which: str) -> Run:
    def told(stage: str, done: int, total: int, note: str = "") -> None:
        report(f"{which}: {stage}", done, total, note)

    return train(config, out, told, resume=True)


def _scored(run: Run, part: str, scorer: str, metric: Metric) -> Predictions:
    frame = score(run.prepared.part(part), run.model, run.ranker, run.calibration, run.cosines)
    groups = groups_of(metric)
    rows = frame.hstack(raw_rows(run, part, groups, frame)) if groups else frame
    return scored(rows, frame[PROBABILITY if scorer == CTR else RANK].to_numpy(), groups)


def _safe(name: str) -> str:
    """A name as a folder."""
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in name)
