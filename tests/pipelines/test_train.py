from pathlib import Path
from typing import Any

import pytest

from pipelines.config import check_config, load_config
from pipelines.train import train


@pytest.mark.parametrize("correct", ["weight", "prior"])
def test_thinned_negatives_leave_the_probabilities_those_of_the_log(
    world: Any, tmp_path: Path, correct: str
) -> None:
    """An uncorrected model would predict 2.6 times the click rate, as its training rows hold."""
    document = load_config(world.config).model_dump(mode="json")
    document["data"]["negatives"] = {"rate": 0.3, "correct": correct}
    document |= {"ranker": None, "train": {"epochs": 4, "patience": 4, "batch_size": 64}}
    config = check_config(document, world.folder)
    run = train(config, tmp_path / "run", lambda *_: None)
    told = run.prepared.about
    assert told["negatives"]["after"] == pytest.approx(0.3 * told["negatives"]["before"], rel=0.1)
    assert told["labels"]["train"]["mean"] > 2.5 * told["labels"]["valid"]["mean"]
    assert run.metrics["ctr"]["PCOC"] == pytest.approx(1, abs=0.2)
    assert run.metrics["ctr"]["AUC"] > 0.6
