import polars as pl

from features.derived.bound import bound, quotient


def test_nested_values_are_computed_once() -> None:
    value = pl.col("a")
    for _ in range(40):  # doubled each time, this would be 2**40 expressions
        value = bound({"x": value + 1}, lambda x: pl.when(x > 0).then(x))
    found = pl.DataFrame({"a": [0, None, -100]}).select(value).to_series()
    assert found.to_list() == [40, None, None]


def test_a_body_may_bind_and_use_several() -> None:
    def body(x: pl.Expr, y: pl.Expr) -> pl.Expr:
        return bound({"x": x * 10}, lambda x: x + 1) + y

    found = pl.DataFrame({"a": [1, 2]}).select(bound({"x": pl.col("a"), "y": pl.lit(5)}, body))
    assert found.to_series().to_list() == [16, 26]


def test_a_quotient_is_rounded_once() -> None:
    frame = pl.DataFrame({"a": [49.0 * at for at in range(200)]})
    exact = frame.select(quotient(pl.col("a"), pl.lit(49.0))).to_series()
    assert exact.to_list() == list(range(200))
