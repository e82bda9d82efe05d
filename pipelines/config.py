"""One TOML file a run."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from features import extensions
from features.errors import ConfigError
from features.readers.filter import Condition
from features.schema import Schema
from features.suggest import listing
from features.validation import explain
from pipelines.bias.config import BiasConfig
from pipelines.calibration import CalibrationConfig
from pipelines.judge import metric_of
from pipelines.negatives import Negatives
from pipelines.quantization.config import ExportConfig
from pipelines.report.config import CardConfig
from pipelines.splits.order import ByOrder
from pipelines.splits.registry import AnySplit
from pipelines.stacking.config import StackingConfig, require_rows
from pipelines.tracking import TrackConfig
from pipelines.tune.config import TuneConfig
from ranking.registry import AnyRankerConfig
from serving.rerank.config import RerankConfig

Paths = str | tuple[str, ...]

SCORERS = ("ctr", "ranker", "uncalibrated", "truth")  # whose metrics evaluation reports


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _by_order(data: dict[str, Any]) -> ByOrder:
    """The last tenths of the rows validate and test, unless other files do."""
    own = [part for part in ("valid", "test") if data.get(f"{part}_paths") is not None]
    return ByOrder.model_validate({"train": 0.8 + 0.1 * len(own), **dict.fromkeys(own, 0.0)})


class DataConfig(_Section):
    """Where the rows are, what their columns mean, and how they are divided.

    `paths` (files, folders, globs, URLs; relative to the configuration) are divided by `split`, by
    order unless told otherwise; `valid_paths` and `test_paths` are parts of their own, which the
    split then gives no rows. `tasks` are further labels, of 0 and 1, null where unobserved.
    `negatives` thins the training part. `options` go to the format's reader; of all rows, those are
    read for which each condition of `filter` holds. `truth` is the ground truth of a simulated log,
    to compare with.
    """

    paths: Paths
    valid_paths: Paths | None = None
    test_paths: Paths | None = None
    format: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    filter: tuple[Condition, ...] = ()
    label: str
    tasks: tuple[str, ...] = ()
    weight: str | None = None
    query: str | None = None
    position: str | None = None
    propensity: str | None = None
    split: AnySplit = Field(default_factory=_by_order)
    negatives: Negatives | None = None
    truth: str | None = None

    @property
    def own_paths(self) -> dict[str, Paths]:
        """The parts that have files of their own."""
        own = {"valid": self.valid_paths, "test": self.test_paths}
        return {part: paths for part, paths in own.items() if paths is not None}

    @field_validator("tasks")
    @classmethod
    def _scorers(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        if taken := [task for task in tasks if task in SCORERS]:
            raise ValueError(
                f"metrics are reported by task, beside those of {listing(SCORERS)}; rename the "
                f"column {listing(taken)}"
            )
        return tasks

    @model_validator(mode="after")
    def _once(self) -> Self:
        for part in self.own_paths:
            if part in self.split.parts:
                raise ValueError(
                    f"the part {part} must come from {part}_paths or from the split, not from "
                    f"both; remove {part}_paths or let the split give it nothing ({part} = 0)"
                )
        return self


class Config(_Section):
    """A run: data, features, a CTR model, a ranker, or both."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    data: DataConfig
    extensions: tuple[str, ...] = ()
    features: list[dict[str, Any]]
    derived: list[dict[str, Any]] = Field(default_factory=list)
    checks: list[dict[str, Any]] = Field(default_factory=list)
    model: Any = None
    train: Any = Field(default_factory=dict)
    calibration: CalibrationConfig | None = None
    ranker: AnyRankerConfig | None = None
    stacking: StackingConfig | None = None
    bias: BiasConfig | None = None
    export: ExportConfig = ExportConfig()
    rerank: RerankConfig | None = None
    track: TrackConfig | None = None
    card: CardConfig | None = None
    tune: TuneConfig | None = Field(default=None, exclude=True)  # no run follows from it
    _base: Path = PrivateAttr(default=Path())

    @property
    def base(self) -> Path:
        """The folder that paths are relative to."""
        return self._base

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.model is None and self.ranker is None:
            raise ValueError("a run needs a [model], a [ranker], or both; it has neither")
        if self.ranker is not None and self.data.query is None:
            raise ValueError("a [ranker] needs data.query, the column that groups rows")
        way = None if self.bias is None else self.bias.way
        if way is not None and (self.data.position is None or self.ranker is None):
            raise ValueError(
                "bias.way says how a ranker learns from clicks by position; it needs a [ranker] "
                "and data.position"
            )
        if way is not None and self.ranker is not None and self.ranker.type != "xgboost":
            raise ValueError(f"bias.way is for rankers of type xgboost; got {self.ranker.type}")
        unbiased = self.ranker is not None and self.ranker.unbiased and way is None
        if unbiased and self.data.position is None:
            raise ValueError(
                "an unbiased ranker needs data.position, the rank at which a row was shown; "
                "declare it or set ranker.unbiased = false"
            )
        both = self.model is not None and self.ranker is not None
        require_rows(self.stacking, self.data.split, self.data.negatives, both=both)
        if self.data.tasks and self.model is None:
            raise ValueError(
                "data.tasks are labels that a [model] learns; a [ranker] learns from data.label "
                "alone. Remove data.tasks"
            )
        negatives = self.data.negatives
        if self.data.tasks and negatives is not None and negatives.correct == "prior":
            raise ValueError(
                "with data.tasks, data.negatives must correct the weights: what thinning does to "
                "the odds of the further labels is not known. Set "
                'data.negatives.correct = "weight"'
            )
        if self.data.negatives is not None and self.model is None:
            raise ValueError(
                "data.negatives thins the rows a [model] learns from; a [ranker] alone learns "
                "from whole queries. Remove data.negatives"
            )
        if self.calibration is not None and self.model is None:
            raise ValueError(
                "[calibration] maps the logits of a [model] to probabilities; a [ranker] alone has "
                "none. Remove [calibration]"
            )
        return self

    @field_serializer("model", "train")
    def _dump(self, value: Any) -> Any:
        return value.model_dump(mode="json") if isinstance(value, BaseModel) else value

    @property
    def schema_(self) -> Schema:
        """The declared columns."""
        data = self.data
        return Schema.model_validate(
            {
                "features": self.features,
                "derived": self.derived,
                "checks": self.checks,
                "label": data.label,
                "tasks": data.tasks,
                "weight": data.weight,
                "query": data.query,
                "position": data.position,
                "propensity": data.propensity,
            }
        )


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read, override (`train.epochs=2`) and check a configuration.

    Raises:
        ConfigError: the file is absent or not TOML, a key is unknown, a value does not fit.
    """
    return check_config(*read_config(path, overrides))


def read_config(path: Path, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], Path]:
    """A configuration as it is written, overridden, and the folder that its paths are relative to.

    Raises ConfigError where the file is absent or not TOML.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"The configuration {path} must exist; it does not. `crossrank init DATA` writes one."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} must be a TOML file; reading it failed: {error}.") from error
    for override in overrides:
        _override(document, override)
    document.setdefault("name", path.stem)
    base = document.pop("base", "")
    if not isinstance(base, str):
        raise ConfigError(f"base must be a folder, as text; got {base!r}.")
    return document, (path.resolve().parent / base).resolve()


def check_config(document: Mapping[str, Any], base: Path) -> Config:
    """A configuration whose paths are relative to `base`. Raises ConfigError."""
    typed = dict(document)
    try:
        config = Config.model_validate(typed)
        extensions.load(config.extensions, base)
        schema = config.schema_
    except ValidationError as error:
        raise ConfigError(explain(error, Schema if error.title == "Schema" else Config)) from error
    if config.calibration is not None:
        config.calibration.require(schema)
    if config.stacking is not None:
        config.stacking.require(schema)
    if config.ranker is not None:
        metric_of(config.ranker.metric)
    if config.rerank is not None:
        config.rerank.require(schema)
    config._base = base
    if importlib.util.find_spec("tensorflow") is None:
        return config  # the base install prepares data; training will say what is missing
    return _with_training(config, base)


def _with_training(config: Config, base: Path) -> Config:
    # TensorFlow takes seconds to import, and the base install does not have it.
    from models.registry import AnyModel
    from models.tasks import with_tasks
    from models.train_config import TrainConfig

    class Training(_Section):
        model: AnyModel | None
        train: TrainConfig

    try:
        checked: Any = TypeAdapter(Training).validate_python(
            {"model": config.model, "train": config.train}
        )
    except ValidationError as error:
        raise ConfigError(explain(error, Training)) from error
    if checked.model is not None and checked.train.loss.needs_query:
        _require_queries(config.data, checked.train.loss.type)
    model = checked.model and with_tasks(checked.model, config.data.label, config.data.tasks)
    whole = config.model_copy(update={"model": model, "train": checked.train})
    whole._base = base
    return whole


def _require_queries(data: DataConfig, loss: str) -> None:
    if data.query is None:
        raise ConfigError(
            f"The loss '{loss}' compares the rows of a query, so it needs data.query, the column "
            "that groups rows; there is none. Declare it, or choose another train.loss."
        )
    if data.negatives is not None:
        raise ConfigError(
            f"The loss '{loss}' compares the rows of a query, so it needs whole queries; "
            "data.negatives leaves rows out of them, which would change their ranks and silence "
            "those without negatives. Remove data.negatives, or choose another train.loss."
        )


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """`["a.b=1"]` as `{"a": {"b": 1}}`. Raises ConfigError for anything else than key=value."""
    document: dict[str, Any] = {}
    for assignment in assignments:
        _override(document, assignment)
    return document


def _override(document: dict[str, Any], assignment: str) -> None:
    key, equals, text = assignment.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"An override must look like train.batch_size=8192; got '{assignment}'.")
    *parents, last = key.strip().split(".")
    target: Any = document
    for parent in parents:
        target = target.setdefault(parent, {})
        if not isinstance(target, dict):
            raise ConfigError(
                f"'{key}' cannot be overridden: '{parent}' is a list or a value. Edit the file."
            )
    target[last] = _toml_value(text)


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word is a string
