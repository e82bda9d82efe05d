"""How a raw column is read from JSON in a request."""

from __future__ import annotations

from typing import Literal

# value: any scalar in its own type. id: text, number or boolean that names a category. number: a
# number. ids, numbers: lists of those. map: an object of key -> number or text.
Want = Literal["value", "id", "number", "ids", "numbers", "map"]
