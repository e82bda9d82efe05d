"""The words of a text, or pieces of them, as a list of ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field as Option
from pydantic import model_validator

from features.derived.bound import bound
from features.derived.derived import Derived, Name
from features.transforms.text import canonical
from features.want import Want

# A run of letters and digits with their accents, a flag, or an emoji with what is joined to it.
_TOKEN = (
    r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*"
    r"|\p{Regional_Indicator}{2}"
    r"|\p{Extended_Pictographic}[\p{Emoji_Modifier}\x{FE0F}]*"
    r"(?:\x{200D}\p{Extended_Pictographic}[\p{Emoji_Modifier}\x{FE0F}]*)*"
)
_START, _END = "<", ">"  # no token holds them

Size = Annotated[int, Option(ge=1, le=16)]


class Tokens(Derived):
    """The tokens of a text: runs of letters and digits, and emoji.

    `ngrams` gives runs of so many words, joined by blanks; `characters` pieces of so many
    characters of each word between its marks, "<cat>" for cat. At most `max_tokens` words are
    read, and at most so many pieces of each size made. A text without words is an empty list.

        [[derived]]
        type = "tokens"
        name = "title_words"
        column = "title"
        ngrams = [1, 2]
    """

    type: Literal["tokens"] = "tokens"
    column: Name
    lower: bool = True
    ngrams: tuple[Size, ...] | None = None
    characters: tuple[Size, ...] = ()
    max_tokens: int = Option(default=256, ge=1, le=100_000)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self._ngrams or self.characters):
            raise ValueError("tokens must be asked for; both `ngrams` and `characters` are empty")
        for sizes in (self._ngrams, self.characters):
            if len(set(sizes)) < len(sizes):
                raise ValueError(f"sizes must differ; got {', '.join(map(str, sizes))}")
        return self

    @property
    def _ngrams(self) -> tuple[int, ...]:
        if self.ngrams is None:
            return () if self.characters else (1,)
        return self.ngrams

    @property
    def wants(self) -> dict[str, Want]:
        return {self.column: "id"}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        text = canonical(pl.col(self.column), self.dtype(self.column, dtypes), self.column)
        if self.lower:
            text = text.str.to_lowercase()
        words = text.str.extract_all(_TOKEN).list.head(self.max_tokens)
        marked = words.list.eval(_START + pl.element() + _END).list.join("")
        return bound({"words": words, "letters": marked.str.split("")}, self._all)

    def _all(self, words: pl.Expr, letters: pl.Expr) -> pl.Expr:
        runs = [_runs(words, size, " ") for size in self._ngrams]
        pieces = [_pieces(letters, size).list.head(self.max_tokens) for size in self.characters]
        return pl.concat_list([*runs, *pieces])


def _runs(parts: pl.Expr, size: int, separator: str) -> pl.Expr:
    """Lists of the runs of `size` neighbours, joined."""
    run = [pl.element().shift(-shift) for shift in range(size)]
    return parts.list.eval(pl.concat_str(run, separator=separator)).list.drop_nulls()


def _pieces(letters: pl.Expr, size: int) -> pl.Expr:
    """Lists of the runs that lie in one word and are more than a mark."""
    across = pl.element().str.contains(_END + _START, literal=True)
    mark = pl.element().is_in([_START, _END])
    return _runs(letters, size, "").list.filter(~(mark if size == 1 else across))
