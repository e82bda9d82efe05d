"""The command, over a run and its bundles."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError
from pipelines.explain.explain import Explaining, explain, requested
from pipelines.sample import sample
from serving.scorer import Scorer

BODY = {
    "context": {"user_age": "2", "hour": 1, "history": ["i3", "nobody's"]},
    "columns": {
        "item_id": ["i1", "i2", None],
        "item_category": [1, 2, 3],
        "item_price": [10.0, None, 1e9],
    },
}
FEATURES = {"user_age", "item_id", "item_category", "hour", "item_price", "history"}


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(BODY))
    return file


def test_a_run_and_its_bundle_say_the_same_of_a_request(
    crossrank: Callable[..., Any], world: Any, request_file: Path
) -> None:
    """By Shapley values, exact for six features; and they add up to the server's own scores."""
    ask = ("--request", request_file, "--method", "shapley", "--json")
    run = crossrank("explain", world.run.folder, *ask).json
    bundle = crossrank("explain", world.float_bundle.folder, *ask).json
    scorer = Scorer.load(world.float_bundle.folder)
    for scorer_name in ("ctr", "ranker"):
        for mine, other in zip(run[scorer_name]["each"], bundle[scorer_name]["each"], strict=True):
            assert mine["contributions"] == pytest.approx(other["contributions"], abs=1e-4)
            total = other["baseline"] + sum(other["contributions"].values())
            assert total == pytest.approx(other["sum"], abs=1e-4)
    assert set(run["ctr"]["mean"]) == FEATURES
    assert set(run["ranker"]["mean"]) == FEATURES | {"ctr_logit"}
    batch, _ = requested(scorer, json.dumps(BODY).encode())
    logits = [one["sum"] for one in bundle["ctr"]["each"]]
    np.testing.assert_allclose(logits, scorer.logits(batch)[:, 0], atol=1e-5)
    ranks = [one["sum"] for one in bundle["ranker"]["each"]]
    np.testing.assert_allclose(ranks, scorer.score_encoded(batch).rank, atol=1e-5)


def test_one_candidate_is_shown_with_its_values(
    crossrank: Callable[..., Any],
    world: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = SimpleNamespace(buffer=io.BytesIO(json.dumps(BODY).encode()))
    monkeypatch.setattr("sys.stdin", body)
    answer = crossrank("explain", world.run.folder, "--request", "-", "--row", "1")
    assert answer.code == 0, answer.err
    assert "by gradients" in answer.out
    assert "i2" in answer.out
    assert "baseline" in answer.out


def test_a_sample_is_told_by_mean_size(crossrank: Callable[..., Any], world: Any) -> None:
    answer = crossrank("explain", world.run.folder, "--rows", "60", "--json").json
    assert answer["ctr"]["method"] == "gradients"
    assert answer["ctr"]["gap"] < 5e-3
    sizes = list(answer["ctr"]["mean"].values())
    assert sizes == sorted(sizes, reverse=True)
    assert "each" not in answer["ctr"]
    shown = crossrank(
        "explain", world.run.folder, "--rows", "60", "--group", "item=item_id,history"
    )
    assert "item_id" not in shown.out
    assert "TreeSHAP" not in shown.out
    assert "tree shap" in shown.out.replace("\n", " ")


def test_more_features_than_are_enumerated_are_sampled(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intervals stand beside what is sampled, and hold what all coalitions say."""
    batch = sample(world.run, "test", 20, seed=0).batch
    exact = explain(world.run, batch, Explaining(method="shapley"))["ctr"]
    assert exact.half is None
    monkeypatch.setattr("pipelines.explain.shapley.FEW", 3)
    drawn = explain(world.run, batch, Explaining(method="shapley", orders=32))["ctr"]
    assert drawn.half is not None
    assert drawn.gap < 1e-5
    moving = drawn.half > 1e-6
    assert np.mean(np.abs(drawn.values - exact.values)[moving] <= drawn.half[moving]) > 0.85


def test_refusals(crossrank: Callable[..., Any], world: Any, request_file: Path) -> None:
    bundle = world.float_bundle.folder
    for arguments, words in [
        ((bundle,), "give --data"),
        ((world.folder,), "must be a run (run.json) or a bundle"),
        ((bundle, "--request", request_file, "--method", "gradients"), "--method shapley"),
        ((bundle, "--request", request_file, "--row", "3"), "one of the 3 candidates"),
        ((bundle, "--request", request_file, "--group", "x"), "must look like item="),
        ((bundle, "--request", world.folder / "none.json"), "No such file"),
    ]:
        answer = crossrank("explain", *arguments)
        assert (answer.code, answer.out) == (1, "")
        assert words in answer.err
    request_file.write_text('{"columns": {"item_id": ["i1"]}}')
    assert "body lacks" in crossrank("explain", bundle, "--request", request_file).err
    with pytest.raises(ConfigError, match="must name features"):
        explain(world.run, sample(world.run, "test", 5, 0).batch, Explaining(groups={"g": ["no"]}))


def test_importance_is_told_of_runs_and_bundles(crossrank: Callable[..., Any], world: Any) -> None:
    ask = ("--metric", "LogLoss", "--repeats", "2", "--rows", "1000", "--json")
    run = crossrank("importance", world.run.folder, *ask).json
    assert (run["scorer"], run["of"], run["part"]) == ("ctr", "LogLoss", "test")
    assert {one["feature"] for one in run["features"]} == FEATURES
    of_users = ("--metric", "GAUC(user_id)", "--repeats", "1", "--rows", "1000", "--json")
    by_user = crossrank("importance", world.run.folder, *of_users).json
    bundle = crossrank(
        "importance", world.float_bundle.folder, *of_users, "--data", world.config
    ).json
    assert by_user["metric"] == pytest.approx(bundle["metric"], abs=1e-6)
    shown = crossrank("importance", world.run.folder, "--rows", "500", "--repeats", "1")
    assert "AUC" in shown.out
    assert crossrank("importance", world.run.folder, "--metric", "PCOC").code == 1
