"""The known model families, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
from models.lr import LR
from models.masknet import MaskNet
from models.mmoe import MMoE
from models.nfm import NFM
from models.ple import PLE
from models.pnn import PNN
from models.wide_deep import WideDeep
from models.xdeepfm import XDeepFM

_First = AFN | AutoInt | CAN | DCN | DCNMix | DCNv2 | DeepFM | DIEN | DIN | DLRM
_Second = DNN | ESMM | FinalMLP | FM | FwFM | LR | MaskNet | MMoE
_Third = NFM | PLE | PNN | WideDeep | XDeepFM

AnyModel = Annotated[_First | _Second | _Third, Field(discriminator="type")]
