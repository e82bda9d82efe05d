"""Widths: which storage each segment gets, under a budget of bytes or of loss."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import ConfigError
from serving.tables.storage import Storage


@dataclass(frozen=True)
class Option:
    """A way to store a segment: its bytes, and what it adds to the mean loss."""

    storage: Storage | None
    bytes: int
    loss: float


@dataclass(frozen=True)
class Point:
    """A choice for every segment: all bytes, and the loss added."""

    bytes: int
    loss: float
    chosen: tuple[int, ...]  # of each segment, which of its options


def hull(options: Sequence[Option]) -> list[int]:
    """The options on the lower convex hull of loss over bytes, from the least bytes up: those that
    some price of a byte makes the best."""
    order = sorted(range(len(options)), key=lambda i: (options[i].bytes, options[i].loss))
    found: list[int] = []
    for i in order:
        if found and options[i].loss >= options[found[-1]].loss:
            continue  # more bytes for no less loss
        while len(found) > 1 and _gain(options, found[-2], found[-1]) <= _gain(
            options, found[-1], i
        ):
            found.pop()
        found.append(i)
    return found


def _gain(options: Sequence[Option], a: int, b: int) -> float:
    """Loss taken off by a byte, from one option to a larger one."""
    return (options[a].loss - options[b].loss) / (options[b].bytes - options[a].bytes)


def front(segments: Sequence[Sequence[Option]]) -> list[Point]:
    """The Pareto front from the smallest to the best, each step the one that takes off most loss
    a byte: of the separable problem no choice of as many bytes does better but between steps."""
    hulls = [hull(options) for options in segments]
    at = [0] * len(hulls)

    def chosen() -> tuple[int, ...]:
        return tuple(one[i] for one, i in zip(hulls, at, strict=True))

    size = sum(options[one[0]].bytes for options, one in zip(segments, hulls, strict=True))
    loss = sum(options[one[0]].loss for options, one in zip(segments, hulls, strict=True))
    points = [Point(size, loss, chosen())]
    waiting: list[tuple[float, int]] = []

    def offer(segment: int) -> None:
        steps, i = hulls[segment], at[segment]
        if i + 1 < len(steps):
            gain = _gain(segments[segment], steps[i], steps[i + 1])
            heapq.heappush(waiting, (-gain, segment))

    for segment in range(len(hulls)):
        offer(segment)
    while waiting:
        _, segment = heapq.heappop(waiting)
        before, after = hulls[segment][at[segment] : at[segment] + 2]
        at[segment] += 1
        size += segments[segment][after].bytes - segments[segment][before].bytes
        loss += segments[segment][after].loss - segments[segment][before].loss
        points.append(Point(size, max(loss, 0.0), chosen()))
        offer(segment)
    return points


def within(points: Sequence[Point], size: int | None, loss: float | None) -> Point:
    """The best of at most `size` bytes, or else the smallest that adds at most `loss`.

    Raises:
        ConfigError: not even the smallest, or the best, is within the budget.
    """
    if size is not None:
        fit = [point for point in points if point.bytes <= size]
        if not fit:
            raise ConfigError(
                f"Tables must fit into {size:,} bytes; the smallest choice of widths takes "
                f"{points[0].bytes:,}. Allow more with export.size."
            )
        return fit[-1]
    assert loss is not None
    for point in points:
        if point.loss <= loss:
            return point
    raise ConfigError(
        f"Quantization may add {loss:g} to the log loss; the widest choice adds "
        f"{points[-1].loss:.2g}. Allow more with export.loss."
    )
