"""The contestants of training, their settings and the learning rates they choose from."""

from __future__ import annotations

from benchmarks.training.trainee import Rival, Setting

_PLACE = "benchmarks.training"
_F32, _BF16 = Setting(), Setting(bfloat16=True)
_FIELDS, _FIELDS_BF16 = Setting(fused=False), Setting(fused=False, bfloat16=True)
_COMPILED, _COMPILED_BF16 = Setting(compiled=True), Setting(bfloat16=True, compiled=True)
_BURST = 8
_KERAS_2 = {"TF_USE_LEGACY_KERAS": "1"}
_KERAS_3 = {"TF_USE_LEGACY_KERAS": "0", "KERAS_BACKEND": "tensorflow"}

# Of tables on AdaGrad, of all weights on AdaGrad, and of all weights on Adam.
_TABLES, _ADAGRAD, _ADAM = (0.01, 0.02, 0.04), (0.005, 0.01, 0.02), (3e-4, 1e-3, 3e-3)

OURS, OURS_BF16 = "crossrank, float32", "crossrank, bfloat16"

RIVALS = (
    Rival(
        OURS,
        f"{_PLACE}.ours:Crossrank",
        (_F32,),
        _TABLES,
        ("models.step",),
        2,
        "its Step, as `crossrank train` calls it: sparse AdaGrad, FTRL, Adam",
    ),
    Rival(
        OURS_BF16,
        f"{_PLACE}.ours:Crossrank",
        (_BF16,),
        _TABLES,
        ("models.step",),
        2,
        "the same with TrainConfig.precision bfloat16",
    ),
    Rival(
        "torch, sparse AdaGrad",
        f"{_PLACE}.by_torch:Sparse",
        (_F32, _FIELDS, _BF16, _COMPILED, _COMPILED_BF16),
        _TABLES,
        ("torch",),
        2,
        "by hand: nn.Embedding(sparse=True) on AdaGrad, the rest on fused Adam",
    ),
    Rival(
        "torch, dense Adam",
        f"{_PLACE}.by_torch:Dense",
        (_F32, _FIELDS, _BF16, _COMPILED, _COMPILED_BF16),
        _ADAM,
        ("torch",),
        4,
        "by hand: fused Adam over every row of every table",
    ),
    Rival(
        "torch, FBGEMM tables",
        f"{_PLACE}.by_torch:Fbgemm",
        (_F32, _BF16, _COMPILED, _COMPILED_BF16),
        _TABLES,
        ("torch", "fbgemm_gpu"),
        2,
        "by hand: the fused AdaGrad tables that torchrec uses, the rest on fused Adam",
    ),
    Rival(
        "FuxiCTR",
        f"{_PLACE}.by_fuxictr:FuxiCtr",
        tuple(
            Setting(False, bf16, compiled, 1, rule)
            for bf16, compiled, rule in (
                (False, False, "Adam"),
                (False, False, "fused Adam"),
                (True, False, "fused Adam"),
                (False, True, "fused Adam"),
                (True, True, "fused Adam"),
            )
        ),
        _ADAM,
        ("fuxictr", "torch"),
        4,
        "BaseModel.train_step, its layers and losses; dense gradients, Adam, norms clipped",
    ),
    Rival(
        "DeepCTR-Torch",
        f"{_PLACE}.by_deepctr_torch:DeepCtrTorch",
        tuple(
            Setting(False, bf16, compiled, 1, rule)
            for bf16, compiled, rule in (
                (False, False, "adam"),
                (False, False, "adagrad"),
                (True, False, "adagrad"),
                (False, True, "adagrad"),
            )
        ),
        _ADAGRAD,
        ("deepctr_torch", "torch"),
        4,
        "its DCN and WDL by the statements of `fit`; dense gradients",
    ),
    Rival(
        "DeepCTR",
        f"{_PLACE}.by_fit:DeepCtr",
        (
            Setting(False, optimizer="Adam"),
            Setting(False, optimizer="AdaGrad"),
            Setting(False, optimizer="AdaGrad", burst=_BURST),
            Setting(False, bfloat16=True, optimizer="AdaGrad", burst=_BURST),
            Setting(False, compiled=True, optimizer="AdaGrad"),
        ),
        _ADAGRAD,
        ("deepctr", "tf_keras"),
        2,
        "its DCN and WDL on tf-keras, by the function `fit` calls, from tf.data",
        _KERAS_2,
    ),
    Rival(
        "tf-keras",
        f"{_PLACE}.by_keras:Keras2",
        (_F32, _FIELDS, _BF16, _FIELDS_BF16, _COMPILED),
        _TABLES,
        ("tf_keras",),
        2,
        "stock layers in a GradientTape loop; legacy AdaGrad and FTRL, Adam",
        _KERAS_2,
    ),
    Rival(
        "Keras 3",
        f"{_PLACE}.by_keras:Keras3",
        (_F32, _FIELDS, _BF16, _FIELDS_BF16, _COMPILED),
        _TABLES,
        ("keras",),
        2,
        "the same loop with Keras 3 on TensorFlow; AdaGrad, FTRL, Adam",
        _KERAS_3,
    ),
    Rival(
        "TFRS",
        f"{_PLACE}.by_fit:Tfrs",
        (
            _F32,
            Setting(burst=_BURST),
            Setting(bfloat16=True, burst=_BURST),
            Setting(fused=False, bfloat16=True, burst=_BURST),
            _COMPILED,
        ),
        _TABLES,
        ("tensorflow_recommenders",),
        2,
        "its Model, Cross and CompositeOptimizer, by the function `fit` calls, from tf.data",
        _KERAS_2,
    ),
)
