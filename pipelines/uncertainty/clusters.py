"""Clusters: which rows are drawn together, as those of a user are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.errors import ConfigError
from features.suggest import listing, nearest
from pipelines.metrics.predictions import QUERY, Predictions
from pipelines.metrics.ranked_groups import Ints

ROW = "row"  # the name of the unit where every row is drawn by itself


@dataclass(frozen=True, eq=False)
class Clusters:
    """`of`: (rows,) the cluster of each row, from 0 to `count` - 1."""

    name: str
    of: Ints
    count: int

    @classmethod
    def by(cls, data: Predictions, column: str | None) -> Clusters:
        """By a group column; without one by query where there are queries, else row by row.

        Raises:
            ConfigError: the predictions hold no such column.
            DataError: a row has no id.
        """
        if column == ROW and ROW not in data.groups:
            return cls(ROW, np.arange(data.labels.size), data.labels.size)
        if column is None:
            return cls.by(data, QUERY if QUERY in data.groups else ROW)
        if column not in data.groups:
            raise ConfigError(
                f"Rows are clustered by a column that the predictions hold, {listing(data.groups)} "
                f"or '{ROW}'; got '{column}'.{nearest(column, data.groups)}"
            )
        codes, keys = data.codes(column)
        return cls(column, codes, len(keys))

    def of_groups(self, data: Predictions, group: str) -> Clusters:
        """The unit of each group of a column, in order of their first rows.

        That is the cluster that holds the group whole; where one does not, as a query does not
        hold a user, each group is its own unit.
        """
        ranked = data.ranked(group)
        of = self.of[ranked.order]
        first = np.minimum.reduceat(of, ranked.starts)
        if (first == np.maximum.reduceat(of, ranked.starts)).all():
            return Clusters(self.name, first, self.count)
        return Clusters(group, np.arange(first.size), first.size)
