"""The words of a column's name, and what they say about it."""

from __future__ import annotations

import re


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABELS = (
    "label",
    "click",
    "clicked",
    "is_click",
    "is_clicked",
    "target",
    "y",
    "conversion",
    "converted",
    "is_conversion",
    "is_converted",
)
POSITIONS = ("position", "pos", "rank", "slot")
WEIGHTS = ("weight", "sample_weight")
PARTITIONS = ("split", "part", "partition", "subset")
TIMES = ("timestamp", "event_timestamp", "event_time", "ts", "unix_time", "datetime", "time")

# A name holding one of these is plausible for a label where no other column is 0 or 1.
_OUTCOME = _set(
    "label target click clicked clk conversion converted convert purchase purchased buy bought "
    "install installed attributed outcome response responded like liked order ordered churn "
    "churned default subscribed"
)
# In the order of preference where several name groups of rows.
_VISIT = (
    ("qid", "query"),
    ("search", "srch"),
    ("request", "req"),
    ("clickout", "impression", "slate", "display", "auction", "pageview"),
    ("session", "visit"),
)
_HANDLE = _set("id uid uuid guid key hash no number")
_USER = _set("user uid visitor customer member cookie account subscriber person")
_CODE = _set(
    "id ids uid uuid guid sku code zip zipcode postcode category cat type class kind group "
    "cluster bucket segment flag user item product ad advertiser campaign publisher channel "
    "creative brand store shop seller site app domain device os browser platform country region "
    "city state language hour weekday dow month"
)
_QUANTITY = _set(
    "age price cost amount count counts cnt num quantity qty score rating rate ratio avg mean sum "
    "total min max days hours minutes seconds years length size width height distance duration "
    "gain loss salary income balance budget bid revenue temperature step steps views clicks"
)
_TIME = _set("timestamp ts time datetime date epoch unixtime at")
# Times that say nothing of when a row was logged.
_OTHER_TIME = _set(
    "birth born signup signed registered registration release released publish published expiry "
    "expires updated"
)
_NUMBERED_CODE = re.compile(r"(c|cat|category)_?\d+")
_NUMBERED = re.compile(r"(.*?)(\d+)")


def words(name: str) -> tuple[str, ...]:
    """`userId`, `user-id` and `user_ID` are (user, id)."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return tuple(word for word in re.split(r"[\W_]+", parted.lower()) if word)


def plain(name: str) -> str:
    """The words joined: `user_id`."""
    return "_".join(words(name))


def rank(name: str, known: tuple[str, ...]) -> int | None:
    """Where the name stands in `known`, or None."""
    return known.index(plain(name)) if plain(name) in known else None


def is_outcome(name: str) -> bool:
    return not _OUTCOME.isdisjoint(words(name))


def visit_rank(name: str) -> int | None:
    """How well the name fits a query id, 0 best; None if it names no group of rows."""
    parts = words(name)
    ranks = [at for at, visit in enumerate(_VISIT) if not set(visit).isdisjoint(parts)]
    if not ranks or not (len(parts) == 1 or parts[-1] in _HANDLE):
        return None
    return min(ranks)


def is_user(name: str) -> bool:
    parts = words(name)
    return not _USER.isdisjoint(parts) and (len(parts) == 1 or parts[-1] in _HANDLE)


def is_code(name: str) -> bool:
    """Whether whole numbers of that name are ids."""
    parts = words(name)
    return bool(parts) and (parts[-1] in _CODE or bool(_NUMBERED_CODE.fullmatch(plain(name))))


def is_quantity(name: str) -> bool:
    return not _QUANTITY.isdisjoint(words(name))


def is_time(name: str) -> bool:
    parts = words(name)
    return bool(parts) and parts[-1] in _TIME


def is_row_time(name: str) -> bool:
    """Whether a time of that name may be when the row was logged."""
    return _OTHER_TIME.isdisjoint(words(name))


def numbered(name: str) -> tuple[str, int] | None:
    """Stem and number of `C14`; None for names that do not end so, or as `C014`."""
    match = _NUMBERED.fullmatch(name)
    if match is None or match[2] != str(int(match[2])):
        return None
    return match[1], int(match[2])
