"""A plan of widths, of a trained run: what it foretells, and what the bundle then loses."""

import json
from pathlib import Path

import numpy as np
import pytest

from features.errors import BundleError, ConfigError
from models.model import Model
from pipelines.export import export
from pipelines.metrics.loss import LogLoss
from pipelines.metrics.predictions import Predictions
from pipelines.quantization.config import ExportConfig
from pipelines.quantization.plan import Judged
from pipelines.quantization.quality import FILE
from pipelines.quantization.stored import judged
from pipelines.run import Run
from pipelines.scoring import score
from serving.tables.files import load_table
from serving.tables.write import restored


@pytest.fixture(scope="module")
def costs(world) -> Judged:  # type: ignore[no-untyped-def]
    return judged(world.run, 50_000)


def loss(run: Run, model: Model) -> float:
    scored = score(run.prepared.part("train"), model, None)
    return LogLoss().compute(
        Predictions(scored["label"].to_numpy(), scored["probability"].to_numpy())
    )


def test_the_loss_of_an_error_is_foretold(world, costs: Judged) -> None:  # type: ignore[no-untyped-def]
    """Noise on every row, small enough for the second order to tell, averaged over its signs."""
    run, model = world.run, costs.model
    random, before = np.random.default_rng(0), loss(run, model)
    table = model.tables["embedding"]
    storage, added = table.storage, []
    noise = 0.1 * table.weights.std() * random.choice([-1.0, 1.0], table.weights.shape)
    try:
        for sign in (1, -1):
            moved = storage.copy()
            moved[:, : table.dim] += sign * noise
            table.restore(moved)
            added.append(loss(run, model) - before)
    finally:
        table.restore(storage)
    foretold = sum(
        float(one.weight @ np.square(noise[one.start : one.stop]).sum(axis=1))
        for one in costs.segments
        if one.table == "embedding"
    )
    assert np.mean(added) == pytest.approx(foretold, rel=0.5)


def test_fewer_bytes_lose_more(world, costs: Judged) -> None:  # type: ignore[no-untyped-def]
    plans = [costs.plan(size, None) for size in (0.08, 0.15, 0.3)]
    assert plans[0].chosen.loss > plans[1].chosen.loss > plans[2].chosen.loss
    for plan, size in zip(plans, (0.08, 0.15, 0.3), strict=True):
        assert plan.chosen.bytes <= size * plan.float_bytes
        assert sum(one.bytes for one in plan.layouts.values()) == plan.chosen.bytes
    assert costs.plan(None, plans[1].chosen.loss).chosen.bytes <= plans[1].chosen.bytes


def test_mixed_widths_lose_less_than_one_of_equal_size(costs: Judged) -> None:
    whole = {one: costs.fields(one) for one in ("int4_affine", "int8")}
    for fields in whole.values():
        size = sum(held for held, _ in fields.values())
        lost = sum(added for _, added in fields.values())
        mixed = [point for point in costs.plan(0.9, None).front if point.bytes <= size][-1]
        assert mixed.loss < lost


def test_a_bundle_of_mixed_widths(world, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    config = ExportConfig(quantize="mixed", size=0.2)
    found = export(world.run, tmp_path / "bundle", config)
    assert found.quality is not None
    assert found.plan is not None
    document = json.loads((tmp_path / "bundle" / FILE).read_text())
    assert document["bytes"] <= 0.2 * document["float_bytes"]
    assert document["front"][0][1] > document["front"][-1][1]
    assert abs(found.quality.lost("LogLoss")) < 0.01
    model = world.run.model
    for name, layout in found.plan.layouts.items():
        rows = np.arange(layout.rows, dtype=np.int32)
        gathered = load_table(tmp_path / "bundle" / "tables", name, layout).gather(rows)
        start = 0
        for one in layout.ranges:
            part = slice(start, start + one.rows)
            weights = model.tables[name].weights[part]
            wanted = np.zeros_like(weights)
            if one.storage is not None:
                wanted = restored(weights, one.storage)
            np.testing.assert_array_equal(gathered[part], wanted)
            start += one.rows


def test_a_bundle_beyond_its_budget_is_not_written(world, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "bundle"
    config = ExportConfig(quantize="int2", budget={"LogLoss": 1e-9})
    with pytest.raises(BundleError, match=r"LogLoss lost .* of at most 1e-09\. The fields whose"):
        export(world.run, out, config)
    assert not out.exists()
    with pytest.raises(BundleError, match="must name metrics that validation has"):
        export(world.run, out, ExportConfig(budget={"Clicks": 1}))


def test_budgets_that_nothing_can_meet(costs: Judged) -> None:
    with pytest.raises(ConfigError, match="Quantization may add"):
        costs.plan(None, -1.0)


def test_options_of_the_command_stand_for_the_configuration() -> None:
    config = ExportConfig(quantize="mixed", size=0.2)
    assert config.with_options({"quantize": None, "loss": 0.1}).size is None
    assert config.with_options({"quantize": "int4"}).quantize == "int4"
    with pytest.raises(ConfigError, match=r"size and loss are of quantize = \"mixed\""):
        ExportConfig().with_options({"size": 0.1})
