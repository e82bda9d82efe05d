"""One contestant's one run, in a process of its own: `python -m benchmarks.encoding.trial`.

Its answer is one JSON object on standard output, and a sample of what it encoded in a file.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.encoding.rivals import RIVALS, Array
from benchmarks.harness import peak_mb

_SAMPLE = 2_000  # of the last rows


@dataclass(frozen=True)
class Trial:
    """What one run took; sizes, digests: of the vocabularies, in the order of their codes."""

    import_seconds: float
    import_mb: float
    fit_seconds: float
    encode_seconds: float
    peak_mb: float
    sizes: list[int]
    digests: list[str]

    @property
    def seconds(self) -> float:
        return self.fit_seconds + self.encode_seconds


def attempt(name: str, path: Path, sample: Path) -> Trial:
    """Run the contestant here and now."""
    rival, start = RIVALS[name](), time.perf_counter()
    for module in rival.needs:
        importlib.import_module(module)
    rival.prepare(path)
    imported, begin = peak_mb(), time.perf_counter()
    rival.fit()
    fitted = time.perf_counter()
    for piece in rival.encode():
        last = piece
    end, peak = time.perf_counter(), peak_mb()
    codes, numbers = rival.tail(last, _SAMPLE)
    np.savez(sample, codes=codes, numbers=numbers)
    known = rival.vocabularies()
    digests = [hashlib.sha256("\n".join(one).encode()).hexdigest() for one in known]
    times = begin - start, imported, fitted - begin, end - fitted
    return Trial(*times, peak, [len(one) for one in known], digests)


def run(name: str, path: Path, sample: Path) -> Trial:
    """Run the contestant in a new process. Raises RuntimeError where it fails."""
    command = [sys.executable, "-m", __spec__.name, name, str(path), str(sample)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{name} ended with code {ran.returncode}: {ran.stderr[-2000:]}")
    return Trial(**json.loads(ran.stdout.splitlines()[-1]))


def require_agreement(ours: tuple[Trial, Path], theirs: tuple[Trial, Path], exact: bool) -> None:
    """Raise RuntimeError unless both encoded alike: by the same codes, or by others for the same.

    exact: the same values in the same order, so the same codes; otherwise to each of our codes
    belongs one of theirs.
    """
    if ours[0].sizes != theirs[0].sizes:
        raise RuntimeError(f"vocabularies differ: {ours[0].sizes}, and {theirs[0].sizes}")
    (codes, numbers), (others, other_numbers) = _sample(ours[1]), _sample(theirs[1])
    if exact and ours[0].digests != theirs[0].digests:
        raise RuntimeError("the values stand in another order")
    if exact and not np.array_equal(codes, others):
        raise RuntimeError("codes differ")
    for ours_of, theirs_of in zip(codes.T, others.T, strict=True):
        pairs = set(zip(ours_of.tolist(), theirs_of.tolist(), strict=True))
        if not len(pairs) == len(set(ours_of.tolist())) == len(set(theirs_of.tolist())):
            raise RuntimeError("codes stand for other values")
    np.testing.assert_allclose(numbers, other_numbers, rtol=1e-3, atol=1e-3)


def _sample(path: Path) -> tuple[Array, Array]:
    with np.load(path) as held:
        return held["codes"], held["numbers"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(RIVALS))
    parser.add_argument("path", type=Path)
    parser.add_argument("sample", type=Path)
    options = parser.parse_args()
    print(json.dumps(asdict(attempt(options.name, options.path, options.sample))))
