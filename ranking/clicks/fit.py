"""From a click log to a click model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from features.suggest import listing, nearest
from ranking.clicks import closed_form, dbn_em, examination_em
from ranking.clicks.appeal import Appeal
from ranking.clicks.cascade import Cascade
from ranking.clicks.dbn_em import Sessions
from ranking.clicks.em import Effort
from ranking.clicks.examination_em import Cells
from ranking.clicks.fitted import FittedClicks, mean_examination
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel
from ranking.clicks.pbm import Pbm
from ranking.clicks.ubm import Ubm, last_click

Array = npt.NDArray[Any]
Found = tuple[ClickModel, Appeal, tuple[float, ...]]

_WHOLE = 1.0  # satisfaction, where the model has none


def _pbm(sessions: Sessions, documents: int, effort: Effort) -> Found:
    depth, position = sessions.lists.depth, sessions.lists.position.astype(np.int64)
    cells = Cells.of(sessions.document, position, depth, sessions.click)
    examination, attraction, trace = examination_em.fit(cells, depth, effort)
    model = Pbm(examination=tuple(examination.tolist()))
    return model, Appeal(attraction, np.full(documents, _WHOLE)), trace


def _ubm(sessions: Sessions, documents: int, effort: Effort) -> Found:
    depth = sessions.lists.depth
    state = sessions.lists.position * depth + last_click(sessions.lists, sessions.click)
    cells = Cells.of(sessions.document, state, depth**2, sessions.click)
    examination, attraction, trace = examination_em.fit(cells, depth**2, effort)
    table = examination.reshape(depth, depth)
    model = Ubm(examination=tuple(tuple(table[k, : k + 1].tolist()) for k in range(depth)))
    return model, Appeal(attraction, np.full(documents, _WHOLE)), trace


def _sdbn(sessions: Sessions, documents: int, effort: Effort) -> Found:
    return *closed_form.fit_sdbn(sessions, documents, effort), ()


def _cascade(sessions: Sessions, documents: int, effort: Effort) -> Found:
    return Cascade(), closed_form.fit_cascade(sessions, documents, effort), ()


FITS: Final[dict[str, Callable[[Sessions, int, Effort], Found]]] = {
    "pbm": _pbm,
    "cascade": _cascade,
    "ubm": _ubm,
    "dbn": dbn_em.fit,
    "sdbn": _sdbn,
}


def fit(
    kind: str,
    document: Array,
    position: Array,
    click: Array,
    sizes: Array,
    effort: Effort | None = None,
) -> FittedClicks:
    """Fit a click model to a log whose lists stand together, in the order shown.

    kind: `pbm`, `cascade`, `ubm`, `dbn`, or `sdbn`, the simplified one. document: (rows,), a key,
    whole or a text, of the query and document together. position: (rows,) from 0. click: (rows,),
    0 or 1. sizes: (lists,).

    Raises:
        ConfigError: another kind.
        DataError: rows that do not go together, or without any click.
    """
    if kind not in FITS:
        raise ConfigError(
            f"A click model must be one of {listing(FITS)}; got {kind!r}.{nearest(kind, FITS)}"
        )
    lists = Lists.of(sizes, position)
    document, click = np.asarray(document), np.asarray(click)
    _check(document, click, lists)
    documents, number = np.unique(document, return_inverse=True)
    sessions = Sessions(number.astype(np.int64), lists, click > 0)
    model, appeal, trace = FITS[kind](sessions, len(documents), effort or Effort())
    examination = mean_examination(model, appeal[sessions.document], lists)
    return FittedClicks(model, documents, appeal, examination, trace)


def _check(document: Array, click: Array, lists: Lists) -> None:
    rows = len(lists.position)
    for name, column in (("document", document), ("click", click)):
        if column.shape != (rows,):
            raise DataError(
                f"There must be a {name} for each of the {rows} rows; its shape is {column.shape}."
            )
    odd = (click != 0) & (click != 1)
    if odd.any():
        raise DataError(f"Clicks must be 0 or 1; row {int(odd.argmax())} has {click[odd][0]}.")
    if not click.any():
        raise DataError(f"A click model needs clicks; the {rows} rows have none. Use more data.")
