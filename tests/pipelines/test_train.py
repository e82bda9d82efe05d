from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from features.files import unfinished
from models import evidence
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


def test_what_breaks_the_loss_is_kept_until_a_run_is_whole(world: Any, tmp_path: Path) -> None:
    """In the unfinished folder, of which the error speaks."""
    document = load_config(world.config).model_dump(mode="json") | {"ranker": None}
    document["train"] = {"epochs": 1, "batch_size": 256, "max_loss": 1e-3}
    config, out = check_config(document, world.folder), tmp_path / "run"
    saved = unfinished(out) / evidence.FILE
    with pytest.raises(DataError, match=rf"at most 0\.001 .* batch 1 .*{saved}") as stopped:
        train(config, out, lambda *_: None)
    assert "numeric 'item_price' is" in str(stopped.value)
    with np.load(saved, allow_pickle=False) as batch:
        assert {"id.item_id", "numeric.item_price", "sequence.history", "label"} <= set(batch)
        assert len(batch["label"]) == 256
    document["train"]["max_loss"] = 1e6
    run = train(check_config(document, world.folder), out, lambda *_: None)
    assert not (run.folder / evidence.FILE).exists()
