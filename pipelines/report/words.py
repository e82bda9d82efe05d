"""Scorers and measures as a report names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_NAMES = {
    "ctr": "click model",
    "ranker": "ranker",
    "uncalibrated": "click model, uncalibrated",
    "truth": "the truth",
}

Measure = Mapping[str, Any]  # value, low and high, the ends None where nothing tells them


def name_of(scorer: str) -> str:
    """A further task is called by its label."""
    return _NAMES.get(scorer, scorer)


def measure(value: float) -> str:
    """Four digits, as many as anybody reads."""
    return f"{value:.4g}" if abs(value) >= 10 else f"{value:.4f}"


def between(one: Measure, show: Callable[[float], str] = measure) -> str:
    """The ends of an interval; nothing where there is none."""
    return "" if one["low"] is None else f"{show(one['low'])} to {show(one['high'])}"


def within(one: Measure, show: Callable[[float], str] = measure) -> str:
    """The interval, to stand after the value."""
    return "" if one["low"] is None else f" (95% interval {between(one, show)})"
