"""What gradients over batches of two sizes say of the noise in them."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

_KEPT = 0.9  # of the running means, at each measurement


class Measured(NamedTuple):
    """Estimates without bias: |G|^2 of the true gradient, and tr(Sigma) of the covariance of the
    gradients of single rows."""

    squared: float
    spread: float


def estimate(small: float, big: float, rows: int, rows_of_all: int) -> Measured:
    """From |G|^2 over batches of two sizes (McCandlish et al., 2018, appendix A.1,
    https://arxiv.org/abs/1812.06162).

    |G|^2 = (B big - b small) / (B - b), tr(Sigma) = (small - big) / (1 / b - 1 / B).

    Args:
        small: mean of |G|^2 over batches of b = `rows`.
        big: of the batch of B = `rows_of_all`.
    """
    squared = (rows_of_all * big - rows * small) / (rows_of_all - rows)
    return Measured(squared, (small - big) / (1 / rows - 1 / rows_of_all))


class NoiseState(BaseModel):
    """Running means of both estimates, of which the ratio is taken: it has a bias itself.

    B_simple = tr(Sigma) / |G|^2, in rows (equation 2.9). Both means start at 0, which their
    ratio does not show.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    squared: float = 0.0
    spread: float = 0.0

    def after(self, found: Measured | None) -> NoiseState:
        """The state after a measurement; None is none."""
        if found is None:
            return self
        return NoiseState(
            squared=_KEPT * self.squared + (1 - _KEPT) * found.squared,
            spread=_KEPT * self.spread + (1 - _KEPT) * found.spread,
        )

    @property
    def row(self) -> dict[str, float]:
        """`noise_scale` for the history; nothing while noise hides the gradient itself."""
        if self.squared <= 0 or self.spread <= 0:
            return {}
        return {"noise_scale": self.spread / self.squared}
