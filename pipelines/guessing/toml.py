"""Values, keys and comments as TOML text."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

_WIDTH = 98
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def string(text: str) -> str:
    """A basic string: JSON's, but for the one control character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(content: Any) -> str:
    """Text, numbers, booleans, lists and mappings of these, on one line."""
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, Mapping):
        pairs = ", ".join(f"{_key(str(key))} = {value(one)}" for key, one in content.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(content, str):
        return string(content)
    if isinstance(content, Sequence):
        return f"[{', '.join(value(one) for one in content)}]"
    if isinstance(content, date | time):
        return content.isoformat()
    return repr(content)


def pair(key: str, content: Any) -> str:
    """`key = value`, a long list in lines of its own. `key` needs no quotes."""
    line = f"{key} = {value(content)}"
    if len(line) <= _WIDTH or isinstance(content, str | Mapping):
        return line
    return "\n".join([f"{key} = [", *(f"    {value(one)}," for one in content), "]"])


def document(content: Mapping[str, Any]) -> str:
    """A whole document: what is no table, then the tables, then the lists of tables."""

    def block(pairs: Mapping[str, Any]) -> str:
        return "".join(f"{pair(_key(name), one)}\n" for name, one in pairs.items())

    texts = [block({name: one for name, one in content.items() if not _tables(one)})]
    for name, one in content.items():
        if isinstance(one, Mapping):
            texts.append(f"[{_key(name)}]\n{block(one)}")
    for name, one in content.items():
        if _tables(one) and not isinstance(one, Mapping):
            texts += [f"[[{_key(name)}]]\n{block(table)}" for table in one]
    return "\n".join(text for text in texts if text)


def _tables(content: Any) -> bool:
    if isinstance(content, Mapping):
        return True
    listed = isinstance(content, Sequence) and not isinstance(content, str)
    return listed and bool(content) and all(isinstance(one, Mapping) for one in content)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else string(name)


def comment(text: str, indent: str = "") -> str:
    """`text` as comment lines, control characters blanked."""
    return textwrap.fill(
        _CONTROL.sub(" ", text),
        width=_WIDTH,
        initial_indent="# ",
        subsequent_indent=f"# {indent}",
        break_long_words=False,
        break_on_hyphens=False,
    )
