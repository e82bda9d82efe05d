"""`bias`, `debias` and `bias.way`, on a log whose examination is known."""

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.bias.train import PROPENSITY, TRAINED
from pipelines.run import Run
from ranking.debiasing import WAYS
from ranking.propensity.propensity import Propensity

TRUTH = 1 / (1 + np.arange(6))


def test_bias_finds_the_examination(
    crossrank: Callable[..., Any], clicks: Path, tmp_path: Path
) -> None:
    page, file = tmp_path / "bias.html", tmp_path / "propensity.json"
    found = crossrank(
        "bias", clicks / "clicks.toml", "--out", page, "--propensity", file, "--json"
    ).json
    assert found["refused"].keys() == {"swaps"}
    for estimate in found["estimates"]:
        if estimate["estimator"] in ("randomised", "harvest_items"):
            low, high = np.array(estimate["low"]), np.array(estimate["high"])
            assert ((low <= TRUTH) & (high >= TRUTH)).sum() >= 5  # of 6, at 95% each
            assert (high[1:] < 1).all()
    assert Propensity.load(file).estimator == "randomised"  # it rests on less than the others
    assert [one["position"] for one in found["positions"]] == list(range(6))
    assert not [one for one in found["check"]["findings"] if one["level"] == "error"]
    assert page.read_text().count("<svg") == 1
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
