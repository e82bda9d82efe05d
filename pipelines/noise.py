"""The gradient noise scale in words."""

from __future__ import annotations

from pipelines.run import Run


def described(run: Run) -> str | None:
    """Of a finished run, by its last epoch; None where it was not measured."""
    settings = run.config.train
    if run.config.model is None or not settings.noise_scale:
        return None
    *_, last = run.history["epochs"]
    rows = settings.rows(int(last["epoch"]))
    if "noise_scale" not in last:
        return (
            f"The gradient noise scale is unknown: in batches of {rows} rows the noise hides the "
            "gradient. Measure more often (train.noise_steps) or with larger batches."
        )
    return (
        f"Gradient noise scale {last['noise_scale']:,.0f} rows: the critical batch size, at which "
        "training takes twice the fewest steps and twice the fewest rows. The batch was "
        f"{rows:,} rows."
    )
