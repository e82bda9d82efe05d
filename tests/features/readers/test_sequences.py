import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError, DataError
from features.readers import sequences
from features.readers.open import open_source

# User 3 gives train (1 2 3 is before 4), valid and test; user 5 only valid and test; user 8 none.
TEXT = "3 1 2 3 4 5 6\n5 7 8 9\n8 10 11\n"
FEW: dict[str, object] = {"valid_negatives": 2, "test_negatives": 3}


def _read(base: Path, **options: object) -> pl.DataFrame:
    return pl.concat(open_source("a.txt", "sequences", base, **{**FEW, **options}).batches())


def _positives(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    kept = frame.filter(pl.col("label") == 1)
    return kept.select("query_id", "user_id", "item_id", "history", "split").rows()


def test_positives_by_hand(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    found = _read(tmp_path)
    assert _positives(found) == [
        (0, 3, 3, [1, 2], "train"),
        (1, 3, 4, [1, 2, 3], "train"),
        (2, 3, 5, [1, 2, 3, 4], "valid"),
        (3, 3, 6, [1, 2, 3, 4, 5], "test"),
        (4, 5, 8, [7], "valid"),
        (5, 5, 9, [7, 8], "test"),
    ]
    assert found.schema == {
        "query_id": pl.Int64, "user_id": pl.Int64, "item_id": pl.Int64,
        "history": pl.List(pl.Int64), "label": pl.Int8, "split": pl.String,
    }  # fmt: skip


def test_a_positive_shares_all_but_the_item_with_its_negatives(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    found = _read(tmp_path, negatives_per_positive=4)
    groups = found.group_by("query_id", maintain_order=True).agg(
        pl.col("user_id", "history", "split").n_unique(),
        pl.col("item_id").n_unique().alias("items"),
        pl.len().alias("rows"),
        pl.col("label").sum(),
    )
    assert groups["rows"].to_list() == [5, 5, 3, 4, 3, 4]
    assert groups["items"].to_list() == groups["rows"].to_list()
    for name in ("user_id", "history", "split", "label"):
        assert groups[name].to_list() == [1] * 6


def test_negatives_are_the_items_the_user_never_touched(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    # User 3 leaves 7..11: asked for five, it gets them all. User 5 leaves eight.
    found = _read(tmp_path, valid_negatives=5, test_negatives=5).filter(pl.col("label") == 0)
    of_3 = found.filter((pl.col("user_id") == 3) & (pl.col("split") == "test"))
    assert sorted(of_3["item_id"]) == [7, 8, 9, 10, 11]
    of_5 = found.filter(pl.col("user_id") == 5)
    assert set(of_5["item_id"]) <= {1, 2, 3, 4, 5, 6, 10, 11}


def test_only_the_latest_items_are_kept_in_the_history(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    histories = [row[3] for row in _positives(_read(tmp_path, max_history=2))]
    assert histories == [[1, 2], [2, 3], [3, 4], [4, 5], [7], [7, 8]]


def test_the_last_train_position_alone(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    train = [
        row for row in _positives(_read(tmp_path, train_positions="last")) if row[4] == "train"
    ]
    assert train == [(0, 3, 4, [1, 2, 3], "train")]


@pytest.fixture
def many(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty users of five items each out of sixty, in blocks of seven users."""
    monkeypatch.setattr(sequences, "_USERS", 7)
    rng = np.random.default_rng(1)
    users = (" ".join(map(str, rng.choice(60, 5, replace=False))) for _ in range(40))
    write("a.txt", "".join(f"{user} {items}\n" for user, items in enumerate(users)))
    return tmp_path


def test_draws_follow_the_seed_and_differ_between_blocks(many: Path) -> None:
    found = _read(many)
    assert found.equals(_read(many))
    other = _read(many, seed=1)
    assert _positives(other) == _positives(found)
    assert not other.equals(found)
    # Within one seed no two blocks of users share a stream of places and negatives.
    places = found.filter(pl.col("split") == "test").group_by("user_id", maintain_order=True)
    drawn = places.agg(pl.col("label").arg_max())["label"].to_list()
    assert set(drawn) == {0, 1, 2, 3}
    assert drawn[:7] != drawn[7:14]


def test_splits_asked_for_alone_are_the_same_rows(many: Path) -> None:
    whole = _read(many)
    for split in ("train", "valid", "test"):
        source = open_source("a.txt", "sequences", many, **FEW, splits=[split])
        alone = pl.concat(source.batches())
        assert alone.equals(whole.filter(pl.col("split") == split))
        assert source.count() == alone.height
    other = _read(many, test_negatives=1).filter(pl.col("split") != "test")
    assert other.equals(whole.filter(pl.col("split") != "test"))


def test_attributes_follow_the_item(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    known = {item: [item * 10, item] for item in range(1, 10)} | {77: [1]}
    write("items/a.json.gz", json.dumps(known))
    source = open_source("a.txt", "sequences", tmp_path, **FEW, attributes="items/a.json.gz")
    assert source.schema["item_attributes"] == pl.List(pl.Int64)
    found = pl.concat(source.batches(rows=4))
    assert {10, 11} & set(found["item_id"]), "no draw of an item without attributes"
    for item, attributes in found.select("item_id", "item_attributes").iter_rows():
        assert attributes == known.get(item, [])
    before = source.identity()
    write("items/a.json.gz", json.dumps(known | {1: []}))
    assert source.identity()["attributes"] != before["attributes"]


def test_categories_are_the_last_attributes_of_items_and_of_their_histories(
    write, tmp_path: Path
) -> None:
    write("a.txt", TEXT)
    known = {1: [7, 90], 3: [80], 4: [7, 8, 70], 6: [], 9: [90]}
    write("a.json", json.dumps(known))
    found = _read(tmp_path, attributes="a.json", max_history=3)
    positives = found.filter(pl.col("label") == 1)
    assert positives.select("item_category", "history_categories").rows() == [
        (80, [90, None]),
        (70, [90, None, 80]),
        (None, [None, 80, 70]),
        (None, [80, 70, None]),
        (None, [None]),
        (90, [None, None]),
    ]
    last = {item: (attributes or [None])[-1] for item, attributes in known.items()}
    for item, category in found.select("item_id", "item_category").iter_rows():
        assert category == last.get(item)


def test_a_repeated_item_is_touched_once(write, tmp_path: Path) -> None:
    write("a.txt", "1 4 4 4 4\n2 5 6\n")
    found = _read(tmp_path, test_negatives=2)
    assert _positives(found)[-1] == (1, 1, 4, [4, 4, 4], "test")
    last = found.filter((pl.col("query_id") == 1) & (pl.col("label") == 0))
    assert sorted(last["item_id"]) == [5, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3\n\n2 x 4\n", "line 3: a line must be a user id and at least one item id"),
        ("1 2 3\n2\n", "line 2: a line must be a user id and at least one item id.* got '2'"),
        ("1 2 3\n2 4 5.5\n", "line 2: a line must be a user id"),
        ("1 2 3\n2 1 4\n1 5\n", "user 1 has 2. Join them"),
        ("1 2 3\n2 4 5\n", "no rows"),
        ("\n", "no rows"),
        (
            "9 8 7\n1 2 3 4\n",
            r"line 2: .* 5 items untouched as negatives .*got '2'\. Ask for fewer",
        ),
    ],
)
def test_bad_files_are_refused(write, tmp_path: Path, text: str, message: str) -> None:
    write("a.txt", text)
    with pytest.raises(DataError, match=message):
        _read(tmp_path)


def test_bad_attributes_are_refused(write, tmp_path: Path) -> None:
    write("a.txt", TEXT)
    write("a.json", '{"1": [2, "x"]}')
    with pytest.raises(DataError, match=r"a\.json must be JSON.*1\.1: .*integer"):
        _read(tmp_path, attributes="a.json")
    write("b.json", "{")
    with pytest.raises(DataError, match=r"b\.json must be JSON"):
        _read(tmp_path, attributes="b.json")
    with pytest.raises(ConfigError, match="must be one JSON file"):
        _read(tmp_path, attributes="?.json")
    with pytest.raises(ConfigError, match="option max_history"):
        _read(tmp_path, max_history=0)


@pytest.fixture(scope="module")
def beauty() -> tuple[dict[int, list[int]], pl.DataFrame, Path]:
    base = Path(__file__).resolve().parents[4] / "shared" / "data" / "seq_amazon"
    if not base.is_dir():
        pytest.skip("needs ../shared/data/seq_amazon, which is not here")
    with gzip.open(base / "Beauty.txt.gz", "rt") as stream:
        rows = [[int(one) for one in line.split()] for line in stream]
    source = open_source(
        "Beauty.txt.gz", "sequences", base, attributes="Beauty_item2attributes.json.gz", seed=3
    )
    frame = pl.concat(source.batches())
    assert source.count() == frame.height
    return {row[0]: row[1:] for row in rows}, frame, base


def test_beauty_has_every_position(beauty) -> None:
    users, frame, _ = beauty
    assert len(users) == frame["user_id"].n_unique() == 22_363
    actions = sum(map(len, users.values()))
    assert actions == 198_502
    positives = frame.filter(pl.col("label") == 1)
    counts = dict(positives.group_by("split").len().iter_rows())
    assert counts == {"valid": 22_363, "test": 22_363, "train": actions - 4 * 22_363}
    # A positive's history, the item itself, and what is left: nothing of the future.
    for user, item, history, split in positives.select(
        "user_id", "item_id", "history", "split"
    ).iter_rows():
        items = users[user]
        if split == "test":
            place = len(items) - 1
        elif split == "valid":
            place = len(items) - 2
        else:
            place = items.index(item)  # Beauty repeats no item within a user
            assert 2 <= place < len(items) - 2
        assert items[place] == item
        assert history == items[max(0, place - 50) : place]


def test_beauty_negatives_are_never_in_the_users_list(beauty) -> None:
    users, frame, _ = beauty
    touched = pl.DataFrame(
        {"user_id": list(users), "item_id": list(users.values())},
        schema={"user_id": pl.Int64, "item_id": pl.List(pl.Int64)},
    ).explode("item_id")
    negatives = frame.filter(pl.col("label") == 0)
    assert negatives.join(touched, on=["user_id", "item_id"], how="semi").height == 0
    assert frame.select(pl.struct("query_id", "item_id").n_unique()).item() == frame.height
    # Uniform over items: the share of the draws of the most touched tenth is a tenth.
    by_use = touched["item_id"].value_counts(sort=True)["item_id"]
    assert len(by_use) == 12_101
    share = negatives["item_id"].is_in(by_use[:1210].implode()).mean()
    assert share == pytest.approx(0.1, abs=0.003)


def test_beauty_positives_stand_anywhere_in_their_group(beauty) -> None:
    _, frame, _ = beauty
    test = frame.filter(pl.col("split") == "test")
    place = test.group_by("query_id").agg(pl.col("label").arg_max())
    times = np.bincount(place["label"].to_numpy(), minlength=21)
    # 1,065 expected in each of 21 places, standard deviation 32.
    assert len(times) == 21
    assert (abs(times - 22_363 / 21) < 5 * 32).all()


def test_beauty_is_the_same_again_and_with_another_batch_size(beauty) -> None:
    _, frame, base = beauty
    options: dict[str, object] = {"splits": ["valid"]}
    again = open_source("Beauty.txt.gz", "sequences", base, seed=3, **options)
    columns = list(again.schema)
    valid = frame.filter(pl.col("split") == "valid").select(columns)
    assert pl.concat(again.batches(rows=9_999)).equals(valid)
    other = open_source("Beauty.txt.gz", "sequences", base, seed=4, **options)
    assert not pl.concat(other.batches()).equals(valid)
