# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint says: the head of a tree (C2SP tlog-checkpoint, "Note text"). Who says so: `log.checkpoint`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError
from answerable.log.merkle import EMPTY_ROOT, HASH_LENGTH, MAX_SIZE

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: the log's name, its number of leaves, and the RFC 6962 root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def read(text: str) -> Checkpoint:
    """The checkpoint that `text` is the one encoding of. Raises VerificationError ``log.checkpoint``; extension lines
    are refused, no monitor could audit them."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise VerificationError("log.checkpoint", detail="not three lines")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise VerificationError("log.checkpoint", detail="a size that is not a plain number")
    try:
        digest = unb64(root)
    except VerificationError:
        raise VerificationError("log.checkpoint", detail="a root that is not base64") from None
    if len(digest) != HASH_LENGTH or (size == "0" and digest != EMPTY_ROOT):
        raise VerificationError("log.checkpoint", detail="a root that no tree of this size has")
    return Checkpoint(origin, int(size), digest)
