"""Options that `crossrank evaluate` and `crossrank compare` have in common."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Data = Annotated[
    str | None, typer.Option(help="For a bundle: a log, or a configuration and its --part.")
]
Part = Annotated[Literal["train", "ranker", "valid", "test"], typer.Option()]
Metrics = Annotated[
    str, typer.Option(help="For example `AUC,LogLoss,nDCG@10`. [default: those that fit]")
]
Label = Annotated[str, typer.Option(help="Column of a file of predictions.")]
Score = Annotated[str, typer.Option(help="Column of a file of predictions.")]
Query = Annotated[str | None, typer.Option(help="Column of a file of predictions.")]
Weight = Annotated[str | None, typer.Option(help="Column of a file of predictions.")]
By = Annotated[
    str,
    typer.Option(help="Slices: columns, buckets or expressions, as `device,price:5,hour // 6`."),
]
MinRows = Annotated[int, typer.Option(min=1, help="Of a slice; smaller ones are counted only.")]
Cluster = Annotated[
    str | None,
    typer.Option(help="Column whose rows are drawn together, or `row`. [default: query, else row]"),
]
Missing = Annotated[
    Literal["refuse", "drop"],
    typer.Option(help="What becomes of rows without a label, score or group."),
]
Level = Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of the intervals.")]
Resamples = Annotated[int, typer.Option(min=100, help="Of the bootstrap and the permutations.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")]
Gates = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        help="A gate: `AUC>=0.80`, `PCOC in [0.98,1.02]`, `low(AUC)>=0.79`; exit code 3 where it "
        "does not hold. Repeatable.",
    ),
]
