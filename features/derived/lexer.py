"""The text of an expression as tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from features.derived.tree import fault

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_OPERATORS = ("**", "//", "==", "!=", "<=", ">=", *"+-*/%<>(),")
_WORDS = ("and", "or", "not", "in")
_SLIPS = {"=": "==", "&": "and", "|": "or", "!": "not", "^": "**"}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number> (?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)? )
    | (?P<name> [^\W\d]\w* )
    | `(?P<quoted> (?:[^`]|``)+ )`
    | "(?P<double> (?:[^"\\]|\\.)* )"
    | '(?P<single> (?:[^'\\]|\\.)* )'
    | (?P<operator> """
    + "|".join(map(re.escape, _OPERATORS))
    + r""" )
    | (?P<end> \Z )
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # number, text, name, column, operator, end
    text: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens, the last of them the end. Raises ValueError, which says where."""
    end = 0
    while True:
        match = _TOKEN.match(text, end)
        if match is None:
            at = end + len(text[end:]) - len(text[end:].lstrip())
            raise fault(text, at, _unread(text[at]))
        kind = str(match.lastgroup)
        content, at, end = match[kind], match.start(kind), match.end()
        if kind == "quoted":
            yield Token("column", content.replace("``", "`"), at - 1)
        elif kind in ("double", "single"):
            yield Token("text", _unescaped(text, content, at), at - 1)
        elif kind == "name" and content in _WORDS:
            yield Token("operator", content, at)
        else:
            yield Token(kind, content, at)
        if kind == "end":
            return


def _unread(character: str) -> str:
    if character in "\"'`":
        return f"a {character} opens here, and must be closed"
    hint = f" Did you mean '{_SLIPS[character]}'?" if character in _SLIPS else ""
    return f"'{character}' means nothing here.{hint}"


def _unescaped(text: str, content: str, at: int) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            known = " ".join(f"\\{one}" for one in _ESCAPES)
            raise fault(text, at + match.start(), f"'{match[0]}' must be one of {known}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", character, content, flags=re.DOTALL)
