"""The known model families, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.autoint import AutoInt
from models.dcn import DCN
from models.dcn_mix import DCNMix
from models.dcn_v2 import DCNv2
from models.deepfm import DeepFM
from models.dlrm import DLRM
from models.dnn import DNN
from models.fm import FM
from models.lr import LR
from models.nfm import NFM
from models.pnn import PNN
from models.wide_deep import WideDeep
from models.xdeepfm import XDeepFM

AnyModel = Annotated[
    AutoInt | DCN | DCNMix | DCNv2 | DeepFM | DLRM | DNN | FM | LR | NFM | PNN | WideDeep | XDeepFM,
    Field(discriminator="type"),
]
