"""User histories, `user item item ...` in time order, as labelled rows with sampled negatives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, TypeAdapter, ValidationError

from features.errors import ConfigError, DataError
from features.readers.failures import reading
from features.readers.lines import content_lines
from features.readers.location import Location
from features.readers.negatives import Untouched
from features.readers.options import Options
from features.readers.paths import resolve
from features.readers.ragged import Ints, Ragged
from features.readers.source import Source, fingerprint, no_rows, rebatch
from features.readers.targets import SPLITS, Split, Targets, leave_one_out
from features.readers.tokens import Tokens

_USERS = 2048  # users a random stream serves: part of what a seed means, so never change it
_PIECE = 65_536  # rows whose lists are laid out at once
_OF_ATTRIBUTES: dict[str, pl.DataType] = {
    "item_attributes": pl.List(pl.Int64()),
    "item_category": pl.Int64(),
    "history_categories": pl.List(pl.Int64()),
}


class SequenceOptions(Options):
    """How many negatives, how long a history, which splits, and the items' attributes.

    `attributes` is a JSON file (item -> list of ids), plain or .gz, relative to the
    configuration's folder. `max_history` keeps the latest items.
    """

    negatives_per_positive: Annotated[int, Field(ge=0)] = 1
    valid_negatives: Annotated[int, Field(ge=0)] = 20
    test_negatives: Annotated[int, Field(ge=0)] = 20
    max_history: Annotated[int, Field(ge=1)] = 50
    train_positions: Literal["all", "last"] = "all"
    splits: Annotated[tuple[Split, ...], Field(min_length=1)] = SPLITS
    attributes: str | None = None
    seed: Annotated[int, Field(ge=0)] = 0

    def negatives(self) -> Ints:
        """Return (3,): how many negatives a positive of each of `SPLITS` gets."""
        counts = (self.negatives_per_positive, self.valid_negatives, self.test_negatives)
        return np.array(counts, dtype=np.int64)


@dataclass(frozen=True)
class _Catalog:
    """What one pass over the files learns: the distinct items, ascending, and rows in all."""

    items: Ints
    rows: int


@dataclass(frozen=True)
class _Groups:
    """Rows of candidates, group after group: target (its index), rank of the item, label."""

    target: Ints
    rank: Ints
    label: npt.NDArray[np.int8]


class SequenceSource(Source):
    """Leave-one-out rows of user histories: each positive with negatives it is ranked against.

    query_id, user_id, item_id int64; history list<int64>, the items before the target, oldest
    first; label int8; split string. If `attributes` are declared: item_attributes list<int64>,
    empty for an item without; item_category int64, the last of them (such files go from the broad
    to the fine), and history_categories list<int64>, those of the history, item for item, both
    missing for an item without. A positive and its negatives share query_id, user_id, history and
    split; the positive stands at a random place among them, so that ties give it nothing. Negatives
    are distinct within a group, uniform over the items of the files that the user never touched,
    and depend on nothing but the files, the seed and the number asked for. The files are read
    twice.

    Raises DataError on a malformed line, a user on two lines, or too few untouched items.

    Kang and McAuley, Self-Attentive Sequential Recommendation, ICDM 2018 (arXiv:1808.09781).
    """

    def __init__(self, files: Sequence[Location], options: SequenceOptions, base: Path) -> None:
        self._chosen = options
        self._attributes = _attributes_file(options.attributes, base)
        integers = pl.List(pl.Int64())
        schema: dict[str, pl.DataType] = {
            "query_id": pl.Int64(),
            "user_id": pl.Int64(),
            "item_id": pl.Int64(),
            **(_OF_ATTRIBUTES if self._attributes is not None else {}),
            "history": integers,
            "label": pl.Int8(),
            "split": pl.String(),
        }
        super().__init__(files, schema, options.model_dump(mode="json"))

    def identity(self) -> dict[str, Any]:
        """Return `Source.identity`, and the attributes' file with the others."""
        found = super().identity()
        if self._attributes is not None:
            found["attributes"] = fingerprint(self._attributes)
        return found

    @cached_property
    def _count(self) -> int:
        return self._catalog.rows

    @cached_property
    def _catalog(self) -> _Catalog:
        users: list[Ints] = []
        items: list[Ints] = []
        rows = 0
        for tokens, ids in self._blocks():
            users.append(ids[tokens.start])
            items.append(np.unique(np.delete(ids, tokens.start)))
            targets = leave_one_out(tokens, self._chosen.train_positions)
            split = targets.split[self._asked_for(targets)]
            rows += int((self._chosen.negatives() + 1)[split].sum())
        if not users:
            raise no_rows(self.files)
        user, times = np.unique(np.concatenate(users), return_counts=True)
        if (times > 1).any():
            raise DataError(
                f"{self.files[0]}: a user must have one line, all items in time order; user "
                f"{user[times > 1][0]} has {times[times > 1][0]}. Join them."
            )
        return _Catalog(np.unique(np.concatenate(items)), rows)

    @cached_property
    def _item_attributes(self) -> Ragged:
        assert self._attributes is not None
        return _read_attributes(self._attributes, self._catalog.items)

    @cached_property
    def _categories(self) -> pl.Series:
        every = np.arange(len(self._catalog.items))
        return self._item_attributes.take(every).list.last()

    def _blocks(self) -> Iterator[tuple[Tokens, Ints]]:
        """Yield the tokens of `_USERS` lines of a file at a time, and what they say."""
        must = "a line must be a user id and at least one item id, all whole numbers"
        for file in self.files:
            for lines in rebatch(content_lines(file), _USERS):
                tokens = Tokens.of(file, lines)
                ids = tokens.text.cast(pl.Int64, strict=False)
                bad = tokens.length < 2
                bad[tokens.row[ids.is_null().to_numpy()]] = True
                tokens.refuse(bad, must, "Mend or remove the line.")
                yield tokens, ids.to_numpy()

    def _asked_for(self, targets: Targets) -> Ints:
        asked = np.array([split in self._chosen.splits for split in SPLITS])
        return np.flatnonzero(asked[targets.split])

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        items = self._catalog.items
        queries = 0  # numbered over all splits, so that asking for fewer changes no number
        for block, (tokens, ids) in enumerate(self._blocks()):
            everything = leave_one_out(tokens, self._chosen.train_positions)
            at = self._asked_for(everything)
            targets = everything.of(at)
            ranks = np.searchsorted(items, ids)
            groups = self._groups(tokens, ranks, targets, block)
            begin = tokens.start[targets.user] + 1
            begin = np.maximum(begin, targets.token - self._chosen.max_history)
            length = targets.token - begin
            for start in range(0, len(groups.rank), _PIECE):
                target = groups.target[start : start + _PIECE]
                rank = groups.rank[start : start + _PIECE]
                found: dict[str, Any] = {
                    "query_id": (queries + at)[target],
                    "user_id": ids[tokens.start[targets.user[target]]],
                    "item_id": items[rank],
                    "label": groups.label[start : start + _PIECE],
                }
                if "split" in columns:
                    found["split"] = pl.Series(SPLITS).gather(targets.split[target])
                if "history" in columns:
                    found["history"] = Ragged(ids, begin, length).take(target)
                if "item_attributes" in columns:
                    found["item_attributes"] = self._item_attributes.take(rank)
                if "item_category" in columns:
                    found["item_category"] = self._categories.gather(rank)
                if "history_categories" in columns:
                    bought = Ragged(ranks, begin, length)
                    found["history_categories"] = bought.take(target, self._categories)
                yield pl.DataFrame({name: found[name] for name in columns})
            queries += len(everything.token)

    def _groups(self, tokens: Tokens, ranks: Ints, targets: Targets, block: int) -> _Groups:
        """Return the candidates of each target: itself, at a random place, and its negatives.

        `ranks` (tokens,) are those of the items; where a user id stands they mean nothing.
        """
        counts = self._chosen.negatives()
        untouched = self._untouched(tokens, ranks, targets)
        size = counts[targets.split] + 1
        begin = np.cumsum(size) - size
        rank = np.empty(int(size.sum()), dtype=np.int64)
        label = np.zeros(len(rank), dtype=np.int8)
        for split, count in enumerate(counts.tolist()):
            at = np.flatnonzero(targets.split == split)
            # A stream a split, so that what one asks for leaves the others alone.
            rng = np.random.default_rng([self._chosen.seed, block, split])
            group = np.empty((len(at), count + 1), dtype=np.int64)
            group[:, 1:] = untouched.draw(targets.user[at], count, rng)
            place = rng.integers(0, count, size=len(at), endpoint=True)
            group[:, 0] = group[np.arange(len(at)), place]
            group[np.arange(len(at)), place] = ranks[targets.token[at]]
            rank[begin[at, None] + np.arange(count + 1)] = group
            label[begin[at] + place] = 1
        return _Groups(np.repeat(np.arange(len(size)), size), rank, label)

    def _untouched(self, tokens: Tokens, ranks: Ints, targets: Targets) -> Untouched:
        """Return what the users of `tokens` never touched: enough for what `targets` need."""
        items = len(self._catalog.items)
        touch = np.delete(np.arange(len(ranks)), tokens.start)
        users = tokens.lines.height
        untouched = Untouched.of(tokens.row[touch], ranks[touch], users, items)
        needed = self._chosen.negatives()[targets.split]
        short = np.zeros(users, dtype=bool)
        short[targets.user[untouched.left[targets.user] < needed]] = True
        tokens.refuse(
            short,
            f"a user must leave as many of the {items} items untouched as negatives are asked for",
            "Ask for fewer negatives, or remove the user.",
            pl.Series(untouched.left),
        )
        return untouched


def _read_attributes(file: Location, items: Ints) -> Ragged:
    """Return the attribute ids in `file` for `items`, empty lists where it names none."""
    with reading(file), file.stream() as stream:
        text = stream.read()
    try:
        known = TypeAdapter(dict[int, list[int]]).validate_json(text)
    except ValidationError as cause:
        problem = cause.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the whole"
        raise DataError(
            f"{file} must be JSON that maps an item id to a list of ids; {where}: {problem['msg']}."
        ) from cause
    found = [known.get(item, []) for item in items.tolist()]
    length = np.array([len(ids) for ids in found], dtype=np.int64)
    values = np.array([one for ids in found for one in ids], dtype=np.int64)
    return Ragged(values, np.cumsum(length) - length, length)


def _attributes_file(path: str | None, base: Path) -> Location | None:
    if path is None:
        return None
    files = resolve(path, base)
    if len(files) != 1:
        raise ConfigError(f"attributes must be one JSON file; {path!r} names {len(files)}.")
    return files[0]
