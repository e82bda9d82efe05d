"""The position-based model of who looks where."""

import numpy as np
from numpy.typing import NDArray


def examination(list_length: int, eta: float) -> NDArray[np.float64]:
    """Probability that a user looks at each position of a list.

    `P(click at k) = P(examined at k) P(click | examined)`, `P(examined at k) = (1 / k) ** eta`.

    Args:
        list_length: positions in a list; k runs from 1.
        eta: severity of the bias; 0 means that every position is looked at.

    Returns:
        float64 `(list_length,)`, 1.0 at the first position.

    Reference: Joachims, Swaminathan and Schnabel, WSDM 2017 (https://arxiv.org/abs/1608.04468).
    """
    positions = np.arange(1, list_length + 1, dtype=np.float64)
    return positions**-eta
