"""The kinds of rankers: how each is declared, and read from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from features.errors import DataError
from features.suggest import listing
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker, read_about
from ranking.lightgbm.config import LightGBMConfig
from ranking.lightgbm.ranker import LightGBMRanker

AnyRanker = Ranker | LightGBMRanker

RANKERS: dict[str, type[Ranker] | type[LightGBMRanker]] = {
    one.kind: one for one in (Ranker, LightGBMRanker)
}


def _kind(declared: Any) -> Any:
    """XGBoost unless it is said."""
    if isinstance(declared, dict):
        return declared.get("type", Ranker.kind)
    return getattr(declared, "type", None)


AnyRankerConfig = Annotated[
    Annotated[RankerConfig, Tag("xgboost")] | Annotated[LightGBMConfig, Tag("lightgbm")],
    Discriminator(_kind),
]


def load(folder: Path) -> AnyRanker:
    """Raises DataError where the folder is incomplete, ConfigError where its library is missing."""
    kind = read_about(folder).get("kind", Ranker.kind)  # earlier versions do not say
    if kind not in RANKERS:
        raise DataError(
            f"{folder / 'ranker.json'} must be of a ranker of kind {listing(RANKERS)}; it says "
            f"{kind!r}. Run `crossrank train` again."
        )
    return RANKERS[kind].load(folder)
