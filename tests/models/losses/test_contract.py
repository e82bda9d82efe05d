"""What every loss keeps to."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from features.errors import ConfigError
from models.keras import tf
from models.losses.combined import Combined
from models.losses.loss import Loss
from models.losses.registry import AnyLoss

ANY: TypeAdapter[Any] = TypeAdapter(AnyLoss)
LISTWISE = {"softmax", "approx_ndcg"}
GRADED = LISTWISE | {"bpr"}


def test_every_registered_loss_is_here(variants: dict[str, Loss]) -> None:
    assert {type(one) for one in variants.values()} == set(get_args(get_args(AnyLoss)[0]))


@pytest.mark.parametrize("seed", range(5))
def test_value_and_gradient_are_those_of_the_formula(
    loss: Loss, seed: int, rows_of: Any, evaluate: Any, expected: Any
) -> None:
    rows = rows_of(seed, grades=4 if loss.type in GRADED and seed % 2 else 2)
    value, slopes = expected(loss, rows)
    found, gradient = evaluate(loss, rows)
    assert found == pytest.approx(value, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-3, atol=1e-6)
    assert np.abs(gradient).max() > 1e-3


def test_rows_without_weight_give_nothing(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of()
    value, gradient = evaluate(loss, rows.but(weight=np.zeros_like(rows.weight)))
    assert value == 0
    assert not gradient.any()
    value, gradient = evaluate(loss, rows.take(slice(0, 0)))
    assert value == 0


def test_a_row_of_weight_zero_is_as_if_absent(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(1)
    kept = rows.weight > 0
    assert not kept.all()
    value, gradient = evaluate(loss, rows)
    without, expected = evaluate(loss, rows.take(kept))
    assert value == pytest.approx(without, rel=1e-6)
    np.testing.assert_allclose(gradient[kept], expected, rtol=1e-4, atol=1e-7)
    assert not gradient[~kept].any()


def test_a_whole_weight_is_a_number_of_repetitions(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    """Of a row, or where one row more would be another to be ranked, of its whole query."""
    rows = rows_of(2)
    if loss.type in LISTWISE:
        times = rows.query % 3 + 1
    else:
        times = np.random.default_rng(2).integers(0, 4, len(rows.label))
    origin = np.repeat(np.arange(len(times)), times)
    repeated = rows.take(origin).but(weight=np.ones(times.sum()))
    if loss.type in LISTWISE:
        copy = np.concatenate([np.arange(n) for n in times])
        repeated = repeated.but(query=1000 * copy + repeated.query)
    value, gradient = evaluate(loss, rows.but(weight=times))
    expected, slopes = evaluate(loss, repeated)
    assert value == pytest.approx(expected, rel=1e-5)
    summed = np.bincount(origin, slopes, len(times))
    np.testing.assert_allclose(gradient, summed, rtol=1e-3, atol=1e-6)


def test_the_scale_of_weights_does_not_matter(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(3)
    value, gradient = evaluate(loss, rows)
    for scale in (1e-4, 1e4):
        scaled, slopes = evaluate(loss, rows.but(weight=rows.weight * scale))
        assert scaled == pytest.approx(value, rel=1e-5)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-3, atol=1e-7)


def test_the_order_of_rows_does_not_matter(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    """Nor the queries' numbers, nor that the rows of a query are side by side."""
    rows = rows_of(4)
    value, gradient = evaluate(loss, rows)
    mixed = np.random.default_rng(0).permutation(len(rows.label))
    moved, slopes = evaluate(loss, rows.take(mixed).but(query=-7 * rows.query[mixed]))
    assert moved == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(slopes, gradient[mixed], rtol=1e-3, atol=1e-7)


def test_a_constant_added_to_a_query_does_not_matter(
    within_queries: Loss, rows_of: Any, evaluate: Any
) -> None:
    rows = rows_of(5)
    value, gradient = evaluate(within_queries, rows)
    shifted, slopes = evaluate(within_queries, rows.but(logits=rows.logits + rows.query % 5))
    assert shifted == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-3, atol=1e-7)


def test_queries_of_one_label_say_nothing(
    within_queries: Loss, rows_of: Any, evaluate: Any
) -> None:
    rows = rows_of(6)
    said, gradient = evaluate(within_queries, rows)
    more = rows.but(
        logits=np.append(rows.logits, [0.5, -1, 2, 3, 0.1]),
        label=np.append(rows.label, [0, 0, 1, 1, 1]),
        weight=np.append(rows.weight, np.ones(5)),
        query=np.append(rows.query, [901, 901, 902, 902, 903]),
    )
    value, slopes = evaluate(within_queries, more)
    assert value == pytest.approx(said, rel=1e-6)
    np.testing.assert_allclose(slopes[:-5], gradient, rtol=1e-4, atol=1e-8)
    assert not slopes[-5:].any()
    value, slopes = evaluate(within_queries, more.take(slice(-5, None)))
    assert value == 0
    assert not slopes.any()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_row_and_one_class(
    loss: Loss, label: float, rows_of: Any, evaluate: Any, expected: Any
) -> None:
    rows = rows_of(7)
    for some in (rows.take([0]), rows):
        alike = some.but(label=np.full_like(some.label, label), weight=np.ones_like(some.label))
        value, gradient = evaluate(loss, alike)
        reference, slopes = expected(loss, alike)
        assert value == pytest.approx(reference, rel=1e-5, abs=1e-7)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-3, atol=1e-6)


def test_extreme_logits_stay_finite(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(8)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], len(rows.label))
    for size in (30, 90, 1e4):
        for logits in (signs * size, np.full(len(signs), size), np.full(len(signs), -size)):
            for label in (rows.label, 0 * rows.label, 0 * rows.label + 1):
                value, gradient = evaluate(loss, rows.but(logits=logits, label=label))
                assert 0 <= value < 1e5
                assert np.isfinite(gradient).all()


def test_the_right_order_costs_less(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(9)
    rows = rows.but(weight=np.ones_like(rows.weight))
    right, _ = evaluate(loss, rows.but(logits=4 * rows.label - 2))
    tied, _ = evaluate(loss, rows.but(logits=np.zeros_like(rows.label)))
    wrong, _ = evaluate(loss, rows.but(logits=2 - 4 * rows.label))
    assert right < tied < wrong


def test_gradients_raise_positives_and_lower_negatives(
    loss: Loss, rows_of: Any, evaluate: Any
) -> None:
    rows = rows_of(10)
    some = rows.but(weight=np.ones_like(rows.weight), label=np.arange(len(rows.label)) % 2)
    _, gradient = evaluate(loss, some)
    if loss.type == "bce":  # smoothing wants no more than 1 - label_smoothing / 2
        _, gradient = evaluate(loss, some.but(logits=np.zeros(len(some.label))))
    positives, negatives = gradient[some.label == 1], gradient[some.label == 0]
    assert (negatives >= 0).all()
    assert positives.sum() < 0 < negatives.sum()
    if loss.type not in LISTWISE:  # there a positive may give way to another that gains more by it
        assert (positives <= 0).all()


def test_one_graph_serves_all_sizes(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    """Also where the logits are part of a larger graph, as a network's last column."""
    row = tf.TensorSpec([None], tf.float32)
    signature = [row, row, row, tf.TensorSpec([None], tf.int64)]

    @tf.function(input_signature=signature)
    def step(logits: Any, label: Any, weight: Any, query: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(tf.stack([logits, logits], 1)[:, 0], label, weight, query)
        return value, tape.gradient(value, logits)

    for rows in (rows_of(11), rows_of(12, queries=30), rows_of(11).take([0])):
        value, gradient = step(*rows.tensors())
        expected, slopes = evaluate(loss, rows)
        assert float(value) == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(gradient.numpy(), slopes, rtol=1e-4, atol=1e-7)


def test_the_weight_of_a_loss_multiplies_it(loss: Loss, rows_of: Any, evaluate: Any) -> None:
    heavier = loss.model_copy(update={"weight": 2.5 * loss.weight})
    value, gradient = evaluate(loss, rows_of(13))
    found, slopes = evaluate(heavier, rows_of(13))
    assert found == pytest.approx(2.5 * value, rel=1e-6)
    np.testing.assert_allclose(slopes, 2.5 * gradient, rtol=1e-5, atol=1e-9)


def test_json_round_trip(loss: Loss) -> None:
    assert ANY.validate_python(loss.model_dump(mode="json")) == loss
    assert ANY.validate_json(loss.model_dump_json()) == loss


def test_a_missing_query_is_named(loss: Loss, rows_of: Callable[..., Any]) -> None:
    logits, label, weight, _ = rows_of().tensors()
    if not loss.needs_query:
        assert float(loss(logits, label, weight)) > 0
        return
    with pytest.raises(ConfigError, match=rf"'{loss.type}'.*data\.query"):
        loss(logits, label, weight)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"type": "hinge"}, "'bce', 'focal', 'bpr'.*'combined'"),
        ({"type": "bce", "label_smoothing": 1.0}, "bce.label_smoothing"),
        ({"type": "bce", "gamma": 2.0}, "bce.gamma"),
        ({"type": "focal", "alpha": 0.0}, "focal.alpha"),
        ({"type": "focal", "gamma": float("inf")}, "focal.gamma"),
        ({"type": "approx_ndcg", "temperature": 0.0}, "temperature"),
        ({"type": "smooth_auc", "temperature": -1.0}, "temperature"),
        ({"type": "bpr", "weight": 0.0}, "bpr.weight"),
        ({"type": "combined", "losses": []}, "combined.losses"),
        ({"type": "combined", "losses": [{"type": "combined"}]}, "'bce', 'focal'"),
    ],
)
def test_what_does_not_hold_is_refused(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ANY.validate_python(declared)


def test_a_combined_loss_as_a_configuration_has_it() -> None:
    found = ANY.validate_python(
        {"type": "combined", "losses": [{"type": "bce"}, {"type": "softmax", "weight": 0.5}]}
    )
    assert isinstance(found, Combined)
    assert [one.type for one in found.losses] == ["bce", "softmax"]
    assert [one.weight for one in found.losses] == [1.0, 0.5]
