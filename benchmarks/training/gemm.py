"""The dense part's matrix products alone: what a step cannot be faster than, tables or not."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.training.task import Task


def products(task: Task, bfloat16: bool) -> Callable[[], object]:
    """Of each layer x W, x' dy and dy W', at the sizes of a step, by TensorFlow."""
    from models.keras import tf

    random = tf.random.Generator.from_seed(1)

    def some(rows: int, columns: int) -> object:
        made = random.normal([rows, columns], stddev=0.1)
        return tf.constant(tf.cast(made, tf.bfloat16) if bfloat16 else made)

    # Of its own for each layer: the same product twice would be computed once.
    layers = [(some(task.batch, i), some(i, o), some(task.batch, o)) for i, o in task.products]

    def multiply(layers: list[tuple[object, object, object]]) -> object:
        made = []
        for inputs, weights, gradients in layers:
            made.append(tf.matmul(inputs, weights))
            made.append(tf.matmul(inputs, gradients, transpose_a=True))
            made.append(tf.matmul(gradients, weights, transpose_b=True))
        return [one[0, 0] for one in made]

    run = tf.function(multiply)
    return lambda: run(layers)


def flops(task: Task) -> int:
    """Of all products of a step: three a layer, two operations a weight and row."""
    return 6 * task.batch * sum(i * o for i, o in task.products)
