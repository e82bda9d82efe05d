"""A configuration and its `[tune]` to the best settings on validation."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import ConfigError, DataError
from features.files import write_bytes, write_json
from pipelines.config import Config, check_config, read_config
from pipelines.division import Division
from pipelines.guessing import toml
from pipelines.prepare import Report, fingerprint, prepare
from pipelines.tune.config import TuneConfig
from pipelines.tune.objective import measured, objective_of
from pipelines.tune.space import changed, check_space, current

if TYPE_CHECKING:
    from pipelines.tune.result import Seeded, Tuned
    from pipelines.tune.study import Study
    from pipelines.tune.trials import Search

BEST = "best.toml"
# Of [tune]: what more of, or less of, leaves the trials that were done as good as they are.
_BUDGET = {"trials", "minutes", "parallel", "best", "seeds", "keep"}


def tune(path: Path, overrides: Sequence[str], out: Path | None, report: Report) -> Tuned:
    """Search as `[tune]` of the configuration says, in the folder `out`, runs/NAME-tune if None.

    Only the validation part chooses. The best trials are trained anew with other seeds, and the
    one with the best mean is written to best.toml, all trials to tune.json. A search that was
    interrupted, however hard, is gone on with.

    Raises:
        ConfigError: Optuna is missing, `[tune]` does not fit the rest, or `out` holds another
            search.
        DataError: no trial succeeded, or another process is at this search.
    """
    document, base = read_config(path, overrides)
    config = check_config(document, base)
    settings = _settings(config, path)
    check_space(document, base, settings.space)
    from pipelines.tune.result import seeded  # Optuna is an extra
    from pipelines.tune.study import Study, opened
    from pipelines.tune.trials import Search, retrain, search

    objective = objective_of(config, settings)
    own = measured(document, objective)
    found = Search(out or Path("runs") / f"{config.name}-tune", settings, objective, own, base)
    trial_config = check_config(own, base)
    if not any(key.startswith(("features", "derived", "data")) for key in settings.space):
        prepare(trial_config, found.folder.resolve().parent, report)
    key = _key(own, settings, fingerprint(Division(trial_config).identity))
    epochs = getattr(config.train, "epochs", 1)
    with opened(found.folder, settings, key, higher=objective.higher, epochs=epochs) as journal:
        study = Study(journal, settings, _standing(document, config, settings))
        search(found, study, report)
        _require_one(found, study)
        seeds = _seeds(config, objective.scorer, settings.seeds)
        errors = retrain(found, study, seeds, report)
        ordered = seeded(study, settings.best, objective, seeds)
        if not ordered:
            raise DataError(
                "One of the best trials must train with every seed; none did. "
                + "; ".join(f"{which}: {error}" for which, error in errors.items())
            )
        _keep_only(found, study, ordered[0], seeds)
        return _write(path, document, found, study, ordered)


def _settings(config: Config, path: Path) -> TuneConfig:
    if config.tune is None:
        raise ConfigError(
            f"{path} must say what to search in [tune.space]; it does not. For example: "
            '"train.batch_size" = { choices = [1024, 4096] }.'
        )
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError(
            "Tuning needs Optuna, which is not installed here. "
            "Install crossrank with its tune extra: pip install 'crossrank[tune]'."
        )
    return config.tune


def _key(document: Mapping[str, Any], settings: TuneConfig, data: str) -> str:
    """Of all that trials of one search have in common."""
    kept = settings.model_dump(mode="json", exclude=_BUDGET)
    inputs = {"document": document, "tune": kept, "data": data}
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _standing(
    document: Mapping[str, Any], config: Config, settings: TuneConfig
) -> dict[str, Any] | None:
    """What the configuration itself has for each axis, or None where it is not in the space."""
    whole = config.model_dump(mode="json")
    values: dict[str, Any] = {}
    for key, axis in settings.space.items():
        for source in (document, whole):  # as it is written, else what it is by default
            try:
                value = current(source, key)
            except KeyError:
                continue
            if value in axis:
                values[key] = value
                break
    return values if len(values) == len(settings.space) else None


def _seeds(config: Config, scorer: str, count: int) -> list[int]:
    """Other ones than the search's."""
    own = config.ranker if scorer == "ranker" else config.train
    return [(getattr(own, "seed", 0) + 1 + i) % 2**31 for i in range(count)]


def _require_one(found: Search, study: Study) -> None:
    if not study.ranked():
        last = study.ended[-1]
        raise DataError(
            f"A trial must succeed; of {len(study.ended)} none did. The last one: "
            f"{last.user_attrs.get('error', 'it was pruned')}. Their logs are in "
            f"{found.folder / 'trials'}; after a change, remove {found.folder}."
        )


def _keep_only(found: Search, study: Study, chosen: Seeded, seeds: list[int]) -> None:
    """The runs of the chosen one stay, and no other."""
    from pipelines.tune.trials import discard

    if found.config.keep:
        return
    for trial in study.ranked():
        if trial.number != chosen.trial:
            for run in (
                found.trial(trial.number),
                *(found.seeded(trial.number, seed) for seed in seeds),
            ):
                discard(run)


def _write(
    path: Path, document: dict[str, Any], found: Search, study: Study, ordered: list[Seeded]
) -> Tuned:
    from pipelines.tune.result import Tuned, trial_document

    chosen, objective = ordered[0], found.objective
    told = {
        "config": str(path),
        "monitor": objective.metric,
        "better": "higher" if objective.higher else "lower",
        "part": "valid",
        "space": found.config.model_dump(mode="json", exclude_unset=True)["space"],
        "trials": [trial_document(one, study.values(one)) for one in study.ended],
        "seeds": [one.told for one in ordered],
        "chosen": chosen.told,
        "best": str(found.folder / BEST),
    }
    best = changed({k: v for k, v in document.items() if k != "tune"}, chosen.values)
    if found.config.monitor is not None and objective.scorer == "ctr":
        best = changed(best, {"train.monitor": objective.metric})
    best["base"] = os.path.relpath(found.base, found.folder.resolve())
    text = (
        f"Chosen by `crossrank tune {path.name}`: trial {chosen.trial} of {len(study.ended)}, "
        f"{objective.metric} {chosen.mean:.6g} on validation, standard deviation "
        f"{chosen.std:.2g} over {len(chosen.seeds)} seeds."
    )
    write_bytes(found.folder / BEST, f"{toml.comment(text)}\n{toml.document(best)}".encode())
    write_json(found.folder / "tune.json", told)
    ranked = [(one.number, one.value or 0.0, study.values(one)) for one in study.ranked()]
    return Tuned(found.folder, told, ranked, ordered)
