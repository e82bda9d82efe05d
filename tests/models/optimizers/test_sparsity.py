"""What is counted as sparse: exact zeros, of rows that had a gradient."""

import numpy as np
import pytest

from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl
from models.optimizers.group_adagrad import GroupAdaGrad
from models.optimizers.group_ftrl import GroupFtrl
from models.optimizers.sparsity import Sparsity, sparsities, sparsity
from models.table import Table

Rule = Ftrl | GroupAdaGrad | GroupFtrl
RULES = [Ftrl(l1=1.0), GroupAdaGrad(l21=1.0), GroupFtrl(l21=1.0)]


def test_worked_numbers() -> None:
    """Rows touched: 1 of 2 weights zero, 2 of 2, 0 of 2; the fourth, of zeros, was not."""
    weights = np.array([[0.5, 0.0], [0.0, 0.0], [1.0, -1.0], [0.0, 0.0]], np.float32)
    n = np.array([[1, 0], [0, 2], [3, 3], [0, 0]], np.float32)
    expected = Sparsity(touched=3, zero_weights=0.5, zero_rows=1 / 3)
    assert sparsity(np.hstack([weights, weights, n]), 2, Ftrl()) == pytest.approx(expected)
    assert sparsity(np.hstack([weights, weights, n]), 2, GroupAdaGrad()) == pytest.approx(expected)
    assert sparsity(np.hstack([weights, n[:, :1] + n[:, 1:]]), 2, GroupFtrl()) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.type)
def test_of_a_table(rule: Rule) -> None:
    """None of a fresh one is touched; of two rows that are, the idle one is dropped."""
    table = Table(5, 3, rule, stddev=0.001, seed=0)
    assert sparsity(table.storage, 3, rule) == Sparsity(0, 0.0, 0.0)
    rows = np.array([1, 4], np.int32)
    gradient = np.array([[-2.0] * 3, [1e-3] * 3], np.float32)
    for _ in range(100):
        table.push(rows, gradient, 1.0)
    found = sparsity(table.storage, 3, rule)
    if isinstance(rule, Ftrl):  # whose row is never pulled as far as l1
        assert found.touched == 2
    else:
        assert found == Sparsity(2, 0.5, 0.5)


def test_tables_whose_rule_keeps_every_weight_are_left_out() -> None:
    tables = {
        "wide": Table(5, 1, Ftrl(l1=1.0), stddev=0.0, seed=0),
        "embedding": Table(5, 2, AdaGrad(), stddev=0.1, seed=0),
    }
    assert sparsities(tables) == {"wide": Sparsity(0, 0.0, 0.0)}
