"""Values, keys and comments as TOML text."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH = 98
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def string(text: str) -> str:
    """A basic string: JSON's, but for the one control character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(content: Any) -> str:
    """Text, numbers, booleans, lists and mappings of these, on one line."""
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, Mapping):
        pairs = ", ".join(f"{string(str(key))} = {value(one)}" for key, one in content.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(content, str):
        return string(content)
    if isinstance(content, Sequence):
        return f"[{', '.join(value(one) for one in content)}]"
    return repr(content)


def pair(key: str, content: Any) -> str:
    """`key = value`, a long list in lines of its own. `key` needs no quotes."""
    line = f"{key} = {value(content)}"
    if len(line) <= _WIDTH or isinstance(content, str | Mapping):
        return line
    return "\n".join([f"{key} = [", *(f"    {value(one)}," for one in content), "]"])


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
