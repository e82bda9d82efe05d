"""What a simulated log is made of."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.simulator.audience import Audience
from ranking.clicks.users import UserKind

_HIGHEST_MEAN_RELEVANCE = 0.8


class SimulatorConfig(BaseModel):
    """The declaration of a simulated world and of the log drawn from it.

    `rows` only says where the log ends, `shard_rows` how it is cut; all else names another world.
    The strengths are standard deviations on the logit scale.

    Attributes:
        rows: rows wanted; rounded up to whole lists.
        seed: the same seed gives the same bytes.
        users, items, categories, brands: sizes of the id spaces.
        list_length: results shown for a query.
        history_length: clicked items of the user that a row carries at most.
        click_model: how users click; see `ranking.clicks.users.user`.
        eta: examination of position k is `(1 / k) ** eta`; of `ubm`, k from the click before.
        ctr: click rate aimed at, over all positions.
        logger_strength: how well the production ranker orders a list: 0 at random, 1 by truth.
        linear_strength: item quality, price, freshness, user activity, device and hour.
        latent_strength: inner product of a user vector and an item vector.
        co_action_strength: user_age x item_category and user_country x item_brand cells.
        history_strength: similarity of the shown category to the categories clicked before.
        noise: part of the logit that no column tells; integrated out of the truth.
        user_zipf, item_zipf: exponents of the id frequencies, `p(rank r) ~ (r + 10) ** -zipf`.
        taste_share: share of candidates drawn from the user's favourite categories.
        missing_price: share of rows without a price.
        queries_per_day: traffic; it follows a daily wave.
        start: unix seconds of the first midnight, UTC.
        shard_rows: rows of one file; rounded up to whole lists.

    Raises:
        pydantic.ValidationError: a value is out of range, or `ctr` cannot be reached.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(default=1_000_000, ge=1)
    seed: int = Field(default=0, ge=0)
    users: int = Field(default=20_000, ge=1)
    items: int = Field(default=10_000, ge=1)
    categories: int = Field(default=20, ge=1, le=1_000)
    brands: int = Field(default=60, ge=1, le=10_000)
    list_length: int = Field(default=10, ge=1, le=200)
    history_length: int = Field(default=20, ge=1, le=200)
    click_model: UserKind = "pbm"
    eta: float = Field(default=1.0, ge=0.0, le=3.0)
    ctr: float = Field(default=0.1, ge=0.01, le=0.5)
    logger_strength: float = Field(default=0.5, ge=0.0, le=1.0)
    linear_strength: float = Field(default=1.0, ge=0.0, le=5.0)
    latent_strength: float = Field(default=0.8, ge=0.0, le=5.0)
    co_action_strength: float = Field(default=1.0, ge=0.0, le=5.0)
    history_strength: float = Field(default=0.8, ge=0.0, le=5.0)
    noise: float = Field(default=0.5, ge=0.0, le=5.0)
    user_zipf: float = Field(default=1.0, ge=0.0, le=3.0)
    item_zipf: float = Field(default=1.0, ge=0.0, le=3.0)
    taste_share: float = Field(default=0.3, ge=0.0, le=1.0)
    missing_price: float = Field(default=0.03, ge=0.0, le=1.0)
    queries_per_day: int = Field(default=20_000, ge=1)
    start: int = Field(default=1_704_067_200, ge=0, multiple_of=86_400)
    shard_rows: int = Field(default=1_000_000, ge=1)

    @property
    def queries(self) -> int:
        """Whole lists that hold `rows`."""
        return -(-self.rows // self.list_length)

    @property
    def shard_queries(self) -> int:
        """Whole lists of one file."""
        return -(-self.shard_rows // self.list_length)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.items < self.list_length:
            raise ValueError(
                f"items must be at least list_length ({self.list_length}), for a list shows no "
                f"item twice. Got {self.items}. Raise items or lower list_length."
            )
        audience = Audience(self.click_model, self.eta, self.list_length)
        least, reachable = (
            float(audience.click_probability(np.full((1, self.list_length), mean)).mean())
            for mean in (0.0, _HIGHEST_MEAN_RELEVANCE)
        )
        if self.ctr > reachable:
            raise ValueError(
                f"ctr must be at most {reachable:.3f} when list_length is {self.list_length} and "
                f"eta is {self.eta}, for few positions are looked at. Got {self.ctr}. "
                "Lower ctr, eta or list_length."
            )
        if self.ctr <= least:
            raise ValueError(
                f"ctr must be above {least:.3f} when click_model is {self.click_model!r}, whose "
                f"users also click on what is not relevant. Got {self.ctr}. Raise ctr or eta."
            )
        return self
