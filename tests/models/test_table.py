"""What a table promises: only what a batch touches is read or written."""

import numpy as np
import numpy.typing as npt
import pytest

from models import parallel
from models import table as tables
from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl
from models.optimizers.group_adagrad import GroupAdaGrad
from models.optimizers.group_ftrl import GroupFtrl
from models.optimizers.lazy_adam import LazyAdam
from models.optimizers.optimizer import SparseOptimizer
from models.optimizers.rmsprop import RMSProp
from models.optimizers.sgd import SGD
from models.table import Table

RULES: list[SparseOptimizer] = [
    AdaGrad(),
    AdaGrad(rowwise=True, max_accumulator=1.0),
    Ftrl(l1=0.01, l2=0.1),
    GroupAdaGrad(l1=0.01, l21=0.01),
    GroupFtrl(l1=0.01, l21=0.01, l2=0.1),
    SGD(),
    SGD(momentum=0.9, nesterov=True),
    RMSProp(),
    LazyAdam(amsgrad=True),
]


def push(table: Table, ids: list[int], gradient: npt.NDArray[np.float32]) -> None:
    table.push(np.array(ids, np.int32), gradient, 1.0)


@pytest.fixture(params=RULES, ids=str)
def rule(request: pytest.FixtureRequest) -> SparseOptimizer:
    found: SparseOptimizer = request.param
    return found


def test_rows_outside_the_batch_never_change(rule: SparseOptimizer) -> None:
    """Bit for bit, weights and state, over many steps; those inside do."""
    table = Table(50, 3, rule, stddev=0.1, seed=0)
    random = np.random.default_rng(0)
    for _ in range(40):
        before = table.storage
        touched = random.choice(50, random.integers(1, 20), replace=False)
        gradient = random.uniform(0.1, 1, (len(touched), 3)) * random.choice([-1, 1])
        table.push(touched.astype(np.int32), gradient.astype(np.float32), 1.0)
        same = (table.storage == before).all(axis=1)
        assert not same[touched].any()
        assert np.delete(same, touched).all()


def test_what_is_pulled_is_what_was_pushed(rule: SparseOptimizer) -> None:
    table = Table(9, 2, rule, stddev=0.1, seed=0)
    ids = np.array([7, 0, 4], np.int32)  # in the order asked for, not that of the table
    np.testing.assert_array_equal(table.pull(ids), table.weights[[7, 0, 4]])
    gradient = np.arange(6, dtype=np.float32).reshape(3, 2)
    expected = table.storage[ids]
    rule.update(expected, np.arange(3, dtype=np.int32), gradient, 1.0)
    table.push(ids, gradient, 1.0)
    np.testing.assert_array_equal(table.pull(ids), expected[:, :2])
    np.testing.assert_array_equal(table.storage[ids], expected)


def test_rows_may_be_pulled_more_than_once(rule: SparseOptimizer) -> None:
    table = Table(9, 2, rule, stddev=0.1, seed=0)
    ids = np.array([3, 3, 0, 8, 3], np.int32)
    np.testing.assert_array_equal(table.pull(ids), table.weights[ids])
    assert table.pull(np.empty(0, np.int32)).shape == (0, 2)


@pytest.mark.parametrize("bad", [-1, 9])
def test_rows_that_are_not_there_are_refused(rule: SparseOptimizer, bad: int) -> None:
    table = Table(9, 2, rule, stddev=0.1, seed=0)
    before, ids = table.storage, np.array([3, bad], np.int32)
    with pytest.raises(IndexError, match=f"9 rows .* were rows .*{bad}"):
        table.pull(ids)
    with pytest.raises(IndexError, match=f"9 rows .* were rows .*{bad}"):
        table.push(ids, np.ones((2, 2), np.float32), 1.0)
    np.testing.assert_array_equal(table.storage, before)


def test_threads_change_no_bit(rule: SparseOptimizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more rows than one thread is given, on as many threads as there are cores."""
    random = np.random.default_rng(0)
    ids = random.permutation(10_000)[:7000].astype(np.int32)
    gradient = random.normal(size=(7000, 3)).astype(np.float32)
    found = []
    for cores in ([0], [0, 1], [0, 1, 2]):
        monkeypatch.setattr(parallel, "mine", lambda cores=cores: cores)
        table = Table(10_000, 3, rule, stddev=0.1, seed=0)
        table.push(ids, gradient, 0.5)
        found.append((table.storage, table.pull(ids)))
    for storage, pulled in found[1:]:
        np.testing.assert_array_equal(storage, found[0][0])
        np.testing.assert_array_equal(pulled, found[0][1])


def test_a_view_is_what_is_stored_and_read_alone(rule: SparseOptimizer) -> None:
    table = Table(3, 2, rule, stddev=0.1, seed=0)
    view = table.view
    push(table, [1], np.ones((1, 2), np.float32))
    np.testing.assert_array_equal(view, table.storage)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 0.0


def test_a_table_of_one_row(rule: SparseOptimizer) -> None:
    table = Table(1, 1, rule, stddev=0.1, seed=0)
    before = table.weights
    push(table, [0], np.array([[1.0]], np.float32))
    assert table.weights.shape == (1, 1)
    assert table.weights[0, 0] < before[0, 0]


def test_no_rows_touched_is_no_change(rule: SparseOptimizer) -> None:
    table = Table(3, 2, rule, stddev=0.1, seed=0)
    before = table.storage
    push(table, [], np.empty((0, 2), np.float32))
    np.testing.assert_array_equal(table.storage, before)


def test_restore_takes_over_weights_and_state(rule: SparseOptimizer) -> None:
    first, second = (Table(8, 2, rule, stddev=0.1, seed=seed) for seed in (0, 1))
    push(first, [3, 5], np.ones((2, 2), np.float32))
    second.restore(first.storage)
    for table in (first, second):
        push(table, [3, 4], np.full((2, 2), -0.5, np.float32))
    np.testing.assert_array_equal(first.storage, second.storage)


def test_restore_refuses_another_shape_or_dtype(rule: SparseOptimizer) -> None:
    table = Table(8, 2, rule, stddev=0.1, seed=0)
    for bad in (table.storage[:-1], table.storage[:, 1:], table.storage.astype(np.float64)):
        with pytest.raises(ValueError, match=r"must be float32 \(8, .*; what was saved is"):
            table.restore(bad)


def test_rows_are_put_among_others_with_their_state(
    rule: SparseOptimizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_CHUNK", 3)
    first, second = (Table(rows, 2, rule, stddev=0.1, seed=rows) for rows in (5, 9))
    push(first, [0, 4], np.ones((2, 2), np.float32))
    before = second.storage
    second.put(3, first.storage)
    np.testing.assert_array_equal(second.storage[3:8], first.storage)
    np.testing.assert_array_equal(second.storage[[0, 1, 2, 8]], before[[0, 1, 2, 8]])
    with pytest.raises(ValueError, match="there are 9 rows; 5 from 5 on are too many"):
        second.put(5, first.storage)
    for bad in (first.storage[:, 1:], first.storage.astype(np.float64)):
        with pytest.raises(ValueError, match="rows must be float32 of"):
            second.put(0, bad)


def test_rows_start_normal_by_their_seed(rule: SparseOptimizer) -> None:
    first, again, other = (Table(20_000, 4, rule, stddev=0.05, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.storage, again.storage)
    assert abs(np.corrcoef(first.weights.ravel(), other.weights.ravel())[0, 1]) < 0.02
    assert first.weights.mean() == pytest.approx(0, abs=1e-3)
    assert first.weights.std() == pytest.approx(0.05, rel=0.01)
    state = rule.start(first.weights)
    np.testing.assert_array_equal(first.storage[:, 4:], state)


def test_chunks_of_a_large_table_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Table(10, 2, AdaGrad(), stddev=1.0, seed=0).weights
    monkeypatch.setattr(tables, "_CHUNK", 4)
    parts = Table(10, 2, AdaGrad(), stddev=1.0, seed=0).weights
    np.testing.assert_array_equal(parts[:4], whole[:4])
    assert not np.isin(parts[4:], parts[:4]).any()
    assert not np.isin(parts[8:], parts[4:8]).any()
