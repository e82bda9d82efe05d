"""What was found, as tables and verdicts."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rich.table import Table

from benchmarks.figures import Figure, Goal
from benchmarks.training.contest import GEMM, GEMM_BF16, Choice, Result, Scored
from benchmarks.training.gemm import flops
from benchmarks.training.rivals import OURS, OURS_BF16
from benchmarks.training.task import Family, Task

FASTER: dict[Family, float] = {"dcn_v2": 2.0, "wide_deep": 3.0}  # times the best rival
OF_PRODUCTS = 0.8  # of the rate that the dense part's products allow, of DCN-V2
SLACK_GB, ALIKE = 1.5, 0.0005
_ADAGRAD_SLOTS = 1
_FTRL_SLOTS = 2


def apart(call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call gives, run in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(first, title=title, caption="medians (p10 to p90)")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def trials(name: str, choice: Choice) -> list[str]:
    """The trials of a rival's settings, in a line each."""
    found = [f"{name}: {setting}: {rate:,.0f}/s" for setting, rate in choice.rates.items()]
    return [*found, *(f"{name}: {one}: cannot: {why}" for one, why in choice.failures.items())]


def race(title: str, results: Sequence[Result]) -> Table:
    headings = ("examples/s", "ms a step", f"time / {OURS}", f"time / {OURS_BF16}")
    table = _table(title, "contestant", *headings, "set-up s", "peak MB", "setting")
    for one in results:
        figure, ratios = one.figure, [one.over.get(name) for name in (OURS, OURS_BF16)]
        times = [
            figure.seconds.text(1e3),
            *("" if ratio is None else ratio.text() for ratio in ratios),
        ]
        sizes = f"{figure.setup_seconds:.1f}", f"{figure.peak_mb:,.0f}"
        table.add_row(figure.name, f"{figure.rate:,.0f}", *times, *sizes, one.setting)
    return table


def verdicts(results: Sequence[Result], task: Task) -> list[str]:
    """Against the fastest rival in its heat, the products alone, and the memory allowed."""
    ours, products = {OURS: GEMM, OURS_BF16: GEMM_BF16}, {GEMM, GEMM_BF16}
    rivals = [
        one for one in results if one.figure.name not in ours and one.figure.name not in products
    ]
    said, figures = list[str](), {one.figure.name: one.figure for one in results}
    for name, floor in ours.items():
        mine = [one for one in results if one.figure.name == name]
        if not mine:
            continue
        if rivals:
            best = min(rivals, key=lambda one: one.over[name].median)
            times = best.over[name]
            met = "met" if times.median >= FASTER[task.family] else "NOT MET"
            aim = f"Goal: {name} at least {FASTER[task.family]:g} times as fast as the best rival"
            said.append(f"{aim}: {met}: {times.text()} of {best.figure.name}")
        if task.family == "dcn_v2" and floor in figures:
            teraflops = flops(task) / figures[floor].seconds.median / 1e9
            said.append(f"{floor}: {teraflops:,.0f} GFLOP/s")
            said.append(str(Goal(name, 1 / OF_PRODUCTS, floor).judge(figures)))
        allowed = allowed_mb(task)
        peak = max(one.figure.peak_mb for one in mine)
        met = "met" if peak <= allowed else "NOT MET"
        said.append(f"Goal: {name} in at most {allowed:,.0f} MB: {met}: {peak:,.0f} MB")
    return said


def allowed_mb(task: Task) -> float:
    """Tables x (1 + slots) + 1.5 GB, in MB: AdaGrad keeps one slot, FTRL two."""
    wide = 4 * task.rows * (1 + _FTRL_SLOTS) if task.wide else 0
    return (4 * task.rows * task.dim * (1 + _ADAGRAD_SLOTS) + wide) / 1e6 + SLACK_GB * 1e3


def learned(title: str, found: Mapping[str, Scored]) -> Table:
    """AUC on test, and how far it is from each of ours."""
    table = _table(
        title, "contestant", "test AUC", f"less {OURS}", f"less {OURS_BF16}", "rate", "validation"
    )
    for name, one in found.items():
        less = [
            f"{one.auc - found[other].auc:+.4f}" if other in found else ""
            for other in (OURS, OURS_BF16)
        ]
        every = ", ".join(f"{rate:g}: {auc:.4f}" for rate, auc in one.validation.items())
        table.add_row(name, f"{one.auc:.4f}", *less, f"{one.rate:g}", every)
    table.caption = f"equal: within {ALIKE}; by learning rate, AUC on validation rows"
    return table


def alike(found: Mapping[str, Scored]) -> list[str]:
    """Whether each of ours learns as well as the rival that learned most."""
    rivals = {name: one.auc for name, one in found.items() if name not in (OURS, OURS_BF16)}
    if not rivals:
        return []
    best = max(rivals, key=lambda name: rivals[name])
    said = []
    for name in (OURS, OURS_BF16):
        if name in found:
            gap = found[name].auc - rivals[best]
            met = "met" if gap >= -ALIKE else "NOT MET"
            said.append(f"Goal: {name} within {ALIKE} of the best AUC: {met}: {gap:+.4f} to {best}")
    return said


def growth(title: str, found: Sequence[Figure]) -> Table:
    table = _table(
        title, "tables", "examples/s", "ms a step", "time / first", "set-up s", "peak MB"
    )
    for one in found:
        times = one.seconds.text(1e3), one.over(found[0]).text()
        sizes = f"{one.setup_seconds:.1f}", f"{one.peak_mb:,.0f}"
        table.add_row(one.name, f"{one.rate:,.0f}", *times, *sizes)
    return table


def profile(title: str, found: Sequence[Figure]) -> Table:
    """Of the whole step, which is first; what the pieces leave is dispatch and waiting."""
    table = _table(title, "piece", "ms", "of the step")
    shares = [one.over(found[0]) for one in found]
    for one, share in zip(found, shares, strict=True):
        table.add_row(one.name, one.seconds.text(1e3), share.text())
    table.add_row("the rest", "", f"{1 - sum(share.median for share in shares[1:]):.3g}")
    return table
