# SPDX-License-Identifier: Apache-2.0
"""The certificate chain and key with which a party signs C2PA manifests, as a folder of four files of mode 600.

`chain.pem` (the leaf, then any certificates between it and the root) and `c2pa.key` sign; `root.pem` is what readers
trust and may be published; `root.key` issues the next leaf and belongs off this machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.crypto import ed25519, issuing, p256
from answerable.errors import Refused, VerificationError

PURPOSE: Final = "c2pa"
ROOT_PURPOSE: Final = "c2pa-root"
CHAIN: Final = "chain.pem"
ROOT: Final = "root.pem"
KEY: Final = "c2pa.key"
ROOT_KEY: Final = "root.key"
FILES: Final = (ROOT_KEY, KEY, ROOT, CHAIN)
MAX_PEM: Final = 65_536
# Without a time stamp a manifest counts as valid only while its leaf is in force, so a leaf has to outlast what it
# signs.
DAYS: Final = 3_650


@dataclass(frozen=True, slots=True, repr=False)
class Chain:
    """certificates: PEM, the leaf first; sign: 64 bytes over exactly a message; algorithm: `issuing.ED25519` or
    `issuing.ES256`; organisation: O of the leaf; until_ms: the leaf's end; tsa: URL of an RFC 3161 authority, ""
    none."""

    certificates: bytes
    sign: Callable[[bytes], bytes]
    algorithm: str
    organisation: str
    until_ms: int
    tsa: str = ""

    def __repr__(self) -> str:
        return f"Chain({self.organisation!r}, {self.algorithm})"

    @classmethod
    def of(cls, issued: issuing.Issued, tsa: str = "") -> Chain:
        leaf = issuing.shown(issued.leaf)
        return cls(issued.leaf, issued.leaf_key.sign, leaf.algorithm, leaf.organisation, leaf.until_ms, tsa)

    @classmethod
    def load(cls, folder: Path, tsa: str = "") -> Chain:
        """The chain in a folder. Raises Refused ``label.chain`` if a file is missing or the key is not the leaf's,
        ``log.key`` for a key file that is open to others or of another purpose."""
        certificates = read_pem(folder / CHAIN)
        try:
            leaf = issuing.shown(certificates)
        except VerificationError as error:
            raise Refused("label.chain", detail=f"{CHAIN}: {error.params.get('detail', '')}") from None
        kind = ed25519.Key if leaf.algorithm == issuing.ED25519 else p256.Key
        key = kind.load(folder / KEY, purpose=PURPOSE)
        if key.public != leaf.public:
            raise Refused("label.chain", detail=f"{KEY} is not the key of the first certificate in {CHAIN}")
        return cls(certificates, key.sign, leaf.algorithm, leaf.organisation, leaf.until_ms, tsa)


def save(issued: issuing.Issued, folder: Path) -> None:
    """Write the four files into `folder`, which is made. Raises Refused ``label.chain`` if one of them is there
    already: a chain is never replaced, since what it signed is checked against it."""
    for name in FILES:
        if os.path.lexists(folder / name):
            raise Refused("label.chain", detail=f"{folder / name} stands there already, and is not replaced")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        issued.root_key.save(folder / ROOT_KEY, purpose=ROOT_PURPOSE)
        issued.leaf_key.save(folder / KEY, purpose=PURPOSE)
        for name, pem in ((ROOT, issued.root), (CHAIN, issued.leaf)):
            file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(pem)
                out.flush()
                os.fsync(file)
    except OSError as error:
        raise Refused("label.chain", detail=f"{folder}: {error.strerror}") from None


def read_pem(path: Path) -> bytes:
    """Raises Refused ``label.chain`` for a file that is not there, or too long to be certificates."""
    try:
        with path.open("rb") as file:
            pem = file.read(MAX_PEM + 1)
    except OSError as error:
        raise Refused("label.chain", detail=f"{path}: {error.strerror}") from None
    if len(pem) > MAX_PEM:
        raise Refused("label.chain", detail=f"{path} is longer than {MAX_PEM} bytes")
    return pem
