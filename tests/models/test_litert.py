"""Each model's network in LiteRT against TensorFlow, as a server would run it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest

from features.batch import Batch
from features.layout import Layout
from models.model import Model
from models.network import Activation
from models.optimizers.groups import Optimizers
from models.wide_deep import WideDeep
from serving.convert import Compute, to_litert
from serving.dense import DenseNetwork
from serving.embedder import Embedder
from serving.tables.floats import FloatTable

Floats = npt.NDArray[np.float32]


def write(model: Model, folder: Path, quantize: Compute) -> Path:
    path = folder / f"{quantize}.tflite"
    path.write_bytes(to_litert(model, quantize))
    return path


def serve(model: Model, network: DenseNetwork, batch: Batch) -> Floats:
    """Logits (rows, tasks) without TensorFlow: tables in numpy, the network in LiteRT."""
    tables = {name: FloatTable(table.weights) for name, table in model.tables.items()}
    found = network(Embedder(model.layout, tables, model.specs)(batch))
    return found.reshape(batch.rows, -1)


@pytest.fixture(scope="module")
def batch(coaction: Any) -> Batch:
    """500 rows."""
    found: Batch = Batch.concat([coaction.held, coaction.train]).take(slice(0, 500))
    return found


def require_kernels(model: Model) -> None:
    """LiteRT leaves weights of fewer than 1024 numbers as they are."""
    if max(one.size for one in model.network.get_weights()) < 1024:
        pytest.skip("its network has no kernel that is large enough to be quantized")


@pytest.fixture(scope="module")
def full(trained: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its network in float32."""
    return write(trained, tmp_path_factory.mktemp("float"), "none")


@pytest.fixture(scope="module")
def small(trained: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its network in int8."""
    return write(trained, tmp_path_factory.mktemp("int8"), "int8")


def test_float_logits_are_those_of_tensorflow(trained: Model, full: Path, batch: Batch) -> None:
    """To 1e-5 of a logit of up to 10, at batch sizes that come and go."""
    network = DenseNetwork(full)
    expected = trained.task_logits([batch])
    scale = max(1.0, np.abs(expected).max() / 10)
    for rows in (1, 7, 500, 7, 1):
        found = serve(trained, network, batch.take(slice(0, rows)))
        assert found.shape == (rows, expected.shape[1])
        np.testing.assert_allclose(found, expected[:rows], rtol=0, atol=1e-5 * scale)


def test_int8_logits_are_near_them(trained: Model, small: Path, batch: Batch) -> None:
    """Within 2 % of the logits' spread at worst and 0.5 % on average."""
    require_kernels(trained)
    network = DenseNetwork(small)
    expected = trained.task_logits([batch])
    spread = expected.std()
    for rows in (1, 7, 500, 7, 1):
        error = np.abs(serve(trained, network, batch.take(slice(0, rows))) - expected[:rows])
        assert error.max() < spread / 50
        assert error.mean() < spread / 200
    assert error.max() > 1e-5 * spread  # or nothing was quantized


def test_int8_weights_take_less_room(trained: Model, full: Path, small: Path) -> None:
    require_kernels(trained)
    assert small.stat().st_size < full.stat().st_size


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param((0, 0, 2), marks=pytest.mark.slow),
        pytest.param((2, 1, 0), marks=pytest.mark.slow),
        pytest.param((0, 1, 1), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_any_kind_of_field_may_be_absent(
    config: Any,
    layout_of: Callable[..., Layout],
    batch_of: Callable[..., Batch],
    tmp_path: Path,
    fields: tuple[int, int, int],
) -> None:
    layout = layout_of(*fields)
    batch = batch_of(layout, 7)
    model = Model(config, layout, Optimizers())
    network = DenseNetwork(write(model, tmp_path, "none"))
    np.testing.assert_allclose(serve(model, network, batch), model.task_logits([batch]), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("activation", get_args(Activation))
def test_every_activation_it_takes_is_one_of_litert(
    layout_of: Callable[..., Layout],
    batch_of: Callable[..., Batch],
    tmp_path: Path,
    activation: Activation,
) -> None:
    layout = layout_of()
    batch = batch_of(layout, 7)
    model = Model(WideDeep(dim=2, hidden=(4,), activation=activation), layout, Optimizers())
    network = DenseNetwork(write(model, tmp_path, "none"))
    np.testing.assert_allclose(serve(model, network, batch), model.task_logits([batch]), atol=1e-5)
