"""`bias`, `debias` and `bias.way`, on a log whose examination is known."""

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.bias.estimators import METHODS
from pipelines.bias.log import click_log
from pipelines.bias.train import PROPENSITY, TRAINED
from pipelines.config import load_config
from pipelines.run import Run
from ranking.debiasing import WAYS
from ranking.propensity.propensity import Propensity

TRUTH = 1 / (1 + np.arange(6))


def near(low: Any, high: Any) -> bool:
    """Whether intervals of 95%, half as wide again, hold the truth at every position."""
    wider = (high / low) ** 0.25
    return bool(((low / wider <= TRUTH) & (high * wider >= TRUTH)).all())


def test_bias_finds_the_examination(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    page, file = tmp_path / "bias.html", tmp_path / "propensity.json"
    found = crossrank(
        "bias", clicks / "clicks.toml", "--out", page, "--propensity", file, "--json"
    ).json
    assert found["refused"].keys() == {"swaps", "affine"}
    for estimate in found["estimates"]:
        if estimate["name"] in ("randomised", "harvest", "harvest_items"):
            low, high = np.array(estimate["low"]), np.array(estimate["high"])
            assert near(low, high)
            assert (high[1:] < 1).all()
    assert Propensity.load(file).estimator == "randomised"  # it rests on less than the others
    assert [one["position"] for one in found["positions"]] == list(range(6))
    assert not [one for one in found["check"]["findings"] if one["level"] == "error"]
    assert {one["name"] for one in found["estimates"]} >= {"harvest_chain", "pbm", "dbn", "cascade"}
    known = {one["model"]: one["log_likelihood"] for one in found["foretold"]}
    assert known["pbm"] > known["click rate"]  # the users of this log are such
    assert known["pbm"] > known["cascade"]
    assert page.read_text().count("<svg") == len(found["estimates"])
    assert json.loads(page.with_suffix(".json").read_text()) == found


def test_the_verdict_is_of_the_mean_of_the_ways(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    run, page = tmp_path / "runs" / "one", tmp_path / "debias.html"
    crossrank("train", clicks / "clicks.toml", "--out", run, "--json")
    found = crossrank("debias", run, "--out", page, "--json").json
    assert set(found["ways"]) == {*WAYS, "auto"}
    gain = found["ways"]["auto"]["difference"]
    assert gain["value"] > 0
    assert found["verdict"].startswith("Debiasing helps" if gain["low"] > 0 else "No difference")
    assert html.escape(found["verdict"]) in page.read_text()
    answer = "helps" if gain["low"] > 0 else "harms" if gain["high"] < 0 else "no difference"
    other = [name for name, end in found["ends"].items() if end["answer"] != answer]
    assert found["ends"].keys() == {"low", "high"}
    assert ("It is so at both ends" in found["verdict"]) == (not other)
    assert all(f"{name} (" in found["verdict"] for name in other)


@pytest.mark.parametrize("way", ["ipw", "auto", "additive", "pointwise"])
def test_a_run_learns_in_the_way_that_is_named(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path, way: str
) -> None:
    folder = tmp_path / "runs" / way
    crossrank(
        "train", clicks / "clicks.toml", "--out", folder, "--set", f"bias.way={way}", "--json"
    )
    run = Run(folder)
    assert run.ranker is not None
    assert run.ranker.booster.num_boosted_rounds() > 0
    assert (folder / PROPENSITY).exists() == (way != "additive")
    assert (folder / TRAINED).exists() == (way == "auto")
    assert run.history["rounds"][0]["round"] == 1


def test_errors_name_what_is_missing(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    config = clicks / "clicks.toml"
    refused = crossrank("train", config, "--set", "bias.way=ipw", "--set", "bias.estimator=swaps")
    assert "bias.partner" in refused.err
    refused = crossrank("train", config, "--set", "bias.way=magic")
    assert "'none', 'xgboost', 'pairs'" in refused.err
    refused = crossrank("debias", tmp_path / "none")
    assert str(tmp_path / "none") in refused.err


def test_rankers_are_told_by_their_ranks_or_by_what_they_showed(clicks: Path) -> None:
    ranks = {"old": "rank_old", "new": "rank_new"}
    told = []
    for more in ({}, {"ranks": ranks}):
        config = load_config(clicks / "clicks.toml", [])
        assert config.bias is not None
        bias = config.bias.model_copy(update=more)
        log = click_log(config.model_copy(update={"bias": bias}), {"train"}, lambda *_: None)
        if more:  # what was shuffled is of no ranker
            log = log.with_columns(pl.when(~pl.col("random")).then("ranker").alias("ranker"))
        found = METHODS["harvest"](bias, log, None)
        assert near(np.array(found.low), np.array(found.high))
        told.append(found)
    assert told[0].examination == pytest.approx(told[1].examination, rel=0.3)
    with pytest.raises(ConfigError, match=r"of two rankers at least; ranker is 'logger'.*old"):
        load_config(clicks / "clicks.toml", ["bias.ranks={old='rank_old'}"])


LOGGED = ["--set", "bias.estimator=logged", "--set", "data.propensity=chance"]


def test_rows_may_bring_their_own_propensity(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    config, run = clicks / "clicks.toml", tmp_path / "runs" / "logged"
    done = crossrank("train", config, "--out", run, "--set", "bias.way=ipw", *LOGGED, "--json")
    assert done.code == 0
    assert not (run / PROPENSITY).exists()
    found = crossrank("debias", run, "--way", "ipw", "--json").json
    assert found["propensity"] is None
    assert found["ends"] == {}
    assert found["ways"].keys() == {"none", "ipw", "auto"}
    refused = crossrank("train", config, "--set", "bias.way=ipw", *LOGGED[:2])
    assert "which is not declared. Declare it" in refused.err


def test_a_cluster_is_drawn_as_one(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "one"
    users = ["--set", "bias.cluster=user"]
    crossrank("train", clicks / "clicks.toml", "--out", run, *users, "--json")
    found = crossrank("debias", run, "--way", "ipw", "--json").json
    assert found["shown"]["queries"] <= 12  # users, of hundreds of queries
    refused = crossrank("bias", clicks / "clicks.toml", "--set", "bias.cluster=document")
    assert "A query must belong to one cluster" in refused.err


@pytest.mark.parametrize("way", ["none", "xgboost", "pairs", "additive", "ipw"])
def test_a_way_goes_on_from_an_earlier_run(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path, way: str
) -> None:
    first, second = tmp_path / "runs" / "first", tmp_path / "runs" / "second"
    how = ["--set", f"bias.way={way}", "--set", "ranker.rounds=3", "--json"]
    crossrank("train", clicks / "clicks.toml", "--out", first, *how)
    done = crossrank("train", clicks / "clicks.toml", "--out", second, "--from", first, *how)
    assert done.code == 0
    rankers = [Run(one).ranker for one in (first, second)]
    assert rankers[0] is not None
    assert rankers[1] is not None
    assert rankers[1].booster.num_boosted_rounds() >= rankers[0].booster.num_boosted_rounds()
    assert rankers[1].bias.keys() == rankers[0].bias.keys()


def test_a_start_that_cannot_be_gone_on_from_is_refused(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    config, first = clicks / "clicks.toml", tmp_path / "runs" / "first"
    few = ["--set", "ranker.rounds=3"]
    crossrank("train", config, "--out", first, *few, "--set", "bias.way=additive", "--json")
    for way, said in (
        ("auto", "is the mean of several rankers"),
        ("pairs", "Declare the same objective and depth"),
        ("xgboost", "goes on from a bias of click, no_click"),
    ):
        out = tmp_path / "runs" / way
        more = ["--out", out, "--from", first, *few, "--set", f"bias.way={way}"]
        assert said in " ".join(crossrank("train", config, *more).err.split())
