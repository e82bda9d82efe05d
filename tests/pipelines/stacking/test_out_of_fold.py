"""A ranker that learns from the model's training rows, scored by models that have not seen them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from features.dataset.dataset import LABEL, QUERY
from features.errors import DataError
from pipelines.bias.verdict import verdict
from pipelines.config import Config
from pipelines.evaluate import evaluate_scores
from pipelines.run import Run
from pipelines.scoring import score
from pipelines.stacking.opinions import Kept
from pipelines.train import train
from pipelines.train_ranker import train_ranker

Train = Callable[..., Run]


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(place: Path, log: Path, trained: Train) -> Run:
    return Run(place / "run") if (place / "run").exists() else trained(log, place / "run")


def on_test(run: Run, ranker: Any) -> float:
    scored = score(run.prepared.part("test"), run.model, ranker, cosines=run.cosines)
    return evaluate_scores(scored)["ranker"]["nDCG@10"]


def test_scores_of_seen_rows_mislead_the_ranker_and_those_of_unseen_rows_do_not(
    run: Run, tmp_path: Path
) -> None:
    assert run.model is not None
    assert run.unseen is not None
    rows, test = run.prepared.part("train"), run.prepared.part("test")
    seen = run.model.logits(rows.batches(4096))
    label, held = (part.frame([LABEL])[LABEL].to_numpy() for part in (rows, test))
    honest = roc_auc_score(held, run.model.logits(test.batches(4096)))
    assert roc_auc_score(label, seen) > honest + 0.2
    assert roc_auc_score(label, run.unseen.values[:, 0]) == pytest.approx(honest, abs=0.1)
    misled, _ = train_ranker(
        run.config, run.prepared, run.opinions, silent, tmp_path, unseen=Kept(seen[:, None])
    )
    assert on_test(run, run.ranker) > on_test(run, misled) + 0.05


def test_a_score_does_not_depend_on_the_rows_own_label(
    raw: pl.DataFrame, run: Run, trained: Train, tmp_path: Path
) -> None:
    """Nor on those of its query, while rows of other folds feel it."""
    flipped = raw.with_columns(
        pl.when(pl.col("query") == "q7").then(1 - pl.col("click")).otherwise("click").alias("click")
    )
    flipped.write_parquet(tmp_path / "log.parquet")
    other = trained(tmp_path, tmp_path / "run")
    assert run.unseen is not None
    assert other.unseen is not None
    same = (run.unseen.values == other.unseen.values).all(1)
    own = (raw.filter(pl.col("part") == "train")["query"] == "q7").to_numpy()
    assert same[own].all()
    assert 0.2 < same.mean() < 0.5  # the fold of three that the query is in


def test_validation_is_scored_by_the_model_of_all_training_rows(
    run: Run, log: Path, trained: Train, place: Path
) -> None:
    alone = trained(log, place / "alone", ranker=None, stacking=None)
    assert run.model is not None
    assert alone.model is not None
    valid = run.prepared.part("valid")
    ours, its = (one.logits(valid.batches(4096)) for one in (run.model, alone.model))
    np.testing.assert_array_equal(ours, its)
    assert run.metrics["ctr"] == alone.metrics["ctr"]


def stopping(stage: str, times: int) -> Callable[..., None]:
    """A report that stops the training when it has heard so often of that stage."""
    left = [times]

    def report(heard: str, *_: Any) -> None:
        left[0] -= heard == stage
        if left[0] == 0:
            raise KeyboardInterrupt

    return report


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Of a run's files, but for the one that says where it lies."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "run.json"}


def test_interrupted_it_goes_on_from_finished_folds_to_the_bit(
    run: Run, log: Path, configured: Callable[..., Config], place: Path
) -> None:
    config, out = configured(log), place / "again"
    work = place / ".again.unfinished"
    for stage, times in (("fold 2 of 3: train, epoch 3", 3), ("train ranker", 4)):
        with pytest.raises(KeyboardInterrupt):
            train(config, out, stopping(stage, times), resume=True, root=log)
        steps = {path.stem for path in (work / ".folds" / "steps").iterdir()}
        done = ["fold-0"] if stage.startswith("fold") else ["fold-0", "fold-1", "fold-2"]
        assert steps == {"cut", *done}
    heard: list[str] = []
    train(config, out, lambda stage, *_: heard.append(stage), resume=True, root=log)
    assert not [stage for stage in heard if stage.startswith("fold")]
    assert bytes_of(out) == bytes_of(run.folder)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]


def test_a_snapshot_within_a_fold_is_gone_on_from(
    run: Run, log: Path, configured: Callable[..., Config], place: Path
) -> None:
    out = place / "within"
    config = configured(log)
    with pytest.raises(KeyboardInterrupt):
        train(config, out, stopping("fold 1 of 3: train, epoch 4", 2), resume=True, root=log)
    course = place / ".within.unfinished" / ".fold-0" / "snapshot" / "course.json"
    assert json.loads(course.read_text())["epoch"] == 4
    heard: list[str] = []
    train(config, out, lambda stage, *_: heard.append(stage), resume=True, root=log)
    assert "fold 1 of 3: train, epoch 3" not in heard
    assert "fold 1 of 3: train, epoch 4" in heard
    assert bytes_of(out) == bytes_of(run.folder)


def test_rows_that_a_column_gives_the_ranker_are_refused(
    raw: pl.DataFrame, trained: Train, tmp_path: Path
) -> None:
    """The declaration of such a split does not tell."""
    own = pl.when(pl.col("query") == "q7").then(pl.lit("ranker")).otherwise("part")
    raw.with_columns(own.alias("part")).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(DataError, match="must give the part 'ranker' none; it gave 6"):
        trained(tmp_path, tmp_path / "run")


def test_from_pages_the_ranker_is_the_same(
    run: Run, log: Path, configured: Callable[..., Config], tmp_path: Path
) -> None:
    ranker = {**run.config.model_dump(mode="json")["ranker"], "page_rows": 200}
    config = configured(log, ranker=ranker)
    far, _ = train_ranker(config, run.prepared, run.opinions, silent, tmp_path, unseen=run.unseen)
    assert on_test(run, far) == pytest.approx(on_test(run, run.ranker), abs=1e-6)


def test_the_verdict_is_of_the_rows_that_the_ranker_learned_from(run: Run) -> None:
    found = verdict(run, "dcg@3", ["none"], silent)
    assert run.ranker is not None
    mine = found.trained.rankers["none"]
    test = run.prepared.part("test")
    assert on_test(run, mine) == pytest.approx(on_test(run, run.ranker), abs=0.03)
    assert mine.names == run.ranker.names
    assert found.values["none"].n == test.frame([QUERY])[QUERY].n_unique()
