"""What a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from optuna.trial import FrozenTrial

from pipelines.console import cell
from pipelines.tune.objective import Objective
from pipelines.tune.study import Study

_SHOWN = 10  # trials in the table


@dataclass(frozen=True)
class Seeded:
    """A trial's values trained anew: what each seed came to."""

    trial: int
    values: dict[str, Any]
    seeds: dict[str, float]

    @property
    def mean(self) -> float:
        return mean(self.seeds.values())

    @property
    def std(self) -> float:
        """Of the sample; 0 for one seed."""
        return stdev(self.seeds.values()) if len(self.seeds) > 1 else 0.0

    @property
    def told(self) -> dict[str, Any]:
        return {
            "trial": self.trial,
            "values": self.values,
            "seeds": self.seeds,
            "mean": self.mean,
            "std": self.std,
        }


def seeded(study: Study, best: int, objective: Objective, seeds: Sequence[int]) -> list[Seeded]:
    """Those of the `best` trials that came to a value with all of the seeds, by their mean."""
    found = []
    for trial in study.ranked()[:best]:
        known = study.seeds.get(str(trial.number), {})
        if all(str(seed) in known for seed in seeds):
            chosen = {str(seed): known[str(seed)] for seed in seeds}
            found.append(Seeded(trial.number, study.values(trial), chosen))
    return sorted(found, key=lambda one: -one.mean if objective.higher else one.mean)


@dataclass(frozen=True)
class Tuned:
    """A finished search: `document` is what tune.json holds, `seeded` has the chosen one first."""

    folder: Path
    document: dict[str, Any]
    ranked: list[tuple[int, float, dict[str, Any]]]
    seeded: list[Seeded]

    @property
    def heads(self) -> list[str]:
        return ["trial", str(self.document["monitor"]), *self.document["space"]]

    def rows(self) -> list[list[str]]:
        """The best trials, from the best on."""
        return [
            [cell(number), cell(value), *(cell(values[key]) for key in self.document["space"])]
            for number, value, values in self.ranked[:_SHOWN]
        ]

    def seed_rows(self) -> list[list[str]]:
        """The mean and the spread of those that were trained anew, then each seed."""
        return [
            [cell(figure) for figure in (one.trial, one.mean, one.std, *one.seeds.values())]
            for one in self.seeded
        ]


def trial_document(trial: FrozenTrial, values: dict[str, Any]) -> dict[str, Any]:
    """A trial as tune.json tells of it."""
    facts = trial.user_attrs
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "value": trial.value,
        "values": values,
        "epochs": {str(epoch): value for epoch, value in trial.intermediate_values.items()},
        **{name: facts[name] for name in ("metrics", "seconds", "error") if name in facts},
    }
