# SPDX-License-Identifier: Apache-2.0
"""Proof files (C2SP tlog-proof@v1): one leaf's place in a tree, its audit path, and the checkpoint that it leads to.

The `extra` line is opaque there. Ours holds a receipt's other leaves (`log.receipt`), or the bytes of the one leaf:
without them a reader would need the leaf from elsewhere. Form alone: `answerable.verify` says whether it is true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError
from answerable.log.merkle import HASH_LENGTH, MAX_SIZE

MAGIC: Final = "c2sp.org/tlog-proof@v1"
# A path in a tree of 2**53 leaves has 53 nodes at most.
MAX_PATH: Final = 64

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof file as it was read. extra: b"" where there is none; path: 32-byte nodes, from the leaf's sibling up;
    checkpoint: the signed note, byte for byte."""

    extra: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def write(proof: Proof) -> bytes:
    """The file; `parse` reads it back."""
    lines = [
        MAGIC,
        *([f"extra {b64(proof.extra)}"] if proof.extra else []),
        f"index {proof.index}",
        *(b64(node) for node in proof.path),
    ]
    return "\n".join(lines).encode("ascii") + b"\n\n" + proof.checkpoint


def parse(data: bytes) -> Proof:
    """The proof that `data` is the one encoding of. The checkpoint is not looked at. The caller bounds its length.

    Raises VerificationError ``receipt.malformed``.
    """
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank:
        raise malformed("no checkpoint after a blank line")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise malformed("not ASCII above its checkpoint") from None
    if lines[0] != MAGIC:
        raise malformed("not a c2sp.org/tlog-proof@v1 file")
    extra = b""
    if len(lines) > 1 and lines[1].startswith("extra "):
        extra = _base64(lines.pop(1).removeprefix("extra "))
        if not extra:
            raise malformed("an extra line without data")
    if len(lines) < 2 or not lines[1].startswith("index "):
        raise malformed("no index line")
    index = lines[1].removeprefix("index ")
    if not _NUMBER.fullmatch(index):
        raise malformed("an index that is not a plain number")
    if len(lines) > 2 + MAX_PATH:
        raise malformed("a path that no tree has")
    return Proof(extra, check_index(int(index)), check_path([_base64(line) for line in lines[2:]]), checkpoint)


def check_index(index: int) -> int:
    """Raises VerificationError ``receipt.malformed`` for an index that no tree has."""
    if not 0 <= index < MAX_SIZE:
        raise malformed("an index out of range")
    return index


def check_path(path: Sequence[bytes]) -> tuple[bytes, ...]:
    """Raises VerificationError ``receipt.malformed`` for a path that no tree has, or nodes that are not 32 bytes."""
    if len(path) > MAX_PATH or any(len(node) != HASH_LENGTH for node in path):
        raise malformed("a path that is not hashes")
    return tuple(path)


def malformed(detail: str) -> VerificationError:
    return VerificationError("receipt.malformed", detail=detail)


def _base64(text: str) -> bytes:
    try:
        return unb64(text)
    except VerificationError:
        raise malformed("a line that is not base64") from None
