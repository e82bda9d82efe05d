"""Feature declarations as [[features]] blocks, like ones together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pipelines.guessing import toml, words
from pipelines.guessing.finding import LEFT_OUT, Finding

_TOLD = 8  # columns up to which the figures of each are told
_WORTH = 3  # columns from which on a range says more than their list


def feature_blocks(findings: Sequence[Finding]) -> Iterator[str]:
    """One block for each distinct declaration, then a comment on the columns left out."""
    grouped: dict[str, list[Finding]] = {}
    for one in findings:
        if one.taken != LEFT_OUT:
            # A schema would read a name with two dots as a range of columns.
            alone = one.column if ".." in one.column else ""
            key = toml.value(one.declaration) + alone
            grouped.setdefault(key, []).append(one)
    for group in grouped.values():
        yield "\n".join([*_reasons(group), "[[features]]", *_declared(group)])
    if out := [one for one in findings if one.taken == LEFT_OUT]:
        yield "\n".join(["# Left out:", *_reasons(out)])


def _declared(group: Sequence[Finding]) -> Iterator[str]:
    declaration = dict(group[0].declaration)
    yield toml.pair("type", declaration.pop("type"))
    names = [one.column for one in group]
    patterns = ranges(names)
    if len(names) == 1:
        yield toml.pair("column", names[0])
    else:
        yield toml.pair("columns", patterns[0] if len(patterns) == 1 else patterns)
    yield from (toml.pair(key, content) for key, content in declaration.items())


def _reasons(group: Sequence[Finding]) -> Iterator[str]:
    for why, same in groupby(sorted(group, key=lambda one: one.why), key=lambda one: one.why):
        ones = list(same)
        if len(ones) > _TOLD:
            told = [toml.string(name) for name in ranges([one.column for one in ones])]
        else:
            told = [toml.string(o.column) + (f" ({o.figures})" if o.figures else "") for o in ones]
        yield toml.comment(f"{why}: {', '.join(told)}", indent="  ")


def ranges(names: Sequence[str]) -> list[str]:
    """The names in order, neighbours such as C1, C2, C3 as `C1..C3`."""
    patterns: list[str] = []
    run: list[str] = []
    for name in [*names, None]:
        if run and (name is None or not _follows(run[-1], name)):
            patterns += [f"{run[0]}..{run[-1]}"] if len(run) >= _WORTH else run
            run = []
        if name is not None:
            run.append(name)
    return patterns


def _follows(before: str, name: str) -> bool:
    first, second = words.numbered(before), words.numbered(name)
    if first is None or second is None:
        return False
    return first[0] == second[0] and first[1] + 1 == second[1]
