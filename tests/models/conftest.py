"""Models, data whose right answer is known by construction, and references to hold them to."""

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.index import FIRST
from features.layout import Field, IdField, Layout, NumericField, SequenceField
from features.ragged import PAD
from models.afn import AFN
from models.autoint import AutoInt
from models.can import CAN
from models.dcn import DCN
from models.dcn_mix import DCNMix
from models.dcn_v2 import DCNv2
from models.deepfm import DeepFM
from models.dien import DIEN
from models.din import DIN
from models.dlrm import DLRM
from models.dnn import DNN
from models.esmm import ESMM
from models.finalmlp import FinalMLP
from models.fm import FM
from models.fwfm import FwFM
from models.keras import tf
from models.lr import LR
from models.masknet import MaskNet
from models.mmoe import MMoE
from models.model import Model
from models.network import ModelConfig
from models.nfm import NFM
from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Adam, Optimizers
from models.ple import PLE
from models.pnn import PNN
from models.trainer import Trainer
from models.wide_deep import WideDeep
from models.xdeepfm import XDeepFM

# The labels of the batches below, for the families that learn several.
TASKS = ("click", "purchase")
# Every family in models.registry, in each of its structures: what the contract tests run over.
VARIANTS: dict[str, ModelConfig] = {
    "dcn_v2-parallel": DCNv2(dim=8, cross_layers=2, hidden=(48,)),
    "dcn_v2-stacked": DCNv2(dim=8, cross_layers=2, hidden=(48,), structure="stacked", dropout=0.1),
    "dcn_v2-rank": DCNv2(dim=8, cross_layers=2, hidden=(48,), rank=8),
    "wide_deep": WideDeep(dim=8, hidden=(48, 24), dropout=0.1),
    "afn": AFN(dim=8, hidden=(48,), neurons=16),
    "autoint": AutoInt(dim=8, hidden=(48,), attention_layers=1, head_dim=8),
    "autoint-alone": AutoInt(dim=8, hidden=(), attention_layers=2, head_dim=16),
    "can": CAN(dim=8, hidden=(48,), co_dim=4, co_layers=(4, 2)),
    "can-shared": CAN(dim=8, hidden=(48,), orders=1, combination_independent=False),
    "dcn": DCN(dim=8, hidden=(48,)),
    "dcn_mix": DCNMix(dim=8, cross_layers=2, hidden=(48,), experts=2, rank=8),
    "deepfm": DeepFM(dim=8, hidden=(48,)),
    "dien": DIEN(dim=8, hidden=(48,)),
    "din": DIN(dim=8, hidden=(48,), attention=(8,)),
    "dlrm": DLRM(dim=8, hidden=(48,), bottom=(16,)),
    "dnn": DNN(dim=8, hidden=(48,), activation="prelu", norm="batch"),
    "dnn-fields": DNN(dim=8, hidden=(48,), field_dropout=0.1),
    "finalmlp": FinalMLP(dim=8, hidden=(48,), hidden2=(32,), heads=2),
    "fm": FM(dim=8),
    "fwfm": FwFM(dim=8),
    "lr": LR(),
    "masknet": MaskNet(dim=8, blocks=(32,)),
    "masknet-parallel": MaskNet(dim=8, blocks=(16, 16), structure="parallel", hidden=(32,)),
    "nfm": NFM(dim=8, hidden=(48,)),
    "pnn-inner": PNN(dim=8, hidden=(48,)),
    "pnn-outer": PNN(dim=8, hidden=(48,), product="outer"),
    "esmm": ESMM(dim=8, hidden=(48,), tasks=TASKS),
    "mmoe": MMoE(dim=8, hidden=(48,), experts=2, towers=(16,), tasks=TASKS),
    "ple": PLE(dim=8, hidden=(32,), towers=(16,), tasks=TASKS),
    "ple-uncertainty": PLE(
        dim=8, hidden=(32,), levels=1, towers=(), tasks=TASKS, task_weights="uncertainty"
    ),
    "xdeepfm": XDeepFM(dim=8, hidden=(48,), maps=(16, 8)),
}
FAST = Optimizers(
    embeddings=AdaGrad(learning_rate=0.1),
    wide=Ftrl(learning_rate=1.0, beta=1.0),
    dense=Adam(learning_rate=0.01),
)
VALUES = 20  # of each id of the co-action


def make_layout(ids: int = 2, sequences: int = 1, numerics: int = 1, rows: int = 22) -> Layout:
    """Fields i0.., s0.., n0..; the sequences share vocabularies with the ids."""
    fields: list[Field] = [IdField(name=f"i{k}", vocabulary=f"v{k}") for k in range(ids)]
    fields += [SequenceField(name=f"s{k}", vocabulary=f"v{k}", length=3) for k in range(sequences)]
    fields += [NumericField(name=f"n{k}") for k in range(numerics)]
    known = {f"v{k}": rows for k in range(max(ids, sequences))}
    return Layout(fields=tuple(fields), vocabularies=known)


def make_batch(layout: Layout, rows: int, seed: int = 0) -> Batch:
    """Random ids, sequences of 0 to `length` elements, numerics and labels, of which the further
    one is 1 in some of the rows whose first is."""
    rng = np.random.default_rng(seed)
    sequences = {}
    for field in layout.sequences:
        known = layout.vocabularies[field.vocabulary]
        values = rng.integers(0, known, (rows, field.length)).astype(np.int32)
        ends = rng.integers(0, field.length + 1, (rows, 1))
        values[np.arange(field.length) >= ends] = PAD
        sequences[field.name] = values
    columns = [rng.integers(0, layout.vocabularies[one.vocabulary], rows) for one in layout.ids]
    numerics = rng.normal(size=(rows, len(layout.numeric_names))).astype(np.float32)
    label, further = rng.integers(0, 2, (2, rows)).astype(np.float32)
    return Batch(
        ids=np.array(columns, np.int32).reshape(len(columns), rows).T.copy(),
        numerics=numerics,
        sequences=sequences,
        label=label,
        tasks=(label * further)[:, None],
    )


@dataclass(frozen=True)
class CoAction:
    """label = (i0 + i1) mod 2: no value of either id says anything without the other.

    Half of each value's rows are clicks in `train` and in `held`, whose pairs of values do not
    occur in `train`; sequences and numerics are noise. No row is missing or unseen. The further
    label is 1 where the label and i0 // 2 mod 2 are.
    """

    layout: Layout
    train: Batch
    held: Batch


def make_coaction() -> CoAction:
    layout = make_layout()
    first, second = np.divmod(np.arange(VALUES**2), VALUES)
    held = (first // 2 + second // 2) % 5 == 0  # in squares of two by two, so each half is even

    def part(pairs: Any, repeats: int, seed: int) -> Batch:
        chosen = np.random.default_rng(seed).permutation(np.repeat(np.flatnonzero(pairs), repeats))
        noise = make_batch(layout, len(chosen), seed)
        ids = np.stack([first[chosen], second[chosen]], 1).astype(np.int32)
        label = (ids.sum(1) % 2).astype(np.float32)
        further = (label * (ids[:, 0] // 2 % 2)).astype(np.float32)[:, None]
        elements = noise.sequences["s0"]
        elements[(elements >= 0) & (elements < FIRST)] = FIRST
        return Batch(ids + FIRST, noise.numerics, noise.sequences, label, tasks=further)

    return CoAction(layout, part(~held, 10, seed=1), part(held, 5, seed=2))


def train_coaction(config: ModelConfig, passes: int = 20) -> Model:
    """By steps of a size that two threads share."""
    data = make_coaction()
    model = Model(config, data.layout, FAST)
    trainer = Trainer(model)
    for _ in range(passes):
        for start in range(0, data.train.rows, 800):
            trainer.step(data.train.take(slice(start, start + 800)))
    return model


def digest(model: Model) -> str:
    """Of the predictions, and of the tables with their state."""
    found = hashlib.sha256(model.task_logits([make_coaction().held]).tobytes())
    for table in model.tables.values():
        found.update(table.storage.tobytes())
    return found.hexdigest()


def digests(names: list[str]) -> dict[str, str]:
    """For another process to print."""
    return {name: digest(train_coaction(VARIANTS[name], passes=2)) for name in names}


class ScalarFtrl:
    """One coordinate of Algorithm 1 in McMahan et al. (KDD 2013), its z set to start at `weight`.

    With alpha = learning rate; plain floats, as the paper writes it.
    """

    def __init__(
        self, alpha: float, beta: float, l1: float, l2: float, weight: float = 0.0
    ) -> None:
        self.alpha, self.beta, self.l1, self.l2 = alpha, beta, l1, l2
        self.n = 0.0
        self.z = -(weight * (beta / alpha + l2) + math.copysign(l1, weight) * (weight != 0))

    @property
    def weight(self) -> float:
        if abs(self.z) <= self.l1:
            return 0.0
        rate = (self.beta + math.sqrt(self.n)) / self.alpha + self.l2
        return -(self.z - math.copysign(self.l1, self.z)) / rate

    def learn(self, g: float) -> None:
        sigma = (math.sqrt(self.n + g * g) - math.sqrt(self.n)) / self.alpha
        self.z += g - sigma * self.weight
        self.n += g * g


# Other structures of a family whose first is in the short suite.
_MORE = {"autoint-alone", "can-shared", "dcn_v2-rank", "masknet-parallel", "ple-uncertainty"}
_MORE |= {"pnn-outer"}
_CONFIGS = [
    pytest.param(one, id=name, marks=[pytest.mark.slow] if name in _MORE else [])
    for name, one in VARIANTS.items()
]


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the short suite two families stand for all in int8: a conversion takes seconds."""
    for item in items:
        if "_int8_" in item.name and not {"dcn_v2-parallel", "wide_deep"} & {*item.keywords}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", params=_CONFIGS)
def config(request: pytest.FixtureRequest) -> ModelConfig:
    found: ModelConfig = request.param
    return found


@pytest.fixture(scope="session")
def variants() -> dict[str, ModelConfig]:
    return VARIANTS


@pytest.fixture(scope="session")
def fast() -> Optimizers:
    """Update rules with rates for data of a few thousand rows."""
    return FAST


@pytest.fixture(scope="session")
def coaction() -> CoAction:
    return make_coaction()


@pytest.fixture(scope="session")
def trained(config: ModelConfig) -> Model:
    """Each variant, trained on the co-action; tests must not train it further."""
    return train_coaction(config)


@pytest.fixture
def eager() -> Iterator[None]:
    """Without graphs, for tests of a few steps: tracing takes longer than all of them."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def layout_of() -> Callable[..., Layout]:
    return make_layout


@pytest.fixture(scope="session")
def batch_of() -> Callable[..., Batch]:
    return make_batch


@pytest.fixture(scope="session")
def digests_of() -> Callable[[list[str]], dict[str, str]]:
    return digests


@pytest.fixture(scope="session")
def scalar_ftrl() -> type[ScalarFtrl]:
    return ScalarFtrl
