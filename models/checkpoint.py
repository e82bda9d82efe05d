"""A trained model on disk: JSON and arrays."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from pydantic import TypeAdapter

from features.errors import DataError
from features.files import read_json, replacing, write_json
from features.layout import Layout
from models.model import Model
from models.optimizers.groups import Optimizers
from models.registry import AnyModel

_AGAIN = "Run `crossrank train` again."


def save(model: Model, folder: Path, encoder: str) -> None:
    """Write the tables with their optimizer state and the dense weights; replaces `folder`.

    `encoder` is the fingerprint of the encoder whose ids the rows belong to.
    """
    with replacing(folder) as work:
        for name, table in model.tables.items():
            np.save(work / f"table-{name}.npy", table.storage)
        weights = {f"{i:03d}": value for i, value in enumerate(model.network.get_weights())}
        np.savez(work / "dense.npz", **weights)
        write_json(
            work / "model.json",
            {
                "encoder": encoder,
                "seed": model.seed,
                "model": model.config.model_dump(mode="json"),
                "layout": model.layout.model_dump(mode="json"),
                "optimizers": model.optimizers.model_dump(mode="json"),
            },
        )


def load(folder: Path) -> tuple[Model, str]:
    """The model as saved, and the fingerprint of its encoder.

    Raises:
        DataError: the folder is incomplete, or its arrays do not fit the model it declares.
    """
    document = read_json(folder / "model.json", made_by=_AGAIN)
    try:
        config: Any = TypeAdapter(AnyModel).validate_python(document["model"])
        layout = Layout.model_validate(document["layout"])
        optimizers = Optimizers.model_validate(document["optimizers"])
        model = Model(config, layout, optimizers, int(document["seed"]))
        for name, table in model.tables.items():
            table.restore(np.load(folder / f"table-{name}.npy", mmap_mode="r", allow_pickle=False))
        # np.load leaves a file open that it opened and could not read.
        with (
            (folder / "dense.npz").open("rb") as file,
            np.load(file, allow_pickle=False) as weights,
        ):
            model.network.set_weights([weights[key] for key in sorted(weights.files)])
        return model, str(document["encoder"])
    except (KeyError, TypeError, OSError, EOFError, ValueError, BadZipFile, zlib.error) as error:
        raise DataError(
            f"{folder} must be a complete checkpoint; reading it failed: {error}. {_AGAIN}"
        ) from error
