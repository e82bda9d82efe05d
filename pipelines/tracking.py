"""A training's parameters, metrics and small files for MLflow."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

from features.errors import ConfigError
from features.files import read_json, write_json
from pipelines import console
from pipelines.pace import Pace

if TYPE_CHECKING:
    from models.trainer import Progress

FILE = "mlflow.json"  # in a run: the experiment and the id that it is tracked by
_FILES = ("config.json", "run.json", "metrics.json", "history.json")
_SETTINGS = {  # unless the user has set them: a server that is gone must not hold up a training
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_BATCH = 100  # parameters, or tags, that one request may hold
_LONGEST = 5000  # characters of a value


class TrackConfig(BaseModel):
    """Where runs are tracked: `mlflow`, the URI of a server or a database, or a folder, which is
    made; and under which experiment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mlflow: str
    experiment: str = "crossrank"

    @property
    def shown(self) -> str:
        """The place, without a user's name and password."""
        return re.sub(r"//[^/@]*@", "//", self.mlflow)

    def place(self, base: Path) -> tuple[str, str | None]:
        """The URI, and where a folder keeps its files."""
        if "://" in self.mlflow or self.mlflow == "databricks":
            return self.mlflow, None
        folder = (base / self.mlflow).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        # MLflow refuses plain folders since version 3: a database in it does instead.
        return f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()


class Tracker:
    """Tells MLflow how a run goes; what it cannot tell now it tells later.

    Raises:
        ConfigError: MLflow is not installed, or does not answer: before anything is trained.
    """

    def __init__(self, config: TrackConfig, base: Path) -> None:
        if importlib.util.find_spec("mlflow") is None:
            raise ConfigError(
                "[track] needs MLflow, which is not installed here. Install crossrank with its "
                "track extra, pip install 'crossrank[track]', or remove [track]."
            )
        self._config = config
        self._waiting: list[Callable[[], object]] = []
        self._warned = False
        self._run: str | None = None
        self._uri, files = config.place(base)
        try:
            with _calm():
                from mlflow.tracking import MlflowClient  # takes seconds to import

                self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
                found = self._client.get_experiment_by_name(config.experiment)
                self._experiment = (
                    self._client.create_experiment(config.experiment, artifact_location=files)
                    if found is None
                    else found.experiment_id
                )
        except Exception as error:  # of any library that MLflow reaches its store by
            raise ConfigError(
                f"track.mlflow must name an MLflow server, a database or a folder that answers; "
                f"{config.shown} said: {error}. Mend it, or remove [track]."
            ) from error

    def begin(self, work: Path, document: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        """Go on with the run that `work` names, or make one: parameters and tags."""
        if (work / FILE).exists():
            self._run = str(read_json(work / FILE, made_by="")["run"])
            return
        tags = {f"crossrank.{key}": value for key, value in flat(about) if value is not None}
        self._later(lambda: self._make(work, str(about["name"]), _texts(tags)))
        told = {key: value for key, value in document.items() if key != "track"}
        parameters = list(_texts(dict(flat(told))).items())
        for start in range(0, len(parameters), _BATCH):
            self._later(partial(self._log, parameters=parameters[start : start + _BATCH]))
        self._tell()

    def _make(self, work: Path, name: str, tags: dict[str, str]) -> None:
        made = self._client.create_run(self._experiment, run_name=name, tags=tags)
        self._run = made.info.run_id
        write_json(work / FILE, {"experiment": self._config.experiment, "run": self._run})

    def step(self, progress: Progress, pace: Pace) -> None:
        """Nothing: metrics are tracked by epoch."""

    def epoch(self, progress: Progress) -> None:
        found = {f"valid/{name}": value for name, value in progress.metrics.items()}
        self._measured({"train_loss": progress.loss, **found}, progress.epoch)
        self._tell()

    def finish(self, work: Path) -> None:
        """The ranker's rounds, the final metrics, and the small files of a whole run."""
        for row in json.loads((work / "history.json").read_text())["rounds"]:
            found = {f"ranker/{name}": value for name, value in row.items() if name != "round"}
            self._measured(found, row["round"])
        metrics = json.loads((work / "metrics.json").read_text())
        self._measured({f"final/{key.replace('.', '/', 1)}": one for key, one in flat(metrics)}, 0)
        for name in _FILES:
            self._later(partial(self._attach, work / name))
        self._tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._run is None and not self._waiting:
            return  # it was not begun
        failed = "FAILED" if kind is not None and issubclass(kind, Exception) else "KILLED"
        status = "FINISHED" if kind is None else failed
        self._later(lambda: self._client.set_terminated(self._id, status))
        self._tell()

    def _measured(self, metrics: Mapping[str, float], step: int) -> None:
        now = int(time.time() * 1000)
        named = [(_name(name), value, now, int(step)) for name, value in metrics.items()]
        self._later(lambda: self._log(metrics=named))

    def _log(self, metrics: Any = (), parameters: Any = ()) -> None:
        from mlflow.entities import Metric, Param

        self._client.log_batch(
            self._id,
            metrics=[Metric(*one) for one in metrics],
            params=[Param(*one) for one in parameters],
        )

    def _attach(self, path: Path) -> None:
        self._client.log_artifact(self._id, str(path))

    @property
    def _id(self) -> str:
        assert self._run is not None  # what waits is told in order, and making the run comes first
        return self._run

    def _later(self, call: Callable[[], object]) -> None:
        self._waiting.append(call)

    def _tell(self) -> None:
        """All that waits, in order, until one fails; the first failure is a warning."""
        try:
            with _calm():
                while self._waiting:
                    self._waiting[0]()
                    del self._waiting[0]
        except Exception as error:  # whatever it is, the training is worth more
            if not self._warned:
                text = " ".join(f"{error}".split())
                console.ERR.print(
                    f"warning: MLflow at {self._config.shown} does not take what is tracked: "
                    f"{text}. Training goes on, and tries again after each epoch.",
                    style="yellow", markup=False, soft_wrap=True,
                )  # fmt: skip
            self._warned = True


@contextmanager
def _calm() -> Iterator[None]:
    """MLflow with short patience, without telemetry, and without its libraries' deprecations."""
    added = {name: value for name, value in _SETTINGS.items() if name not in os.environ}
    os.environ.update(added)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name in added:
            del os.environ[name]


def flat(document: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`{"a": {"b": [1, 2]}}` as `a.b` of `[1, 2]`; lists of tables by number, `a.0.b`."""
    if isinstance(document, Mapping) and document:
        for key, value in document.items():
            yield from flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(document, list) and any(isinstance(one, Mapping) for one in document):
        for i, value in enumerate(document):
            yield from flat(value, f"{prefix}.{i}")
    else:
        yield prefix, document


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        _name(name): (one if isinstance(one, str) else json.dumps(one))[:_LONGEST]
        for name, one in values.items()
    }


def _name(name: str) -> str:
    """With the characters that MLflow takes: nDCG@10 is nDCG_at_10."""
    return re.sub(r"[^\w\-. :/]", "_", name.replace("@", "_at_"))


class Untracked:
    """In the place of a tracker where nothing is tracked."""

    def begin(self, work: Path, document: Mapping[str, Any], about: Mapping[str, Any]) -> None: ...

    def step(self, progress: Progress, pace: Pace) -> None: ...

    def epoch(self, progress: Progress) -> None: ...

    def finish(self, work: Path) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def tracker_of(config: TrackConfig | None, base: Path) -> Tracker | Untracked:
    """Raises ConfigError as `Tracker`."""
    return Untracked() if config is None else Tracker(config, base)
