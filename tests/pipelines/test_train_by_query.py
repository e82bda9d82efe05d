"""Training by losses within queries, end to end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError
from models.model import Model
from pipelines.config import Config, check_config, load_config
from pipelines.evaluate import evaluate_scores
from pipelines.prepare import prepare
from pipelines.run import Run
from pipelines.scoring import score
from pipelines.train import train

MONITOR = "nDCG@10"


def configured(world: Any, loss: dict[str, Any], **settings: Any) -> Config:
    document = load_config(world.config).model_dump(mode="json")
    document["data"]["split"] |= {"train": 0.75, "ranker": 0}
    document["train"] = {"epochs": 6, "patience": 6, "batch_size": 128, "monitor": MONITOR,
                         "loss": loss, **settings}  # fmt: skip
    return check_config(document | {"ranker": None}, world.folder)


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


def untrained(config: Config, run: Run) -> float:
    valid = run.prepared.part("valid")
    model = Model(config.model, valid.layout, config.train.optimizers)
    return evaluate_scores(score(valid, model, None))["ctr"][MONITOR]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all runs share what is prepared."""
    return tmp_path_factory.mktemp("by_query")


@pytest.fixture(scope="module")
def often(world: Any) -> Config:
    return configured(world, {"type": "softmax"}, epochs=2, batch_size=256, checkpoint_minutes=1e-9)


@pytest.fixture(scope="module")
def whole(often: Config, folder: Path) -> Run:
    return train(often, folder / "whole", silent)


def test_softmax_learns_to_rank(often: Config, whole: Run) -> None:
    assert whole.metrics["ctr"][MONITOR] > untrained(often, whole) + 0.08


@pytest.mark.slow
def test_losses_within_queries_rank_as_cross_entropy_does(world: Any, folder: Path) -> None:
    """Approximate NDCG alone learns, but starts slowly; beside softmax it does not."""
    both = [{"type": "softmax"}, {"type": "approx_ndcg"}]
    losses: dict[str, dict[str, Any]] = {
        "bce": {"type": "bce"},
        "softmax": {"type": "softmax"},
        "approx_ndcg": {"type": "approx_ndcg"},
        "both": {"type": "combined", "losses": both},
    }
    found = {}
    for name, loss in losses.items():
        config = configured(world, loss)
        run = train(config, folder / name, silent)
        found[name] = run.metrics["ctr"][MONITOR]
    start = untrained(config, run)
    assert min(found.values()) > start + 0.08
    assert found["softmax"] > found["bce"] - 0.015
    assert found["both"] > found["bce"] - 0.015


def stopping(stage: str, times: int) -> Callable[[str, int, int], None]:
    """A report that stops the training when it has heard so often of that stage."""
    left = [times]

    def report(heard: str, *_: int) -> None:
        left[0] -= heard == stage
        if left[0] == 0:
            raise KeyboardInterrupt

    return report


def trees(folder: Path) -> dict[str, bytes]:
    """The files of a run, but for the one that says where it lies."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "run.json"}


def test_resumed_in_the_middle_of_an_epoch_it_ends_to_the_bit_the_same(
    often: Config, whole: Run, folder: Path
) -> None:
    for stage, times in (("train, epoch 1", 40), ("train, epoch 2", 25)):
        with pytest.raises(KeyboardInterrupt):
            train(often, folder / "run", stopping(stage, times), resume=True)
        course = folder / ".run.unfinished" / "snapshot" / "course.json"
        epoch, done = (json.loads(course.read_text())[key] for key in ("epoch", "batches"))
        assert f"train, epoch {epoch}" == stage
        assert done > 5
    train(often, folder / "run", silent, resume=True)
    assert trees(folder / "run") == trees(whole.folder)


def test_queries_that_are_apart_are_refused(world: Any, tmp_path: Path) -> None:
    """A user's rows come back with their next query."""
    config = configured(world, {"type": "bpr"})
    data = config.data.model_copy(update={"query": "user_id"})
    apart = config.model_copy(update={"data": data})
    apart._base = world.folder
    assert prepare(apart, tmp_path, silent).part("train").rows > 0
    with pytest.raises(DataError, match="are apart. Sort the log by query"):
        train(apart, tmp_path / "run", silent)
