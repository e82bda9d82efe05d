"""Training rows cut by whole queries."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.dataset.dataset import QUERY, Dataset
from features.errors import DataError, SchemaError
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.prepare import prepare
from pipelines.stacking.folds import Folds, fold_numbers

Make = Callable[..., Config]


@pytest.fixture
def train(log: Path, configured: Make) -> Dataset:
    return prepare(configured(log), log, lambda *_: None).part("train")


def keys(dataset: Dataset) -> list[Any]:
    return dataset.frame([QUERY])[QUERY].to_list()


@pytest.mark.parametrize("column", [None, "user"])
def test_no_query_is_cut_and_none_is_lost(
    log: Path, configured: Make, train: Dataset, tmp_path: Path, column: str | None
) -> None:
    numbers = fold_numbers(configured(log), train, 4, column)
    folds = Folds(train, numbers, 4, Journal(tmp_path, {}))
    every = [keys(folds.fold(number)) for number in range(4)]
    assert sorted(key for own in every for key in own) == sorted(keys(train))
    assert sum(len(set(one)) for one in every) == len(set(keys(train)))
    for number, own in enumerate(every):
        left = folds.others(number)
        assert not {*own} & {*keys(left)}
        assert len(own) + left.rows == train.rows
        assert left.manifest.labels is not None
        assert left.manifest.labels.rows == left.rows


def test_a_fold_depends_on_the_query_alone_and_none_is_much_larger(
    log: Path, configured: Make, train: Dataset
) -> None:
    config = configured(log)
    numbers = fold_numbers(config, train, 5, None)
    first = dict(zip(keys(train), numbers, strict=True))
    assert numbers.tolist() == [first[key] for key in keys(train)]
    assert np.bincount(numbers).min() > train.rows / 5 * 0.6


def test_after_a_split_by_the_hash_of_the_query_no_fold_is_empty(
    log: Path, configured: Make
) -> None:
    data = configured(log).data.model_dump(mode="json")
    split = {"type": "hash", "column": "query", "train": 0.6, "valid": 0.2, "test": 0.2}
    config = configured(log, data={**data, "split": split})
    numbers = fold_numbers(config, prepare(config, log, lambda *_: None).part("train"), 5, None)
    assert np.bincount(numbers, minlength=5).min() > 0


def test_rows_of_a_query_stay_together_and_in_order(
    log: Path, configured: Make, train: Dataset, tmp_path: Path
) -> None:
    """So that losses within queries find them whole."""
    folds = Folds(train, fold_numbers(configured(log), train, 3, None), 3, Journal(tmp_path, {}))
    assert (folds.others(1).queries.sizes == 6).all()


def test_what_was_cut_is_not_cut_again(
    log: Path, configured: Make, train: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = fold_numbers(configured(log), train, 3, None)
    first = Folds(train, numbers, 3, Journal(tmp_path, {}))
    monkeypatch.setattr("pipelines.stacking.folds.write_part", None)
    again = Folds(train, numbers, 3, Journal(tmp_path, {}))
    assert again.fold(2).frame().equals(first.fold(2).frame())


def test_a_column_that_cuts_queries_is_refused(log: Path, configured: Make, train: Dataset) -> None:
    with pytest.raises(DataError, match="must have one value of stacking.column; those of 'item'"):
        fold_numbers(configured(log), train, 3, "item")
    with pytest.raises(SchemaError, match="there is no 'usr' among.*Did you mean 'user'"):
        fold_numbers(configured(log), train, 3, "usr")


def test_a_fold_without_rows_is_refused(train: Dataset, tmp_path: Path) -> None:
    numbers = np.zeros(train.rows, np.int8)
    with pytest.raises(DataError, match="Each of the 2 folds must have rows; fold 1 has none"):
        Folds(train, numbers, 2, Journal(tmp_path, {}))


def test_one_label_alone_without_a_fold_is_refused(train: Dataset, tmp_path: Path) -> None:
    clicked = train.frame(["__label"])["__label"] > 0
    numbers = clicked.cast(pl.Int8).to_numpy()
    with pytest.raises(DataError, match="Without fold 0 both labels must be left"):
        Folds(train, numbers, 2, Journal(tmp_path, {}))
