# SPDX-License-Identifier: Apache-2.0
"""Entry bundles (C2SP tlog-tiles, "Log entries"): each leaf behind its length as a big-endian uint16."""

from __future__ import annotations

from collections.abc import Iterable

from answerable.errors import VerificationError
from answerable.log.leaf import MAX_LEAF


def pack(leaves: Iterable[bytes]) -> bytes:
    """The bundle of `leaves`, in order. Raises VerificationError ``log.oversized`` for one over 65,535 bytes."""
    whole = list(leaves)
    if whole and (size := max(map(len, whole))) > MAX_LEAF:
        raise VerificationError("log.oversized", size=size, limit=MAX_LEAF)
    return b"".join([piece for leaf in whole for piece in (len(leaf).to_bytes(2, "big"), leaf)])


def unpack(data: bytes) -> list[bytes]:
    """The leaves of a bundle. Raises VerificationError ``log.bundle`` if it ends inside one."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise VerificationError("log.bundle", detail="it ends inside a leaf")
        leaves.append(data[at + 2 : end])
        at = end
    return leaves
