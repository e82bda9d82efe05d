"""Pictures of a report: each from its part of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.page import picture
from pipelines.page.html import Html
from pipelines.page.picture import MAIN, OTHER, SOFT, percent
from pipelines.page.shown import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Document = dict[str, Any]


def reliability(bins: list[Document], before: list[Document]) -> Html:
    """What happened against what was predicted; `before` calibration, where there was one."""
    with picture.axes("reliability", "observed rate against predicted, 95% intervals") as (
        axes,
        done,
    ):
        most = max(max(one["predicted"], one["high"]) for one in (*bins, *before))
        axes.plot([0, most], [0, most], color=SOFT, linewidth=0.8, linestyle=":")
        if before:
            _rates(axes, before, OTHER, "D", "before calibration")
        _rates(axes, bins, MAIN, "o", "after calibration" if before else None)
        percent(axes, "both")
        axes.set_xlabel("predicted")
        if before:
            axes.legend(loc="upper left")
    return done[0]


def roc(curve: Document, area: float) -> Html:
    with picture.axes("roc", f"ROC: AUC {area:.4f}") as (axes, done):
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":")
        axes.plot(curve["x"], curve["y"], color=MAIN)
        percent(axes, "both")
        axes.set_xlabel("share of the other rows above the cut")
    return done[0]


def precision(curve: Document, area: float, rate: float) -> Html:
    with picture.axes("precision", f"precision by recall: average precision {area:.4f}") as (
        axes,
        done,
    ):
        axes.axhline(rate, color=SOFT, linewidth=0.8, linestyle=":")
        axes.plot(curve["x"], curve["y"], color=MAIN)
        # A handful of rows at the very top would else set the scale.
        settled = [y for x, y in zip(curve["x"], curve["y"], strict=True) if x >= 0.01]
        axes.set_ylim(0, min(1.02, 1.15 * max([*settled, rate])))
        percent(axes, "both")
        axes.set_xlabel("recall: share of the positive rows above the cut")
    return done[0]


def gain(curve: Document) -> Html:
    with picture.axes("gain", "gain: share of the positive rows found") as (axes, done):
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":")
        axes.plot(curve["x"], curve["y"], color=MAIN)
        percent(axes, "both")
        axes.set_xlabel("share of all rows, highest scores first")
    return done[0]


def lift(tenths: list[Document]) -> Html:
    with picture.axes("lift", "lift by tenth of the rows, 95% intervals") as (axes, done):
        middle, low, high = (np.array([one[name] for one in tenths]) for name in _LIFT)
        places = np.arange(1, len(tenths) + 1)
        axes.bar(places, middle, 0.7, color=MAIN, alpha=0.55)
        reach = np.maximum([middle - low, high - middle], 0)
        axes.errorbar(places, middle, reach, color=MAIN, fmt="none", linewidth=1.2)
        axes.axhline(1, color=SOFT, linewidth=0.8, linestyle=":")
        axes.set_xticks(places)
        axes.set_xlabel("tenths of the rows, highest scores first")
        axes.set_ylim(bottom=0)
    return done[0]


_LIFT = ("lift", "low", "high")


def spread(found: Document, *, probabilities: bool) -> Html:
    """Shares of the rows of each label by score."""
    with picture.axes("spread", "scores by label: share of the rows of each") as (axes, done):
        labels = found["labels"]
        shades = np.linspace(0.35, 1, len(labels)) if len(labels) > 2 else np.ones(len(labels))
        for one, shade in zip(labels, shades, strict=True):
            last = one is labels[-1]
            colour = MAIN if last else (SOFT if len(labels) == 2 else OTHER)
            axes.stairs(
                one["shares"], found["edges"], fill=True, color=colour, alpha=0.18 * shade,
                linewidth=0,
            )  # fmt: skip
            name = f"label {figure(one['label'])}"
            axes.stairs(
                one["shares"], found["edges"], color=colour, alpha=shade, label=name, linewidth=1.3
            )
        percent(axes, "both" if probabilities else "y")
        axes.set_xlabel("predicted" if probabilities else "score")
        axes.set_ylim(bottom=0)
        axes.legend()
    return done[0]


def learning(number: int, curve: Document) -> Html:
    """One metric by epoch or round."""
    title = f"{curve['metric']} by {curve['step']}, on validation"
    if "train_loss" in curve["lines"]:
        title = f"{curve['metric']} by {curve['step']}"
    if curve["best"] is not None:
        title += f", best at {curve['best']}"
    with picture.axes(f"learning-{number}", title) as (axes, done):
        many = len(curve["steps"])
        colours = {"train_loss": OTHER}
        names = {"train_loss": "training", "LogLoss": "validation"}
        for name, values in curve["lines"].items():
            axes.plot(
                curve["steps"], values, color=colours.get(name, MAIN),
                marker="o" if many <= 30 else None, markersize=3.5, label=names.get(name, name),
            )  # fmt: skip
        if curve["best"] is not None:
            axes.axvline(curve["best"], color=SOFT, linewidth=0.8, linestyle=":")
        if many <= 12:
            axes.set_xticks(curve["steps"])
        axes.set_xlabel(curve["step"])
        if len(curve["lines"]) > 1:
            axes.legend()
    return done[0]


def clicks(found: Document) -> Html:
    """Rates by position, and the mean prediction there."""
    with picture.axes("positions", "rate by position, 95% intervals") as (axes, done):
        places = [one["position"] + 1 for one in found["positions"]]
        predicted = [one["predicted"] for one in found["positions"]]
        if found["probabilities"]:
            axes.plot(places, predicted, color=OTHER, linestyle="--", label="predicted")
        middle, low, high = (
            np.array([one[name] for one in found["positions"]])
            for name in ("observed", "low", "high")
        )
        reach = np.maximum([middle - low, high - middle], 0)
        axes.errorbar(
            places, middle, reach, color=MAIN, fmt="o-", markersize=3.5, linewidth=1.2,
            label="observed",
        )  # fmt: skip
        percent(axes, "y")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("position, from 1 at the top")
        if found["probabilities"]:
            axes.legend()
    return done[0]


def learned(found: Document) -> Html:
    """The bias that the ranker learned, beside the rates, both relative to the top."""
    with picture.axes("learned", "relative to the top") as (axes, done):
        bias = found["learned"]
        axes.plot(
            range(1, len(bias) + 1), bias, color=MAIN, marker="o", markersize=3.5,
            label="bias that the ranker learned",
        )  # fmt: skip
        top = found["positions"][0]["observed"] if found["positions"] else 0
        if top:
            places = [one["position"] + 1 for one in found["positions"]]
            relative = [one["observed"] / top for one in found["positions"]]
            axes.plot(places, relative, color=SOFT, linestyle="--", label="rate")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("position, from 1 at the top")
        axes.legend()
    return done[0]


def _rates(axes: Axes, bins: list[Document], colour: str, shape: str, label: str | None) -> None:
    x, y, low, high = (
        np.array([one[name] for one in bins]) for name in ("predicted", "observed", "low", "high")
    )
    reach = np.maximum([y - low, high - y], 0)
    axes.errorbar(
        x, y, reach, color=colour, fmt=f"{shape}-", markersize=3.5, linewidth=1, label=label
    )
