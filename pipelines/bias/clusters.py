"""What queries belong to, so that those of one user are not taken as independent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from features.dataset.dataset import QUERY, Dataset
from features.errors import DataError, SchemaError
from features.suggest import listing
from pipelines.config import Config
from pipelines.division import Division
from ranking.query_data import QueryData


def clusters(config: Config) -> pl.DataFrame | None:
    """Columns query (text) and cluster (from 0) of all parts; None where none is declared.

    Raises:
        SchemaError: the column is not in the log.
        DataError: a query is of several clusters, or of none.
    """
    bias, query = config.bias, config.data.query
    if bias is None or bias.cluster is None or query is None:
        return None
    division = Division(config)
    if bias.cluster not in division.columns:
        raise SchemaError(
            f"The cluster must be a column of the log; there is no '{bias.cluster}' among "
            f"{listing(division.columns)}. Change bias.cluster."
        )
    pieces = [
        piece.rows.select(
            query=pl.col(query).cast(pl.String), cluster=pl.col(bias.cluster).cast(pl.String)
        ).unique()
        for piece in division.pieces([query, bias.cluster])
    ]
    found = pl.concat(pieces).unique()
    odd = found.height - found["query"].n_unique() + found["cluster"].null_count()
    if odd:
        raise DataError(
            f"A query must belong to one cluster; {odd} have another, or none, in column "
            f"'{bias.cluster}'. Let data.query tell lists apart, and fill what is missing."
        )
    return found.with_columns(cluster=pl.col("cluster").rank("dense").cast(pl.Int64) - 1)


def clustered(data: QueryData, part: Dataset, of: pl.DataFrame | None) -> QueryData:
    """The examples of a prepared part, which know the cluster of each query."""
    if of is None:
        return data
    ids = part.frame([QUERY])[QUERY].cast(pl.String)
    first = data.groups.order[np.cumsum(data.sizes) - data.sizes]
    named = pl.DataFrame({"query": ids[first]})
    cluster = named.join(of, on="query", how="left", maintain_order="left")["cluster"]
    return replace(data, cluster=cluster.to_numpy())
