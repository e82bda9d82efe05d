"""`crossrank report`, as it is typed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.config import load_config
from pipelines.run import Run
from pipelines.train import train

CARD = """
[card]
title = "Clicks of a <small> world"
owner = "Team Ranking"
intended_use = ["tests", "demonstrations"]

[card.further]
"reviewed by" = "nobody"
"""


@pytest.fixture
def predictions(tmp_path: Path, scored: pl.DataFrame) -> Path:
    file = tmp_path / "predictions.parquet"
    scored.rename({"label": "clicked"}).write_parquet(file)
    return file


def test_a_run_with_its_card(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    card, out = tmp_path / "card.toml", tmp_path / "pages" / "run.html"
    card.write_text(CARD)
    answer = crossrank("report", world.run.folder, "--card", card, "--importance", "--out", out)
    assert answer.code == 0, answer.err
    assert "The ranker orders the rows of a query with nDCG@10" in answer.out
    page, found = out.read_text(), json.loads(out.with_suffix(".json").read_text())
    assert "<h1>Clicks of a &lt;small&gt; world</h1>" in page
    assert found["card"]["given"]["intended_use"] == ["tests", "demonstrations"]
    assert found["card"]["data"]["fingerprint"] == world.run.about["data"]
    assert found["card"]["training"]["seed"] == 0
    assert found["card"]["settings"]["model.type"] == "dcn_v2"
    assert {one["table"] for one in found["card"]["schema"]["features"]} > {None}
    assert len(found["positions"]["learned"]) == len(found["positions"]["positions"])
    assert "nDCG@10 of relevance" in found["metrics"]["truth"]
    assert {one["step"] for one in found["learning"]["curves"]} == {"epoch", "round"}
    assert found["by"] == [
        "user_age", "item_id", "item_category", "hour", "item_price", "history"
    ]  # fmt: skip
    features = {one["feature"] for one in found["importance"]["tables"][0]["features"]}
    assert features == {one["name"] for one in found["card"]["schema"]["features"]}
    assert str(world.folder) not in page


def test_a_run_whose_log_is_gone_does_without_slices(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    run = world.run.folder.with_name("untold")
    shutil.copytree(world.run.folder, run)
    config = json.loads((run / "config.json").read_text())
    config["data"]["truth"] = None
    (run / "config.json").write_text(json.dumps(config))
    log, away = world.folder / "log", world.folder / "away"
    log.rename(away)
    try:
        plain = crossrank("report", run, "--out", tmp_path / "a.json", "--json")
        named = crossrank("report", run, "--out", tmp_path / "b.json", "--by", "hour")
    finally:
        away.rename(log)
        shutil.rmtree(run)
    assert "No column to look by" in plain.json["slices"]["gap"]
    assert plain.json["metrics"]["ctr"]["AUC"]["value"] > 0.5
    assert (named.code, named.out) == (1, "")


def test_an_ablation_beside_the_run_is_shown(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    run = world.run.folder
    file = run.with_name(f"{run.name}-ablation") / "ablation.json"
    file.parent.mkdir()
    lost = {"feature": "<hour>", "value": 0.01, "low": -0.01, "high": 0.03, "spread": 0.0}
    told = {"run": str(run), "part": "test", "of": "AUC", "seeds": 1, "scorer": "ctr"}
    file.write_text(json.dumps(told | {"metric": 0.6, "features": [lost], "needed": {}}))
    out, numbers = tmp_path / "report.html", tmp_path / "valid.json"
    try:
        found = crossrank("report", run, "--by", "hour", "--out", out, "--json").json
        other = crossrank("report", run, "--part", "valid", "--out", numbers, "--json").json
    finally:
        shutil.rmtree(file.parent)
    assert found["importance"]["tables"][0]["features"] == [lost]
    assert "AUC of the click model, 0.6000: by ablation" in out.read_text()
    assert "gap" in other["importance"]


def test_a_bundle_reports_what_the_run_does(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    options = ("--by", "hour", "--out", out, "--json")
    run = crossrank("report", world.run.folder, *options).json
    bundle = world.float_bundle.folder
    found = crossrank("report", bundle, "--data", world.config, *options).json
    auc = [one["metrics"]["ctr"]["AUC"] for one in (run, found)]
    assert auc[0]["value"] == pytest.approx(auc[1]["value"], abs=1e-5)
    assert (found["part"], found["rows"]) == ("test", run["rows"])
    assert "Only a run" in found["learning"]["gap"]
    assert found["card"]["data"]["fingerprint"] == run["card"]["data"]["fingerprint"]
    assert crossrank("report", bundle).code == 1


def test_a_file_of_predictions(
    crossrank: Callable[..., Any], predictions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    options = ("--label", "clicked", "--query", "query", "--position", "position", "--out", out)
    answer = crossrank("report", predictions, *options, "--by", "device", "--importance", "--json")
    found = answer.json
    assert answer.code == 0
    assert (found["label"], found["queries"]) == ("clicked", 400)
    assert [one["position"] for one in found["positions"]["positions"]] == list(range(10))
    assert found["slices"]["slices"][0]["value"] == "tv"
    assert "crossrank ablate" in found["importance"]["gap"]
    assert found["card"]["data"]["files"] == ["predictions.parquet"]
    assert found == json.loads(out.with_suffix(".json").read_text())
    by_device = crossrank("report", predictions, *options, "--cluster", "device", "--json").json
    assert by_device["metrics"]["ctr"]["AUC"]["units"] == 3


def test_what_is_wrong_is_said_in_a_line(
    crossrank: Callable[..., Any], predictions: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text('name = "x"')
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[card]\nlimit = "none"')
    out = ("--label", "clicked", "--out", tmp_path / "report.html")
    for options, words in (
        (("--out", tmp_path / "report.pdf"), "*.html"),
        (("--label", "clickd"), "Did you mean 'clicked'"),
        ((*out, "--by", "devise"), "Did you mean 'device'"),
        ((*out, "--card", empty), "section [card]"),
        ((*out, "--card", wrong), "card.limit is not a known key. Did you mean 'limits'"),
        ((*out, "--metrics", "nDCG@10"), "query"),
    ):
        answer = crossrank("report", predictions, *options)
        assert (answer.code, answer.out) == (1, "")
        assert words in answer.err
    assert not (tmp_path / "report.html").exists()


def test_a_card_changes_no_run(world: Any) -> None:
    """Saying more of a model is no other training: resuming finds the run that is there."""
    told = world.folder / "told.toml"
    told.write_text(world.config.read_text() + CARD)
    folder = world.run.folder
    assert train(load_config(told, ["name=small"]), folder, lambda *_: None, resume=True) == Run(
        folder
    )
