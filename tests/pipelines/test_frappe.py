"""The published settings on Frappe, on a log of that shape whose answer is known."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.config import load_config
from pipelines.train import train

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZES = (200, 300, 7, 2, 3, 2, 9, 20, 60, 80)  # values of each field


def write_libfm(path: Path, rows: int, seed: int) -> None:
    """Ids count through all fields; the label is 1 where the user likes the item and its kind."""
    tastes = np.random.default_rng(0)
    user, item, kind = (tastes.normal(size=size) for size in (SIZES[0], SIZES[1], (3, 3)))
    random = np.random.default_rng(seed)
    ids = np.stack([random.integers(0, size, rows) for size in SIZES], 1)
    likes = user[ids[:, 0]] + item[ids[:, 1]] + kind[ids[:, 0] % 3, ids[:, 1] % 3] > 0
    label = np.where(random.random(rows) < 0.05, ~likes, likes).astype(int)
    starts = np.cumsum((0, *SIZES[:-1]))
    lines = (
        " ".join([str(one), *(f"{value}:1" for value in row)])
        for one, row in zip(label, ids + starts, strict=True)
    )
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["frappe_dcn_v2", "frappe_finalmlp"])
def test_the_published_settings_learn(name: str, tmp_path: Path) -> None:
    for part, rows in (("train", 30_000), ("valid", 3_000), ("test", 3_000)):
        write_libfm(tmp_path / f"{part}.libfm", rows, seed=rows)
    (tmp_path / f"{name}.toml").write_text((EXAMPLES / f"{name}.toml").read_text())
    # Less of a penalty: of a log a fifth as long, each epoch has a fifth of the steps.
    small = ["train.epochs=12", "train.batch_size=1024", "train.l2.embeddings=0.001"]
    run = train(load_config(tmp_path / f"{name}.toml", small), tmp_path / "run", lambda *_: None)
    assert run.model is not None
    spec = run.model.specs["embedding"]
    assert (spec.dim, spec.stddev) == (10, 1e-4)
    assert run.metrics["ctr"]["AUC"] > 0.92  # 0.95 is all there is
